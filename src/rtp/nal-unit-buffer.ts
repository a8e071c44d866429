/** Memory in which NAL units are put together, as a byte stream (H.264 B.1.1). */
import { START_CODE_LENGTH, writeStartCode } from '../codec/byte-stream.js';
import { allocate, copyBytes } from '../codec/bytes.js';

const NO_BYTES = new Uint8Array(0);

/** Capacity in bytes at first. */
const INITIAL_CAPACITY = 4096;

/** More than so much capacity is let go when the contents are taken: the next ones need not be as large. */
const MAX_KEPT_CAPACITY = 1 << 18;

/** NAL units one behind the other, each behind a start code of four bytes, in memory that grows up to a limit. */
export class NalUnitBuffer {
  /** How many whole NAL units there are. */
  count = 0;
  readonly #maxLength: number;
  readonly #maxCount: number;
  #memory: Uint8Array = NO_BYTES;
  #length = 0;
  /** Where the NAL unit begins that is not whole yet, or the next one. */
  #unitStart = 0;
  #offsets: number[] = [];
  #isOverflown = false;

  /**
   * @param maxLength the bytes that it holds at most, start codes included
   * @param maxCount the NAL units that it holds at most
   */
  constructor(maxLength: number, maxCount: number) {
    this.#maxLength = maxLength;
    this.#maxCount = maxCount;
  }

  /** Begins a NAL unit. */
  begin(header: number): void {
    this.#isOverflown = this.count >= this.#maxCount;
    this.#length = this.#unitStart;
    if (!this.#reserve(START_CODE_LENGTH + 1)) return;
    this.#length = writeStartCode(this.#memory, this.#length);
    this.#memory[this.#length++] = header;
  }

  /** Adds `data[start..end)` to the NAL unit. */
  append(data: Uint8Array, start: number, end: number): void {
    if (this.#reserve(end - start)) this.#length = copyBytes(data, start, end, this.#memory, this.#length);
  }

  /** Ends the NAL unit; false where it was more than there is room for, and then it is not there. */
  end(): boolean {
    if (this.#isOverflown) {
      this.abort();
      return false;
    }
    this.#offsets.push(this.#unitStart + START_CODE_LENGTH);
    this.count++;
    this.#unitStart = this.#length;
    return true;
  }

  /** Forgets the NAL unit that has begun. */
  abort(): void {
    this.#length = this.#unitStart;
  }

  /**
   * Takes out what is whole; afterwards there is nothing in it.
   *
   * @param like the result is a `Buffer` where this is one
   * @returns the byte stream in memory of its own, and where in it the NAL units begin, ascending
   */
  take(like?: Uint8Array): { readonly data: Uint8Array; readonly offsets: readonly number[] } {
    const data = allocate(this.#unitStart, like);
    copyBytes(this.#memory, 0, this.#unitStart, data, 0);
    const offsets = this.#offsets;
    this.#offsets = [];
    this.count = 0;
    this.#unitStart = this.#length = 0;
    if (this.#memory.length > MAX_KEPT_CAPACITY) this.#memory = NO_BYTES;
    return { data, offsets };
  }

  /** Makes room for so many bytes more; false where that would be above the limit. */
  #reserve(bytes: number): boolean {
    const length = this.#length + bytes;
    if (length > this.#maxLength) this.#isOverflown = true;
    if (this.#isOverflown) return false;
    if (length > this.#memory.length) {
      const capacity = Math.max(length, 2 * this.#memory.length, INITIAL_CAPACITY);
      const memory = allocate(Math.min(capacity, this.#maxLength));
      copyBytes(this.#memory, 0, this.#length, memory, 0);
      this.#memory = memory;
    }
    return true;
  }
}
