/** The largest frame. A view of that size would take 2 GiB, so these are small ones that say another length. */
import { describe, expect, it } from 'vitest';
import {
  MAX_FRAME_SIZE,
  detectH264Format,
  extractSei,
  injectSei,
  scanNalUnits,
  splitNalUnits,
} from '../../src/index.js';
import { MAX_NAL_UNITS } from '../../src/frame/convert.js';
import { checkBytes } from '../../src/frame/arguments.js';
import { RtpDepacketizer } from '../../src/rtp/index.js';
import { nal } from '../contract/frames.js';
import { codeOf } from '../support/messages.js';

const saying = (length: number) => Object.defineProperty(new Uint8Array(1), 'length', { value: length });

describe('MAX_FRAME_SIZE', () => {
  it.each([
    [MAX_FRAME_SIZE - 1, undefined],
    [MAX_FRAME_SIZE, undefined],
    [MAX_FRAME_SIZE + 1, 'ERR_OUT_OF_RANGE'],
  ])('is the length of the longest argument: %i', (length, code) => {
    expect(
      codeOf(() => {
        checkBytes('frame', saying(length));
      }),
    ).toBe(code);
    expect(codeOf(() => new RtpDepacketizer({ maxAccessUnitSize: length }))).toBe(code);
  });

  it('is asked of every frame', () => {
    const tooLong = saying(MAX_FRAME_SIZE + 1);
    const calls = [
      () => detectH264Format(tooLong),
      () => extractSei(tooLong),
      () => injectSei(tooLong, [nal.bufferingPeriod]),
      () => injectSei(nal.p, [tooLong]),
      () => scanNalUnits(tooLong, new Uint32Array(1)),
    ];
    expect(calls.map(codeOf)).toEqual(calls.map(() => 'ERR_OUT_OF_RANGE'));
  });
});

describe('MAX_NAL_UNITS', () => {
  it.each([
    [MAX_NAL_UNITS, undefined],
    [MAX_NAL_UNITS + 1, 'ERR_SEI_TOO_LARGE'],
  ])('is how many NAL units splitNalUnits returns: of %i, %s', (count, code) => {
    const data = new Uint8Array(4 * count).fill(0);
    for (let at = 0; at < data.length; at += 4) data.set([0, 0, 1, 0x41], at);
    expect(codeOf(() => splitNalUnits(data, 'annexb'))).toBe(code);
  });
});
