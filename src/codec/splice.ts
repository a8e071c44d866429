/**
 * Inserts SEI NAL units into a frame: the bytes before the insertion point, the framed SEI, and the rest. No byte of
 * the frame changes, except that a single NAL unit in an RTP payload becomes part of a STAP-A.
 */
import { copyBytes } from './bytes.js';
import { becomesStapA, growth, whyNot, writeFraming } from './insertion.js';
import { writeLength } from './length-prefixed.js';
import { locate } from './locate.js';
import { SpliceResult, locatedFraming, locatedOffset } from './results.js';
import { STAP_A_SIZE_LENGTH, stapAHeader } from './rtp-payload.js';

/** If at most this many bytes are before the insertion point, copying them twice costs less than two views. */
const FAR_OFFSET = 4096;

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
 * Locates and splices a frame in one step.
 *
 * @param hint a value of `Framing`: what the caller knows
 * @param maxPacketSize the largest RTP payload that may come out, in bytes; the other arguments are those of
 *   {@link splice}, and the NAL units may have any length
 * @returns the number of bytes written, or a negative {@link SpliceResult}; then nothing was written
 */
export function inject(
  frame: Uint8Array,
  nalUnits: readonly Uint8Array[],
  target: Uint8Array,
  hint: number,
  maxPacketSize: number,
): number {
  const location = locate(frame, hint);
  const reason = whyNot(frame, nalUnits, location, maxPacketSize);
  return reason < 0 ? reason : splice(frame, nalUnits, target, location);
}
