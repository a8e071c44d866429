/**
 * Puts SEI NAL units into a frame: what stands in front of the insertion point, the framed SEI, and the rest. Not a
 * byte of the frame changes, but the header and the missing sizes of a single NAL unit that becomes a STAP-A.
 */
import { findInsertionPoint, startsPicture } from './access-unit.js';
import { START_CODE_LENGTH, writeStartCode } from './byte-stream.js';
import { copyBytes } from './bytes.js';
import { detectForInjection } from './format-detection.js';
import { Framing, NalUnitCursor, lengthSizeOf } from './framing.js';
import { maxNalUnitLength, writeLength } from './length-prefixed.js';
import {
  MAX_STAP_A_NAL_UNIT_LENGTH,
  STAP_A_HEADER_LENGTH,
  STAP_A_SIZE_LENGTH,
  isStapA,
  stapAHeader,
} from './rtp-payload.js';

/** The results of {@link locate} and {@link inject} that are no offset and no length. */
export const SpliceResult = {
  /** Nothing is to be done: the frame is to be passed on as it is. */
  passThrough: -1,
  /** A NAL unit is longer than the length field of the framing can say. */
  nalUnitTooLarge: -2,
  /** The result is larger than the target. */
  targetTooSmall: -3,
  /** The insertion point does not lie among the bytes that were looked at; only where not all were to be. */
  undecided: -4,
} as const;

/** Up to this many bytes in front of the insertion point, copying them twice costs less than two views. */
const FAR_OFFSET = 4096;

/** {@link locate} answers `offset * LOCATION_SCALE + framing`. */
export const LOCATION_SCALE = 0x100;

function totalLength(nalUnits: readonly Uint8Array[]): number {
  let length = 0;
  for (const nalUnit of nalUnits) length += nalUnit.length;
  return length;
}

function longestLength(nalUnits: readonly Uint8Array[]): number {
  let length = 0;
  for (const nalUnit of nalUnits) length = Math.max(length, nalUnit.length);
  return length;
}

/**
 * Where SEI goes into a RTP payload, and whether the result is one that may be sent (RFC 6184 5.7.1); see {@link
 * locate}.
 */
function locateInRtpPayload(payload: Uint8Array, nalUnits: readonly Uint8Array[], maxPacketSize: number): number {
  const cursor = new NalUnitCursor(payload, Framing.rtp);
  const offset = findInsertionPoint(payload, cursor);
  // One packet is not the whole access unit: only its first slice has the place in front of it.
  if (offset < 0 || !startsPicture(payload, cursor.start, cursor.end)) return SpliceResult.passThrough;
  let length = payload.length + totalLength(nalUnits) + STAP_A_SIZE_LENGTH * nalUnits.length;
  if (!isStapA(payload)) {
    if (payload.length > MAX_STAP_A_NAL_UNIT_LENGTH) return SpliceResult.passThrough;
    length += STAP_A_HEADER_LENGTH + STAP_A_SIZE_LENGTH;
  }
  if (length > maxPacketSize || longestLength(nalUnits) > MAX_STAP_A_NAL_UNIT_LENGTH) return SpliceResult.passThrough;
  return offset * LOCATION_SCALE + Framing.rtp;
}

/**
 * Finds where `nalUnits` are to be inserted into `frame`, and under which framing.
 *
 * @param frame one access unit, sample or RTP payload
 * @param nalUnits SEI NAL units without framing, at least one
 * @param hint a value of {@link Framing}
 * @param maxPacketSize the largest RTP payload that may come out, in bytes
 * @param searchEnd offset in `frame` behind the last byte in which start codes are searched for the insertion point
 * @returns `offset * LOCATION_SCALE + framing`, or a negative {@link SpliceResult}
 */
export function locate(
  frame: Uint8Array,
  nalUnits: readonly Uint8Array[],
  hint: number,
  maxPacketSize: number,
  searchEnd = frame.length,
): number {
  const framing = detectForInjection(frame, hint);
  if (framing === 0) return SpliceResult.passThrough;
  if (framing === Framing.rtp) return locateInRtpPayload(frame, nalUnits, maxPacketSize);
  const offset = findInsertionPoint(frame, new NalUnitCursor(frame, framing, searchEnd));
  if (offset < 0) return searchEnd < frame.length ? SpliceResult.undecided : SpliceResult.passThrough;
  if (framing !== Framing.annexb && longestLength(nalUnits) > maxNalUnitLength(lengthSizeOf(framing))) {
    return SpliceResult.nalUnitTooLarge;
  }
  return offset * LOCATION_SCALE + framing;
}

/**
 * The bytes that framing takes in front of an inserted NAL unit (H.264 B.1.1, ISO/IEC 14496-15 5.3.3, RFC 6184 5.7.1).
 */
export function framingLength(framing: number): number {
  if (framing === Framing.annexb) return START_CODE_LENGTH;
  return framing === Framing.rtp ? STAP_A_SIZE_LENGTH : lengthSizeOf(framing);
}

/** Writes the framing in front of an inserted NAL unit of `length` bytes; answers the offset behind it. */
export function writeFraming(target: Uint8Array, at: number, length: number, framing: number): number {
  if (framing === Framing.annexb) return writeStartCode(target, at);
  return writeLength(target, at, length, framingLength(framing));
}

/** Whether the result of an injection at this place is a new STAP-A around a payload that was a single NAL unit. */
export function becomesStapA(frame: Uint8Array, framing: number): boolean {
  return framing === Framing.rtp && !isStapA(frame);
}

/** The length of `frame` with `nalUnits` inserted at a place that {@link locate} has found. */
export function splicedLength(frame: Uint8Array, nalUnits: readonly Uint8Array[], location: number): number {
  const framing = location % LOCATION_SCALE;
  const inserted = totalLength(nalUnits) + framingLength(framing) * nalUnits.length;
  const wrapping = becomesStapA(frame, framing) ? STAP_A_HEADER_LENGTH + STAP_A_SIZE_LENGTH : 0;
  return frame.length + inserted + wrapping;
}

/**
 * Writes `frame` with `nalUnits` inserted to `target`.
 *
 * @param frame one access unit, sample or RTP payload
 * @param nalUnits SEI NAL units without framing, at least one
 * @param target overlaps neither `frame` nor `nalUnits`
 * @param hint a value of {@link Framing}
 * @param maxPacketSize the largest RTP payload that may come out, in bytes
 * @returns how many bytes were written, or a negative {@link SpliceResult}; then nothing was written
 */
export function inject(
  frame: Uint8Array,
  nalUnits: readonly Uint8Array[],
  target: Uint8Array,
  hint: number,
  maxPacketSize: number,
): number {
  const location = locate(frame, nalUnits, hint, maxPacketSize);
  return location < 0 ? location : splice(frame, nalUnits, target, location);
}

/**
 * Writes `frame` with `nalUnits` inserted at a place that {@link locate} has found to `target`; the arguments and the
 * answer are those of {@link inject}.
 */
export function splice(
  frame: Uint8Array,
  nalUnits: readonly Uint8Array[],
  target: Uint8Array,
  location: number,
): number {
  const framing = location % LOCATION_SCALE;
  const offset = Math.floor(location / LOCATION_SCALE);
  const wraps = becomesStapA(frame, framing);
  const length = splicedLength(frame, nalUnits, location);
  if (length > target.length) return SpliceResult.targetTooSmall;
  const inserted = length - frame.length;

  let at = offset;
  if (offset <= FAR_OFFSET) {
    // Without views, of which each costs as much as copying some KiB: the whole frame goes where its rest belongs, and
    // from there what belongs in front of the insertion.
    target.set(frame, inserted);
    if (offset > 0) target.copyWithin(0, inserted, inserted + offset);
  } else {
    copyBytes(frame, offset, frame.length, target, inserted + offset);
    copyBytes(frame, 0, offset, target, 0);
  }
  if (wraps) target[at++] = stapAHeader(frame[0]);
  for (const nalUnit of nalUnits) {
    at = writeFraming(target, at, nalUnit.length, framing);
    at = copyBytes(nalUnit, 0, nalUnit.length, target, at);
  }
  if (wraps) writeLength(target, at, frame.length, STAP_A_SIZE_LENGTH);
  return length;
}
