/**
 * Where SEI belongs in an access unit: behind the access unit delimiter, parameter sets and SEI that are there,
 * directly in front of the first VCL NAL unit, or of the prefix NAL unit that belongs to it (H.264 7.4.1.2.3,
 * F.7.4.1.2.3).
 */
import type { NalUnitCursor } from './nal-unit-cursor.js';
import { NalUnitType, hasForbiddenZeroBit, isVcl, looksLikeHevc, nalUnitType } from './nal-unit.js';

/**
 * Whether the slice or slice data partition `data[start..end)` starts a picture, as far as its first bits tell:
 * first_mb_in_slice, an ue(v), is 0 where its first bit is 1, and the slice_type behind it is one that the NAL unit
 * type can have (H.264 7.3.3, Table 7-6).
 *
 * With arbitrary slice order or redundant slices other slices can look like that as well, which one NAL unit cannot
 * tell.
 */
export function startsPicture(data: Uint8Array, start: number, end: number): boolean {
  const type = nalUnitType(data[start]);
  const isIdr = type === NalUnitType.idrSlice;
  if (!isIdr && type !== NalUnitType.nonIdrSlice && type !== NalUnitType.dataPartitionA) return false;
  if (end - start < 2) return false;
  const bits = data[start + 1];
  if ((bits & 0x80) === 0) return false;
  // slice_type, an ue(v) of at most 9, has 1, 3, 5 or 7 bits, which are all in this byte.
  const leadingZeros = Math.clz32((bits & 0x7f) << 25);
  if (leadingZeros > 3) return false;
  const sliceType = ((bits & 0x7f) >> (6 - 2 * leadingZeros)) - 1;
  if (sliceType > 9) return false;
  // An IDR picture holds I and SI slices only (7.4.3): 2, 4, and 7, 9 where the whole picture is of the type.
  const base = sliceType % 5;
  return !isIdr || base === 2 || base === 4;
}

/**
 * Finds where SEI NAL units are to be inserted into an access unit.
 *
 * @param data the access unit that `cursor` walks
 * @param cursor a new cursor over `data`; afterwards it stands on the first VCL NAL unit, if there is one
 * @returns the offset of the framing of the first VCL NAL unit or of its prefix NAL unit; -1 where no VCL NAL unit is
 *   found or where a NAL unit in front of it cannot be H.264 (H.264 7.4.1.2.3)
 */
export function findInsertionPoint(data: Uint8Array, cursor: NalUnitCursor): number {
  let prefixUnitStart = -1;
  while (cursor.next()) {
    const header = data[cursor.start];
    const type = nalUnitType(header);
    if (hasForbiddenZeroBit(header)) return -1;
    if (isVcl(type)) {
      if (looksLikeHevc(data, cursor.start)) return -1;
      return prefixUnitStart >= 0 ? prefixUnitStart : cursor.unitStart;
    }
    if (type !== NalUnitType.prefixNalUnit) prefixUnitStart = -1;
    else if (prefixUnitStart < 0) prefixUnitStart = cursor.unitStart;
  }
  return -1;
}
