import { BitWriter } from './bitstream-writer.js';
import { nalUnit } from './nal-unit-writer.js';

/**
 * Fields of a sequence parameter set (clause 7.3.2.1.1); those left out have the value that {@link defaultSps} names.
 */
export interface SpsFields {
  profileIdc: number;
  /** constraint_set0_flag is the most significant bit; the last two bits are reserved. */
  constraintSetFlags: number;
  levelIdc: number;
  seqParameterSetId: number;
  /** Written for the profiles of {@link hasChromaFormat} only, as all fields up to `scalingLists`. */
  chromaFormatIdc: number;
  separateColourPlaneFlag: boolean;
  bitDepthLumaMinus8: number;
  bitDepthChromaMinus8: number;
  /** The delta_scale values of each scaling list, `undefined` for a list that is not present; empty for no matrix. */
  scalingLists: readonly (readonly number[] | undefined)[];
  log2MaxFrameNumMinus4: number;
  picOrderCntType: 0 | 1 | 2;
  log2MaxPicOrderCntLsbMinus4: number;
  deltaPicOrderAlwaysZeroFlag: boolean;
  offsetForNonRefPic: number;
  offsetForTopToBottomField: number;
  offsetsForRefFrame: readonly number[];
  maxNumRefFrames: number;
  gapsInFrameNumValueAllowedFlag: boolean;
  picWidthInMbs: number;
  picHeightInMapUnits: number;
  frameMbsOnlyFlag: boolean;
  mbAdaptiveFrameFieldFlag: boolean;
  direct8x8InferenceFlag: boolean;
}

/** A Constrained Baseline sequence of QCIF frames. */
export const defaultSps: SpsFields = {
  profileIdc: 66,
  constraintSetFlags: 0,
  levelIdc: 30,
  seqParameterSetId: 0,
  chromaFormatIdc: 1,
  separateColourPlaneFlag: false,
  bitDepthLumaMinus8: 0,
  bitDepthChromaMinus8: 0,
  scalingLists: [],
  log2MaxFrameNumMinus4: 0,
  picOrderCntType: 0,
  log2MaxPicOrderCntLsbMinus4: 2,
  deltaPicOrderAlwaysZeroFlag: false,
  offsetForNonRefPic: 0,
  offsetForTopToBottomField: 0,
  offsetsForRefFrame: [],
  maxNumRefFrames: 2,
  gapsInFrameNumValueAllowedFlag: false,
  picWidthInMbs: 11,
  picHeightInMapUnits: 9,
  frameMbsOnlyFlag: true,
  mbAdaptiveFrameFieldFlag: false,
  direct8x8InferenceFlag: true,
};

/** Whether chroma_format_idc and what follows it are present (clause 7.3.2.1.1). */
export function hasChromaFormat(profileIdc: number): boolean {
  return [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].includes(profileIdc);
}

function writeChromaFormat(writer: BitWriter, sps: SpsFields): void {
  writer.ue(sps.chromaFormatIdc);
  if (sps.chromaFormatIdc === 3) writer.flag(sps.separateColourPlaneFlag);
  writer.ue(sps.bitDepthLumaMinus8).ue(sps.bitDepthChromaMinus8);
  writer.flag(false); // qpprime_y_zero_transform_bypass_flag
  writer.flag(sps.scalingLists.length > 0);
  if (sps.scalingLists.length === 0) return;
  const lists = sps.chromaFormatIdc === 3 ? 12 : 8;
  if (sps.scalingLists.length !== lists) throw new RangeError(`a scaling matrix here has ${lists} lists`);
  for (const list of sps.scalingLists) {
    writer.flag(list !== undefined);
    for (const deltaScale of list ?? []) writer.se(deltaScale);
  }
}

function writePicOrderCnt(writer: BitWriter, sps: SpsFields): void {
  writer.ue(sps.picOrderCntType);
  if (sps.picOrderCntType === 0) writer.ue(sps.log2MaxPicOrderCntLsbMinus4);
  if (sps.picOrderCntType !== 1) return;
  writer.flag(sps.deltaPicOrderAlwaysZeroFlag).se(sps.offsetForNonRefPic).se(sps.offsetForTopToBottomField);
  writer.ue(sps.offsetsForRefFrame.length);
  for (const offset of sps.offsetsForRefFrame) writer.se(offset);
}

/** seq_parameter_set_data() (clause 7.3.2.1.1), without VUI parameters. */
export function writeSeqParameterSetData(writer: BitWriter, sps: SpsFields): void {
  writer.u(8, sps.profileIdc).u(8, sps.constraintSetFlags).u(8, sps.levelIdc).ue(sps.seqParameterSetId);
  if (hasChromaFormat(sps.profileIdc)) writeChromaFormat(writer, sps);
  writer.ue(sps.log2MaxFrameNumMinus4);
  writePicOrderCnt(writer, sps);
  writer.ue(sps.maxNumRefFrames).flag(sps.gapsInFrameNumValueAllowedFlag);
  writer.ue(sps.picWidthInMbs - 1).ue(sps.picHeightInMapUnits - 1);
  writer.flag(sps.frameMbsOnlyFlag);
  if (!sps.frameMbsOnlyFlag) writer.flag(sps.mbAdaptiveFrameFieldFlag);
  writer.flag(sps.direct8x8InferenceFlag);
  writer.flag(false); // frame_cropping_flag
  writer.flag(false); // vui_parameters_present_flag
}

/** A sequence parameter set NAL unit (type 7), header first, escaped, without start code. */
export function seqParameterSet(sps: SpsFields): Uint8Array {
  const writer = new BitWriter();
  writeSeqParameterSetData(writer, sps);
  return nalUnit(7, 3, writer.trailingBits().toBytes());
}

/**
 * A subset sequence parameter set NAL unit (type 15) for two views of Stereo High profile (clauses 7.3.2.1.3,
 * H.7.3.2.1.4).
 */
export function stereoSubsetSeqParameterSet(sps: SpsFields): Uint8Array {
  const writer = new BitWriter();
  writeSeqParameterSetData(writer, { ...sps, profileIdc: 128 });
  writer.u(1, 1); // bit_equal_to_one
  writer.ue(1); // num_views_minus1
  writer.ue(0).ue(1); // view_id[]
  writer.ue(1).ue(0); // num_anchor_refs_l0[1], anchor_ref_l0[1][0]
  writer.ue(0); // num_anchor_refs_l1[1]
  writer.ue(1).ue(0).ue(0); // the same for pictures that are no anchors
  writer.ue(0); // num_level_values_signalled_minus1
  writer.u(8, sps.levelIdc);
  writer.ue(0); // num_applicable_ops_minus1[0]
  writer.u(3, 0).ue(0).ue(0).ue(0); // applicable_op_temporal_id, _num_target_views_minus1, _target_view_id, _num_views_minus1
  writer.flag(false); // mvc_vui_parameters_present_flag
  writer.flag(false); // additional_extension2_flag
  return nalUnit(15, 3, writer.trailingBits().toBytes());
}

/** A sequence parameter set extension NAL unit (type 13) that announces auxiliary coded pictures (clause 7.3.2.1.2). */
export function seqParameterSetExtension(seqParameterSetId: number): Uint8Array {
  const writer = new BitWriter().ue(seqParameterSetId).ue(1); // aux_format_idc: multiplied alpha
  writer.ue(0).flag(false).u(9, 255).u(9, 0); // bit_depth_aux_minus8, alpha_incr_flag, alpha_opaque_, _transparent_value
  writer.flag(false); // additional_extension_flag
  return nalUnit(13, 3, writer.trailingBits().toBytes());
}

/** The slice groups of a picture parameter set, by slice_group_map_type (clause 7.3.2.2). */
export type SliceGroups =
  | { mapType: 0; runLengthsMinus1: readonly number[] }
  | { mapType: 1; groups: number }
  | { mapType: 2; rectangles: readonly (readonly [topLeft: number, bottomRight: number])[] }
  | { mapType: 3 | 4 | 5; changeDirectionFlag: boolean; changeRateMinus1: number }
  | { mapType: 6; groups: number; sliceGroupIds: readonly number[] };

/** Fields of a picture parameter set (clause 7.3.2.2). */
export interface PpsFields {
  picParameterSetId: number;
  seqParameterSetId: number;
  entropyCodingModeFlag: boolean;
  bottomFieldPicOrderInFramePresentFlag: boolean;
  sliceGroups: SliceGroups | undefined;
  weightedPredFlag: boolean;
  weightedBipredIdc: number;
  deblockingFilterControlPresentFlag: boolean;
  redundantPicCntPresentFlag: boolean;
  /**
   * Writes the fields of the High profiles behind redundant_pic_cnt_present_flag, with this transform_8x8_mode_flag.
   */
  transform8x8ModeFlag: boolean | undefined;
}

/** A picture parameter set without any option. */
export const defaultPps: PpsFields = {
  picParameterSetId: 0,
  seqParameterSetId: 0,
  entropyCodingModeFlag: false,
  bottomFieldPicOrderInFramePresentFlag: false,
  sliceGroups: undefined,
  weightedPredFlag: false,
  weightedBipredIdc: 0,
  deblockingFilterControlPresentFlag: true,
  redundantPicCntPresentFlag: false,
  transform8x8ModeFlag: undefined,
};

/** num_slice_groups_minus1 + 1. */
export function numSliceGroups(groups: SliceGroups): number {
  if (groups.mapType === 0) return groups.runLengthsMinus1.length;
  if (groups.mapType === 2) return groups.rectangles.length + 1;
  return 'groups' in groups ? groups.groups : 2;
}

function writeSliceGroups(writer: BitWriter, groups: SliceGroups): void {
  writer.ue(groups.mapType);
  switch (groups.mapType) {
    case 0:
      for (const run of groups.runLengthsMinus1) writer.ue(run);
      break;
    case 1:
      break;
    case 2:
      for (const [topLeft, bottomRight] of groups.rectangles) writer.ue(topLeft).ue(bottomRight);
      break;
    case 6: {
      writer.ue(groups.sliceGroupIds.length - 1);
      const bits = Math.ceil(Math.log2(groups.groups));
      for (const id of groups.sliceGroupIds) writer.u(bits, id);
      break;
    }
    default:
      writer.flag(groups.changeDirectionFlag).ue(groups.changeRateMinus1);
  }
}

/** A picture parameter set NAL unit (type 8), header first, escaped, without start code. */
export function picParameterSet(pps: PpsFields): Uint8Array {
  const writer = new BitWriter().ue(pps.picParameterSetId).ue(pps.seqParameterSetId);
  writer.flag(pps.entropyCodingModeFlag).flag(pps.bottomFieldPicOrderInFramePresentFlag);
  writer.ue(pps.sliceGroups === undefined ? 0 : numSliceGroups(pps.sliceGroups) - 1);
  if (pps.sliceGroups !== undefined) writeSliceGroups(writer, pps.sliceGroups);
  writer.ue(0).ue(0); // num_ref_idx_l0_default_active_minus1, num_ref_idx_l1_default_active_minus1
  writer.flag(pps.weightedPredFlag).u(2, pps.weightedBipredIdc);
  writer.se(0).se(0).se(0); // pic_init_qp_minus26, pic_init_qs_minus26, chroma_qp_index_offset
  writer.flag(pps.deblockingFilterControlPresentFlag);
  writer.flag(false); // constrained_intra_pred_flag
  writer.flag(pps.redundantPicCntPresentFlag);
  if (pps.transform8x8ModeFlag !== undefined) {
    writer.flag(pps.transform8x8ModeFlag).flag(false).se(0); // pic_scaling_matrix_present_flag, second_chroma_qp_index_offset
  }
  return nalUnit(8, 3, writer.trailingBits().toBytes());
}
