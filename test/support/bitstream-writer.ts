/** Writes syntax elements bit by bit, with the descriptors of clause 7.2, most significant bit first. */
export class BitWriter {
  readonly #bits: number[] = [];

  /** How many bits are written. */
  get bitLength(): number {
    return this.#bits.length;
  }

  /**
   * u(n): an unsigned integer of `n` bits.
   *
   * @throws RangeError where the value does not fit: a fixture must not be silently another one
   */
  u(n: number, value: number): this {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** n) throw new RangeError(`${value} is no u(${n})`);
    for (let bit = n - 1; bit >= 0; bit--) this.#bits.push(Math.floor(value / 2 ** bit) % 2);
    return this;
  }

  /** u(1), from a boolean. */
  flag(value: boolean): this {
    return this.u(1, value ? 1 : 0);
  }

  /** ue(v): the unsigned Exp-Golomb code of clause 9.1, for values up to 2^32 - 2. */
  ue(value: number): this {
    const length = Math.floor(Math.log2(value + 1));
    return this.u(length, 0).u(length + 1, value + 1);
  }

  /** se(v): the signed Exp-Golomb code of clause 9.1.1. */
  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** Whole bytes, wherever the last one ended. */
  bytes(values: Iterable<number>): this {
    for (const value of values) this.u(8, value);
    return this;
  }

  /** rbsp_trailing_bits() of clause 7.3.2.11: a one, then zeros up to the end of the byte. */
  trailingBits(): this {
    this.u(1, 1);
    while (this.#bits.length % 8 !== 0) this.u(1, 0);
    return this;
  }

  /**
   * What is written so far.
   *
   * @throws Error where the last byte is not full
   */
  toBytes(): Uint8Array {
    if (this.#bits.length % 8 !== 0) throw new Error(`${this.#bits.length} bits are no whole bytes`);
    const result = new Uint8Array(this.#bits.length / 8);
    this.#bits.forEach((bit, index) => (result[index >> 3] |= bit << (7 - (index & 7))));
    return result;
  }
}

/**
 * The bytes of an RBSP as they stand in a NAL unit: an emulation_prevention_three_byte before every byte up to 3 that
 * follows two zeros, and one at the end of an RBSP that ends in a zero (clause 7.4.1).
 */
export function escape(rbsp: Uint8Array): Uint8Array {
  const result: number[] = [];
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros === 2 && byte <= 3) {
      result.push(3);
      zeros = 0;
    }
    result.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  if (rbsp.at(-1) === 0) result.push(3);
  return Uint8Array.from(result);
}
