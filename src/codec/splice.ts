/**
 * Inserts SEI NAL units into a frame: the bytes before the insertion point, the framed SEI, and the rest. No byte of
 * the frame changes, except that a single NAL unit in an RTP payload becomes part of a STAP-A.
 */
import { START_CODE_LENGTH, writeStartCode } from './byte-stream.js';
import { copyBytes } from './bytes.js';
import { Framing, lengthSizeOf } from './framing.js';
import { writeLength } from './length-prefixed.js';
import { locate, locatedFraming, locatedOffset } from './location.js';
import { STAP_A_HEADER_LENGTH, STAP_A_SIZE_LENGTH, isStapA, stapAHeader } from './rtp-payload.js';

/** The results of {@link splice} and {@link inject} that are not a length. */
export const SpliceResult = {
  /** The frame has no insertion point: it passes as it is. */
  passThrough: -1,
  /** The result is larger than the target. */
  targetTooSmall: -2,
} as const;

/** If at most this many bytes are before the insertion point, copying them twice costs less than two views. */
const FAR_OFFSET = 4096;

/**
 * The bytes that framing takes before an inserted NAL unit (H.264 B.1.1, ISO/IEC 14496-15 5.3.3, RFC 6184 5.7.1).
 */
export function framingLength(framing: number): number {
  if (framing === Framing.annexb) return START_CODE_LENGTH;
  return framing === Framing.rtp ? STAP_A_SIZE_LENGTH : lengthSizeOf(framing);
}

/** Writes the framing before an inserted NAL unit of `length` bytes; returns the offset after it. */
export function writeFraming(target: Uint8Array, at: number, length: number, framing: number): number {
  if (framing === Framing.annexb) return writeStartCode(target, at);
  return writeLength(target, at, length, framingLength(framing));
}

/** Whether an injection wraps the frame into a new STAP-A: it is an RTP payload that holds a single NAL unit. */
export function becomesStapA(frame: Uint8Array, framing: number): boolean {
  return framing === Framing.rtp && !isStapA(frame);
}

/** The number of bytes by which a frame grows if `nalUnits` are inserted (RFC 6184 5.7.1 for RTP payloads). */
export function growth(frame: Uint8Array, nalUnits: readonly Uint8Array[], framing: number): number {
  let bytes = becomesStapA(frame, framing) ? STAP_A_HEADER_LENGTH + STAP_A_SIZE_LENGTH : 0;
  const length = framingLength(framing);
  for (const nalUnit of nalUnits) bytes += length + nalUnit.length;
  return bytes;
}

/**
 * Writes `frame` with `nalUnits` inserted to `target`.
 *
 * @param frame one access unit, sample or RTP payload
 * @param nalUnits SEI NAL units without framing, at least one; each fits the length field of the framing
 * @param target overlaps neither `frame` nor `nalUnits`
 * @param location of the frame, with an insertion point; see {@link locate}
 * @returns the number of bytes written, or `SpliceResult.targetTooSmall`; then nothing was written
 */
export function splice(
  frame: Uint8Array,
  nalUnits: readonly Uint8Array[],
  target: Uint8Array,
  location: number,
): number {
  const framing = locatedFraming(location);
  const offset = locatedOffset(location);
  const wraps = becomesStapA(frame, framing);
  const inserted = growth(frame, nalUnits, framing);
  const length = frame.length + inserted;
  if (length > target.length) return SpliceResult.targetTooSmall;

  let at = offset;
  if (offset <= FAR_OFFSET) {
    // Without views, of which each costs as much as copying some KiB: the whole frame goes where its rest belongs, and
    // from there what belongs before the insertion point.
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

/**
 * Locates and splices a frame whose framing is known.
 *
 * @param framing a value of `Framing` that names one framing; the other arguments are those of {@link splice}
 * @returns the number of bytes written, or a negative {@link SpliceResult}; then nothing was written
 */
export function inject(
  frame: Uint8Array,
  nalUnits: readonly Uint8Array[],
  target: Uint8Array,
  framing: number,
): number {
  const location = locate(frame, framing);
  return locatedOffset(location) < 0 ? SpliceResult.passThrough : splice(frame, nalUnits, target, location);
}
