import { RTP_CLOCK_KHZ, TimestampUnwrapper } from './serial-number.js';

/** Timestamps that go further in one step, in milliseconds, have jumped, unless as much time has passed. */
export const TIMESTAMP_JUMP_MS = 10_000;

/**
 * The time of one source. Its RTP timestamps tell it, which go on evenly whatever the network does, but not across a
 * jump, as where a camera is set by its time server, or where other video begins behind the same numbers (RFC 3550 5.1).
 * Were a jump time, all messages that wait would have expired. How much has passed the clock of the machine tells: as
 * much as the jump says where there was a pause.
 */
export class SourceClock {
  /** The timestamp of the latest picture in milliseconds, which goes on where 32 bits wrap. */
  timestamp = 0;
  /** The time of the latest picture in milliseconds, from any origin: it goes by the timestamps, but for jumps. */
  time = 0;
  readonly #now: () => number;
  readonly #timestamps = new TimestampUnwrapper();
  #lastNow: number | undefined;

  /** @param now the clock of the machine, in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A picture begins, with this RTP timestamp. */
  advance(timestamp: number): void {
    const before = this.timestamp;
    const now = this.#now();
    this.timestamp = this.#timestamps.unwrap(timestamp) / RTP_CLOCK_KHZ;
    if (this.#lastNow === undefined) {
      this.time = this.timestamp;
    } else {
      const step = this.timestamp - before;
      const distance = Math.abs(step);
      const elapsed = now - this.#lastNow;
      if (distance <= TIMESTAMP_JUMP_MS) this.time += step;
      // Not where the clock was set back, or shows no time.
      else if (elapsed > 0) this.time += Math.min(elapsed, distance);
    }
    this.#lastNow = now;
  }
}
