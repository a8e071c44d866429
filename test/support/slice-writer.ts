import { BitWriter } from './bitstream-writer.js';
import { mvcHeader, nalUnit, type MvcHeader } from './nal-unit-writer.js';
import { defaultPps, defaultSps, numSliceGroups, type PpsFields, type SpsFields } from './parameter-set-writer.js';

/** The parameter sets that a slice header is written by. */
export interface ActiveParameterSets {
  sps: SpsFields;
  pps: PpsFields;
}

/** slice_type of slices of any kind; plus 5 where all slices of the picture are of that kind (table 7-6). */
export const sliceTypes = { P: 0, B: 1, I: 2, SP: 3, SI: 4 } as const;

/** A memory_management_control_operation other than 0 with its operands, all ue(v) (clause 7.3.3.3). */
export type MemoryManagementControlOperation = readonly [operation: number, ...operands: number[]];

/** Fields of a slice header (clause 7.3.3); those left out have the value that {@link defaultSlice} names. */
export interface SliceFields {
  /** 1, 2 or 5; 19 for an auxiliary slice beside a picture that is no IDR picture. Decides IdrPicFlag (7-1). */
  nalUnitType: number;
  nalRefIdc: number;
  firstMbInSlice: number;
  sliceType: number;
  colourPlaneId: number;
  frameNum: number;
  fieldPicFlag: boolean;
  bottomFieldFlag: boolean;
  idrPicId: number;
  picOrderCntLsb: number;
  deltaPicOrderCntBottom: number;
  deltaPicOrderCnt: readonly [number, number];
  redundantPicCnt: number;
  /** `undefined` for the sliding window; ignored where nal_ref_idc is 0 or the picture is an IDR picture. */
  memoryManagement: readonly MemoryManagementControlOperation[] | undefined;
  sliceQpDelta: number;
  sliceGroupChangeCycle: number;
  /** slice_id, which a slice data partition A has behind its header. */
  sliceId: number;
  /** The bytes of slice data, which nothing here decodes. */
  sliceData: Uint8Array;
}

/** A P slice of a reference frame, the first of its picture. */
export const defaultSlice: SliceFields = {
  nalUnitType: 1,
  nalRefIdc: 2,
  firstMbInSlice: 0,
  sliceType: sliceTypes.P,
  colourPlaneId: 0,
  frameNum: 0,
  fieldPicFlag: false,
  bottomFieldFlag: false,
  idrPicId: 0,
  picOrderCntLsb: 0,
  deltaPicOrderCntBottom: 0,
  deltaPicOrderCnt: [0, 0],
  redundantPicCnt: 0,
  memoryManagement: undefined,
  sliceQpDelta: 0,
  sliceGroupChangeCycle: 0,
  sliceId: 0,
  sliceData: Uint8Array.of(0xb5, 0x3c, 0x71, 0x8e, 0x4d),
};

function writePicOrderCnt(writer: BitWriter, { sps, pps }: ActiveParameterSets, slice: SliceFields): void {
  const bottom = pps.bottomFieldPicOrderInFramePresentFlag && !slice.fieldPicFlag;
  if (sps.picOrderCntType === 0) {
    writer.u(sps.log2MaxPicOrderCntLsbMinus4 + 4, slice.picOrderCntLsb);
    if (bottom) writer.se(slice.deltaPicOrderCntBottom);
  }
  if (sps.picOrderCntType === 1 && !sps.deltaPicOrderAlwaysZeroFlag) {
    writer.se(slice.deltaPicOrderCnt[0]);
    if (bottom) writer.se(slice.deltaPicOrderCnt[1]);
  }
}

function writeDecRefPicMarking(writer: BitWriter, slice: SliceFields, idrPicFlag: boolean): void {
  if (idrPicFlag) {
    writer.flag(false).flag(false); // no_output_of_prior_pics_flag, long_term_reference_flag
    return;
  }
  writer.flag(slice.memoryManagement !== undefined);
  if (slice.memoryManagement === undefined) return;
  for (const numbers of slice.memoryManagement) for (const value of numbers) writer.ue(value);
  writer.ue(0);
}

/** Bits of slice_group_change_cycle: Ceil(Log2(PicSizeInMapUnits / SliceGroupChangeRate + 1)) (clause 7.4.3). */
function sliceGroupChangeCycleBits({ sps, pps }: ActiveParameterSets): number {
  const groups = pps.sliceGroups;
  if (groups === undefined || !('changeRateMinus1' in groups) || numSliceGroups(groups) < 2) return 0;
  const cycles = (sps.picWidthInMbs * sps.picHeightInMapUnits) / (groups.changeRateMinus1 + 1);
  return Math.ceil(Math.log2(cycles + 1));
}

/** slice_header() (clause 7.3.3), with neither reference list modification nor prediction weights. */
export function writeSliceHeader(
  writer: BitWriter,
  active: ActiveParameterSets,
  slice: SliceFields,
  idrPicFlag: boolean,
): void {
  const { sps, pps } = active;
  const kind = slice.sliceType % 5;
  const isP = kind === sliceTypes.P || kind === sliceTypes.SP;
  const isB = kind === sliceTypes.B;
  if ((pps.weightedPredFlag && isP) || (pps.weightedBipredIdc === 1 && isB)) {
    throw new Error('pred_weight_table() is not written: use a PPS without explicit weights');
  }
  writer.ue(slice.firstMbInSlice).ue(slice.sliceType).ue(pps.picParameterSetId);
  if (sps.separateColourPlaneFlag) writer.u(2, slice.colourPlaneId);
  writer.u(sps.log2MaxFrameNumMinus4 + 4, slice.frameNum);
  if (!sps.frameMbsOnlyFlag) {
    writer.flag(slice.fieldPicFlag);
    if (slice.fieldPicFlag) writer.flag(slice.bottomFieldFlag);
  }
  if (idrPicFlag) writer.ue(slice.idrPicId);
  writePicOrderCnt(writer, active, slice);
  if (pps.redundantPicCntPresentFlag) writer.ue(slice.redundantPicCnt);
  if (isB) writer.flag(true); // direct_spatial_mv_pred_flag
  if (isP || isB) writer.flag(false); // num_ref_idx_active_override_flag
  if (isP || isB) writer.flag(false); // ref_pic_list_modification_flag_l0
  if (isB) writer.flag(false); // ref_pic_list_modification_flag_l1
  if (slice.nalRefIdc !== 0) writeDecRefPicMarking(writer, slice, idrPicFlag);
  if (pps.entropyCodingModeFlag && (isP || isB)) writer.ue(0); // cabac_init_idc
  writer.se(slice.sliceQpDelta);
  if (kind === sliceTypes.SP) writer.flag(false); // sp_for_switch_flag
  if (kind === sliceTypes.SP || kind === sliceTypes.SI) writer.se(0); // slice_qs_delta
  if (pps.deblockingFilterControlPresentFlag) writer.ue(1); // disable_deblocking_filter_idc
  const cycleBits = sliceGroupChangeCycleBits(active);
  if (cycleBits > 0) writer.u(cycleBits, slice.sliceGroupChangeCycle);
}

function finish(writer: BitWriter, pps: PpsFields, slice: SliceFields): Uint8Array {
  // cabac_alignment_one_bit (clause 7.3.4)
  while (pps.entropyCodingModeFlag && writer.bitLength % 8 !== 0) writer.u(1, 1);
  return writer.bytes(slice.sliceData).trailingBits().toBytes();
}

/** The parameter sets that all defaults speak of. */
export const defaultParameterSets: ActiveParameterSets = { sps: defaultSps, pps: defaultPps };

/**
 * A coded slice: a NAL unit of type 1 or 5 (clause 7.3.2.8), a slice data partition A of type 2 (clause 7.3.2.9.1) or a
 * slice of an auxiliary picture of type 19. Header first, escaped, without start code.
 */
export function codedSlice(active: ActiveParameterSets, fields: Partial<SliceFields>): Uint8Array {
  const slice = { ...defaultSlice, ...fields };
  const writer = new BitWriter();
  writeSliceHeader(writer, active, slice, slice.nalUnitType === 5);
  if (slice.nalUnitType === 2) writer.ue(slice.sliceId);
  return nalUnit(slice.nalUnitType, slice.nalRefIdc, finish(writer, active.pps, slice));
}

/** A coded slice extension (type 20) of another view than the base view (clauses 7.3.2.13 and H.7.3.1.1). */
export function codedSliceExtension(
  active: ActiveParameterSets,
  fields: Partial<SliceFields>,
  header: MvcHeader,
): Uint8Array {
  const slice = { ...defaultSlice, ...fields };
  const writer = new BitWriter();
  // In a NAL unit of type 20 IdrPicFlag is the inverse of non_idr_flag (clause H.7.4.1.1).
  writeSliceHeader(writer, active, slice, !header.nonIdrFlag);
  return nalUnit(20, slice.nalRefIdc, finish(writer, active.pps, slice), mvcHeader(header));
}

/** A slice data partition B (type 3) or C (type 4) (clauses 7.3.2.9.2 and 7.3.2.9.3). */
export function sliceDataPartition(
  nalUnitType: 3 | 4,
  { sps, pps }: ActiveParameterSets,
  fields: Partial<SliceFields>,
): Uint8Array {
  const slice = { ...defaultSlice, ...fields };
  const writer = new BitWriter().ue(slice.sliceId);
  if (sps.separateColourPlaneFlag) writer.u(2, slice.colourPlaneId);
  if (pps.redundantPicCntPresentFlag) writer.ue(slice.redundantPicCnt);
  return nalUnit(nalUnitType, slice.nalRefIdc, finish(writer, pps, slice));
}
