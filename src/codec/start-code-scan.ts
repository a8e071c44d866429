/**
 * The search for start codes in a byte stream.
 *
 * A start code prefix of three bytes may have a `zero_byte` before it, and any number of zeros may stand between two NAL
 * units (`trailing_zero_8bits`); none of them belongs to a NAL unit, since a NAL unit never ends in `00` (7.4.1).
 */
import { ZeroPairSearch } from './zero-pair-search.js';

/** `start_code_prefix_one_3bytes`. */
const START_CODE_PREFIX = { least: 1, greatest: 1, needle: Uint8Array.of(0, 0, 1) };
const START_CODE_PREFIX_LENGTH = 3;

/** Start codes less than this many bytes apart are dense. */
const DENSE = 32;

/** How many bytes the loop takes where they are dense, before the search is tried again. */
const LOOP_RUN = 256;

/** The search for start code prefixes that lie in `data[0..end)` (H.264 B.1.2). */
export function startCodeSearch(data: Uint8Array, end = data.length): ZeroPairSearch {
  return new ZeroPairSearch(data, START_CODE_PREFIX, end);
}

/**
 * The bare start-code scan: finds every `00 00 01` in `data` and writes where the NAL unit behind it begins.
 *
 * @param data bytes in Annex B format
 * @param offsets filled with the index of the byte behind each prefix, ascending, as far as it reaches
 * @returns how many prefixes there are, which may be more than `offsets` holds (H.264 B.1.2)
 */
export function scanStartCodes(data: Uint8Array, offsets: Uint32Array): number {
  const search = startCodeSearch(data);
  const { length } = data;
  const capacity = offsets.length;
  let count = 0;
  let from = 0;
  for (;;) {
    const found = search.next(from);
    if (found < 0) return count;
    const isDense = found - from < DENSE;
    from = found + START_CODE_PREFIX_LENGTH;
    if (count < capacity) offsets[count] = from;
    count++;
    if (!isDense) continue;
    // Where they are dense, the call for each costs more than the search.
    const stop = Math.min(from + LOOP_RUN, length);
    let third = from + 2;
    while (third < stop) {
      const byte = data[third];
      if (byte > 1) third += 3;
      else if (data[third - 1] !== 0) third += byte === 0 ? 2 : 3;
      else if (byte === 0) third++;
      else {
        if (data[third - 2] === 0) {
          from = third + 1;
          if (count < capacity) offsets[count] = from;
          count++;
        }
        third += 3;
      }
    }
  }
}

/** The end of the NAL unit `data[start..limit)` without the zeros behind it (H.264 B.1.1, trailing_zero_8bits). */
export function trimTrailingZeros(data: Uint8Array, start: number, limit: number): number {
  while (limit > start && data[limit - 1] === 0) limit--;
  return limit;
}
