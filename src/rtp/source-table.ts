/** What is remembered of each synchronization source, for a bounded number of them. */

/** Holds a state for each source, and forgets the one that has been silent for longest when there are too many. */
export class SourceTable<State> {
  readonly #maxSources: number;
  readonly #create: (ssrc: number) => State;
  readonly #forget: ((state: State, ssrc: number) => void) | undefined;
  /** In the order of their last use, the latest at the end. */
  readonly #states = new Map<number, State>();
  #latest: number | undefined;

  /**
   * @param maxSources how many sources are remembered at most
   * @param create makes the state of a new source
   * @param forget is told which state is forgotten
   */
  constructor(maxSources: number, create: (ssrc: number) => State, forget?: (state: State, ssrc: number) => void) {
    this.#maxSources = maxSources;
    this.#create = create;
    this.#forget = forget;
  }

  /** The state of a source, a new one where none is remembered. */
  get(ssrc: number): State {
    const known = this.#states.get(ssrc);
    if (known !== undefined && ssrc === this.#latest) return known;
    this.#states.delete(ssrc);
    const state = known ?? this.#create(ssrc);
    this.#states.set(ssrc, state);
    this.#latest = ssrc;
    if (this.#states.size > this.#maxSources) this.#forgetOldest();
    return state;
  }

  /** The state of a source, where one is remembered; it does not count as a use. */
  peek(ssrc: number): State | undefined {
    return this.#states.get(ssrc);
  }

  /** The states that are remembered, that of the source which was silent for longest first. */
  values(): IterableIterator<State> {
    return this.#states.values();
  }

  #forgetOldest(): void {
    for (const [ssrc, state] of this.#states) {
      this.#states.delete(ssrc);
      this.#forget?.(state, ssrc);
      return;
    }
  }
}
