/**
 * The byte stream format of Annex B: NAL units behind start code prefixes `00 00 01`.
 *
 * A start code prefix of three bytes may have a `zero_byte` in front of it, and any number of zeros may stand between
 * two NAL units (`trailing_zero_8bits`); none of them belongs to a NAL unit, since a NAL unit never ends in `00`
 * (7.4.1).
 */
import { SEARCH_WINDOW, allocate, copyBytes, indexOfBytes, isWorthSearching } from './bytes.js';

const START_CODE_PREFIX = Uint8Array.of(0, 0, 1);

/** Length of the start code that this library writes: `zero_byte` and `start_code_prefix_one_3bytes`. */
export const START_CODE_LENGTH = 4;

/** Writes the four-byte start code `00 00 00 01` at `at`; answers the offset behind it (H.264 B.1.1). */
export function writeStartCode(target: Uint8Array, at: number): number {
  target[at] = 0;
  target[at + 1] = 0;
  target[at + 2] = 0;
  target[at + 3] = 1;
  return at + START_CODE_LENGTH;
}

/** Bytes that a loop looks at before a search is set up: short NAL units in a row would pay for many searches. */
const NEAR = 128;

// The third byte of a prefix decides: above 1 it can be no part of one, so the next candidate ends three bytes later.
function findStartCodeByLoop(data: Uint8Array, from: number, to: number): number {
  let end = from + 2;
  while (end < to) {
    const last = data[end];
    if (last > 1) end += 3;
    else if (last === 0) end++;
    else if (data[end - 1] === 0 && data[end - 2] === 0) return end - 2;
    else end += 3;
  }
  return -1;
}

/**
 * Finds the next start code prefix `00 00 01` at or behind `from`.
 *
 * @param data bytes in Annex B format
 * @param from index of the first byte to look at
 * @returns index of the first of the three bytes, or -1 (H.264 B.1.2)
 */
export function findStartCode(data: Uint8Array, from = 0): number {
  const length = data.length;
  const near = Math.min(from + NEAR, length);
  const nearby = findStartCodeByLoop(data, from, near);
  if (nearby >= 0) return nearby;
  from = near - 2;
  while (from + 2 < length) {
    const to = Math.min(from + SEARCH_WINDOW, length);
    const found = isWorthSearching(data, from, to)
      ? indexOfBytes(data, START_CODE_PREFIX, from, to)
      : findStartCodeByLoop(data, from, to);
    if (found >= 0) return found;
    from = to - 2;
  }
  return -1;
}

/**
 * The bare start-code scan: finds every `00 00 01` in `data` and writes where the NAL unit behind it begins.
 *
 * @param data bytes in Annex B format
 * @param offsets filled with the index of the byte behind each prefix, ascending, as far as it reaches
 * @returns how many prefixes there are, which may be more than `offsets` holds (H.264 B.1.2)
 */
export function scanStartCodes(data: Uint8Array, offsets: Uint32Array): number {
  let count = 0;
  for (let at = findStartCode(data); at >= 0; at = findStartCode(data, at + 3)) {
    if (count < offsets.length) offsets[count] = at + 3;
    count++;
  }
  return count;
}

/** The end of the NAL unit `data[start..limit)` without the zeros behind it (H.264 B.1.1, trailing_zero_8bits). */
export function trimTrailingZeros(data: Uint8Array, start: number, limit: number): number {
  while (limit > start && data[limit - 1] === 0) limit--;
  return limit;
}

/**
 * Joins NAL units into a byte stream, each behind the four-byte start code `00 00 00 01`.
 *
 * @param nalUnits without framing
 * @param like the result is a `Buffer` where this is one
 * @returns memory of its own (H.264 B.1.1)
 */
export function joinByteStream(nalUnits: readonly Uint8Array[], like?: Uint8Array): Uint8Array {
  let length = 0;
  for (const nalUnit of nalUnits) length += START_CODE_LENGTH + nalUnit.length;
  const target = allocate(length, like);
  let at = 0;
  for (const nalUnit of nalUnits) at = copyBytes(nalUnit, 0, nalUnit.length, target, writeStartCode(target, at));
  return target;
}
