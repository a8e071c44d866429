import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_USER_DATA_SIZE } from '../../src/codec/limits.js';
import { DEFAULT_SEI_UUID } from '../../src/codec/uuid.js';
import { createSeiNalUnit, extractSei } from '../../src/index.js';
import {
  FRAGMENT_HEADER_LENGTH,
  FRAGMENT_SEI_UUID,
  type FragmentOptions,
  MAX_SPLIT_MESSAGE_SIZE,
  parseFragment,
  splitIntoFragments,
} from '../../src/wire/fragmentation.js';
import { MAX_MESSAGE_ID_LENGTH, encodeId } from '../../src/wire/identity.js';
import { runs, uuid } from '../property/arbitraries.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Bytes of which no two neighbors are alike for long. */
const filler = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

/** Bytes before the data of a fragment, with the id of {@link options}. */
const HEAD = FRAGMENT_HEADER_LENGTH + 'server-7'.length;

const options = (changes: Partial<FragmentOptions> = {}): FragmentOptions => ({
  uuid: DEFAULT_SEI_UUID,
  id: 'server-7',
  maxUserDataSize: 400,
  ...changes,
});

/** A fragment with some of its bytes changed. */
function changed(fragment: Uint8Array, changes: Record<number, number>): Uint8Array {
  const bytes = fragment.slice();
  for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value;
  return bytes;
}

describe('splitIntoFragments', () => {
  it('writes the header of the documentation, big endian', () => {
    const [first, second, ...others] = splitIntoFragments(filler(5), options({ maxUserDataSize: HEAD + 3 }));
    expect(others).toEqual([]);
    const message = ['02', 'b16d7d56892e419c8d82e069cd3aa5c1'].join('');
    const id = ['08', '7365727665722d37'].join('');
    expect(hex(first)).toBe([message, '0000', '0002', '00000005', id, '00070e'].join(''));
    expect(hex(second)).toBe([message, '0001', '0002', '00000005', id, '151c'].join(''));
  });

  it.each([
    [0, 400, [0]],
    [1, 400, [1]],
    [366, 400, [366]],
    [367, 400, [184, 183]],
    [1000, 400, [334, 334, 332]],
    [10, HEAD + 3, [3, 3, 3, 1]],
  ])('splits %i bytes with a limit of %i into parts of about equal size', (length, maxUserDataSize, parts) => {
    const fragments = splitIntoFragments(filler(length), options({ maxUserDataSize }));
    expect(fragments.map((fragment) => fragment.length - HEAD)).toEqual(parts);
  });

  it('makes as few fragments as hold the largest message', () => {
    for (const maxUserDataSize of [HEAD + 2, 100, 400, 1024, 65_536, 65_536 + HEAD, MAX_USER_DATA_SIZE]) {
      const fragments = splitIntoFragments(filler(MAX_SPLIT_MESSAGE_SIZE), options({ maxUserDataSize }));
      expect(fragments).toHaveLength(Math.ceil(MAX_SPLIT_MESSAGE_SIZE / (maxUserDataSize - HEAD)));
      expect(Math.max(...fragments.map(({ length }) => length))).toBeLessThanOrEqual(maxUserDataSize);
    }
  });

  it('has memory of its own', () => {
    const data = filler(500);
    const fragments = splitIntoFragments(data, options());
    const before = fragments.map(hex);
    data.fill(0);
    expect(fragments.map(hex)).toEqual(before);
  });

  it('makes user data that go through a SEI NAL unit', () => {
    const fragments = splitIntoFragments(new Uint8Array(1000), options());
    const slice = Uint8Array.of(0x65, 0x88, 0x84, 0x21);
    for (const fragment of fragments) {
      const nalUnit = createSeiNalUnit(fragment, { uuid: FRAGMENT_SEI_UUID });
      const frame = Buffer.concat([Uint8Array.of(0, 0, 0, 1), nalUnit, Uint8Array.of(0, 0, 0, 1), slice]);
      const [message] = extractSei(frame);
      expect(message.uuid).toBe(FRAGMENT_SEI_UUID);
      expect(hex(message.payload)).toBe(hex(fragment));
    }
  });

  it('refuses a message of more than MAX_SPLIT_MESSAGE_SIZE', () => {
    const act = () => splitIntoFragments(new Uint8Array(MAX_SPLIT_MESSAGE_SIZE + 1), options());
    expect(act).toThrow(expect.objectContaining({ code: 'ERR_SEI_TOO_LARGE' }) as Error);
  });

  it.each([
    ['an id that is empty', 1, { id: '' }, RangeError],
    ['an id of more than 128 bytes', 1, { id: 'ä'.repeat(65) }, RangeError],
    ['an id with a control character', 1, { id: 'a\nb' }, RangeError],
    ['an id with half a surrogate pair', 1, { id: 'a\ud800' }, RangeError],
    ['an id that is not a string', 1, { id: 7 as unknown as string }, TypeError],
  ])('refuses %s', (_, length, changes, type) => {
    expect(() => splitIntoFragments(new Uint8Array(length), options(changes))).toThrow(type);
  });

  it.each([
    ['no room behind header and id', 1, { maxUserDataSize: HEAD }],
    ['room for one byte, which takes more than 65,535 fragments', 65_536, { maxUserDataSize: HEAD + 1 }],
    ['a limit that is not a number', 1, { maxUserDataSize: Number.NaN }],
  ])('finds no place for data with %s', (_, length, changes) => {
    const tooLarge = expect.objectContaining({ code: 'ERR_SEI_TOO_LARGE' }) as Error;
    expect(() => splitIntoFragments(new Uint8Array(length), options(changes))).toThrow(tooLarge);
  });

  it('refuses what is no UUID, and user data that are no bytes', () => {
    const invalid = expect.objectContaining({ code: 'ERR_SEI_INVALID_UUID' }) as Error;
    expect(() => splitIntoFragments(new Uint8Array(1), options({ uuid: 'x' }))).toThrow(invalid);
    expect(() => splitIntoFragments('x' as unknown as Uint8Array, options())).toThrow(TypeError);
  });

  it('takes room for one byte where that is enough', () => {
    expect(splitIntoFragments(filler(65_535), options({ maxUserDataSize: HEAD + 1 }))).toHaveLength(65_535);
  });
});

describe('parseFragment', () => {
  it('reads what was split', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 600, size: 'max' }),
        uuid,
        fc.string({ minLength: 1, maxLength: 32, unit: 'grapheme' }).filter((id) => encodeId(id) !== undefined),
        fc.integer({ min: FRAGMENT_HEADER_LENGTH + MAX_MESSAGE_ID_LENGTH + 1, max: 400 }),
        (data, messageUuid, id, maxUserDataSize) => {
          const split = splitIntoFragments(data, { uuid: messageUuid, id, maxUserDataSize });
          const parsed = split.map((bytes) => parseFragment(bytes)!);
          parsed.forEach((fragment, index) => {
            expect(fragment).toMatchObject({ uuid: messageUuid, index, count: split.length, totalLength: data.length });
            expect(fragment.id).toBe(id);
          });
          expect(hex(Buffer.concat(parsed.map((fragment) => fragment.data)))).toBe(hex(data));
        },
      ),
      runs(300),
    );
  });

  it('answers a view', () => {
    const [bytes] = splitIntoFragments(filler(9), options());
    const within = Buffer.concat([Uint8Array.of(9, 9, 9), bytes]).subarray(3);
    const { data } = parseFragment(within)!;
    expect(data.buffer).toBe(within.buffer);
    expect(hex(data)).toBe(hex(filler(9)));
  });

  const [fragment, last] = splitIntoFragments(filler(500), options());
  it.each([
    ['nothing', new Uint8Array(0)],
    ['a header that is cut', fragment.subarray(0, FRAGMENT_HEADER_LENGTH - 1)],
    ['a header and an id alone', fragment.subarray(0, HEAD)],
    ['a byte too few', fragment.subarray(0, -1)],
    ['a byte too many', Uint8Array.of(...fragment, 0)],
    ['version 0', changed(fragment, { 0: 0 })],
    ['version 1', changed(fragment, { 0: 1 })],
    ['an index behind the last', changed(last, { 18: 2 })],
    ['a count of 0', changed(fragment, { 20: 0 })],
    ['more fragments than bytes', changed(fragment, { 19: 0xff, 20: 0xff })],
    [
      'a count that leaves fragments empty',
      Uint8Array.of(...changed(fragment, { 20: 4, 24: 5, 23: 0 }).subarray(0, HEAD + 2)),
    ],
    ['another total length', changed(fragment, { 24: 0 })],
    ['a total length of 4 GiB', changed(fragment, { 21: 0xff, 22: 0xff, 23: 0xff, 24: 0xff })],
    ['fragments of an empty message', changed(fragment, { 23: 0, 24: 0 })],
    ['an id of another length', changed(fragment, { 25: 9 })],
    ['an empty id', changed(fragment.subarray(0, -8), { 25: 0 })],
    ['an id that is longer than the bytes', changed(fragment, { 25: 0xff })],
    ['an id that is not UTF-8', changed(fragment, { 26: 0xff })],
    ['an id with a control character', changed(fragment, { 26: 0x1b })],
  ])('answers undefined for %s', (_, bytes) => {
    expect(parseFragment(bytes)).toBeUndefined();
  });

  it('takes what the changes above were made to', () => {
    expect(parseFragment(fragment)).toBeDefined();
    expect(parseFragment(last)).toBeDefined();
  });

  it('throws for no bytes at all, and claims no more than there is', () => {
    const header = fc.tuple(fc.constantFrom(1, 2, 3), fc.uint8Array({ minLength: 0, maxLength: 80, size: 'max' }));
    fc.assert(
      fc.property(header, ([version, rest]) => {
        const parsed = parseFragment(Uint8Array.of(version, ...rest));
        if (parsed === undefined) return;
        expect(parsed.index).toBeLessThan(parsed.count);
        expect(parsed.totalLength).toBeLessThanOrEqual(MAX_SPLIT_MESSAGE_SIZE);
      }),
      runs(1000),
    );
  });
});

describe('docs/wire-format.md', () => {
  const page = readFileSync(resolve(__dirname, '../../docs/wire-format.md'), 'utf8');
  // Where the lines of a paragraph end says nothing.
  const prose = page.replace(/\s+/g, ' ');

  it('names the UUID and the sizes', () => {
    expect(prose).toContain(`\`${FRAGMENT_SEI_UUID}\``);
    expect(prose).toContain(`${MAX_SPLIT_MESSAGE_SIZE.toLocaleString('en-US')} bytes`);
    expect(prose).toContain(`a header of ${FRAGMENT_HEADER_LENGTH} bytes`);
  });

  it('shows the bytes of two fragments', () => {
    const [, text, limit] = /the text `([^`]*)` with the id `score-7` and a limit of (\d+) bytes/.exec(prose)!;
    const [, block] = /## Messages in fragments[^]*?```text\n([^]*?)```/.exec(page)!;
    const shown = block.split(/\n\n/).map((part) => part.replaceAll(/#.*/g, '').replaceAll(/\s/g, ''));
    const split = splitIntoFragments(new TextEncoder().encode(text), {
      uuid: DEFAULT_SEI_UUID,
      id: 'score-7',
      maxUserDataSize: Number(limit),
    });
    expect(shown).toEqual(split.map(hex));
    expect(split).toHaveLength(2);
  });
});
