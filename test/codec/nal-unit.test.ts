import { describe, expect, it } from 'vitest';
import { HeaderPlausibility, headerPlausibility, isVcl, looksLikeHevc, nalUnitType } from '../../src/codec/nal-unit.js';

/** nal_unit_type by Table 7-1, and by 7.4.1 which nal_ref_idc it can have: never 0, only 0, or any. */
const table: Record<number, 'never 0' | 'only 0' | 'any'> = {
  ...{ 1: 'any', 2: 'any', 3: 'any', 4: 'any', 5: 'never 0', 6: 'only 0', 7: 'never 0', 8: 'never 0', 9: 'only 0' },
  ...{ 10: 'only 0', 11: 'only 0', 12: 'only 0', 13: 'never 0', 14: 'any', 15: 'never 0', 16: 'any', 19: 'any' },
  ...{ 20: 'any', 21: 'any' },
};

describe('headerPlausibility', () => {
  for (let type = 0; type < 32; type++) {
    it(`knows what type ${type} can be`, () => {
      const rule = table[type];
      for (let nalRefIdc = 0; nalRefIdc < 4; nalRefIdc++) {
        const header = (nalRefIdc << 5) | type;
        const isPossible = rule === 'any' || (rule === 'never 0' ? nalRefIdc > 0 : nalRefIdc === 0);
        const assigned = isPossible ? HeaderPlausibility.assigned : HeaderPlausibility.impossible;
        expect(headerPlausibility(header)).toBe(rule === undefined ? HeaderPlausibility.unassigned : assigned);
        expect(headerPlausibility(header | 0x80)).toBe(HeaderPlausibility.impossible);
        expect(nalUnitType(header | 0x80)).toBe(type);
      }
    });
  }
});

describe('isVcl', () => {
  it('is true for 1 to 5 only', () => {
    const types = Array.from({ length: 32 }, (_, type) => type);
    expect(types.filter(isVcl)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('looksLikeHevc', () => {
  it('is true where the second byte is a layer 0 and a temporal id', () => {
    for (const header of [0x02, 0x22, 0x42, 0x44, 0x04, 0x28, 0x48, 0x0c, 0x10, 0x50]) {
      for (let second = 0; second < 256; second++) {
        expect([header, second, looksLikeHevc(Uint8Array.of(header, second, 0), 0)]).toEqual([
          header,
          second,
          second < 8,
        ]);
      }
    }
  });

  it('is true for a prefix NAL unit but with the second byte 0, which HEVC does not have', () => {
    for (const header of [0x0e, 0x4e]) {
      for (let second = 0; second < 256; second++) {
        const isHevc = second >= 1 && second <= 7;
        expect([header, second, looksLikeHevc(Uint8Array.of(header, second, 0), 0)]).toEqual([header, second, isHevc]);
      }
    }
  });

  it('is true where such a NAL unit is cut behind its first byte', () => {
    expect(looksLikeHevc(Uint8Array.of(0, 0x42), 1)).toBe(true);
  });

  it('is false for the usual header of a picture parameter set, whatever its id', () => {
    for (let second = 0; second < 256; second++) {
      expect([second, looksLikeHevc(Uint8Array.of(0x68, second, 0), 0)]).toEqual([second, false]);
    }
    expect(looksLikeHevc(Uint8Array.of(0x68), 0)).toBe(false);
  });

  it('is false for slices and other types, of which no HEVC header has the first byte', () => {
    for (const header of [0x01, 0x41, 0x65, 0x67, 0x06, 0x09]) {
      expect(looksLikeHevc(Uint8Array.of(header, 1), 0)).toBe(false);
    }
  });
});
