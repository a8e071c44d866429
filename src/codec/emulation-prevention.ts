/**
 * Emulation prevention: no start code may appear inside a NAL unit, so wherever two zero bytes would be followed by a
 * byte of at most 3, an emulation_prevention_three_byte `03` stands between them (H.264 7.3.1, 7.4.1).
 *
 * Both directions search the next place that changes and copy what lies before it as a whole. Where such places are
 * dense, that costs more than it saves, so a loop goes on byte by byte for a while. Each function begins anew behind a
 * place that changes: the `03` ends the run of zeros.
 */
import { copyBytes, isFreeOfZeros } from './bytes.js';
import { ZeroPairSearch } from './zero-pair-search.js';

const EMULATION_PREVENTION_THREE_BYTE = 3;

/** Where an emulation_prevention_three_byte has to be put in, before the third byte (7.4.1). */
const PLACE_FOR_ESCAPE = { least: 0, greatest: 3, needle: Uint8Array.of(0, 0) };

/** Where the third byte is an emulation_prevention_three_byte (7.3.1). */
const ESCAPE = { least: 3, greatest: 3, needle: Uint8Array.of(0, 0, EMULATION_PREVENTION_THREE_BYTE) };

/** Places less than this many bytes apart are dense. */
const DENSE = 32;

/** How many bytes the loop takes where they are dense, before the search is tried again. */
const LOOP_RUN = 128;

/** What is shorter goes through the loop from its first byte on: asking the runtime for a zero costs more than that. */
const SHORT = 32;

/**
 * How many bytes {@link escape} will write.
 *
 * @param rbsp the bytes behind the NAL unit header (H.264 7.3.1)
 */
export function escapedLength(rbsp: Uint8Array): number {
  const { length } = rbsp;
  const isShort = length < SHORT;
  if (!isShort && isFreeOfZeros(rbsp)) return length;
  const search = new ZeroPairSearch(rbsp, PLACE_FOR_ESCAPE);
  let escaped = rbsp[length - 1] === 0 ? length + 1 : length;
  let from = 0;
  for (;;) {
    let third = from;
    if (!isShort) {
      const pair = search.next(from);
      if (pair < 0) return escaped;
      escaped++;
      third = pair + 2;
    }
    if (third - from < DENSE) {
      // Behind a place that changes, the next one is two bytes further on at least.
      third += 2;
      for (const stop = Math.min(third + LOOP_RUN, length); third < stop;) {
        const byte = rbsp[third];
        if (byte > 3) third += 3;
        else if (rbsp[third - 1] !== 0) third += byte === 0 ? 2 : 3;
        else if (rbsp[third - 2] !== 0) third += byte === 0 ? 1 : 3;
        else {
          escaped++;
          third += 2;
        }
      }
      third -= 2;
    }
    if (isShort) return escaped;
    from = third;
  }
}

/**
 * Inserts emulation_prevention_three_bytes. An RBSP that ends in `00` (only one with cabac_zero_words does) gets a
 * final `03`, since a NAL unit never ends in `00`.
 *
 * @param rbsp the bytes behind the NAL unit header, not escaped
 * @param target where to write; holds {@link escapedLength} bytes behind `at` and does not overlap `rbsp`
 * @param at offset of the first byte to write
 * @returns the offset behind the last byte written (H.264 7.3.1, 7.4.1)
 */
export function escape(rbsp: Uint8Array, target: Uint8Array, at = 0): number {
  const { length } = rbsp;
  const isShort = length < SHORT;
  if (!isShort && isFreeOfZeros(rbsp)) return copyBytes(rbsp, 0, length, target, at);
  const search = new ZeroPairSearch(rbsp, PLACE_FOR_ESCAPE);
  let from = 0;
  while (from < length) {
    if (!isShort) {
      const pair = search.next(from);
      if (pair < 0) break;
      const third = pair + 2;
      const isDense = third - from < DENSE;
      at = copyBytes(rbsp, from, third, target, at);
      target[at++] = EMULATION_PREVENTION_THREE_BYTE;
      from = third;
      if (!isDense) continue;
    }
    // From zero to zero: what is behind two of them is looked at in the next step, as if it were the first.
    for (const stop = Math.min(from + LOOP_RUN, length); from < stop;) {
      const first = rbsp[from++];
      target[at++] = first;
      if (first !== 0 || from >= length) continue;
      const second = rbsp[from++];
      target[at++] = second;
      if (second === 0 && from < length && rbsp[from] <= 3) target[at++] = EMULATION_PREVENTION_THREE_BYTE;
    }
  }
  at = copyBytes(rbsp, from, length, target, at);
  if (rbsp[length - 1] === 0) target[at++] = EMULATION_PREVENTION_THREE_BYTE;
  return at;
}

/**
 * Removes the emulation_prevention_three_byte of every `00 00 03`, whatever follows it.
 *
 * @param bytes what stands behind a NAL unit header
 * @param target where to write; holds `bytes.length` bytes behind `at` and does not overlap `bytes`
 * @param at offset of the first byte to write
 * @returns the offset behind the last byte written (H.264 7.3.1)
 */
export function unescape(bytes: Uint8Array, target: Uint8Array, at = 0): number {
  const { length } = bytes;
  const search = new ZeroPairSearch(bytes, ESCAPE);
  let from = 0;
  for (;;) {
    const pair = search.next(from);
    if (pair < 0) return copyBytes(bytes, from, length, target, at);
    const third = pair + 2;
    const isDense = third - from < DENSE;
    at = copyBytes(bytes, from, third, target, at);
    from = third + 1;
    if (!isDense) continue;
    for (const stop = Math.min(from + LOOP_RUN, length); from < stop;) {
      const first = bytes[from++];
      target[at++] = first;
      if (first !== 0 || from >= length || bytes[from] !== 0) continue;
      do {
        target[at++] = 0;
        from++;
      } while (from < length && bytes[from] === 0);
      if (from < length && bytes[from] === EMULATION_PREVENTION_THREE_BYTE) from++;
    }
  }
}

/** Whether `data[from..to)` holds an emulation_prevention_three_byte (H.264 7.3.1). */
export function hasEscape(data: Uint8Array, from: number, to: number): boolean {
  return new ZeroPairSearch(data, ESCAPE, to).next(from) >= 0;
}
