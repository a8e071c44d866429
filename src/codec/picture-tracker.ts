import { BitReader } from './bit-reader.js';
import { NalUnitType, isVcl, nalUnitType } from './nal-unit.js';
import {
  readPictureParameterSet,
  readSequenceParameterSet,
  type PictureParameterSet,
  type SequenceParameterSet,
} from './parameter-sets.js';
import {
  hasSliceHeader,
  isFirstVclOfPicture,
  mayBeFirstVclOfPicture,
  readSliceHeader,
  readSliceHeaderStart,
  type SliceHeader,
  type SliceHeaderStart,
} from './slice-header.js';

/** Where a NAL unit belongs, as far as its type tells. */
export const Place = {
  /** Into the access unit that is there. */
  current: 0,
  /** Into a new one, which begins with it. */
  next: 1,
  /** Its slice header tells. */
  bySliceHeader: 2,
  /** It is a prefix NAL unit: the slice behind it tells. */
  byFollower: 3,
} as const;

/**
 * Remembers the parameter sets and the last slice, and says where an access unit begins (H.264 7.4.1.2.3, 7.4.1.2.4).
 */
export class PictureTracker {
  readonly #spsById = new Map<number, SequenceParameterSet>();
  readonly #ppsById = new Map<number, PictureParameterSet>();
  /** What could be read of the last slice of the primary coded picture. */
  #previous: SliceHeader | SliceHeaderStart | undefined;
  /** Whether the primary coded picture has had a slice that begins with its first macroblock. */
  #hasFirstMacroblock = false;
  #hasVcl = false;
  #hasEnded = false;

  /** Whether the access unit has had a VCL NAL unit. */
  get hasVcl(): boolean {
    return this.#hasVcl;
  }

  /** An access unit begins: nothing of the one before counts any more. */
  beginAccessUnit(): void {
    this.#previous = undefined;
    this.#hasFirstMacroblock = false;
    this.#hasVcl = false;
    this.#hasEnded = false;
  }

  /**
   * Says where the next NAL unit belongs. An access unit has a picture: nothing in front of its first slice begins
   * another one.
   */
  place(type: number): number {
    if (!this.#hasVcl) return Place.current;
    if (this.#hasEnded) return type === NalUnitType.endOfStream ? Place.current : Place.next;
    if (hasSliceHeader(type)) return Place.bySliceHeader;
    if (type === NalUnitType.prefixNalUnit) return Place.byFollower;
    const startsAccessUnit =
      (type >= NalUnitType.sei && type <= NalUnitType.accessUnitDelimiter) ||
      (type >= NalUnitType.subsetSequenceParameterSet && type < NalUnitType.auxiliarySlice);
    return startsAccessUnit ? Place.next : Place.current;
  }

  /**
   * Takes note of a NAL unit of the access unit, unless {@link PictureTracker.takeSlice} or {@link
   * PictureTracker.takeParameterSet} does.
   */
  take(type: number): void {
    if (isVcl(type)) this.#hasVcl = true;
    else if (type === NalUnitType.endOfSequence || type === NalUnitType.endOfStream) this.#hasEnded = this.#hasVcl;
  }

  /** Takes note of the parameter set `data[start..end)`. One that cannot be read changes nothing. */
  takeParameterSet(data: Uint8Array, start: number, end: number): void {
    const reader = new BitReader(data, start + 1, end);
    if (nalUnitType(data[start]) === NalUnitType.sequenceParameterSet) {
      const sps = readSequenceParameterSet(reader);
      if (sps !== undefined) this.#spsById.set(sps.sequenceParameterSetId, sps);
    } else {
      const pps = readPictureParameterSet(reader);
      if (pps !== undefined) this.#ppsById.set(pps.pictureParameterSetId, pps);
    }
  }

  /**
   * Takes note of the slice `data[start..end)` and says whether it begins an access unit.
   *
   * @param isWhole there is no more of it
   * @returns undefined where more of it is needed; then nothing has changed
   */
  takeSlice(data: Uint8Array, start: number, end: number, isWhole: boolean): boolean | undefined {
    const reader = new BitReader(data, start + 1, end);
    const current = readSliceHeaderStart(reader, data[start]);
    // The sequence parameter set is looked up now and not when the picture parameter set comes: it may come later than
    // that.
    const pps = current && this.#ppsById.get(current.pictureParameterSetId);
    const sps = pps && this.#spsById.get(pps.sequenceParameterSetId);
    const header = current && pps && sps && readSliceHeader(reader, current, pps, sps);
    if (reader.truncated && !isWhole) return undefined;

    const hadVcl = this.#hasVcl;
    this.#hasVcl = true;
    if (current === undefined || (header !== undefined && header.redundantPicCnt > 0)) return false;
    const previous = this.#previous;
    // No picture has its first macroblock twice but for each of its color planes, whatever the headers say: there are
    // encoders of which every IDR picture has the same idr_pic_id.
    const holdsFirstMacroblock = current.firstMbInSlice === 0 && sps?.separateColorPlaneFlag !== true;
    const isFirst =
      hadVcl &&
      ((holdsFirstMacroblock && this.#hasFirstMacroblock) ||
        (header !== undefined && previous !== undefined && 'frameNum' in previous
          ? isFirstVclOfPicture(previous, header)
          : mayBeFirstVclOfPicture(previous, current)));
    this.#previous = header ?? current;
    this.#hasFirstMacroblock = holdsFirstMacroblock || (this.#hasFirstMacroblock && !isFirst);
    return isFirst;
  }
}

/** Whether a NAL unit of this type is a sequence or picture parameter set: 7 and 8 (H.264 Table 7-1). */
export function isParameterSet(type: number): boolean {
  return type === NalUnitType.sequenceParameterSet || type === NalUnitType.pictureParameterSet;
}
