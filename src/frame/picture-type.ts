import { BitReader } from '../codec/bit-reader.js';
import { BOUNDS_LENGTH } from '../codec/results.js';
import { nalUnitType } from '../codec/nal-unit.js';
import { MAX_SLICE_HEADER_LENGTH, hasSliceHeader, readSliceHeaderStart } from '../codec/slice-header.js';
import { type FramingOptions, framingHint } from './arguments.js';
import { nalUnitBounds } from './nal-units.js';

/** What a picture is predicted from: nothing (`I`), pictures before (`P`), or two pictures (`B`); or no slice at all. */
export type PictureType = 'I' | 'P' | 'B' | 'none';

/** slice_type modulo 5 of P, B, I, SP and SI slices, in that order (H.264 Table 7-6). */
const TYPES: readonly PictureType[] = ['P', 'B', 'I', 'P', 'I'];

const RANK: Readonly<Record<PictureType, number>> = { none: 0, I: 1, P: 2, B: 3 };

/** The most slices of a picture that are looked at: one in each row of macroblocks of the highest level, and more. */
export const MAX_SLICES_PER_PICTURE = 1024;

/**
 * The type of a picture: `B` where it has a B slice, else `P` where it has a P slice.
 *
 * @param data one access unit
 * @param framing of its NAL units (H.264 7.4.3, Table 7-6)
 */
export function pictureTypeOf(data: Uint8Array, framing: FramingOptions): PictureType {
  const { bounds, length } = nalUnitBounds(data, framingHint(framing));
  let type: PictureType = 'none';
  let slices = 0;
  for (let at = 0; at < length && slices < MAX_SLICES_PER_PICTURE && type !== 'B'; at += BOUNDS_LENGTH) {
    const start = bounds[at];
    const header = data[start];
    if (!hasSliceHeader(nalUnitType(header))) continue;
    slices++;
    const end = Math.min(bounds[at + 1], start + 1 + MAX_SLICE_HEADER_LENGTH);
    const slice = readSliceHeaderStart(new BitReader(data, start + 1, end), header);
    const sliceType = slice === undefined ? 'none' : TYPES[slice.sliceType % 5];
    if (RANK[sliceType] > RANK[type]) type = sliceType;
  }
  return type;
}
