/**
 * Sequence and picture parameter sets, as far as slice headers depend on them. What follows behind that in the NAL unit
 * (VUI, scaling lists of a picture parameter set) is not read, so it is not checked either.
 */
import { SeiError } from '../errors.js';
import { BitReader } from './bit-reader.js';
import { NalUnitType, nalUnitType } from './nal-unit.js';

/** What a slice header needs to know of a sequence parameter set (H.264 7.4.2.1.1). */
export interface SequenceParameterSet {
  /** seq_parameter_set_id, 0 to 31. */
  readonly sequenceParameterSetId: number;
  /** separate_colour_plane_flag: slice headers have a colour_plane_id. */
  readonly separateColorPlaneFlag: boolean;
  /** log2_max_frame_num_minus4 + 4: the bits of frame_num, 4 to 16. */
  readonly log2MaxFrameNum: number;
  /** pic_order_cnt_type, 0 to 2. */
  readonly picOrderCntType: number;
  /**
   * log2_max_pic_order_cnt_lsb_minus4 + 4: the bits of pic_order_cnt_lsb, 4 to 16; 0 where pic_order_cnt_type is not 0.
   */
  readonly log2MaxPicOrderCntLsb: number;
  /**
   * delta_pic_order_always_zero_flag: no delta_pic_order_cnt in slice headers; false where pic_order_cnt_type is not 1.
   */
  readonly deltaPicOrderAlwaysZeroFlag: boolean;
  /** frame_mbs_only_flag: no field pictures, and no field_pic_flag. */
  readonly frameMbsOnlyFlag: boolean;
}

/** What a slice header needs to know of a picture parameter set (H.264 7.4.2.2). */
export interface PictureParameterSet {
  /** pic_parameter_set_id, 0 to 255. */
  readonly pictureParameterSetId: number;
  /** seq_parameter_set_id, 0 to 31: the sequence parameter set it refers to, which may come later or be sent anew. */
  readonly sequenceParameterSetId: number;
  /** bottom_field_pic_order_in_frame_present_flag. */
  readonly bottomFieldPicOrderInFramePresentFlag: boolean;
  /** redundant_pic_cnt_present_flag. */
  readonly redundantPicCntPresentFlag: boolean;
}

/** The largest pic_parameter_set_id (H.264 7.4.2.2). */
export const MAX_PICTURE_PARAMETER_SET_ID = 255;

const MAX_SEQUENCE_PARAMETER_SET_ID = 31;

// The values of profile_idc with chroma_format_idc and what follows it (7.3.2.1.1).
const PROFILES_WITH_CHROMA_FORMAT = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

const CHROMA_FORMAT_444 = 3;

// 7.3.2.1.1.1
function skipScalingList(reader: BitReader, size: number): void {
  let scale = 8;
  for (let i = 0; i < size && scale !== 0 && !reader.failed; i++) scale = (scale + reader.se() + 256) % 256;
}

/**
 * Reads a sequence parameter set.
 *
 * @param reader stands behind the NAL unit header, or behind that of a subset sequence parameter set
 * @returns undefined where the bytes break the syntax; the reader says where (H.264 7.3.2.1.1)
 */
export function readSequenceParameterSet(reader: BitReader): SequenceParameterSet | undefined {
  const profileIdc = reader.u(8);
  reader.u(16); // constraint flags, level_idc
  const sequenceParameterSetId = reader.ue(MAX_SEQUENCE_PARAMETER_SET_ID);
  let separateColorPlaneFlag = false;
  if (PROFILES_WITH_CHROMA_FORMAT.has(profileIdc)) {
    const chromaFormatIdc = reader.ue(3);
    if (chromaFormatIdc === CHROMA_FORMAT_444) separateColorPlaneFlag = reader.flag();
    reader.ue(6); // bit_depth_luma_minus8
    reader.ue(6); // bit_depth_chroma_minus8
    reader.flag(); // qpprime_y_zero_transform_bypass_flag
    if (reader.flag()) {
      const lists = chromaFormatIdc === CHROMA_FORMAT_444 ? 12 : 8;
      for (let i = 0; i < lists; i++) if (reader.flag()) skipScalingList(reader, i < 6 ? 16 : 64);
    }
  }
  const log2MaxFrameNum = reader.ue(12) + 4;
  const picOrderCntType = reader.ue(2);
  let log2MaxPicOrderCntLsb = 0;
  let deltaPicOrderAlwaysZeroFlag = false;
  if (picOrderCntType === 0) {
    log2MaxPicOrderCntLsb = reader.ue(12) + 4;
  } else if (picOrderCntType === 1) {
    deltaPicOrderAlwaysZeroFlag = reader.flag();
    reader.se(); // offset_for_non_ref_pic
    reader.se(); // offset_for_top_to_bottom_field
    const numRefFramesInPicOrderCntCycle = reader.ue(255);
    for (let i = 0; i < numRefFramesInPicOrderCntCycle; i++) reader.se(); // offset_for_ref_frame
  }
  reader.ue(); // max_num_ref_frames
  reader.flag(); // gaps_in_frame_num_value_allowed_flag
  reader.ue(); // pic_width_in_mbs_minus1
  reader.ue(); // pic_height_in_map_units_minus1
  const frameMbsOnlyFlag = reader.flag();
  if (reader.failed) return undefined;
  return {
    sequenceParameterSetId,
    separateColorPlaneFlag,
    log2MaxFrameNum,
    picOrderCntType,
    log2MaxPicOrderCntLsb,
    deltaPicOrderAlwaysZeroFlag,
    frameMbsOnlyFlag,
  };
}

function skipSliceGroups(reader: BitReader, numSliceGroupsMinus1: number): void {
  const sliceGroupMapType = reader.ue(6);
  if (sliceGroupMapType === 0) {
    for (let group = 0; group <= numSliceGroupsMinus1; group++) reader.ue(); // run_length_minus1
  } else if (sliceGroupMapType === 2) {
    for (let group = 0; group < numSliceGroupsMinus1; group++) {
      reader.ue(); // top_left
      reader.ue(); // bottom_right
    }
  } else if (sliceGroupMapType >= 3 && sliceGroupMapType <= 5) {
    reader.flag(); // slice_group_change_direction_flag
    reader.ue(); // slice_group_change_rate_minus1
  } else if (sliceGroupMapType === 6) {
    const picSizeInMapUnitsMinus1 = reader.ue();
    const bits = 32 - Math.clz32(numSliceGroupsMinus1);
    for (let i = 0; i <= picSizeInMapUnitsMinus1 && !reader.failed; i++) reader.u(bits); // slice_group_id
  }
}

/**
 * Reads a picture parameter set up to its redundant_pic_cnt_present_flag.
 *
 * @param reader stands behind the NAL unit header
 * @returns undefined where the bytes break the syntax; the reader says where (H.264 7.3.2.2)
 */
export function readPictureParameterSet(reader: BitReader): PictureParameterSet | undefined {
  const pictureParameterSetId = reader.ue(MAX_PICTURE_PARAMETER_SET_ID);
  const sequenceParameterSetId = reader.ue(MAX_SEQUENCE_PARAMETER_SET_ID);
  reader.flag(); // entropy_coding_mode_flag
  const bottomFieldPicOrderInFramePresentFlag = reader.flag();
  const numSliceGroupsMinus1 = reader.ue(7);
  if (numSliceGroupsMinus1 > 0) skipSliceGroups(reader, numSliceGroupsMinus1);
  reader.ue(31); // num_ref_idx_l0_default_active_minus1
  reader.ue(31); // num_ref_idx_l1_default_active_minus1
  reader.u(3); // weighted_pred_flag, weighted_bipred_idc
  reader.se(); // pic_init_qp_minus26
  reader.se(); // pic_init_qs_minus26
  reader.se(); // chroma_qp_index_offset
  reader.u(2); // deblocking_filter_control_present_flag, constrained_intra_pred_flag
  const redundantPicCntPresentFlag = reader.flag();
  if (reader.failed) return undefined;
  return {
    pictureParameterSetId,
    sequenceParameterSetId,
    bottomFieldPicOrderInFramePresentFlag,
    redundantPicCntPresentFlag,
  };
}

function malformed(what: string, offset: number): SeiError {
  return new SeiError('ERR_SEI_MALFORMED', `the NAL unit is no ${what} that can be read`, { offset });
}

/**
 * Parses a sequence parameter set.
 *
 * @param nalUnit an unframed, escaped NAL unit of type 7, header first
 * @returns what slice headers need of it
 * @throws {@link SeiError} `ERR_SEI_MALFORMED` with the offset in `nalUnit` (H.264 7.3.2.1.1)
 */
export function parseSequenceParameterSet(nalUnit: Uint8Array): SequenceParameterSet {
  const what = 'sequence parameter set';
  if (nalUnitType(nalUnit[0]) !== NalUnitType.sequenceParameterSet) throw malformed(what, 0);
  const reader = new BitReader(nalUnit, 1, nalUnit.length);
  const parameterSet = readSequenceParameterSet(reader);
  if (parameterSet === undefined) throw malformed(what, reader.failedAt);
  return parameterSet;
}

/**
 * Parses a picture parameter set.
 *
 * @param nalUnit an unframed, escaped NAL unit of type 8, header first
 * @returns what slice headers need of it
 * @throws {@link SeiError} `ERR_SEI_MALFORMED` with the offset in `nalUnit` (H.264 7.3.2.2)
 */
export function parsePictureParameterSet(nalUnit: Uint8Array): PictureParameterSet {
  const what = 'picture parameter set';
  if (nalUnitType(nalUnit[0]) !== NalUnitType.pictureParameterSet) throw malformed(what, 0);
  const reader = new BitReader(nalUnit, 1, nalUnit.length);
  const parameterSet = readPictureParameterSet(reader);
  if (parameterSet === undefined) throw malformed(what, reader.failedAt);
  return parameterSet;
}
