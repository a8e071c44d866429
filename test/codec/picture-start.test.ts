import { describe, expect, it } from 'vitest';
import { startsPicture } from '../../src/codec/slice-header.js';
import { BitWriter } from '../support/bitstream-writer.js';

/**
 * The beginning of a slice of this type, and whether it is the first of its picture: first_mb_in_slice, slice_type, and
 * ones.
 */
function slice(header: number, firstMbInSlice: number, sliceType: number): Uint8Array {
  const writer = new BitWriter().u(8, header).ue(firstMbInSlice).ue(sliceType).ue(0).u(16, 0xffff);
  while (writer.bitLength % 8 !== 0) writer.u(1, 1);
  return writer.toBytes();
}

const starts = (data: Uint8Array) => startsPicture(data, 0, data.length);
// The valid ones, some that are not, and such as need more than seven bits.
const sliceTypes = [...Array.from({ length: 15 }, (_, sliceType) => sliceType), 15, 30, 31, 62, 63, 1000];

describe('startsPicture', () => {
  it('takes first_mb_in_slice 0 with any slice_type of Table 7-6', () => {
    for (const header of [0x01, 0x21, 0x41, 0x61, 0x42]) {
      expect(sliceTypes.filter((sliceType) => starts(slice(header, 0, sliceType)))).toEqual([
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
      ]);
    }
  });

  it('takes I and SI slices only in an IDR picture', () => {
    for (const header of [0x25, 0x65]) {
      expect(sliceTypes.filter((sliceType) => starts(slice(header, 0, sliceType)))).toEqual([2, 4, 7, 9]);
    }
  });

  it('takes no other first_mb_in_slice', () => {
    for (const firstMbInSlice of [1, 2, 3, 98, 360, 8159]) {
      for (const sliceType of sliceTypes) expect(starts(slice(0x41, firstMbInSlice, sliceType))).toBe(false);
    }
  });

  it('takes no NAL unit of another type, and none that is cut', () => {
    for (const header of [0x43, 0x44, 0x06, 0x67, 0x68, 0x09, 0x0c, 0x6e, 0x13, 0x74]) {
      expect(starts(slice(header, 0, 2))).toBe(false);
    }
    const data = slice(0x41, 0, 2);
    expect(startsPicture(data, 0, 1)).toBe(false);
    expect(startsPicture(data, 0, 2)).toBe(true);
  });
});
