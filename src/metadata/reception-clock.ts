/**
 * Timestamps that stay behind the highest one for so long, by the machine's clock, have started anew: a seek, or a
 * wrapped counter.
 */
export const TIMESTAMP_RESTART_MS = 10_000;

/**
 * The time of a subscriber, in milliseconds from 0 on, which never goes backwards.
 *
 * While every frame has come with a timestamp these drive it, since a file is read faster than real time; from the
 * first frame without one on, the clock of the machine does. Timestamps come in decoding order, so that those of B
 * pictures go back and forth: the highest one counts. Where tracks with timestamps of different origins share a
 * subscriber, that is the one that is ahead.
 */
export class ReceptionClock {
  /** The present. */
  time = 0;
  #isFrameDriven = true;
  #lastNow: number | undefined;
  #highest: number | undefined;
  #highestAt = 0;

  /**
   * A frame has come.
   *
   * @param now the clock of the machine, in milliseconds
   * @param timestamp that of the frame, in milliseconds, where it has one
   * @returns the present
   */
  advance(now: number, timestamp: number | undefined): number {
    const elapsed = Math.max(0, now - (this.#lastNow ?? now));
    this.#lastNow = now;
    // A timestamp that no clock shows, such as FFmpeg's for none, would leave no digits for the milliseconds.
    if (timestamp !== undefined && !Number.isSafeInteger(Math.trunc(timestamp))) return this.time;
    if (timestamp === undefined) this.#isFrameDriven = false;
    if (!this.#isFrameDriven || timestamp === undefined) this.time += elapsed;
    else this.#follow(timestamp, now);
    return this.time;
  }

  #follow(timestamp: number, now: number): void {
    const highest = this.#highest ?? timestamp;
    if (timestamp >= highest) this.time += timestamp - highest;
    else if (now - this.#highestAt < TIMESTAMP_RESTART_MS) return;
    else this.time += now - this.#highestAt;
    this.#highest = timestamp;
    this.#highestAt = now;
  }
}
