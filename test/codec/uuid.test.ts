import { describe, expect, it } from 'vitest';
import { DEFAULT_SEI_UUID, IVS_SEI_UUID, formatUuid, parseUuid } from '../../src/codec/uuid.js';
import { codeOf } from '../contract/frames.js';

describe('UUIDs', () => {
  it('are sixteen bytes in the order of their digits', () => {
    const uuid = '00112233-4455-6677-8899-aabbccddeeff';
    expect(Buffer.from(parseUuid(uuid)).toString('hex')).toBe('00112233445566778899aabbccddeeff');
    expect(formatUuid(Buffer.from('99' + '00112233445566778899aabbccddeeff', 'hex'), 1)).toBe(uuid);
  });

  it('are written in lower case and read in either', () => {
    for (const uuid of [DEFAULT_SEI_UUID, IVS_SEI_UUID]) {
      expect(formatUuid(parseUuid(uuid))).toBe(uuid);
      expect(formatUuid(parseUuid(uuid.toUpperCase()))).toBe(uuid);
    }
  });

  it('are memory of their own each time', () => {
    parseUuid(DEFAULT_SEI_UUID).fill(0);
    expect(formatUuid(parseUuid(DEFAULT_SEI_UUID))).toBe(DEFAULT_SEI_UUID);
  });

  it('in any other form are refused', () => {
    for (const uuid of [
      '',
      '0'.repeat(36),
      DEFAULT_SEI_UUID.slice(1),
      `${DEFAULT_SEI_UUID}0`,
      DEFAULT_SEI_UUID.replace('b', 'z'),
    ]) {
      expect(codeOf(() => parseUuid(uuid))).toBe('ERR_SEI_INVALID_UUID');
    }
    expect(codeOf(() => parseUuid(undefined as unknown as string))).toBe('ERR_INVALID_ARG_TYPE');
  });

  it('is formatted as it is, whichever was formatted before', () => {
    const uuids = [DEFAULT_SEI_UUID, '00000000-0000-0000-0000-000000000000', 'b16d7d56-892e-419c-8d82-e069cd3aa5c2'];
    for (const uuid of [...uuids, ...uuids, uuids[2], uuids[0], uuids[0]]) {
      const bytes = parseUuid(uuid);
      expect(formatUuid(bytes)).toBe(uuid);
      bytes.fill(0xff);
      expect(formatUuid(parseUuid(uuid))).toBe(uuid);
    }
  });
});
