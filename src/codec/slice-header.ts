/**
 * The slice header, as far as it tells one picture from the next. Nothing behind redundant_pic_cnt is read.
 */
import { SeiError } from '../errors.js';
import { BitReader } from './bit-reader.js';
import { NalUnitType, nalUnitType } from './nal-unit.js';
import { MAX_PICTURE_PARAMETER_SET_ID, type PictureParameterSet, type SequenceParameterSet } from './parameter-sets.js';

/**
 * Everything that is read of a slice header lies within so many bytes behind the NAL unit header: the longest one that
 * keeps to the semantics has 281 bits, 36 bytes, which is 54 bytes with an emulation_prevention_three_byte after every
 * two; rounded up.
 */
export const MAX_SLICE_HEADER_LENGTH = 64;

/** The part of a slice header that can be read without parameter sets (H.264 7.3.3). */
export interface SliceHeaderStart {
  /** nal_unit_type: 1, 2 or 5. */
  readonly nalUnitType: number;
  /** nal_ref_idc, 0 to 3. */
  readonly nalRefIdc: number;
  /** first_mb_in_slice. */
  readonly firstMbInSlice: number;
  /** slice_type, 0 to 9 (Table 7-6). */
  readonly sliceType: number;
  /** pic_parameter_set_id, 0 to 255. */
  readonly pictureParameterSetId: number;
}

/**
 * A slice header up to redundant_pic_cnt. Elements that are not there have the value that the semantics infer (H.264
 * 7.4.3).
 */
export interface SliceHeader extends SliceHeaderStart {
  /** frame_num. */
  readonly frameNum: number;
  /** field_pic_flag. */
  readonly fieldPicFlag: boolean;
  /** bottom_field_flag. */
  readonly bottomFieldFlag: boolean;
  /** idr_pic_id; 0 where the NAL unit is of no IDR picture. */
  readonly idrPicId: number;
  /** pic_order_cnt_type of the sequence parameter set, 0 to 2. */
  readonly picOrderCntType: number;
  /** pic_order_cnt_lsb. */
  readonly picOrderCntLsb: number;
  /** delta_pic_order_cnt_bottom. */
  readonly deltaPicOrderCntBottom: number;
  /** delta_pic_order_cnt[ 0 ]. */
  readonly deltaPicOrderCnt0: number;
  /** delta_pic_order_cnt[ 1 ]. */
  readonly deltaPicOrderCnt1: number;
  /** redundant_pic_cnt, 0 to 127: above 0 the slice belongs to a redundant coded picture. */
  readonly redundantPicCnt: number;
}

/** Whether a NAL unit of this type begins with a slice header: 1, 2 and 5 (H.264 7.3.2.8, 7.3.2.9.1). */
export function hasSliceHeader(type: number): boolean {
  return type === NalUnitType.nonIdrSlice || type === NalUnitType.dataPartitionA || type === NalUnitType.idrSlice;
}

/**
 * Reads what needs no parameter sets.
 *
 * @param reader stands behind the NAL unit header
 * @param header the NAL unit header, of type 1, 2 or 5
 * @returns undefined where the bytes break the syntax or end; the reader says which (H.264 7.3.3)
 */
export function readSliceHeaderStart(reader: BitReader, header: number): SliceHeaderStart | undefined {
  const firstMbInSlice = reader.ue();
  const sliceType = reader.ue(9);
  const pictureParameterSetId = reader.ue(MAX_PICTURE_PARAMETER_SET_ID);
  if (reader.failed) return undefined;
  return {
    nalUnitType: nalUnitType(header),
    nalRefIdc: (header >> 5) & 3,
    firstMbInSlice,
    sliceType,
    pictureParameterSetId,
  };
}

/**
 * Reads the part of a slice header that its parameter sets shape.
 *
 * @param reader stands where {@link readSliceHeaderStart} has left it
 * @param start what that has read
 * @param pps the picture parameter set with the id in `start`
 * @param sps the sequence parameter set with the id in `pps`
 * @returns undefined where the bytes break the syntax or end; the reader says which (H.264 7.3.3)
 */
export function readSliceHeader(
  reader: BitReader,
  start: SliceHeaderStart,
  pps: PictureParameterSet,
  sps: SequenceParameterSet,
): SliceHeader | undefined {
  if (sps.separateColorPlaneFlag) reader.u(2); // colour_plane_id
  const frameNum = reader.u(sps.log2MaxFrameNum);
  const fieldPicFlag = !sps.frameMbsOnlyFlag && reader.flag();
  const bottomFieldFlag = fieldPicFlag && reader.flag();
  const idrPicId = start.nalUnitType === NalUnitType.idrSlice ? reader.ue(65535) : 0;
  const hasBottom = pps.bottomFieldPicOrderInFramePresentFlag && !fieldPicFlag;
  let picOrderCntLsb = 0;
  let deltaPicOrderCntBottom = 0;
  let deltaPicOrderCnt0 = 0;
  let deltaPicOrderCnt1 = 0;
  if (sps.picOrderCntType === 0) {
    picOrderCntLsb = reader.u(sps.log2MaxPicOrderCntLsb);
    if (hasBottom) deltaPicOrderCntBottom = reader.se();
  } else if (sps.picOrderCntType === 1 && !sps.deltaPicOrderAlwaysZeroFlag) {
    deltaPicOrderCnt0 = reader.se();
    if (hasBottom) deltaPicOrderCnt1 = reader.se();
  }
  const redundantPicCnt = pps.redundantPicCntPresentFlag ? reader.ue(127) : 0;
  if (reader.failed) return undefined;
  return {
    nalUnitType: start.nalUnitType,
    nalRefIdc: start.nalRefIdc,
    firstMbInSlice: start.firstMbInSlice,
    sliceType: start.sliceType,
    pictureParameterSetId: start.pictureParameterSetId,
    frameNum,
    fieldPicFlag,
    bottomFieldFlag,
    idrPicId,
    picOrderCntType: sps.picOrderCntType,
    picOrderCntLsb,
    deltaPicOrderCntBottom,
    deltaPicOrderCnt0,
    deltaPicOrderCnt1,
    redundantPicCnt,
  };
}

/**
 * Parses a slice header up to redundant_pic_cnt.
 *
 * @param nalUnit an unframed, escaped NAL unit of type 1, 2 or 5, header first; its first 64 bytes are enough
 * @param spsById the sequence parameter sets by seq_parameter_set_id
 * @param ppsById the picture parameter sets by pic_parameter_set_id
 * @returns undefined where a parameter set that the slice refers to is missing
 * @throws {@link SeiError} `ERR_SEI_MALFORMED` with the offset in `nalUnit` (H.264 7.3.3)
 */
export function parseSliceHeader(
  nalUnit: Uint8Array,
  spsById: ReadonlyMap<number, SequenceParameterSet>,
  ppsById: ReadonlyMap<number, PictureParameterSet>,
): SliceHeader | undefined {
  if (!hasSliceHeader(nalUnitType(nalUnit[0]))) throw malformed(0);
  const reader = new BitReader(nalUnit, 1, nalUnit.length);
  const start = readSliceHeaderStart(reader, nalUnit[0]);
  if (start === undefined) throw malformed(reader.failedAt);
  const pps = ppsById.get(start.pictureParameterSetId);
  const sps = pps && spsById.get(pps.sequenceParameterSetId);
  if (pps === undefined || sps === undefined) return undefined;
  const sliceHeader = readSliceHeader(reader, start, pps, sps);
  if (sliceHeader === undefined) throw malformed(reader.failedAt);
  return sliceHeader;
}

function malformed(offset: number): SeiError {
  return new SeiError('ERR_SEI_MALFORMED', 'the NAL unit has no slice header that can be read', { offset });
}

/**
 * Whether a slice is the first VCL NAL unit of a new primary coded picture.
 *
 * @param previous the header of the slice before it, in decoding order; of a primary coded picture
 * @param current its header; of a primary coded picture (redundant_pic_cnt 0), or there is nothing to compare
 * @returns true where the two differ in one of the ways of H.264 7.4.1.2.4
 */
export function isFirstVclOfPicture(previous: SliceHeader, current: SliceHeader): boolean {
  const previousIsIdr = previous.nalUnitType === NalUnitType.idrSlice;
  const currentIsIdr = current.nalUnitType === NalUnitType.idrSlice;
  return (
    previous.frameNum !== current.frameNum ||
    previous.pictureParameterSetId !== current.pictureParameterSetId ||
    previous.fieldPicFlag !== current.fieldPicFlag ||
    previous.bottomFieldFlag !== current.bottomFieldFlag ||
    (previous.nalRefIdc === 0) !== (current.nalRefIdc === 0) ||
    previousIsIdr !== currentIsIdr ||
    (previousIsIdr && previous.idrPicId !== current.idrPicId) ||
    (previous.picOrderCntType === 0 &&
      current.picOrderCntType === 0 &&
      (previous.picOrderCntLsb !== current.picOrderCntLsb ||
        previous.deltaPicOrderCntBottom !== current.deltaPicOrderCntBottom)) ||
    (previous.picOrderCntType === 1 &&
      current.picOrderCntType === 1 &&
      (previous.deltaPicOrderCnt0 !== current.deltaPicOrderCnt0 ||
        previous.deltaPicOrderCnt1 !== current.deltaPicOrderCnt1))
  );
}

/**
 * A guess at {@link isFirstVclOfPicture} where a parameter set is missing, as for a receiver that joined in the middle:
 * what can be read of the two differs, or the slice begins with the first macroblock, or in front of the one before it.
 *
 * Where a picture has arbitrary slice order, or redundant slices, that guess splits it.
 *
 * @param previous what could be read of the slice before it; undefined where that was nothing
 * @param current what could be read of the slice (H.264 7.4.1.2.4)
 */
export function mayBeFirstVclOfPicture(previous: SliceHeaderStart | undefined, current: SliceHeaderStart): boolean {
  if (current.firstMbInSlice === 0) return true;
  if (previous === undefined) return false;
  return (
    current.firstMbInSlice < previous.firstMbInSlice ||
    previous.pictureParameterSetId !== current.pictureParameterSetId ||
    (previous.nalRefIdc === 0) !== (current.nalRefIdc === 0) ||
    (previous.nalUnitType === NalUnitType.idrSlice) !== (current.nalUnitType === NalUnitType.idrSlice)
  );
}

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
