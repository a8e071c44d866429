import { describe, expect, it } from 'vitest';
import type { FormatDetection, FramingOptions } from '../../src/index.js';
import { describeEachBackend } from '../support/backends.js';
import {
  START_CODE_3 as SC3,
  START_CODE_4 as SC4,
  annexB,
  avcc,
  bytes,
  codeOf,
  concat,
  filler,
  nal,
  numbers,
  seiNal,
  stapA,
} from './frames.js';

const UNKNOWN: FormatDetection = { isH264: false, format: 'unknown', confidence: 0 };

interface Case {
  readonly what: string;
  readonly data: Uint8Array;
  readonly options?: FramingOptions;
  readonly detection: Partial<FormatDetection>;
  /** Where SEI goes in, without a hint; undefined where the frame has to pass untouched. */
  readonly insertAt?: number;
}

const avcc4 = (nalUnitType: number) => ({ format: 'avcc', lengthSize: 4, nalUnitType, isH264: true }) as const;
/** A slice NAL unit of exactly this length. */
const slice = (length: number) => concat(bytes(0x41, 0x9a), filler(length - 2));
const idr = (length: number) => concat(bytes(0x65, 0x88), filler(length - 2));

const ambiguous: Case[] = [
  {
    what: 'a first length of 1, which is a start code',
    data: avcc(4, nal.endOfSequence, nal.idr),
    detection: avcc4(10),
    insertAt: 5,
  },
  ...[256, 257, 259, 300, 361, 511].map((length): Case => ({
    what: `a first length of ${length}, which looks like a start code`,
    data: avcc(4, slice(length)),
    detection: avcc4(1),
    insertAt: 0,
  })),
  {
    // 00 00 01 41: a start code and a slice header.
    what: 'a first length of 321, which reads as the header of a slice',
    data: avcc(4, idr(321), idr(40)),
    detection: avcc4(5),
    insertAt: 0,
  },
  // pic_parameter_set_id 31, 127 and 255: five and more zero bits, as in the second byte of a header of HEVC.
  ...[
    bytes(0x68, 0x04, 0x13, 0x8f, 0x20),
    bytes(0x68, 0x01, 0x01, 0x38, 0xf2),
    bytes(0x68, 0, 0x80, 0x4e, 0x3c),
  ].flatMap((parameterSet): Case[] => [
    {
      what: `a picture parameter set that begins with 68 ${parameterSet[1]}`,
      data: annexB(parameterSet, slice(40)),
      detection: { isH264: true, format: 'annexb', nalUnitType: 8 },
      insertAt: 4 + parameterSet.length,
    },
    {
      what: `a picture parameter set that begins with 68 ${parameterSet[1]}, behind its length`,
      data: avcc(4, parameterSet, slice(40)),
      detection: avcc4(8),
      insertAt: 4 + parameterSet.length,
    },
  ]),
  {
    what: 'a SEI NAL unit of 261 bytes, which reads as an IDR slice',
    data: avcc(4, seiNal(240), nal.idr),
    detection: avcc4(6),
    insertAt: 4 + seiNal(240).length,
  },
  {
    what: 'a byte stream whose first bytes read as a length',
    data: concat(SC3, nal.idr, SC3, nal.p),
    detection: { format: 'annexb', nalUnitType: 5 },
    insertAt: 0,
  },
  {
    what: 'a byte stream whose first NAL unit is as long as its start code says',
    data: concat(SC3, idr(0x165 + 1 - SC3.length + 3)),
    detection: { format: 'annexb', nalUnitType: 5 },
    insertAt: 0,
  },
  {
    what: 'a byte stream of which the first NAL unit is one byte',
    data: concat(SC4, nal.endOfSequence, SC4, nal.idr),
    detection: { format: 'annexb', nalUnitType: 10 },
    insertAt: 5,
  },
  {
    what: 'a byte stream behind zeros',
    data: concat(new Uint8Array(7), SC3, nal.p),
    detection: { format: 'annexb', nalUnitType: 1 },
    insertAt: 6,
  },
  {
    what: 'lengths of two bytes in front of a picture',
    data: avcc(2, nal.sps, nal.pps, nal.idr),
    detection: { format: 'avcc', lengthSize: 2, nalUnitType: 7, confidence: 0.8 },
    insertAt: 2 + nal.sps.length + 2 + nal.pps.length,
  },
  {
    what: 'lengths of two bytes in front of a slice that starts no picture',
    data: avcc(2, nal.laterSlice),
    detection: UNKNOWN,
  },
  {
    what: 'lengths of one byte with a sequence parameter set',
    data: avcc(1, nal.sps, nal.pps, nal.idr),
    detection: { format: 'avcc', lengthSize: 1, nalUnitType: 7, confidence: 0.8 },
    insertAt: 1 + nal.sps.length + 1 + nal.pps.length,
  },
  {
    what: 'lengths of one byte without a sequence parameter set',
    data: avcc(1, nal.idr),
    detection: { format: 'avcc', lengthSize: 1, nalUnitType: 5, confidence: 0.4 },
  },
  {
    what: 'a chain of lengths of four that ends a byte early',
    data: concat(avcc(4, nal.idr), bytes(0)),
    detection: UNKNOWN,
  },
  {
    what: 'a chain of lengths of four that ends a byte late',
    data: avcc(4, nal.idr).subarray(0, 4 + nal.idr.length - 1),
    detection: UNKNOWN,
  },
  {
    what: 'a chain of lengths of four with a slice of one byte',
    data: avcc(4, nal.idr, bytes(0x41)),
    detection: UNKNOWN,
  },
  {
    what: 'a chain of lengths of four with an end of sequence of two bytes',
    data: avcc(4, nal.idr, bytes(0x0a, 0x55)),
    detection: UNKNOWN,
  },
  {
    what: 'a chain of lengths of four with an end of sequence of one byte',
    data: avcc(4, nal.idr, nal.endOfSequence, nal.endOfStream),
    detection: avcc4(5),
    insertAt: 0,
  },
  {
    what: 'a P slice in the middle of a picture, bare',
    data: bytes(0x41, 0x00, 0xb4, 0x9a, 0xc0, 0x1a, 0xbc, 0x78),
    detection: { format: 'rtp', nalUnitType: 1, rtpPacketType: 'single-nal-unit', confidence: 0.3 },
  },
  { what: 'an IDR slice, bare', data: nal.idr, detection: { format: 'rtp', nalUnitType: 5, confidence: 0.3 } },
  {
    what: 'a STAP-A',
    data: stapA(0x78, nal.sps, nal.pps, nal.idr),
    detection: { format: 'rtp', nalUnitType: 7, rtpPacketType: 'stap-a', confidence: 0.6 },
  },
  {
    what: 'a STAP-A whose sizes do not fit',
    data: concat(stapA(0x78, nal.sps, nal.idr), bytes(0)),
    detection: UNKNOWN,
  },
  {
    what: 'the first fragment of an FU-A',
    data: bytes(0x7c, 0x85, 0x88, 0x84, 0x21),
    detection: { format: 'rtp', nalUnitType: 5, rtpPacketType: 'fu-a', confidence: 0.4 },
  },
  {
    what: 'the last fragment of an FU-A',
    data: bytes(0x5c, 0x41, 0x88, 0x84),
    detection: { format: 'rtp', nalUnitType: 1, rtpPacketType: 'fu-a' },
  },
  { what: 'an FU-A that is first and last at once', data: bytes(0x7c, 0xc5, 0x88, 0x84), detection: UNKNOWN },
  { what: 'an FU-A whose R bit is set', data: bytes(0x7c, 0xa5, 0x88, 0x84), detection: UNKNOWN },
  { what: 'a header whose forbidden bit is set', data: bytes(0xe5, 0x88, 0x84), detection: UNKNOWN },
  { what: 'no bytes', data: bytes(), detection: UNKNOWN },
  { what: 'one zero', data: bytes(0), detection: UNKNOWN },
  { what: 'nothing but zeros', data: new Uint8Array(64), detection: UNKNOWN },
  { what: 'a start code and nothing behind it', data: SC4, detection: UNKNOWN },
];

const hinted: Case[] = [
  ...(['annexb', 'avcc', 'rtp'] as const).map((format): Case => {
    const data = { annexb: annexB(nal.p), avcc: avcc(4, nal.p), rtp: nal.p }[format];
    return { what: `${format} that is ${format}`, data, options: { format }, detection: { format, confidence: 1 } };
  }),
  ...([1, 2, 4] as const).map((lengthSize): Case => ({
    what: `lengths of ${lengthSize} that are`,
    data: avcc(lengthSize, nal.laterSlice),
    options: { lengthSize },
    detection: { format: 'avcc', lengthSize, nalUnitType: 1, confidence: 1 },
  })),
  {
    what: 'lengths of 2 by an avcC',
    data: avcc(2, nal.laterSlice),
    options: { avcC: bytes(1, 66, 0, 30, 0xfd, 0xe0, 0) },
    detection: { format: 'avcc', lengthSize: 2 },
  },
  { what: 'annexb that is avcc', data: avcc(4, nal.p), options: { format: 'annexb' }, detection: UNKNOWN },
  {
    what: 'avcc that is a byte stream',
    data: annexB(nal.sps, nal.idr),
    options: { lengthSize: 4 },
    detection: UNKNOWN,
  },
  { what: 'rtp that is a byte stream', data: annexB(nal.p), options: { format: 'rtp' }, detection: UNKNOWN },
  { what: 'lengths of 4 that are of 2', data: avcc(2, nal.p), options: { lengthSize: 4 }, detection: UNKNOWN },
  {
    what: 'a length of 256 to 511 by format',
    data: avcc(4, slice(300)),
    options: { format: 'avcc' },
    detection: avcc4(1),
  },
  {
    what: 'a STAP-A',
    data: stapA(0x78, nal.sps, nal.pps),
    options: { format: 'rtp' },
    detection: { format: 'rtp', rtpPacketType: 'stap-a', confidence: 1 },
  },
];

describeEachBackend('detection', ({ detectH264Format, injectSei }) => {
  describe('without a hint', () => {
    for (const { what, data, detection } of ambiguous) {
      it(`tells ${what}`, () => {
        expect(detectH264Format(data)).toMatchObject(detection);
      });
    }
  });

  describe('with a hint', () => {
    for (const { what, data, options, detection } of hinted) {
      it(`is told ${what}`, () => {
        expect(detectH264Format(data, options)).toMatchObject(detection);
      });
    }
  });

  describe('injection without a hint', () => {
    const unit = seiNal();
    for (const { what, data, detection, insertAt } of ambiguous) {
      it(`${insertAt === undefined ? 'leaves alone' : 'changes'} ${what}`, () => {
        const result = injectSei(data, [unit]);
        if (insertAt === undefined) {
          expect(result).toBe(data);
          return;
        }
        const framing =
          detection.lengthSize === undefined ? SC4 : avcc(detection.lengthSize, unit).subarray(0, -unit.length);
        const expected = concat(data.subarray(0, insertAt), framing, unit, data.subarray(insertAt));
        expect(numbers(result)).toEqual(numbers(expected));
      });
    }
  });

  it('has no optional property where there is nothing to say', () => {
    expect(detectH264Format(bytes(0xff))).toEqual(UNKNOWN);
    expect(detectH264Format(annexB(nal.p))).toEqual({
      isH264: true,
      format: 'annexb',
      nalUnitType: 1,
      confidence: 0.95,
    });
  });

  it('refuses a hint that is none', () => {
    expect(codeOf(() => detectH264Format(nal.p, { format: 'mp4' as 'avcc' }))).toBe('ERR_OUT_OF_RANGE');
    expect(codeOf(() => detectH264Format(nal.p, { lengthSize: 3 as 4 }))).toBe('ERR_OUT_OF_RANGE');
    expect(codeOf(() => detectH264Format(nal.p, { avcC: bytes(1, 2) }))).toBe('ERR_SEI_MALFORMED');
  });
});
