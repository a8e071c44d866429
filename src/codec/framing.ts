/**
 * Framing: how NAL units follow each other in a piece of memory. Annex B, length prefixes and RTP payloads differ in
 * nothing else, so that everything behind this file is written once for all three.
 */
import { startCodeSearch, trimTrailingZeros } from './byte-stream.js';
import { readLength, type LengthSize } from './length-prefixed.js';
import { STAP_A_HEADER_LENGTH, STAP_A_SIZE_LENGTH, isFuA, isStapA } from './rtp-payload.js';
import type { ZeroPairSearch } from './zero-pair-search.js';

/** The name of a framing in the public interface. */
export type H264Format = 'annexb' | 'avcc' | 'rtp';

/**
 * A framing as one small number, which crosses the border to the addon without cost. As an argument it may also be
 * `detect` (anything) or `avcc` (length prefixes whose size is to be detected).
 */
export const Framing = { detect: 0, annexb: 1, rtp: 2, avcc: 0x10, avcc1: 0x11, avcc2: 0x12, avcc4: 0x14 } as const;

/** Whether a framing has length prefixes, of a known size or not. */
export function isLengthPrefixed(framing: number): boolean {
  return framing >= Framing.avcc;
}

/** The framing with length prefixes of `lengthSize` bytes. */
export function lengthPrefixedFraming(lengthSize: LengthSize): number {
  return Framing.avcc + lengthSize;
}

/** The bytes of each length prefix in a framing that has them; 0 where it is not known. */
export function lengthSizeOf(framing: number): number {
  return framing - Framing.avcc;
}

/** The public name of a framing that is known. */
export function formatOf(framing: number): H264Format {
  if (framing === Framing.annexb) return 'annexb';
  return framing === Framing.rtp ? 'rtp' : 'avcc';
}

/**
 * Offset where the framing in front of the NAL unit at `start` begins: its start code with the zero_byte, or its
 * length.
 */
export function unitStartOf(data: Uint8Array, start: number, framing: number): number {
  if (framing === Framing.annexb) return withZeroByte(data, start - 3);
  if (isLengthPrefixed(framing)) return start - lengthSizeOf(framing);
  return isStapA(data) ? start - STAP_A_SIZE_LENGTH : start;
}

/** A start code prefix and the zero_byte in front of it, if there is one (H.264 B.1.1). */
function withZeroByte(data: Uint8Array, prefix: number): number {
  return prefix > 0 && data[prefix - 1] === 0 ? prefix - 1 : prefix;
}

/**
 * Walks the NAL units of `data` from the first to the last, in one of the three framings.
 *
 * Where a NAL unit ends is found when it is asked for: in Annex B that takes a scan, and whoever looks for the first
 * slice does not want to scan that slice.
 *
 * Empty NAL units (two start codes in a row, a length of 0) are skipped. A length that reaches past the end stops the
 * walk, and {@link NalUnitCursor.position} says where. An FU-A packet holds no whole NAL unit, so nothing is found in
 * it.
 */
export class NalUnitCursor {
  /**
   * Offset where the framing in front of the NAL unit begins: its start code with the zero_byte, its length, or the NAL
   * unit.
   */
  unitStart = 0;
  /** Offset of the header of the NAL unit. */
  start = 0;
  /** Where the walk goes on: the next start code prefix, the next length, or the end of the data. */
  position = 0;
  readonly #data: Uint8Array;
  /** The search for start codes in a byte stream. */
  readonly #search: ZeroPairSearch | undefined;
  /** Bytes of each length prefix; 0 where there are none. */
  readonly #lengthSize: number;
  /** The end of the NAL unit, -1 while nobody has looked for it. */
  #end = 0;

  /**
   * @param data the bytes to walk; they are only read
   * @param framing a framing that is known, no `detect` and no `avcc`
   * @param searchEnd offset in `data` behind the last byte that is searched for start codes; what has not been found by
   *   then is not found
   */
  constructor(data: Uint8Array, framing: number, searchEnd = data.length) {
    this.#data = data;
    this.#search = framing === Framing.annexb ? startCodeSearch(data, searchEnd) : undefined;
    this.#lengthSize = isLengthPrefixed(framing) ? lengthSizeOf(framing) : 0;
    if (this.#search !== undefined) {
      this.#goToStartCode(this.#search, 0);
    } else if (framing === Framing.rtp) {
      if (isStapA(data)) {
        this.#lengthSize = STAP_A_SIZE_LENGTH;
        this.position = STAP_A_HEADER_LENGTH;
      } else if (isFuA(data)) {
        this.position = data.length;
      }
    }
  }

  /** Offset behind the last byte of the NAL unit, without the zeros that may follow it in a byte stream. */
  get end(): number {
    if (this.#end < 0 && this.#search !== undefined) {
      this.#goToStartCode(this.#search, this.start);
      this.#end = trimTrailingZeros(this.#data, this.start, this.position);
    }
    return this.#end;
  }

  /** Goes to the next NAL unit; false where there is none. */
  next(): boolean {
    if (this.#search !== undefined) return this.#nextInByteStream(this.#search);
    return this.#lengthSize > 0 ? this.#nextLengthPrefixed() : this.#nextSingle();
  }

  #goToStartCode(search: ZeroPairSearch, from: number): void {
    const found = search.next(from);
    this.position = found < 0 ? this.#data.length : found;
  }

  #nextInByteStream(search: ZeroPairSearch): boolean {
    const data = this.#data;
    if (this.#end < 0) this.#goToStartCode(search, this.start);
    for (;;) {
      const prefix = this.position;
      this.start = prefix + 3;
      if (this.start >= data.length) return false;
      this.unitStart = withZeroByte(data, prefix);
      this.#end = -1;
      // Only zeros up to the next start code are no NAL unit; asking for the end moves on to that start code.
      if (data[this.start] !== 0 || this.end > this.start) return true;
    }
  }

  #nextLengthPrefixed(): boolean {
    const data = this.#data;
    for (;;) {
      const start = this.position + this.#lengthSize;
      if (start > data.length) return false;
      const end = start + readLength(data, this.position, this.#lengthSize);
      if (end > data.length) return false;
      this.unitStart = this.position;
      this.position = end;
      if (end === start) continue;
      this.start = start;
      this.#end = end;
      return true;
    }
  }

  #nextSingle(): boolean {
    const length = this.#data.length;
    if (this.position >= length) return false;
    this.start = this.unitStart = this.position;
    this.position = this.#end = length;
    return true;
  }
}
