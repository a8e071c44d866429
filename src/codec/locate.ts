/**
 * Finds the place of SEI in an access unit: after the access unit delimiter, parameter sets and SEI that are there,
 * directly before the first VCL NAL unit, or before the prefix NAL unit that belongs to it (H.264 7.4.1.2.3,
 * F.7.4.1.2.3).
 */
import { MIN_INJECTION_CONFIDENCE, detect, detectedConfidence, detectedFraming } from './format-detection.js';
import { Framing } from './framing.js';
import { NalUnitCursor } from './nal-unit-cursor.js';
import { NalUnitType, hasForbiddenZeroBit, isVcl, looksLikeHevc, nalUnitType } from './nal-unit.js';
import { packLocation } from './results.js';
import { startsPicture } from './slice-header.js';

/**
 * Finds where SEI NAL units are to be inserted into an access unit.
 *
 * @param data the access unit that `cursor` walks
 * @param cursor a new cursor over `data`; afterwards it stands on the first VCL NAL unit, if there is one
 * @returns the offset of the framing of the first VCL NAL unit or of its prefix NAL unit; -1 where no VCL NAL unit is
 *   found or where a NAL unit in front of it cannot be H.264 (H.264 7.4.1.2.3)
 */
function findInsertionPoint(data: Uint8Array, cursor: NalUnitCursor): number {
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

/**
 * Detects the framing of a frame and finds its insertion point.
 *
 * The payload of an RTP packet has an insertion point only if it holds the first slice of its picture: one packet is
 * not the whole access unit.
 *
 * @param frame one access unit, sample or RTP payload; it is only read
 * @param hint a value of `Framing`: what the caller knows
 * @returns a packed location; 0 if the bytes are not H.264 (H.264 7.4.1.2.3)
 */
export function locate(frame: Uint8Array, hint: number): number {
  const detection = detect(frame, hint);
  if (detection === 0) return 0;
  const framing = detectedFraming(detection);
  const isSure = detectedConfidence(detection) >= MIN_INJECTION_CONFIDENCE;
  const cursor = new NalUnitCursor(frame, framing);
  const offset = findInsertionPoint(frame, cursor);
  if (offset < 0 || (framing === Framing.rtp && !startsPicture(frame, cursor.start, cursor.end))) {
    return packLocation(framing, isSure, 0, -1);
  }
  return packLocation(framing, isSure, frame[cursor.start], offset);
}
