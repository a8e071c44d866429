/**
 * The place of a message in a stream: a time in seconds from its beginning, a time on the timeline of a file in
 * milliseconds, or the number of an access unit from 0 on.
 */
export type Place = { readonly seconds: number } | { readonly presentationTimeMs: number } | { readonly frame: number };

/** A message that goes in once. */
export interface PlacedMessage {
  /** Where it goes in: at the first picture that is not in front of this. */
  readonly place: Place;
  /** Its SEI NAL unit, without framing. */
  readonly nalUnit: Uint8Array;
}

/** What goes into a stream. */
export interface SchedulePlan {
  /** SEI NAL units that go in together, into the first picture or, with `every`, again and again. */
  readonly repeated: readonly Uint8Array[];
  /** Into the first picture and each so many pictures later; once where absent. */
  readonly every?: number | undefined;
  /** Messages with a place of their own. */
  readonly placed: readonly PlacedMessage[];
}

/** Frame rates such as 30000/1001 are no exact numbers: a time that is missed by less than a microsecond is met. */
const TIME_TOLERANCE = 1e-6;

/** Messages with the same kind of place, in the order in which they are due. */
class DueQueue {
  readonly #entries: { readonly key: number; readonly nalUnit: Uint8Array }[] = [];
  #next = 0;

  add(key: number, nalUnit: Uint8Array): void {
    this.#entries.push({ key, nalUnit });
  }

  sort(): void {
    this.#entries.sort((a, b) => a.key - b.key);
  }

  get pending(): number {
    return this.#entries.length - this.#next;
  }

  takeUpTo(key: number, into: Uint8Array[]): void {
    for (; this.#next < this.#entries.length && this.#entries[this.#next].key <= key; this.#next++) {
      into.push(this.#entries[this.#next].nalUnit);
    }
  }

  /** Takes what is due above `low` and up to `high`; what is due up to `low` stays. */
  takeBetween(low: number, high: number, into: Uint8Array[]): void {
    let from = this.#next;
    while (from < this.#entries.length && this.#entries[from].key <= low) from++;
    let to = from;
    while (to < this.#entries.length && this.#entries[to].key <= high) into.push(this.#entries[to++].nalUnit);
    if (from === this.#next) this.#next = to;
    else if (to > from) this.#entries.splice(from, to - from);
  }
}

/** When a picture is shown, and which pictures that come later in decoding order are shown before. */
export interface PictureTime {
  /** Seconds from the beginning. */
  readonly seconds: number;
  /** Seconds from the beginning to 0 on the timeline of the file. */
  readonly originSeconds: number;
  /** When the pictures behind this one are shown, as many as may be shown before it. */
  readonly laterSeconds: readonly number[];
}

/** Decides which SEI NAL units go into which picture. It is asked for each picture in turn. */
export class Schedule {
  readonly #repeated: readonly Uint8Array[];
  readonly #every: number | undefined;
  readonly #bySeconds = new DueQueue();
  readonly #byPresentation = new DueQueue();
  readonly #byFrame = new DueQueue();
  #pictures = 0;

  /** @param plan what goes in */
  constructor({ repeated, every, placed }: SchedulePlan) {
    this.#repeated = repeated;
    this.#every = every;
    for (const { place, nalUnit } of placed) {
      if ('seconds' in place) this.#bySeconds.add(place.seconds, nalUnit);
      else if ('presentationTimeMs' in place) this.#byPresentation.add(place.presentationTimeMs / 1000, nalUnit);
      else this.#byFrame.add(place.frame, nalUnit);
    }
    this.#bySeconds.sort();
    this.#byPresentation.sort();
    this.#byFrame.sort();
  }

  /** Whether {@link Schedule.take} has to be told the time. */
  get needsTime(): boolean {
    return this.#bySeconds.pending + this.#byPresentation.pending > 0;
  }

  /** Whether messages go in again and again. */
  get repeats(): boolean {
    return this.#every !== undefined && this.#repeated.length > 0;
  }

  /** How many messages have not found a picture. */
  get pending(): number {
    const once = this.#pictures === 0 ? this.#repeated.length : 0;
    return once + this.#bySeconds.pending + this.#byPresentation.pending + this.#byFrame.pending;
  }

  /**
   * Takes what goes into the next picture, where time runs in decoding order.
   *
   * @param frame the number of its access unit, from 0 on
   * @param seconds its time; any number where {@link Schedule.needsTime} is false
   * @returns SEI NAL units, in order; mostly none
   */
  take(frame: number, seconds: number): readonly Uint8Array[] {
    return this.#take(frame, (nalUnits) => {
      this.#bySeconds.takeUpTo(seconds + TIME_TOLERANCE, nalUnits);
      this.#byPresentation.takeUpTo(seconds + TIME_TOLERANCE, nalUnits);
    });
  }

  /**
   * Takes what goes into the next picture of a file that says when each picture is shown: a message goes into the first
   * picture to be shown at or behind its time, wherever that is in decoding order.
   *
   * @param frame the number of its sample, from 0 on
   * @param time when it is shown; undefined where {@link Schedule.needsTime} is false or it is not known
   */
  takeShown(frame: number, time: PictureTime | undefined): readonly Uint8Array[] {
    return this.#take(frame, (nalUnits) => {
      if (time === undefined) return;
      const { seconds, originSeconds, laterSeconds } = time;
      const high = seconds + TIME_TOLERANCE;
      let low = -Infinity;
      for (const later of laterSeconds) if (later < seconds && later > low) low = later;
      low += TIME_TOLERANCE;
      this.#bySeconds.takeBetween(low, high, nalUnits);
      this.#byPresentation.takeBetween(low + originSeconds, high + originSeconds, nalUnits);
    });
  }

  #take(frame: number, takeTimed: (into: Uint8Array[]) => void): readonly Uint8Array[] {
    const picture = this.#pictures++;
    const isTurn = picture === 0 || (this.#every !== undefined && picture % this.#every === 0);
    const turn = isTurn ? this.#repeated : [];
    if (!this.needsTime && this.#byFrame.pending === 0) return turn;
    const nalUnits = [...turn];
    takeTimed(nalUnits);
    this.#byFrame.takeUpTo(frame, nalUnits);
    return nalUnits;
  }
}
