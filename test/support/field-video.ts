import { BitWriter } from './bitstream-writer.js';
import { nalUnit } from './nal-unit-writer.js';
import { defaultPps, defaultSps, picParameterSet, seqParameterSet } from './parameter-set-writer.js';
import { type SliceFields, defaultSlice, sliceTypes, writeSliceHeader } from './slice-writer.js';

/** Interlaced video that decodes: pairs of fields with frames among them, 64 pixels wide and high. */
export interface FieldVideo {
  /** Its parameter sets. */
  readonly sps: Uint8Array;
  readonly pps: Uint8Array;
  /** The NAL units of each frame: those of its two fields, or of the frame; an access unit delimiter in front of each. */
  readonly frames: readonly (readonly Uint8Array[])[];
}

const SPS = { ...defaultSps, profileIdc: 77, picWidthInMbs: 4, picHeightInMapUnits: 2, frameMbsOnlyFlag: false };
const FIELD_MBS = SPS.picWidthInMbs * SPS.picHeightInMapUnits;
const DELIMITER = Uint8Array.of(0x09, 0xf0);
const SAMPLES_PER_MB = 384;
const GROUP_LENGTH = 8;
/** mb_type of I_PCM in I and in P slices (tables 7-11 and 7-13). */
const I_PCM = { inI: 25, inP: 30 };

/** A slice with all macroblocks of its picture: of I_PCM, and in a P slice two of three skipped (clause 7.3.5). */
function slice(fields: Partial<SliceFields>, mbs: number, seed: number): Uint8Array {
  const values = { ...defaultSlice, ...fields };
  const writer = new BitWriter();
  writeSliceHeader(writer, { sps: SPS, pps: defaultPps }, values, values.nalUnitType === 5);
  const isP = values.sliceType === sliceTypes.P;
  let skipped = 0;
  for (let mb = 0; mb < mbs; mb++) {
    if (isP && (mb + seed) % 3 !== 0) {
      skipped++;
      continue;
    }
    if (isP) writer.ue(skipped);
    skipped = 0;
    writer.ue(isP ? I_PCM.inP : I_PCM.inI);
    while (writer.bitLength % 8 !== 0) writer.u(1, 0); // pcm_alignment_zero_bit
    for (let i = 0; i < SAMPLES_PER_MB; i++) writer.u(8, 1 + ((seed * 37 + mb * 11 + (i % 16) * 3) % 255));
  }
  if (skipped > 0) writer.ue(skipped);
  return nalUnit(values.nalUnitType, values.nalRefIdc, writer.trailingBits().toBytes());
}

/** Makes such video; every third frame is no pair of fields, and every eighth an IDR picture. */
export function fieldVideo(frameCount: number): FieldVideo {
  const sps = seqParameterSet(SPS);
  const pps = picParameterSet(defaultPps);
  const frames = Array.from({ length: frameCount }, (_, frame) => {
    const number = frame % GROUP_LENGTH;
    const isIdr = number === 0;
    const idrPicId = (frame / GROUP_LENGTH) & 1;
    const shared = { nalRefIdc: isIdr ? 3 : 2, frameNum: number, idrPicId, picOrderCntLsb: 2 * number };
    if (number % 3 === 2) return [DELIMITER, slice(shared, 2 * FIELD_MBS, frame)];
    const top = { ...shared, fieldPicFlag: true };
    const bottom = { ...top, bottomFieldFlag: true, picOrderCntLsb: 2 * number + 1 };
    const first = isIdr ? { ...top, nalUnitType: 5, sliceType: sliceTypes.I } : top;
    const head = isIdr ? [DELIMITER, sps, pps] : [DELIMITER];
    return [...head, slice(first, FIELD_MBS, frame), DELIMITER, slice(bottom, FIELD_MBS, frame + 1)];
  });
  return { sps, pps, frames };
}
