/**
 * The nal_unit_type values of Table 7-1 that have a name here.
 *
 * H.264 7.4.1.
 */
export const NalUnitType = {
  nonIdrSlice: 1,
  dataPartitionA: 2,
  dataPartitionB: 3,
  dataPartitionC: 4,
  idrSlice: 5,
  sei: 6,
  sequenceParameterSet: 7,
  pictureParameterSet: 8,
  accessUnitDelimiter: 9,
  endOfSequence: 10,
  endOfStream: 11,
  fillerData: 12,
  sequenceParameterSetExtension: 13,
  prefixNalUnit: 14,
  subsetSequenceParameterSet: 15,
  depthParameterSet: 16,
  auxiliarySlice: 19,
  sliceExtension: 20,
  depthSliceExtension: 21,
} as const;

/** The one header byte of a SEI NAL unit: forbidden_zero_bit 0, nal_ref_idc 0, nal_unit_type 6 (H.264 7.4.1). */
export const SEI_NAL_UNIT_HEADER = 0x06;

/** nal_ref_idc 3, nal_unit_type 8. */
const USUAL_PICTURE_PARAMETER_SET_HEADER = 0x68;

/** A bit for each type that a header of HEVC can look like and that a frame may begin with. */
const TYPES_OF_HEVC =
  (1 << NalUnitType.dataPartitionA) |
  (1 << NalUnitType.dataPartitionB) |
  (1 << NalUnitType.dataPartitionC) |
  (1 << NalUnitType.pictureParameterSet) |
  (1 << NalUnitType.fillerData) |
  (1 << NalUnitType.prefixNalUnit) |
  (1 << NalUnitType.depthParameterSet);

/** The nal_unit_type in the first byte of a NAL unit (H.264 7.3.1). */
export function nalUnitType(header: number): number {
  return header & 0x1f;
}

/** Whether forbidden_zero_bit is set, as it never is in a NAL unit without errors (H.264 7.4.1). */
export function hasForbiddenZeroBit(header: number): boolean {
  return (header & 0x80) !== 0;
}

/**
 * Whether a NAL unit of this type is a VCL NAL unit of the primary or a redundant coded picture: 1 to 5 (H.264 Table
 * 7-1).
 */
export function isVcl(type: number): boolean {
  return type >= NalUnitType.nonIdrSlice && type <= NalUnitType.idrSlice;
}

/** What {@link headerPlausibility} says of a header byte. */
export const HeaderPlausibility = {
  /** forbidden_zero_bit is set, or nal_ref_idc is one that the type cannot have. */
  impossible: 0,
  /** A type that H.264 leaves unspecified (0, 24 to 31) or reserves (17, 18, 22, 23). */
  unassigned: 1,
  /** A type of Table 7-1 with a nal_ref_idc that it can have. */
  assigned: 2,
} as const;

const UNASSIGNED_TYPES = new Set([0, 17, 18, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]);
// H.264 7.4.1: nal_ref_idc shall not be 0 for these ...
const REFERENCE_TYPES = new Set<number>([
  NalUnitType.idrSlice,
  NalUnitType.sequenceParameterSet,
  NalUnitType.pictureParameterSet,
  NalUnitType.sequenceParameterSetExtension,
  NalUnitType.subsetSequenceParameterSet,
]);
// ... and shall be 0 for these. It is what tells an HEVC header such as 46 01 (its AUD) or 26 01 (its IDR) apart.
const NON_REFERENCE_TYPES = new Set<number>([
  NalUnitType.sei,
  NalUnitType.accessUnitDelimiter,
  NalUnitType.endOfSequence,
  NalUnitType.endOfStream,
  NalUnitType.fillerData,
]);

const PLAUSIBILITY = Uint8Array.from({ length: 256 }, (_, header) => {
  const type = nalUnitType(header);
  const nalRefIdc = (header >> 5) & 3;
  if (hasForbiddenZeroBit(header)) return HeaderPlausibility.impossible;
  if (UNASSIGNED_TYPES.has(type)) return HeaderPlausibility.unassigned;
  if (REFERENCE_TYPES.has(type) && nalRefIdc === 0) return HeaderPlausibility.impossible;
  if (NON_REFERENCE_TYPES.has(type) && nalRefIdc !== 0) return HeaderPlausibility.impossible;
  return HeaderPlausibility.assigned;
});

/** Whether a byte can be the header of a H.264 NAL unit: a value of {@link HeaderPlausibility} (H.264 7.4.1). */
export function headerPlausibility(header: number): number {
  return PLAUSIBILITY[header];
}

/**
 * Whether a NAL unit of a type that HEVC's headers collide with is rather one of HEVC. There the second byte of the
 * header is nuh_layer_id 0 and nuh_temporal_id_plus1, from 1 to 7, so it begins with five zero bits.
 *
 * In H.264 these bits are an ue(v) of at least 31, and hardly a picture begins with such a first_mb_in_slice, slice_id
 * or depth_parameter_set_id. A picture parameter set may well have such an id, and nearly every one begins with `68`,
 * which in HEVC is a type without a meaning (52): so these are believed. Filler data do not begin so, and a prefix NAL
 * unit only for an IDR picture of the base view with a priority_id that is not 0 (H.7.3.1.1).
 *
 * HEVC's parameter sets, prefix SEI and most slices collide with these types, and nothing but this byte tells them
 * apart.
 *
 * @param data holds the NAL unit
 * @param start offset of its header
 */
export function looksLikeHevc(data: Uint8Array, start: number): boolean {
  const header = data[start];
  const type = nalUnitType(header);
  if (((TYPES_OF_HEVC >> type) & 1) === 0 || header === USUAL_PICTURE_PARAMETER_SET_HEADER) return false;
  if (start + 1 >= data.length) return true;
  const second = data[start + 1];
  return second < 8 && (second > 0 || type !== NalUnitType.prefixNalUnit);
}
