/** Tells by their timestamps alone which of several sources frames come from, and how far each has come. */
import { MAX_CLOCK_STEP_MS, MAX_REORDERED_PICTURES } from './track-clock.js';

/** Timestamps within so many milliseconds of the highest one of a source are that source's. */
export const TIMESTAMP_RESTART_MS = 10_000;

/**
 * A source that is behind the present by more, in milliseconds, goes on from there: when the one ends that is ahead,
 * time is not to stand still for longer.
 */
export const MAX_SOURCE_LAG_MS = 10_000;

/**
 * Sources that have come so near to each other, in milliseconds, are one. It is less than what a source may begin apart
 * from the others, so that two which run side by side at just that distance are not taken for one and for two in turn.
 */
const SAME_SOURCE_MS = TIMESTAMP_RESTART_MS / 2;

/** So many sources are told apart; the one without a frame for longest makes room. */
export const MAX_TIMESTAMP_SOURCES = 8;

/** Frames of one origin of timestamps. */
interface Source {
  /** Its highest timestamp. */
  highest: number;
  /** The present of the subscriber that this stands for. */
  position: number;
  last: number;
  /** Timestamps in a row that are behind the highest one. */
  behind: number;
}

/**
 * The sources of frames that nobody told apart: one, whose timestamps may jump and start anew, or several, each with an
 * origin of its own, which begin more than 10 s apart. The one that is nearest to a timestamp is
 * the one that it is from.
 */
export class TimestampSources {
  /** The one that had a frame last stands last. */
  #sources: Source[] = [];

  /**
   * A frame has come.
   *
   * @param timestamp its timestamp in milliseconds, a safe integer but for its fraction
   * @param present that of the subscriber, in milliseconds
   * @param elapsed milliseconds since the frame before, of whatever source, by the clock of the machine
   * @returns the present that the frame stands for; it may be less than `present`
   */
  advance(timestamp: number, present: number, elapsed: number): number {
    const source = this.#sourceOf(timestamp) ?? this.#newSource(timestamp, present + elapsed);
    this.#sources = this.#sources.filter((each) => each !== source && distance(each, timestamp) > SAME_SOURCE_MS);
    this.#sources.push(source);
    if (this.#sources.length > MAX_TIMESTAMP_SOURCES) this.#sources.shift();
    source.position = Math.max(source.position, present - MAX_SOURCE_LAG_MS);
    follow(source, timestamp);
    return source.position;
  }

  /** The source that a timestamp continues: the nearest one, where it is near. */
  #sourceOf(timestamp: number): Source | undefined {
    let nearest: Source | undefined;
    for (const source of this.#sources) {
      const isNearer = nearest === undefined || distance(source, timestamp) <= distance(nearest, timestamp);
      if (isNearer && distance(source, timestamp) <= TIMESTAMP_RESTART_MS) nearest = source;
    }
    return nearest;
  }

  /**
   * A source that is new, or has jumped. Far ahead of one that is known, it is that one after a pause, so the time
   * between them has passed; the old one stays, and should its frames go on, no time will have passed twice. Far behind
   * all, it has started anew, and goes on from the present; how long that took the clock of the machine alone can tell.
   */
  #newSource(timestamp: number, present: number): Source {
    let paused: Source | undefined;
    for (const source of this.#sources) {
      if (source.highest < timestamp && !(paused !== undefined && paused.highest > source.highest)) paused = source;
    }
    const passed = paused === undefined ? 0 : Math.min(timestamp - paused.highest, MAX_CLOCK_STEP_MS);
    return { highest: timestamp, position: (paused?.position ?? present) + passed, last: timestamp, behind: 0 };
  }
}

function distance(source: Source, timestamp: number): number {
  return Math.abs(timestamp - source.highest);
}

/**
 * Timestamps come in decoding order, so that those of B pictures go back and forth: the highest one counts, unless so
 * many are behind it that they have started anew.
 */
function follow(source: Source, timestamp: number): void {
  if (timestamp >= source.highest) source.position += timestamp - source.highest;
  else {
    // The packets of one picture have one timestamp.
    if (timestamp !== source.last) source.behind++;
    source.last = timestamp;
    if (source.behind <= MAX_REORDERED_PICTURES) return;
  }
  source.highest = timestamp;
  source.last = timestamp;
  source.behind = 0;
}
