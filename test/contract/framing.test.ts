import { describe, expect, it } from 'vitest';
import type { FramingOptions } from '../../src/index.js';
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
  stapA,
} from './frames.js';

const zeros = (length: number) => new Uint8Array(length);

interface Split {
  readonly what: string;
  readonly data: Uint8Array;
  readonly options?: FramingOptions;
  readonly nalUnits: readonly Uint8Array[];
}

const byteStreams: Split[] = [
  { what: 'start codes of four bytes', data: annexB(nal.sps, nal.pps, nal.idr), nalUnits: [nal.sps, nal.pps, nal.idr] },
  { what: 'start codes of three bytes', data: concat(SC3, nal.sps, SC3, nal.idr), nalUnits: [nal.sps, nal.idr] },
  {
    what: 'both mixed',
    data: concat(SC3, nal.sps, SC4, nal.pps, SC3, nal.idr),
    nalUnits: [nal.sps, nal.pps, nal.idr],
  },
  { what: 'leading zeros', data: concat(zeros(5), SC4, nal.p), nalUnits: [nal.p] },
  {
    what: 'trailing zeros behind each NAL unit',
    data: concat(SC4, nal.sps, zeros(3), SC4, nal.p, zeros(2)),
    nalUnits: [nal.sps, nal.p],
  },
  { what: 'empty NAL units', data: concat(SC4, SC3, SC4, nal.sps, SC3, SC4, nal.p, SC3), nalUnits: [nal.sps, nal.p] },
  { what: 'a NAL unit of one byte', data: annexB(nal.p, nal.endOfSequence), nalUnits: [nal.p, nal.endOfSequence] },
  {
    what: 'garbage in front of the first start code',
    data: concat(bytes(0x17, 0x00, 0x03), SC4, nal.p),
    options: { format: 'annexb' },
    nalUnits: [nal.p],
  },
  {
    what: 'nothing but zeros',
    data: zeros(9),
    options: { format: 'annexb' },
    nalUnits: [],
  },
  { what: 'nothing but a start code', data: SC4, options: { format: 'annexb' }, nalUnits: [] },
  {
    what: 'more NAL units than fit a first guess',
    data: annexB(...Array.from({ length: 300 }, () => nal.p)),
    nalUnits: Array.from({ length: 300 }, () => nal.p),
  },
  {
    what: 'escapes, which stay',
    data: annexB(bytes(0x67, 0x42, 0, 0, 3, 1, 0x80), nal.p),
    nalUnits: [bytes(0x67, 0x42, 0, 0, 3, 1, 0x80), nal.p],
  },
];

const samples: Split[] = ([1, 2, 4] as const).flatMap((lengthSize) => [
  {
    what: `lengths of ${lengthSize}`,
    data: avcc(lengthSize, nal.sps, nal.pps, nal.idr),
    nalUnits: [nal.sps, nal.pps, nal.idr],
  },
  {
    what: `lengths of ${lengthSize}, told by their size alone`,
    data: avcc(lengthSize, nal.p),
    options: { lengthSize },
    nalUnits: [nal.p],
  },
  {
    what: `lengths of ${lengthSize}, some of them zero`,
    data: avcc(lengthSize, bytes(), nal.sps, bytes(), bytes(), nal.p, bytes()),
    options: { lengthSize },
    nalUnits: [nal.sps, nal.p],
  },
  {
    what: `lengths of ${lengthSize} of which only the format is told`,
    data: avcc(lengthSize, nal.aud, nal.p),
    options: { format: 'avcc' as const },
    nalUnits: [nal.aud, nal.p],
  },
  {
    what: `lengths of ${lengthSize}, as an avcC says`,
    data: avcc(lengthSize, nal.p, nal.laterSlice),
    options: { avcC: concat(bytes(1, 66, 0, 30, 0xfc | (lengthSize - 1), 0xe0, 0)) },
    nalUnits: [nal.p, nal.laterSlice],
  },
]);

const longNal = concat(bytes(0x65, 0x88), filler(300));
const payloads: Split[] = [
  { what: 'a single NAL unit', data: nal.p, nalUnits: [nal.p] },
  { what: 'a STAP-A', data: stapA(0x78, nal.sps, nal.pps), nalUnits: [nal.sps, nal.pps] },
  { what: 'a STAP-A with a long NAL unit', data: stapA(0x78, longNal, nal.pps), nalUnits: [longNal, nal.pps] },
];

describeEachBackend('framing', (library) => {
  const { scanNalUnits, splitNalUnits, toAnnexB, toLengthPrefixed } = library;

  describe('splitNalUnits', () => {
    for (const { what, data, options, nalUnits } of [...byteStreams, ...samples, ...payloads]) {
      it(`splits ${what}`, () => {
        const views = splitNalUnits(data, options);
        expect(views.map(numbers)).toEqual(nalUnits.map(numbers));
        for (const view of views) expect(view.buffer).toBe(data.buffer);
      });
    }

    it('takes the format as a name', () => {
      expect(splitNalUnits(annexB(nal.p), 'annexb')).toHaveLength(1);
      expect(splitNalUnits(avcc(2, nal.p), 'avcc')).toHaveLength(1);
      expect(splitNalUnits(stapA(0x78, nal.p, nal.p), 'rtp')).toHaveLength(2);
    });

    it('answers no NAL unit for no bytes', () => {
      expect(splitNalUnits(bytes())).toEqual([]);
    });

    for (const lengthSize of [1, 2, 4] as const) {
      const good = avcc(lengthSize, nal.sps, nal.p);
      const broken: [string, Uint8Array, number][] = [
        ['reaches past the end', good.subarray(0, good.length - 1), lengthSize + nal.sps.length],
        ['is followed by bytes', concat(good, bytes(0xff)), good.length],
        ['is the first and too large', concat(bytes(...new Array<number>(lengthSize).fill(0xff)), nal.p), 0],
      ];
      for (const [what, data, offset] of broken) {
        it(`says at which offset a length of ${lengthSize} ${what}`, () => {
          let thrown: unknown;
          try {
            splitNalUnits(data, { lengthSize });
          } catch (error) {
            thrown = error;
          }
          expect(thrown).toMatchObject({ name: 'SeiError', code: 'ERR_SEI_MALFORMED', offset });
        });
      }
    }

    it('refuses what it cannot tell, and a fragment', () => {
      expect(codeOf(() => splitNalUnits(bytes(0xff, 0xd8, 0xff, 0xe0)))).toBe('ERR_SEI_UNKNOWN_FORMAT');
      expect(codeOf(() => splitNalUnits(bytes(0x7c, 0x85, 0x88, 0x84)))).toBe('ERR_SEI_FRAGMENTED');
      expect(codeOf(() => splitNalUnits(bytes(0x7c, 0x85, 0x88, 0x84), 'rtp'))).toBe('ERR_SEI_FRAGMENTED');
      expect(codeOf(() => splitNalUnits(stapA(0x78, nal.p).subarray(0, 5), 'rtp'))).toBe('ERR_SEI_MALFORMED');
    });
  });

  describe('scanNalUnits', () => {
    it('writes the index behind each prefix', () => {
      const offsets = new Uint32Array(4).fill(99);
      const data = concat(bytes(7), SC3, nal.p, SC4, nal.p, SC3);
      expect(scanNalUnits(data, offsets)).toBe(3);
      expect(Array.from(offsets)).toEqual([4, 4 + nal.p.length + 4, data.length, 99]);
    });

    it('counts on where the offsets are full', () => {
      const data = annexB(...Array.from({ length: 1000 }, () => nal.p));
      for (const capacity of [0, 1, 3, 999, 1000, 1001]) {
        const offsets = new Uint32Array(capacity);
        expect(scanNalUnits(data, offsets)).toBe(1000);
        expect(Array.from(offsets)).toEqual(
          Array.from({ length: capacity }, (_, i) => (i < 1000 ? 4 + i * (4 + nal.p.length) : 0)),
        );
      }
    });

    it('finds a prefix at every place around the sizes in which it searches', () => {
      for (const size of [0, 1, 2, 3, 60, 64, 126, 127, 128, 129, 16_380, 16_384, 16_510, 16_512, 16_514, 32_900]) {
        for (let at = Math.max(0, size - 6); at <= size + 6; at++) {
          const data = concat(filler(at), SC3, filler(20));
          const offsets = new Uint32Array(2);
          expect([at, scanNalUnits(data, offsets), offsets[0]]).toEqual([at, 1, at + 3]);
        }
      }
    });

    it('finds no prefix in what only resembles one', () => {
      const offsets = new Uint32Array(1);
      for (const data of [
        bytes(),
        bytes(0),
        bytes(0, 0),
        bytes(0, 1),
        bytes(0, 0, 0),
        bytes(0, 0, 2),
        bytes(1, 0, 0),
      ]) {
        expect(scanNalUnits(data, offsets)).toBe(0);
      }
      expect(scanNalUnits(SC3, offsets)).toBe(1);
    });
  });

  describe('toAnnexB and toLengthPrefixed', () => {
    const nalUnits = [nal.aud, nal.sps, nal.pps, nal.idr, nal.idrSecondSlice];

    for (const lengthSize of [1, 2, 4] as const) {
      it(`turns lengths of ${lengthSize} into start codes and back`, () => {
        const sample = avcc(lengthSize, ...nalUnits);
        const stream = annexB(...nalUnits);
        expect(numbers(toAnnexB(sample))).toEqual(numbers(stream));
        expect(numbers(toAnnexB(sample, { lengthSize }))).toEqual(numbers(stream));
        expect(numbers(toLengthPrefixed(stream, { lengthSize }))).toEqual(numbers(sample));
        expect(numbers(toLengthPrefixed(sample, { sourceLengthSize: lengthSize }))).toEqual(
          numbers(avcc(4, ...nalUnits)),
        );
      });
    }

    it('writes lengths of four where not told', () => {
      expect(numbers(toLengthPrefixed(annexB(...nalUnits)))).toEqual(numbers(avcc(4, ...nalUnits)));
    });

    it('unpacks a STAP-A', () => {
      expect(numbers(toAnnexB(stapA(0x78, nal.sps, nal.pps)))).toEqual(numbers(annexB(nal.sps, nal.pps)));
      expect(numbers(toLengthPrefixed(stapA(0x78, nal.sps, nal.pps)))).toEqual(numbers(avcc(4, nal.sps, nal.pps)));
    });

    it('answers the same object where the framing is the right one', () => {
      const stream = concat(SC3, nal.p);
      const sample = avcc(4, nal.p);
      expect(toAnnexB(stream)).toBe(stream);
      expect(toLengthPrefixed(sample)).toBe(sample);
      expect(toAnnexB(bytes())).toHaveLength(0);
    });

    it('refuses a NAL unit that its length cannot say', () => {
      const fits = concat(bytes(0x65, 0x88), filler(253));
      const tooLong = concat(fits, bytes(1));
      expect(toLengthPrefixed(annexB(fits), { lengthSize: 1 })).toHaveLength(256);
      expect(codeOf(() => toLengthPrefixed(annexB(tooLong), { lengthSize: 1 }))).toBe('ERR_SEI_NAL_UNIT_TOO_LARGE');
      const long = concat(bytes(0x65, 0x88), filler(65_534));
      expect(codeOf(() => toLengthPrefixed(annexB(long), { lengthSize: 2 }))).toBe('ERR_SEI_NAL_UNIT_TOO_LARGE');
      expect(toLengthPrefixed(annexB(long.subarray(0, 65_535)), { lengthSize: 2 })).toHaveLength(65_537);
    });
  });

  describe('parseAvcDecoderConfigurationRecord', () => {
    const { parseAvcDecoderConfigurationRecord } = library;
    const record = concat(
      bytes(1, 0x42, 0xc0, 0x1e, 0xff, 0xe1),
      avcc(2, nal.sps),
      bytes(2),
      avcc(2, nal.pps, nal.pps),
      bytes(0xfc),
    );

    it('reads length size, profile, level and parameter sets', () => {
      const parsed = parseAvcDecoderConfigurationRecord(record);
      expect(parsed).toMatchObject({ profileIdc: 0x42, levelIdc: 0x1e, lengthSize: 4 });
      expect(parsed.sequenceParameterSets.map(numbers)).toEqual([numbers(nal.sps)]);
      expect(parsed.pictureParameterSets.map(numbers)).toEqual([numbers(nal.pps), numbers(nal.pps)]);
    });

    const changed = (at: number, value: number) => {
      const copy = Uint8Array.from(record);
      copy[at] = value;
      return copy;
    };
    const end = record.length - 1;
    const malformed: [string, Uint8Array, number][] = [
      ['no bytes', bytes(), 0],
      ['an early end', record.subarray(0, 6), 6],
      ['another version', changed(0, 2), 0],
      ['a length size of 3', changed(4, 0xfe), 4],
      ['a SPS past the end', changed(7, 0xff), 6],
      ['an end behind the SPS', record.subarray(0, 8 + nal.sps.length), 8 + nal.sps.length],
      ['a PPS that is cut', record.subarray(0, end - 1), end - nal.pps.length - 2],
      ['a PPS that is not there', record.subarray(0, end - nal.pps.length - 2), end - nal.pps.length - 2],
    ];
    for (const [what, data, offset] of malformed) {
      it(`refuses ${what} and says where`, () => {
        let thrown: unknown;
        try {
          parseAvcDecoderConfigurationRecord(data);
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toMatchObject({ code: 'ERR_SEI_MALFORMED', offset });
      });
    }
  });
});
