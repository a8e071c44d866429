/**
 * Emulation prevention: no start code may appear inside a NAL unit, so wherever two zero bytes would be followed by a
 * byte of at most 3, an emulation_prevention_three_byte `03` stands between them (H.264 7.3.1, 7.4.1).
 *
 * Both directions walk the bytes in the same manner: long runs without a pair of zeros are found with the runtime's
 * search and copied as a whole; where zeros are dense, a loop goes byte by byte, for a while.
 */
import { SEARCH_WINDOW, copyBytes, indexOfBytes, isWorthSearching } from './bytes.js';

const ZERO_PAIR = Uint8Array.of(0, 0);
const ESCAPE = Uint8Array.of(0, 0, 3);
const EMULATION_PREVENTION_THREE_BYTE = 3;

/** How many bytes the loop takes before the search is tried again. */
const LOOP_RUN = 128;

/**
 * The end of the run from `from` on that holds no pair of zeros and does not end in a zero that could become one;
 * `from` itself where looking for it does not pay.
 */
function endOfCleanRun(data: Uint8Array, from: number): number {
  const to = Math.min(from + SEARCH_WINDOW, data.length);
  if (!isWorthSearching(data, from, to)) return from;
  const pair = indexOfBytes(data, ZERO_PAIR, from, to);
  if (pair >= 0) return pair;
  return data[to - 1] === 0 ? to - 1 : to;
}

/**
 * How many bytes {@link escape} will write.
 *
 * @param rbsp the bytes behind the NAL unit header (H.264 7.3.1)
 */
export function escapedLength(rbsp: Uint8Array): number {
  const length = rbsp.length;
  let inserted = 0;
  let zeros = 0;
  for (let i = 0; i < length;) {
    if (zeros === 0) i = endOfCleanRun(rbsp, i);
    for (const stop = Math.min(i + LOOP_RUN, length); i < stop; i++) {
      const byte = rbsp[i];
      if (zeros === 2) {
        if (byte <= 3) inserted++;
        zeros = 0;
      }
      zeros = byte === 0 ? zeros + 1 : 0;
    }
  }
  return length + inserted + (length > 0 && rbsp[length - 1] === 0 ? 1 : 0);
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
  const length = rbsp.length;
  let zeros = 0;
  for (let i = 0; i < length;) {
    if (zeros === 0) {
      const end = endOfCleanRun(rbsp, i);
      at = copyBytes(rbsp, i, end, target, at);
      i = end;
    }
    for (const stop = Math.min(i + LOOP_RUN, length); i < stop; i++) {
      const byte = rbsp[i];
      if (zeros === 2) {
        if (byte <= 3) target[at++] = EMULATION_PREVENTION_THREE_BYTE;
        zeros = 0;
      }
      target[at++] = byte;
      zeros = byte === 0 ? zeros + 1 : 0;
    }
  }
  if (length > 0 && rbsp[length - 1] === 0) target[at++] = EMULATION_PREVENTION_THREE_BYTE;
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
  const length = bytes.length;
  let zeros = 0;
  for (let i = 0; i < length;) {
    if (zeros === 0) {
      const end = endOfCleanRun(bytes, i);
      at = copyBytes(bytes, i, end, target, at);
      i = end;
    }
    for (const stop = Math.min(i + LOOP_RUN, length); i < stop; i++) {
      const byte = bytes[i];
      if (byte === 0) {
        zeros++;
      } else {
        const isEscape = byte === EMULATION_PREVENTION_THREE_BYTE && zeros >= 2;
        zeros = 0;
        if (isEscape) continue;
      }
      target[at++] = byte;
    }
  }
  return at;
}

/** Whether `data[from..to)` holds an emulation_prevention_three_byte (H.264 7.3.1). */
export function hasEscape(data: Uint8Array, from: number, to: number): boolean {
  while (from + 2 < to) {
    const stop = Math.min(from + SEARCH_WINDOW, to);
    if (isWorthSearching(data, from, stop)) {
      const found = indexOfBytes(data, ESCAPE, from, stop);
      if (found >= 0 && found + 2 < stop) return true;
    } else {
      for (let i = from + 2; i < stop; i++) {
        if (data[i] === EMULATION_PREVENTION_THREE_BYTE && data[i - 1] === 0 && data[i - 2] === 0) return true;
      }
    }
    from = stop - 2;
  }
  return false;
}
