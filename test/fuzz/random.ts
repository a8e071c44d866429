/** Random numbers that a seed and the number of a round bring back: xorshift128, from a state that both are mixed into. */
export class Random {
  readonly #state: Uint32Array;

  /**
   * @param seed of the run
   * @param round whose numbers have nothing to do with those of others
   */
  constructor(seed: number, round: number) {
    this.#state = Uint32Array.of(seed | 1, seed ^ 0x9e3779b9, round, round ^ 0x85ebca6b);
    for (let i = 0; i < 20; i++) this.#next();
  }

  #next(): number {
    const state = this.#state;
    let mixed = state[3];
    mixed ^= mixed << 11;
    mixed ^= mixed >>> 8;
    state[3] = state[2];
    state[2] = state[1];
    [state[1]] = state;
    state[0] = mixed ^ state[0] ^ (state[0] >>> 19);
    return state[0];
  }

  /** An integer from 0 to `limit` - 1; 0 where the limit is. */
  below(limit: number): number {
    return limit === 0 ? 0 : this.#next() % limit;
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of the values. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }

  /** A length up to `most`, more often a short one. */
  length(most: number): number {
    return this.below(this.below(this.oneIn(4) ? most + 1 : Math.min(most, 40) + 1) + 1);
  }

  /** So many bytes, of which most are those that mean something to a parser. */
  bytes(length: number): Uint8Array {
    const kinds = [() => this.below(256), () => this.below(4), () => this.pick([0, 0, 0, 1, 3, 0x80, 0xff])];
    const kind = this.pick(kinds);
    return Uint8Array.from({ length }, kind);
  }
}
