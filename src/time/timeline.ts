/**
 * The time of a publisher, in milliseconds from 0 on, which never goes backwards.
 *
 * Frames drive it where they carry timestamps, since a file runs faster than real time; each track counts the time that
 * passes between its own frames, so that the timestamps of several tracks need not have the same origin, and the track
 * that is farthest ahead is the publisher's present. Without such tracks the clock of the machine drives it.
 */
export class Timeline {
  /** The present. */
  time = 0;
  readonly #now: () => number;
  #lastNow: number;

  /** @param now the clock of the machine, in milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
    this.#lastNow = now();
  }

  /** The clock of the machine. */
  now(): number {
    return this.#now();
  }

  /**
   * Brings the present up to date, as far as the clock of the machine drives it.
   *
   * @param isDrivenByFrames whether a track with timestamps is alive
   * @returns the present
   */
  sync(isDrivenByFrames: boolean): number {
    const now = this.#now();
    if (!isDrivenByFrames && now > this.#lastNow) this.time += now - this.#lastNow;
    this.#lastNow = now;
    return this.time;
  }

  /**
   * A track is at `position`: if it is ahead, that is the present.
   *
   * @param position where it is
   * @param now the clock of the machine, where that has brought it there: what has passed by it does not pass once more
   */
  reach(position: number, now?: number): void {
    if (position <= this.time) return;
    this.time = position;
    if (now !== undefined) this.#lastNow = now;
  }
}
