/** Splits a frame into its NAL units, and joins NAL units into a frame, by a table of their bounds. */
import { scanStartCodes, trimTrailingZeros } from './start-code-scan.js';
import { copyBytes } from './bytes.js';
import { detect, detectedFraming } from './format-detection.js';
import { Framing } from './framing.js';
import { NalUnitCursor } from './nal-unit-cursor.js';
import { BOUNDS_LENGTH, SpliceResult, packCount } from './results.js';
import { framingLength, writeFraming } from './insertion.js';

/** Fills the table by one scan; returns the number of NAL units, or -1 if they do not fit. */
function splitByScan(data: Uint8Array, bounds: Uint32Array): number {
  const found = scanStartCodes(data, bounds);
  if (found * BOUNDS_LENGTH > bounds.length) return -1;
  // From the last to the first, so that no start is overwritten before it is read.
  for (let i = found - 1, limit = data.length; i >= 0; i--) {
    const start = bounds[i];
    bounds[BOUNDS_LENGTH * i] = start;
    bounds[BOUNDS_LENGTH * i + 1] = trimTrailingZeros(data, start, limit);
    limit = start - 3;
  }
  let count = 0;
  for (let at = 0; at < found * BOUNDS_LENGTH; at += BOUNDS_LENGTH) {
    if (bounds[at + 1] <= bounds[at]) continue;
    bounds[BOUNDS_LENGTH * count] = bounds[at];
    bounds[BOUNDS_LENGTH * count + 1] = bounds[at + 1];
    count++;
  }
  return count;
}

/**
 * Finds the bounds of the NAL units of a frame.
 *
 * @param data one access unit, sample or RTP payload; it is only read
 * @param hint a value of `Framing`: what the caller knows
 * @param bounds filled with {@link BOUNDS_LENGTH} numbers for each NAL unit, as far as it reaches; empty NAL units are
 *   left out. What it holds after them is undefined
 * @returns the number of NAL units, which may be more than fit, and the framing, packed by `packCount`; 0 if the bytes
 *   are not H.264; if a length reaches past the end, -1 minus the offset of that length (H.264 B.1.1, ISO/IEC 14496-15
 *   5.3.3, RFC 6184 5.7.1)
 */
export function splitNalUnits(data: Uint8Array, hint: number, bounds: Uint32Array): number {
  const isKnown = hint !== Framing.detect && hint !== Framing.avcc;
  const framing = isKnown ? hint : detectedFraming(detect(data, hint));
  if (framing === Framing.detect) return 0;
  if (framing === Framing.annexb) {
    const count = splitByScan(data, bounds);
    if (count >= 0) return packCount(count, framing);
  }
  const cursor = new NalUnitCursor(data, framing);
  let count = 0;
  for (; cursor.next(); count++) {
    const at = count * BOUNDS_LENGTH;
    const { end } = cursor;
    if (at + BOUNDS_LENGTH > bounds.length) continue;
    bounds[at] = cursor.start;
    bounds[at + 1] = end;
  }
  const isWhole = framing === Framing.annexb || cursor.position === data.length;
  return isWhole ? packCount(count, framing) : -1 - cursor.position;
}

/**
 * Writes NAL units, each after its framing.
 *
 * @param data holds the NAL units; it is only read
 * @param bounds of the NAL units in `data`, {@link BOUNDS_LENGTH} numbers each; each fits the length field of the
 *   framing
 * @param framing of the result: Annex B, or length prefixes of a known size
 * @param target does not overlap `data`
 * @returns the number of bytes written; `SpliceResult.targetTooSmall` if they do not fit, and then the contents of
 *   `target` are undefined (H.264 B.1.1, ISO/IEC 14496-15 5.3.3)
 */
export function joinNalUnits(data: Uint8Array, bounds: Uint32Array, framing: number, target: Uint8Array): number {
  const prefixLength = framingLength(framing);
  let at = 0;
  for (let i = 0; i < bounds.length; i += BOUNDS_LENGTH) {
    const start = bounds[i];
    const end = bounds[i + 1];
    const length = end - start;
    if (prefixLength + length > target.length - at) return SpliceResult.targetTooSmall;
    at = copyBytes(data, start, end, target, writeFraming(target, at, length, framing));
  }
  return at;
}
