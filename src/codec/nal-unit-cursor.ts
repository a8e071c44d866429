import { startCodeSearch, trimTrailingZeros } from './start-code-scan.js';
import { Framing, isLengthPrefixed, lengthSizeOf } from './framing.js';
import { readLength } from './length-prefixed.js';
import { STAP_A_HEADER_LENGTH, STAP_A_SIZE_LENGTH, isFuA, isStapA } from './rtp-payload.js';
import type { ZeroPairSearch } from './zero-pair-search.js';

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
   */
  constructor(data: Uint8Array, framing: number) {
    this.#data = data;
    this.#search = framing === Framing.annexb ? startCodeSearch(data) : undefined;
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
