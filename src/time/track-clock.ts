import type { Timeline } from './timeline.js';

/** Timestamps that go back by so much, in milliseconds, are those of a source that has started anew. */
export const CLOCK_RESTART_MS = 10_000;

/** Timestamps that go forward by more, in milliseconds, count as so much: an hour. */
export const MAX_CLOCK_STEP_MS = 3_600_000;

/**
 * So many timestamps in a row may be behind the highest one: no decoder puts more pictures into order (H.264 E.2.1,
 * max_num_reorder_frames).
 */
export const MAX_REORDERED_PICTURES = 16;

/**
 * Where one track is on the timeline of its publisher: by the timestamps of its frames, or by the clock of the machine.
 */
export class TrackClock {
  /** Where the track is, in milliseconds. */
  position = 0;
  /**
   * Whether the timestamps of frames drive the track: from the first one on, until a frame has none. Else the clock of
   * the machine does.
   */
  hasTimestamps = false;
  readonly #timeline: Timeline;
  #isRunning = false;
  #isOutOfTimestamps = false;
  #highest = 0;
  #last = 0;
  #behind = 0;

  /** @param timeline that of the publisher */
  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Begins at the publisher's present; it is `clock` on the clock that drives the track. */
  start(clock: number): void {
    this.#isRunning = true;
    this.position = this.#timeline.time;
    this.#startFrom(clock);
  }

  /** Goes on from the publisher's present at least. */
  catchUp(): void {
    this.position = Math.max(this.position, this.#timeline.time);
  }

  /** Stands still from now on. */
  stop(): void {
    this.#isRunning = false;
  }

  /** A frame has come, with a timestamp in milliseconds or without. */
  tick(timestamp: number | undefined): void {
    const hasTimestamp = timestamp !== undefined && !this.#isOutOfTimestamps;
    if (hasTimestamp !== this.hasTimestamps) this.#change(timestamp);
    else if (hasTimestamp && this.#isRunning) this.advance(timestamp);
  }

  /**
   * It is `clock` on the clock that drives the track, in milliseconds. Going back a little, as the presentation times
   * of B pictures do, is standing still; going back far, or for many pictures, is a new beginning.
   */
  advance(clock: number): void {
    // A timestamp that no clock shows, such as FFmpeg's for none, would leave no digits for the milliseconds.
    if (!Number.isSafeInteger(Math.trunc(clock))) return;
    const passed = Math.min(clock - this.#highest, MAX_CLOCK_STEP_MS);
    if (passed > 0) {
      this.position += passed;
      this.#timeline.reach(this.position, this.hasTimestamps ? undefined : clock);
    } else {
      // The packets of one picture have one timestamp.
      if (passed < 0 && clock !== this.#last) this.#behind++;
      this.#last = clock;
      if (passed > -CLOCK_RESTART_MS && this.#behind <= MAX_REORDERED_PICTURES) return;
    }
    this.#startFrom(clock);
  }

  /**
   * From the first frame on that has no timestamp the clock of the machine drives the track, as it does in a
   * subscriber.
   */
  #change(timestamp: number | undefined): void {
    this.hasTimestamps = !this.hasTimestamps;
    if (!this.hasTimestamps) {
      this.#isOutOfTimestamps = true;
      // What has passed by the timestamps does not pass once more by the clock.
      if (this.#isRunning) this.#timeline.sync(true);
    }
    this.#startFrom(timestamp !== undefined && this.hasTimestamps ? timestamp : this.#timeline.now());
  }

  #startFrom(clock: number): void {
    this.#highest = Number.isSafeInteger(Math.trunc(clock)) ? clock : 0;
    this.#last = this.#highest;
    this.#behind = 0;
  }
}
