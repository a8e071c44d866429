import { describe, expect, it } from 'vitest';
import { describeEachBackend } from '../support/backends.js';
import {
  START_CODE_3,
  START_CODE_4,
  annexB,
  avcc,
  bytes,
  concat,
  filler,
  nal,
  numbers,
  sei,
  seiNal,
  stapA,
  userData,
} from './frames.js';

const ours = [seiNal(4, 1), seiNal(300, 2)];
const otherSei = sei(userData(filler(16), filler(9)));

/** Access units by their NAL units, and in front of which of them SEI belongs; -1 where there is no place. */
const accessUnits: [string, readonly Uint8Array[], number][] = [
  ['a slice alone', [nal.p], 0],
  ['a slice that is no reference', [nal.disposable], 0],
  ['an IDR slice', [nal.idr], 0],
  ['a slice behind an access unit delimiter', [nal.aud, nal.p], 1],
  ['parameter sets', [nal.sps, nal.pps, nal.idr], 2],
  ['delimiter and parameter sets', [nal.aud, nal.sps, nal.pps, nal.idr, nal.idrSecondSlice], 3],
  ['several picture parameter sets', [nal.sps, nal.pps, nal.pps, nal.pps, nal.idr], 4],
  ['a SPS extension', [nal.sps, nal.spsExtension, nal.pps, nal.idr], 3],
  ['a subset SPS', [nal.sps, nal.subsetSps, nal.pps, nal.pps, nal.idr], 4],
  ['existing SEI', [nal.aud, nal.sps, nal.pps, otherSei, nal.idr], 4],
  ['buffering_period first', [nal.aud, nal.sps, nal.pps, nal.bufferingPeriod, nal.picTiming, otherSei, nal.idr], 6],
  ['SEI in front of the parameter sets', [nal.aud, nal.bufferingPeriod, nal.sps, nal.pps, nal.idr], 4],
  ['a prefix NAL unit', [nal.sps, nal.pps, nal.prefix, nal.idr], 2],
  ['a prefix NAL unit in front of each slice', [nal.aud, nal.prefix, nal.p, nal.prefix, nal.p], 1],
  ['several prefix NAL units', [nal.sps, nal.prefix, nal.prefix, nal.idr], 1],
  ['a prefix NAL unit first', [nal.prefix, nal.idr], 0],
  ['a prefix NAL unit that belongs to nothing, SEI behind it', [nal.prefix, otherSei, nal.p], 2],
  ['slice data partitions', [nal.aud, nal.partitionA, nal.partitionB, nal.partitionC], 1],
  ['a partition B whose partition A is lost', [nal.aud, nal.partitionB], 1],
  ['a partition C whose partitions A and B are lost', [nal.partitionC], 0],
  ['several slices', [nal.p, nal.laterSlice, nal.laterSlice], 0],
  ['a slice that is not the first of its picture', [nal.laterSlice], 0],
  ['a slice extension behind the base layer', [nal.prefix, nal.idr, nal.sliceExtension, nal.sliceExtension], 0],
  ['an auxiliary slice behind the picture', [nal.idr, nal.auxiliarySlice], 0],
  ['filler data in front', [nal.fillerData, nal.p], 1],
  ['the end of the sequence before in front', [nal.endOfSequence, nal.sps, nal.pps, nal.idr], 3],
  ['the end of the stream before in front', [nal.endOfSequence, nal.endOfStream, nal.idr], 2],
  ['an end of sequence behind', [nal.p, nal.endOfSequence], 0],
  ['an unspecified NAL unit in front', [bytes(0x18, 0x55, 0x66), nal.p], 1],
  ['parameter sets alone', [nal.sps, nal.pps], -1],
  ['a delimiter alone', [nal.aud], -1],
  ['SEI alone', [otherSei], -1],
  ['a prefix NAL unit alone', [nal.prefix], -1],
  ['slice extensions alone', [nal.subsetSps, nal.sliceExtension, nal.sliceExtension], -1],
  ['an auxiliary slice alone', [nal.auxiliarySlice], -1],
  ['filler data alone', [nal.fillerData], -1],
  ['a NAL unit in front whose forbidden bit is set', [nal.sps, bytes(0xe8, 0x11), nal.idr], -1],
];

const withOurs = (nalUnits: readonly Uint8Array[], at: number) => [
  ...nalUnits.slice(0, at),
  ...ours,
  ...nalUnits.slice(at),
];

describeEachBackend('insertion point', ({ injectSei }) => {
  describe('in a byte stream', () => {
    for (const [what, nalUnits, at] of accessUnits) {
      it(`${at < 0 ? 'finds no place in' : 'finds the place in'} ${what}`, () => {
        const frame = annexB(...nalUnits);
        const result = injectSei(frame, ours, { format: 'annexb' });
        if (at < 0) expect(result).toBe(frame);
        else expect(numbers(result)).toEqual(numbers(annexB(...withOurs(nalUnits, at))));
      });
    }

    it('keeps start codes of three bytes and writes those of four', () => {
      const frame = concat(START_CODE_3, nal.sps, START_CODE_3, nal.p);
      const expected = concat(START_CODE_3, nal.sps, START_CODE_4, ours[0], START_CODE_3, nal.p);
      expect(numbers(injectSei(frame, [ours[0]]))).toEqual(numbers(expected));
    });

    it('keeps zeros where they are', () => {
      const zeros = new Uint8Array(3);
      const frame = concat(zeros, START_CODE_4, nal.sps, zeros, START_CODE_4, nal.p, zeros);
      const expected = concat(zeros, START_CODE_4, nal.sps, zeros, START_CODE_4, ours[0], START_CODE_4, nal.p, zeros);
      expect(numbers(injectSei(frame, [ours[0]]))).toEqual(numbers(expected));
    });

    it('leaves what stands in front of the first start code, where told that it is a byte stream', () => {
      const garbage = bytes(0x12, 0x34, 0x00);
      const frame = concat(garbage, START_CODE_3, nal.p);
      const expected = concat(bytes(0x12, 0x34), START_CODE_4, ours[0], bytes(0), START_CODE_3, nal.p);
      expect(numbers(injectSei(frame, [ours[0]], { format: 'annexb' }))).toEqual(numbers(expected));
    });

    it('skips empty NAL units', () => {
      const frame = concat(START_CODE_4, START_CODE_4, nal.aud, START_CODE_3, START_CODE_4, nal.p);
      const expected = concat(
        ...[START_CODE_4, START_CODE_4, nal.aud, START_CODE_3, START_CODE_4, ours[0], START_CODE_4, nal.p],
      );
      expect(numbers(injectSei(frame, [ours[0]]))).toEqual(numbers(expected));
    });
  });

  for (const lengthSize of [1, 2, 4] as const) {
    describe(`behind lengths of ${lengthSize}`, () => {
      const units = lengthSize === 1 ? [ours[0]] : ours;
      for (const [what, nalUnits, at] of accessUnits) {
        it(`${at < 0 ? 'finds no place in' : 'finds the place in'} ${what}`, () => {
          const frame = avcc(lengthSize, ...nalUnits);
          const result = injectSei(frame, units, { lengthSize });
          if (at < 0) expect(result).toBe(frame);
          else {
            const expected = avcc(lengthSize, ...nalUnits.slice(0, at), ...units, ...nalUnits.slice(at));
            expect(numbers(result)).toEqual(numbers(expected));
          }
        });
      }

      it('keeps empty NAL units, where told the length size', () => {
        const frame = avcc(lengthSize, bytes(), nal.aud, bytes(), nal.p, bytes());
        const expected = avcc(lengthSize, bytes(), nal.aud, bytes(), units[0], nal.p, bytes());
        expect(numbers(injectSei(frame, [units[0]], { lengthSize }))).toEqual(numbers(expected));
      });

      it('leaves a broken chain alone', () => {
        const good = avcc(lengthSize, nal.sps, nal.idr);
        // One zero is a whole length of one byte.
        const tail = new Uint8Array(lengthSize === 1 ? 0 : lengthSize - 1);
        for (const frame of [good.subarray(0, -1), concat(good, bytes(0x11)), concat(good, bytes(0x11), tail)]) {
          expect(injectSei(frame, units, { lengthSize })).toBe(frame);
        }
      });
    });
  }

  it('forgives a nal_ref_idc that is not 0 in front, where told the format', () => {
    const sloppy = [bytes(0x29, 0xf0), concat(bytes(0x66), otherSei.subarray(1)), bytes(0x2c, 0xff, 0x80)];
    const before = [...sloppy, nal.idr];
    const after = withOurs(before, 3);
    expect(numbers(injectSei(annexB(...before), ours, { format: 'annexb' }))).toEqual(numbers(annexB(...after)));
    expect(numbers(injectSei(avcc(4, ...before), ours, { lengthSize: 4 }))).toEqual(numbers(avcc(4, ...after)));
    expect(numbers(injectSei(avcc(2, ...before), ours, { lengthSize: 2 }))).toEqual(numbers(avcc(2, ...after)));
    expect(numbers(injectSei(stapA(0x78, ...before), ours, { format: 'rtp' }))).toEqual(numbers(stapA(0x78, ...after)));
  });

  it('finds the place without a hint as with one', () => {
    for (const [, nalUnits, at] of accessUnits) {
      if (at < 0 || (nalUnits[0][0] & 0x1f) >= 24) continue;
      const stream = annexB(...nalUnits);
      const sample = avcc(4, ...nalUnits);
      expect(numbers(injectSei(stream, ours))).toEqual(numbers(annexB(...withOurs(nalUnits, at))));
      expect(numbers(injectSei(sample, ours))).toEqual(numbers(avcc(4, ...withOurs(nalUnits, at))));
    }
  });
});
