/** Removes single messages from the SEI NAL units of a frame and leaves every other byte as it is. */
import { copyBytes } from './bytes.js';
import { escape, escapedLength, hasEscape, unescape } from './emulation-prevention.js';
import { Framing } from './framing.js';
import { framingLength } from './insertion.js';
import { maxNalUnitLength, writeLength } from './length-prefixed.js';
import { STAP_A_HEADER_LENGTH, isStapA } from './rtp-payload.js';
import { SEI_RECORD_LENGTH, SeiRecord, SpliceResult } from './results.js';
import { SeiMessageCursor } from './sei-message.js';
import { endOfNalUnit, isRemovedWhole } from './sei-records.js';

/** The RBSP after the header, without emulation prevention: a view if there is none to remove. */
function rbspOf(nalUnit: Uint8Array): Uint8Array {
  const escaped = nalUnit.subarray(1);
  if (!hasEscape(escaped, 0, escaped.length)) return escaped;
  const rbsp = new Uint8Array(escaped.length);
  return rbsp.subarray(0, unescape(escaped, rbsp));
}

/**
 * Rebuilds an SEI NAL unit without some of its messages.
 *
 * @param isRemoved not 0 for each message of the NAL unit that goes; messages after its end stay
 * @returns a NAL unit in memory of its own with the other messages, and with what follows the last readable one even if
 *   it is malformed (H.264 7.3.2.3)
 */
function rebuild(nalUnit: Uint8Array, isRemoved: Uint8Array): Uint8Array {
  const rbsp = rbspOf(nalUnit);
  const kept = new Uint8Array(rbsp.length);
  let length = 0;
  const messages = new SeiMessageCursor(rbsp, 0, rbsp.length);
  for (let index = 0; messages.next(); index++) {
    const isKept = index >= isRemoved.length || isRemoved[index] === 0;
    if (isKept) length = copyBytes(rbsp, messages.start, messages.payloadEnd, kept, length);
  }
  length = copyBytes(rbsp, messages.payloadEnd, rbsp.length, kept, length);
  const keptRbsp = kept.subarray(0, length);
  const result = new Uint8Array(1 + escapedLength(keptRbsp));
  result[0] = nalUnit[0];
  escape(keptRbsp, result, 1);
  return result;
}

/**
 * Writes a frame without some of its SEI messages.
 *
 * An SEI NAL unit that holds nothing else goes with its framing; one that holds other messages keeps them. A NAL unit
 * that lacks escapes grows when it is rebuilt; if it outgrows its length field it stays as it is.
 *
 * @param frame one access unit, sample or RTP payload
 * @param framing of the frame
 * @param records of its messages, from `extractSeiRecords`
 * @param isRemoved a byte for each record, not 0 if its message goes
 * @param target overlaps nothing that is read
 * @returns the number of bytes written, 0 if a STAP-A has lost its last NAL unit; `SpliceResult.passThrough` if every
 *   message stays; `SpliceResult.targetTooSmall` if they do not fit, and then the contents of `target` are undefined
 *   (H.264 7.3.2.3, RFC 6184 5.7.1)
 */
export function removeSei(
  frame: Uint8Array,
  framing: number,
  records: Uint32Array,
  isRemoved: Uint8Array,
  target: Uint8Array,
): number {
  let at = 0;
  let position = 0;
  const copyTo = (end: number) => {
    if (end - position > target.length - at) return false;
    at = copyBytes(frame, position, end, target, at);
    return true;
  };
  const count = isRemoved.length;
  for (let first = 0; first < count;) {
    const last = endOfNalUnit(records, first, count);
    const record = first * SEI_RECORD_LENGTH;
    const unitStart = records[record + SeiRecord.unitStart];
    const start = records[record + SeiRecord.nalUnitOffset];
    const end = records[record + SeiRecord.nalUnitEnd];
    const marks = isRemoved.subarray(first, last);
    const isWhole = isRemovedWhole(records, first, last, isRemoved);
    first = last;
    if (isWhole) {
      if (!copyTo(unitStart)) return SpliceResult.targetTooSmall;
      position = end;
    } else if (marks.some((value) => value !== 0)) {
      const nalUnit = rebuild(frame.subarray(start, end), marks);
      const hasLength = framing !== Framing.annexb && unitStart !== start;
      const lengthSize = hasLength ? framingLength(framing) : 0;
      if (hasLength && nalUnit.length > maxNalUnitLength(lengthSize)) continue;
      if (!copyTo(hasLength ? unitStart : start)) return SpliceResult.targetTooSmall;
      if (lengthSize + nalUnit.length > target.length - at) return SpliceResult.targetTooSmall;
      if (hasLength) at = writeLength(target, at, nalUnit.length, lengthSize);
      at = copyBytes(nalUnit, 0, nalUnit.length, target, at);
      position = end;
    }
  }
  if (position === 0) return SpliceResult.passThrough;
  if (!copyTo(frame.length)) return SpliceResult.targetTooSmall;
  // A STAP-A without a NAL unit is not a packet any more.
  const isEmptyStapA = framing === Framing.rtp && isStapA(frame) && at === STAP_A_HEADER_LENGTH;
  return isEmptyStapA ? 0 : at;
}
