/**
 * The location of SEI in a frame: the offset at which SEI NAL units are inserted, and what the first VCL NAL unit says
 * about the picture. It is one number, so that the addon returns it without creating an object.
 */
import { findInsertionPoint, startsPicture } from './access-unit.js';
import { MIN_INJECTION_CONFIDENCE, detect, detectedConfidence, detectedFraming } from './format-detection.js';
import { Framing } from './framing.js';
import { NalUnitCursor } from './nal-unit-cursor.js';

/** The result of {@link locate} if the insertion point is not among the bytes that may be searched. */
export const UNDECIDED = -1;

/** A detection that is sure enough to change the frame; see `MIN_INJECTION_CONFIDENCE`. */
const SURE_BIT = 0x100;

const HEADER_SHIFT = 9;

/** The offset of the insertion point plus 1 is in the bits from 17 on: 0 means that there is no insertion point. */
const OFFSET_SCALE = 0x20000;

/** The framing of a located frame, a value of `Framing`; 0 if the bytes are not H.264. */
export function locatedFraming(location: number): number {
  return location & 0xff;
}

/** Whether the framing is certain enough to change a frame whose format the caller did not give. */
export function isSureOfFraming(location: number): boolean {
  return (location & SURE_BIT) !== 0;
}

/** Offset of the insertion point: of the framing before the first VCL NAL unit or its prefix NAL unit; -1 for none. */
export function locatedOffset(location: number): number {
  return Math.floor(location / OFFSET_SCALE) - 1;
}

/** The header byte of the first VCL NAL unit, if there is an insertion point (H.264 7.3.1). */
export function locatedHeader(location: number): number {
  return (location >>> HEADER_SHIFT) & 0xff;
}

/**
 * Detects the framing of a frame and finds its insertion point.
 *
 * The payload of an RTP packet has an insertion point only if it holds the first slice of its picture: one packet is
 * not the whole access unit.
 *
 * @param frame one access unit, sample or RTP payload; it is only read
 * @param hint a value of `Framing`: what the caller knows
 * @param searchEnd offset after the last byte in which start codes are searched for the insertion point
 * @returns a packed location, 0 if the bytes are not H.264; {@link UNDECIDED} if `searchEnd` came before the insertion
 *   point (H.264 7.4.1.2.3)
 */
export function locate(frame: Uint8Array, hint: number, searchEnd = frame.length): number {
  const detection = detect(frame, hint);
  if (detection === 0) return 0;
  const framing = detectedFraming(detection);
  const isSure = detectedConfidence(detection) >= MIN_INJECTION_CONFIDENCE;
  const found = framing | (isSure ? SURE_BIT : 0);
  const cursor = new NalUnitCursor(frame, framing, searchEnd);
  const offset = findInsertionPoint(frame, cursor);
  if (offset < 0) return searchEnd < frame.length ? UNDECIDED : found;
  if (framing === Framing.rtp && !startsPicture(frame, cursor.start, cursor.end)) return found;
  return (offset + 1) * OFFSET_SCALE + ((frame[cursor.start] << HEADER_SHIFT) | found);
}
