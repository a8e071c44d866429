/** How many bytes went out in the last second. */
export class SlidingWindow {
  /** The bytes that may go out in {@link WINDOW_MS}. */
  readonly #maxBytes: number;
  #bytes = 0;
  // Pairs of time and bytes, in order; those in front of #head have left the window.
  #entries: number[] = [];
  #head = 0;

  /** @param maxBytes the bytes that may go out in a second; `Infinity` for any number */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The bytes that may go out at `time`, in milliseconds. */
  room(time: number): number {
    if (this.#maxBytes === Infinity) return Infinity;
    this.#forget(time);
    return this.#maxBytes - this.#bytes;
  }

  /** Takes note of `bytes` that go out at `time`. */
  add(bytes: number, time: number): void {
    if (this.#maxBytes === Infinity) return;
    this.#entries.push(time, bytes);
    this.#bytes += bytes;
  }

  #forget(time: number): void {
    const entries = this.#entries;
    while (this.#head < entries.length && entries[this.#head] <= time - WINDOW_MS) {
      this.#bytes -= entries[this.#head + 1];
      this.#head += 2;
    }
    // Moves the rest to the front once half of the array is dead, which costs O(1) for each entry.
    if (this.#head * 2 > entries.length) {
      this.#entries = entries.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** The length of the window of `maxBytesPerSecond`, in milliseconds. */
export const WINDOW_MS = 1000;
