import { BitReader } from '../codec/bit-reader.js';
import { readSequenceParameterSet, type SequenceParameterSet } from '../codec/parameter-sets.js';

/** A sequence parameter set and what its VUI says about time. */
export interface TimedParameterSet {
  /** What slice headers need of it. */
  readonly sps: SequenceParameterSet;
  /** Frames a second; undefined where the VUI does not say it. */
  readonly frameRate: number | undefined;
}

/** aspect_ratio_idc of Extended_SAR, behind which width and height follow (H.264 Table E-1). */
const EXTENDED_SAR = 255;

/** Reads on from frame_mbs_only_flag to timing_info_present_flag (H.264 7.3.2.1.1, E.1.1). */
function readFrameRate(reader: BitReader, sps: SequenceParameterSet): number | undefined {
  if (!sps.frameMbsOnlyFlag) reader.flag(); // mb_adaptive_frame_field_flag
  reader.flag(); // direct_8x8_inference_flag
  // frame_cropping_flag
  if (reader.flag()) for (let i = 0; i < 4; i++) reader.ue();
  // vui_parameters_present_flag
  if (!reader.flag()) return undefined;
  // aspect_ratio_info_present_flag
  if (reader.flag() && reader.u(8) === EXTENDED_SAR) reader.u(32);
  // overscan_info_present_flag
  if (reader.flag()) reader.flag();
  // video_signal_type_present_flag
  if (reader.flag()) {
    reader.u(4); // video_format, video_full_range_flag
    if (reader.flag()) reader.u(24); // colour_primaries, transfer_characteristics, matrix_coefficients
  }
  // chroma_loc_info_present_flag
  if (reader.flag()) {
    reader.ue(); // chroma_sample_loc_type_top_field
    reader.ue(); // chroma_sample_loc_type_bottom_field
  }
  // timing_info_present_flag
  if (!reader.flag()) return undefined;
  const numUnitsInTick = reader.u(32);
  const timeScale = reader.u(32);
  if (reader.failed || numUnitsInTick === 0 || timeScale === 0) return undefined;
  // A tick is the time of a field (E.2.1).
  return timeScale / (2 * numUnitsInTick);
}

/**
 * Reads a sequence parameter set as far as its frame rate.
 *
 * @param data holds it
 * @param start offset of its NAL unit header
 * @param end offset behind it
 * @returns undefined where it cannot be read (H.264 7.3.2.1.1, E.1.1)
 */
export function readTimedParameterSet(data: Uint8Array, start: number, end: number): TimedParameterSet | undefined {
  const reader = new BitReader(data, start + 1, end);
  const sps = readSequenceParameterSet(reader);
  return sps && { sps, frameRate: readFrameRate(reader, sps) };
}
