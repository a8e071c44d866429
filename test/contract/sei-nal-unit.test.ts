import { describe, expect, it } from 'vitest';
import { describeEachBackend } from '../support/backends.js';
import {
  OTHER_UUID,
  OTHER_UUID_BYTES,
  OUR_UUID_BYTES,
  annexB,
  bytes,
  codeOf,
  concat,
  filler,
  nal,
  numbers,
  sei,
  userData,
} from './frames.js';

/** RBSP bytes and their form in a NAL unit, by 7.4.1. */
const vectors: [string, number[], number[]][] = [
  ['no zeros', [1, 2, 3, 0x80], [1, 2, 3, 0x80]],
  ['a pair of zeros and a larger byte', [0, 0, 4, 0, 0, 0xff], [0, 0, 4, 0, 0, 0xff]],
  ['00 00 00', [0, 0, 0, 0x80], [0, 0, 3, 0, 0x80]],
  ['00 00 01', [0, 0, 1, 0x80], [0, 0, 3, 1, 0x80]],
  ['00 00 02', [0, 0, 2, 0x80], [0, 0, 3, 2, 0x80]],
  ['00 00 03', [0, 0, 3, 0x80], [0, 0, 3, 3, 0x80]],
  ['four zeros', [0, 0, 0, 0, 0x80], [0, 0, 3, 0, 0, 0x80]],
  ['five zeros', [0, 0, 0, 0, 0, 0x80], [0, 0, 3, 0, 0, 3, 0, 0x80]],
  ['six zeros and a 1', [0, 0, 0, 0, 0, 0, 1, 0x80], [0, 0, 3, 0, 0, 3, 0, 0, 3, 1, 0x80]],
  ['an escape that is data', [9, 0, 0, 3, 0, 0, 3, 1], [9, 0, 0, 3, 3, 0, 0, 3, 3, 1]],
  ['one zero at the end', [1, 0], [1, 0, 3]],
  ['two zeros at the end', [1, 0, 0], [1, 0, 0, 3]],
  ['three zeros at the end', [1, 0, 0, 0], [1, 0, 0, 3, 0, 3]],
  ['cabac_zero_words', [0x80, 0, 0, 3, 0, 0, 3], [0x80, 0, 0, 3, 3, 0, 0, 3, 3]],
  ['zero pairs apart', [0, 1, 0, 0, 5, 0, 0, 1], [0, 1, 0, 0, 5, 0, 0, 3, 1]],
  ['nothing', [], []],
  ['a zero alone', [0], [0, 3]],
];

/** Bytes with an escape in any place, and what is left: each 03 behind two zeros goes, whatever follows it. */
const unescaped: [string, number[], number[]][] = [
  ['at the end', [1, 0, 0, 3], [1, 0, 0]],
  ['in front of a large byte', [0, 0, 3, 9], [0, 0, 9]],
  ['behind more than two zeros', [0, 0, 0, 3, 1], [0, 0, 0, 1]],
  ['twice in a row', [0, 0, 3, 0, 0, 3], [0, 0, 0, 0]],
  ['in front of another 03', [0, 0, 3, 3], [0, 0, 3]],
  ['not behind one zero', [1, 0, 3, 1], [1, 0, 3, 1]],
  ['not behind an escape and one zero', [0, 0, 3, 0, 3], [0, 0, 0, 3]],
];

const sizes = [0, 1, 15, 31, 33, 47, 63, 65, 127, 129, 255, 257, 511, 16_383, 16_384, 16_386, 33_000];

describeEachBackend('SEI NAL units', (library) => {
  const { createSeiNalUnit, escapeRbsp, extractSei, unescapeRbsp, DEFAULT_SEI_UUID, MAX_USER_DATA_SIZE } = library;

  describe('emulation prevention', () => {
    for (const [what, rbsp, escaped] of vectors) {
      it(`escapes ${what}`, () => {
        expect(numbers(escapeRbsp(Uint8Array.from(rbsp)))).toEqual(escaped);
      });
    }

    for (const [what, escaped, rbsp] of unescaped) {
      it(`is removed ${what}`, () => {
        expect(numbers(unescapeRbsp(Uint8Array.from(escaped)))).toEqual(rbsp);
      });
    }

    it('is inserted and removed at every place around the sizes in which it is searched', () => {
      for (const size of sizes) {
        for (const zeros of [2, 3, 4, 5]) {
          for (let before = Math.max(0, size - 3); before <= size + 1; before++) {
            const clean = [numbers(filler(before)), numbers(filler(40, 2))];
            const rbsp = [...clean[0], ...new Array<number>(zeros).fill(0), 1, ...clean[1]];
            const middle = [0, 0, 3, ...(zeros > 4 ? [0, 0, 3, 0] : new Array<number>(zeros - 2).fill(0))];
            if (zeros === 4) middle.push(3);
            const escaped = [...clean[0], ...middle, 1, ...clean[1]];
            expect(Buffer.compare(escapeRbsp(Uint8Array.from(rbsp)), Uint8Array.from(escaped))).toBe(0);
            expect(Buffer.compare(unescapeRbsp(Uint8Array.from(escaped)), Uint8Array.from(rbsp))).toBe(0);
          }
        }
      }
    });

    it('of large zero-filled memory takes one byte in three', () => {
      const escaped = escapeRbsp(new Uint8Array(100_000));
      expect(escaped).toHaveLength(100_000 + 49_999 + 1);
      expect(unescapeRbsp(escaped.subarray(0, -1))).toHaveLength(100_000);
    });
  });

  describe('createSeiNalUnit', () => {
    it('writes one message under our UUID', () => {
      const data = new TextEncoder().encode('{"text":"hello"}');
      expect(numbers(createSeiNalUnit(data))).toEqual(numbers(sei(userData(OUR_UUID_BYTES, data))));
      expect(numbers(createSeiNalUnit(data)).slice(0, 3)).toEqual([0x06, 0x05, 16 + data.length]);
    });

    it('writes one under another UUID, of either case', () => {
      const expected = numbers(sei(userData(OTHER_UUID_BYTES, filler(7))));
      expect(numbers(createSeiNalUnit(filler(7), { uuid: OTHER_UUID }))).toEqual(expected);
      expect(numbers(createSeiNalUnit(filler(7), { uuid: OTHER_UUID.toUpperCase() }))).toEqual(expected);
      expect(numbers(createSeiNalUnit(filler(7)))).toEqual(numbers(sei(userData(OUR_UUID_BYTES, filler(7)))));
      expect(DEFAULT_SEI_UUID).toBe('b16d7d56-892e-419c-8d82-e069cd3aa5c1');
      expect(library.IVS_SEI_UUID).toBe('9e504ea5-ee5a-4f02-949f-b033a3768da2');
    });

    for (const length of [0, 1, 238, 239, 240, 493, 494, 495, 1000, 65_536]) {
      it(`writes a payloadSize of ${length + 16} in ff-coded form`, () => {
        expect(numbers(createSeiNalUnit(filler(length)))).toEqual(
          numbers(sei(userData(OUR_UUID_BYTES, filler(length)))),
        );
      });
    }

    it('counts payloadSize before escaping', () => {
      const nalUnit = createSeiNalUnit(new Uint8Array(10));
      expect(nalUnit[2]).toBe(26);
      expect(nalUnit.length).toBe(1 + 2 + 16 + 10 + 4 + 1);
    });

    it('takes user data up to the limit', () => {
      expect(MAX_USER_DATA_SIZE).toBe(1_048_576);
      const data = filler(MAX_USER_DATA_SIZE);
      const [message] = extractSei(annexB(createSeiNalUnit(data), nal.p));
      expect(Buffer.compare(message.payload, data)).toBe(0);
      expect(codeOf(() => createSeiNalUnit(new Uint8Array(MAX_USER_DATA_SIZE + 1)))).toBe('ERR_SEI_TOO_LARGE');
    });

    it('refuses what is no UUID', () => {
      const uuids = [
        '',
        'b16d7d56',
        `${OTHER_UUID} `,
        `{${OTHER_UUID}}`,
        OTHER_UUID.replaceAll('-', ''),
        `${OTHER_UUID}\n`,
      ];
      for (const uuid of [...uuids, OTHER_UUID.replace('d', 'g')]) {
        expect(codeOf(() => createSeiNalUnit(bytes(), { uuid }))).toBe('ERR_SEI_INVALID_UUID');
      }
      for (const uuid of [null, 5, OTHER_UUID_BYTES]) {
        const options = { uuid: uuid as unknown as string };
        expect(codeOf(() => createSeiNalUnit(bytes(), options))).toBe('ERR_INVALID_ARG_TYPE');
      }
      expect(codeOf(() => createSeiNalUnit(bytes(), null as unknown as object))).toBe('ERR_INVALID_ARG_TYPE');
      expect(codeOf(() => createSeiNalUnit(bytes(), 'x' as unknown as object))).toBe('ERR_INVALID_ARG_TYPE');
    });

    it('still writes our UUID after one that was refused', () => {
      codeOf(() => createSeiNalUnit(bytes(), { uuid: 'no' }));
      expect(numbers(createSeiNalUnit(bytes(1)))).toEqual(numbers(sei(userData(OUR_UUID_BYTES, bytes(1)))));
    });

    it('never writes a start code, nor a zero at the end', () => {
      for (const length of [0, 1, 2, 3, 4, 5, 50]) {
        const nalUnit = createSeiNalUnit(new Uint8Array(length), { uuid: '00000000-0000-0000-0000-000000000000' });
        expect(numbers(nalUnit).join(',')).not.toMatch(/\b0,0,[012]\b/);
        expect(nalUnit.at(-1)).not.toBe(0);
        expect(numbers(extractSei(annexB(nalUnit, nal.p))[0].payload)).toEqual(new Array<number>(length).fill(0));
      }
    });

    it('makes memory of its own', () => {
      const data = filler(30);
      const nalUnit = createSeiNalUnit(data);
      const expected = numbers(nalUnit);
      data.fill(0);
      createSeiNalUnit(filler(30, 5));
      expect(numbers(nalUnit)).toEqual(expected);
      expect(numbers(concat(nalUnit))).toEqual(expected);
    });
  });
});
