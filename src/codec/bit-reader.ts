/** A code with more leading zero bits does not occur: the largest value of ue(v) is 2^32 - 2 (H.264 9.1). */
const MAX_LEADING_ZERO_BITS = 31;

/** The largest value of ue(v). */
const MAX_UE = 2 ** 32 - 2;

/**
 * Reads syntax elements from the escaped bytes of a NAL unit and steps over every emulation_prevention_three_byte on
 * the way. Its methods have the names of the descriptors in the syntax tables (H.264 7.2, 9.1).
 *
 * It never throws. The first thing that goes wrong makes it fail for good: {@link BitReader.failedAt} says where,
 * {@link BitReader.truncated} whether more bytes could have helped, and every later read gives 0. So a parser reads on
 * and asks once at the end; only a loop whose length comes from the bytes has to ask {@link BitReader.failed} on its
 * way.
 */
export class BitReader {
  readonly #data: Uint8Array;
  readonly #end: number;
  #next: number;
  #byte = 0;
  #bitsLeft = 0;
  #zeroBytes = 0;
  #failedAt = -1;
  #truncated = false;

  /**
   * @param data memory that is borrowed while the reader is in use, and never written
   * @param start index in `data` of the first byte to read: the one behind the NAL unit header
   * @param end index in `data` behind the last byte of the NAL unit
   */
  constructor(data: Uint8Array, start: number, end: number) {
    this.#data = data;
    this.#next = start;
    this.#end = end;
  }

  /** Whether something went wrong. */
  get failed(): boolean {
    return this.#failedAt >= 0;
  }

  /** The index in `data` of the byte at which reading failed, or -1 where it has not. */
  get failedAt(): number {
    return this.#failedAt;
  }

  /** Whether reading failed because the bytes ended, and for no other reason. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** Makes the reader fail at the byte it stands on, for a value that the semantics forbid; answers 0. */
  fail(): 0 {
    if (this.#failedAt < 0) this.#failedAt = this.#next - 1;
    return 0;
  }

  /** u(n): the next `count` bits, 0 to 32 of them, most significant bit first, as an unsigned number (H.264 7.2). */
  u(count: number): number {
    let value = 0;
    let wanted = count;
    while (wanted > 0) {
      if (this.#bitsLeft === 0 && !this.#load()) return 0;
      const taken = Math.min(wanted, this.#bitsLeft);
      this.#bitsLeft -= taken;
      wanted -= taken;
      // A product, since a shift of 32 bits would come out negative.
      value = value * (1 << taken) + ((this.#byte >> this.#bitsLeft) & ((1 << taken) - 1));
    }
    return value;
  }

  /** u(1) as a flag (H.264 7.2). */
  flag(): boolean {
    return this.u(1) === 1;
  }

  /** ue(v), an unsigned Exp-Golomb code; a value above `max` makes the reader fail (H.264 9.1). */
  ue(max: number = MAX_UE): number {
    let leadingZeroBits = 0;
    for (let rest = 0; rest === 0;) {
      if (this.#bitsLeft === 0 && !this.#load()) return 0;
      rest = this.#byte & ((1 << this.#bitsLeft) - 1);
      const zeroBits = Math.clz32(rest) - (32 - this.#bitsLeft);
      leadingZeroBits += zeroBits;
      this.#bitsLeft -= zeroBits;
      if (leadingZeroBits > MAX_LEADING_ZERO_BITS) return this.fail();
    }
    this.#bitsLeft--; // the one behind the zeros
    if (leadingZeroBits === 0) return 0;
    const value = 2 ** leadingZeroBits - 1 + this.u(leadingZeroBits);
    if (this.failed) return 0;
    return value > max ? this.fail() : value;
  }

  /** se(v), a signed Exp-Golomb code: between -(2^31 - 1) and 2^31 - 1 (H.264 9.1.1). */
  se(): number {
    const codeNum = this.ue();
    if (codeNum === 0) return 0;
    return codeNum % 2 === 1 ? (codeNum + 1) / 2 : -codeNum / 2;
  }

  #load(): boolean {
    if (this.failed) return false;
    const data = this.#data;
    const end = this.#end;
    if (this.#zeroBytes === 2 && this.#next < end && data[this.#next] === 3) {
      this.#next++;
      this.#zeroBytes = 0;
    }
    const at = this.#next;
    if (at >= end) {
      this.#truncated = true;
      this.#failedAt = at;
      return false;
    }
    const byte = data[at];
    // 00 00 00, 00 00 01 and 00 00 02 never occur in a NAL unit (7.4.1). Seeing them ahead of time keeps the zeros in
    // front of a start code from being read as content.
    if (byte === 0 && at + 2 < end && data[at + 1] === 0 && data[at + 2] < 3) {
      this.#failedAt = at;
      return false;
    }
    this.#zeroBytes = byte === 0 ? this.#zeroBytes + 1 : 0;
    this.#byte = byte;
    this.#bitsLeft = 8;
    this.#next = at + 1;
    return true;
  }
}
