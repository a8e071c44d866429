import { describe, expect, it } from 'vitest';
import type { InjectOptions } from '../../src/index.js';
import { describeEachBackend } from '../support/backends.js';
import { annexB, avcc, bytes, codeOf, concat, filler, nal, numbers, seiNal } from './frames.js';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const RANGE = 'ERR_OUT_OF_RANGE';

const unit = seiNal();
const frame = annexB(nal.p);

/** Values that are no Uint8Array, some of them almost. */
const noBytes: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['a string', 'frame'],
  ['a number', 7],
  ['an array', [0, 0, 1]],
  ['an ArrayBuffer', new ArrayBuffer(8)],
  ['a DataView', new DataView(new ArrayBuffer(8))],
  ['an Int8Array', new Int8Array(8)],
  ['a Uint8ClampedArray', new Uint8ClampedArray(8)],
  ['a Uint16Array', new Uint16Array(8)],
  ['what calls itself a Uint8Array', { [Symbol.toStringTag]: 'Uint8Array', length: 3 }],
  ['a proxy', new Proxy(new Map(), {})],
];

describeEachBackend('arguments', (library) => {
  const { injectSei, injectSeiInto, injectSeiParts, extractSei, stripSei, createSei, createSeiNalUnit } = library;

  const withBytes: [string, (data: Uint8Array) => unknown][] = [
    ['detectH264Format', (data) => library.detectH264Format(data)],
    ['scanNalUnits', (data) => library.scanNalUnits(data, new Uint32Array(1))],
    ['splitNalUnits', (data) => library.splitNalUnits(data)],
    ['toAnnexB', (data) => library.toAnnexB(data)],
    ['toLengthPrefixed', (data) => library.toLengthPrefixed(data)],
    ['escapeRbsp', (data) => library.escapeRbsp(data)],
    ['unescapeRbsp', (data) => library.unescapeRbsp(data)],
    ['createSeiNalUnit', (data) => createSeiNalUnit(typeof data === 'string' ? (0 as unknown as Uint8Array) : data)],
    ['createSei', (data) => createSei({ payloadType: 4, payload: data })],
    ['injectSei', (data) => injectSei(data, [unit])],
    ['injectSei, as a NAL unit', (data) => injectSei(frame, [unit, data])],
    ['injectSeiParts', (data) => injectSeiParts(data, [unit])],
    ['injectSeiInto', (data) => injectSeiInto(data, [unit], new Uint8Array(99))],
    ['injectSeiInto, as the target', (data) => injectSeiInto(frame, [unit], data)],
    ['extractSei', (data) => extractSei(data)],
    ['stripSei', (data) => stripSei(data)],
    ['parseAvcDecoderConfigurationRecord', (data) => library.parseAvcDecoderConfigurationRecord(data)],
    ['AccessUnitSplitter', (data) => new library.AccessUnitSplitter().push(data)],
  ];
  for (const [what, act] of withBytes) {
    it(`of ${what} have to be a Uint8Array`, () => {
      for (const [, value] of noBytes) {
        expect(codeOf(() => act(value as Uint8Array))).toBe(TYPE);
        expect(() => act(value as Uint8Array)).toThrow(TypeError);
      }
    });
  }

  it('that inherit from a Uint8Array and are none throw a TypeError', () => {
    for (const value of [Object.create(Uint8Array.prototype) as Uint8Array, new Proxy(new Uint8Array(frame), {})]) {
      for (const [, act] of withBytes) expect(() => act(value)).toThrow(TypeError);
    }
  });

  it('of scanNalUnits end in a Uint32Array', () => {
    for (const offsets of [undefined, null, [], new Uint8Array(4), new Int32Array(4), new Float64Array(2)]) {
      expect(codeOf(() => library.scanNalUnits(frame, offsets as unknown as Uint32Array))).toBe(TYPE);
    }
  });

  describe('that are options', () => {
    const withOptions: [string, (options: InjectOptions) => unknown][] = [
      ['detectH264Format', (options) => library.detectH264Format(frame, options)],
      ['splitNalUnits', (options) => library.splitNalUnits(frame, options)],
      ['toAnnexB', (options) => library.toAnnexB(frame, options)],
      ['injectSei', (options) => injectSei(frame, [unit], options)],
      ['injectSei without work', (options) => injectSei(bytes(), [], options)],
      ['injectSeiParts', (options) => injectSeiParts(frame, [unit], options)],
      ['injectSeiInto', (options) => injectSeiInto(frame, [unit], new Uint8Array(99), options)],
      ['extractSei', (options) => extractSei(frame, options)],
      ['stripSei', (options) => stripSei(frame, options)],
    ];
    const bad: [string, unknown, string][] = [
      ['null', null, TYPE],
      ['a number', 5, TYPE],
      ['an unknown format', { format: 'mp4' }, RANGE],
      ['a format of the wrong type', { format: 1 }, RANGE],
      ['a format in capitals', { format: 'AVCC' }, RANGE],
      ['a length size of 3', { lengthSize: 3 }, RANGE],
      ['a length size of 0', { lengthSize: 0 }, RANGE],
      ['a length size as text', { lengthSize: '4' }, RANGE],
      ['a length size of null', { lengthSize: null }, RANGE],
      ['an avcC that is no bytes', { avcC: [1, 2, 3] }, TYPE],
      ['an avcC that is none', { avcC: bytes(0, 0, 0, 1, 0x67) }, 'ERR_SEI_MALFORMED'],
      ['an avcC with a length size of 3', { avcC: bytes(1, 66, 0, 30, 0xfe, 0xe0, 0) }, 'ERR_SEI_MALFORMED'],
    ];
    for (const [what, act] of withOptions) {
      for (const [how, options, code] of bad) {
        it(`of ${what} are refused as ${how}`, () => {
          expect(codeOf(() => act(options as InjectOptions))).toBe(code);
        });
      }

      it(`of ${what} may be undefined, empty, or hold undefined`, () => {
        for (const options of [undefined, {}, { format: undefined, lengthSize: undefined, avcC: undefined }]) {
          expect(codeOf(() => act(options as InjectOptions))).toBeUndefined();
        }
      });
    }

    it('refuse a maxPacketSize that is none', () => {
      for (const [value, code] of [
        ['1200', TYPE],
        [null, TYPE],
        [0, RANGE],
        [-1, RANGE],
        [1.5, RANGE],
        [Number.NaN, RANGE],
        [Number.POSITIVE_INFINITY, RANGE],
        [2 ** 31, RANGE],
      ] as const) {
        const options = { maxPacketSize: value as number };
        expect(codeOf(() => injectSei(frame, [unit], options))).toBe(code);
        expect(codeOf(() => injectSeiParts(frame, [unit], options))).toBe(code);
        expect(codeOf(() => injectSeiInto(frame, [unit], new Uint8Array(99), options))).toBe(code);
      }
      expect(injectSei(frame, [unit], { maxPacketSize: 2 ** 31 - 1 })).not.toBe(frame);
    });

    it('refuse a scan, UUIDs and a filter that are none', () => {
      expect(codeOf(() => extractSei(frame, { scan: 'fast' as 'full' }))).toBe(RANGE);
      expect(codeOf(() => extractSei(frame, { scan: true as unknown as 'full' }))).toBe(TYPE);
      expect(codeOf(() => stripSei(frame, { uuids: 'all' as unknown as string[] }))).toBe(TYPE);
      expect(codeOf(() => stripSei(frame, { uuids: [7 as unknown as string] }))).toBe(TYPE);
      expect(codeOf(() => stripSei(frame, { uuids: ['b16d7d56'] }))).toBe('ERR_SEI_INVALID_UUID');
      expect(codeOf(() => stripSei(frame, { filter: 'x' as unknown as () => boolean }))).toBe(TYPE);
    });

    it('of toLengthPrefixed name both framings', () => {
      const convert = (options: unknown) => codeOf(() => library.toLengthPrefixed(frame, options as object));
      expect(convert({ lengthSize: 3 })).toBe(RANGE);
      expect(convert({ sourceLengthSize: 5 })).toBe(RANGE);
      expect(convert(null)).toBe(TYPE);
      expect(convert({ format: null })).toBe(RANGE);
      expect(convert({ format: 'annexb', lengthSize: 2 })).toBeUndefined();
    });
  });

  describe('that are NAL units', () => {
    const invalid: [string, Uint8Array][] = [
      ['empty', bytes()],
      ['of the header only', bytes(0x06)],
      ['with a start code', annexB(unit)],
      ['with a length', avcc(4, unit)],
      ['of another type', nal.p],
      ['with nal_ref_idc', concat(bytes(0x66), unit.subarray(1))],
      ['with the forbidden bit', concat(bytes(0x86), unit.subarray(1))],
      ['that end in a zero', concat(unit, bytes(0))],
    ];
    for (const [what, nalUnit] of invalid) {
      it(`are refused ${what}`, () => {
        expect(codeOf(() => injectSei(frame, [unit, nalUnit]))).toBe('ERR_SEI_INVALID_NAL_UNIT');
        expect(codeOf(() => injectSeiParts(frame, [nalUnit]))).toBe('ERR_SEI_INVALID_NAL_UNIT');
        expect(codeOf(() => injectSeiInto(frame, [nalUnit], new Uint8Array(99)))).toBe('ERR_SEI_INVALID_NAL_UNIT');
        // Also where the frame would pass: a mistake shows at the first frame, not at the first that holds a picture.
        expect(codeOf(() => injectSei(bytes(), [nalUnit]))).toBe('ERR_SEI_INVALID_NAL_UNIT');
      });
    }

    it('have to come in an array', () => {
      for (const value of [undefined, null, unit, 'x', new Set([unit])]) {
        expect(codeOf(() => injectSei(frame, value as unknown as Uint8Array[]))).toBe(TYPE);
        expect(codeOf(() => injectSeiParts(frame, value as unknown as Uint8Array[]))).toBe(TYPE);
      }
    });

    for (const [lengthSize, longest] of [
      [1, 255],
      [2, 65_535],
    ] as const) {
      it(`fit a length of ${lengthSize} up to ${longest} bytes`, () => {
        const fits = concat(bytes(0x06), filler(longest - 1));
        const tooLong = concat(fits, bytes(1));
        const sample = avcc(lengthSize, nal.sps, nal.p);
        const options = { lengthSize };
        expect(numbers(injectSei(sample, [fits], options))).toEqual(numbers(avcc(lengthSize, nal.sps, fits, nal.p)));
        for (const units of [[tooLong], [fits, tooLong], [tooLong, fits]]) {
          const code = 'ERR_SEI_NAL_UNIT_TOO_LARGE';
          expect(codeOf(() => injectSei(sample, units, options))).toBe(code);
          expect(codeOf(() => injectSeiParts(sample, units, options))).toBe(code);
          expect(codeOf(() => injectSeiInto(sample, units, new Uint8Array(300_000), options))).toBe(code);
        }
        const withoutPicture = avcc(lengthSize, nal.sps);
        expect(injectSei(withoutPicture, [tooLong], options)).toBe(withoutPicture);
      });
    }

    it('that are too long are named with their length', () => {
      const units = [seiNal(4), concat(bytes(0x06), filler(299))];
      expect(() => injectSei(avcc(1, nal.sps, nal.p), units)).toThrow(/300 bytes.*1 byte.*255/);
    });
  });
});
