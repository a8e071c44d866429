import { TimestampSources } from './timestamp-sources.js';

/**
 * So many tracks are known by their name at once; the one without a frame for longest makes room, and goes on from the
 * present when it comes again.
 */
export const MAX_RECEPTION_TRACKS = 256;

/**
 * The time of a subscriber, in milliseconds from 0 on, which never goes backwards.
 *
 * While every frame has come with a timestamp these drive it, since a file is read faster than real time; from the
 * first frame without one on, the clock of the machine does. Each track has timestamps of its own, and the one that is
 * farthest ahead is the present. Frames whose track is not named are told apart by their timestamps.
 */
export class ReceptionClock {
  /** The present. */
  time = 0;
  #isFrameDriven = true;
  #lastNow: number | undefined;
  readonly #unnamed = new TimestampSources();
  /** The tracks that are named, the one without a frame for longest first. */
  readonly #tracks = new Map<string, TimestampSources>();

  /**
   * A frame has come.
   *
   * @param now the clock of the machine, in milliseconds
   * @param timestamp that of the frame, in milliseconds, where it has one
   * @param track the name of its track, where it has one
   * @returns the present
   */
  advance(now: number, timestamp: number | undefined, track?: string): number {
    const elapsed = Math.max(0, now - (this.#lastNow ?? now));
    this.#lastNow = now;
    if (timestamp === undefined) this.#isFrameDriven = false;
    if (!this.#isFrameDriven || timestamp === undefined) {
      this.time += elapsed;
    } else if (Number.isSafeInteger(Math.trunc(timestamp))) {
      // Any other is none that a clock shows, such as FFmpeg's for none, and would leave no digits for milliseconds.
      const sources = track === undefined ? this.#unnamed : this.#sourcesOf(track);
      this.time = Math.max(this.time, sources.advance(timestamp, this.time, elapsed));
    }
    return this.time;
  }

  #sourcesOf(track: string): TimestampSources {
    const sources = this.#tracks.get(track) ?? new TimestampSources();
    this.#tracks.delete(track);
    this.#tracks.set(track, sources);
    if (this.#tracks.size > MAX_RECEPTION_TRACKS) {
      const [silent] = this.#tracks.keys();
      this.#tracks.delete(silent);
    }
    return sources;
  }
}
