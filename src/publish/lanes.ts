import type { QueuedMessage } from './queued-message.js';

/** What is left of a message. */
export interface Progress {
  /** NAL units that are not done with. */
  left: number;
  /** NAL units of which a copy is in a frame. */
  begun: number;
  /** The position at which the latest of these was begun. */
  begunAt: number;
  /** Whether the message was taken back, or the track has forgotten it: what is left does not count any more. */
  isTakenBack: boolean;
}

/** One NAL unit of a message, with the copies that are left of it. */
export interface Entry {
  /** The message. */
  readonly message: QueuedMessage;
  /** That of the message. */
  readonly progress: Progress;
  /** Which of its NAL units. */
  readonly fragment: number;
  /** Copies that are left to send; 0 where it is done with. */
  copiesLeft: number;
  /** The picture from which on the next copy may go; 0 as long as none has gone. */
  nextPicture: number;
  /** Whether it does not hold up what is behind it, though no copy has gone: the framing could not hold it. */
  isSetAside: boolean;
  /** Whether a copy went into a picture that is kept. */
  hasKeptCopy: boolean;
  /** The position at which the first copy went. */
  firstCopyAt: number;
  /** The position at which the latest copy went. */
  lastCopyAt: number;
}

/** The entries of one priority. */
export interface Lane {
  /** The higher goes first. */
  readonly priority: number;
  /** Those of which a copy has gone, and those that are set aside. */
  started: Entry[];
  /** Those of which none has, in the order of publication, from `head` on. */
  waiting: Entry[];
  /** See {@link Lane.waiting}. */
  head: number;
}

function isEmpty({ started, waiting, head }: Lane): boolean {
  return started.length === 0 && head === waiting.length;
}

/** Lets go of entries without copies, in place: this is done for every frame. */
function keepUnfinished(entries: Entry[]): void {
  let kept = 0;
  for (const entry of entries) if (entry.copiesLeft > 0) entries[kept++] = entry;
  if (kept < entries.length) entries.length = kept;
}

/**
 * What a track has still to send: a lane for each priority, the highest first. Every operation costs O(1) for an entry,
 * amortized.
 */
export class Lanes {
  #lanes: Lane[] = [];

  /** The lanes, the highest priority first. */
  get all(): readonly Lane[] {
    return this.#lanes;
  }

  /** Takes every NAL unit of a message, behind those of its priority. */
  add(message: QueuedMessage, progress: Progress): void {
    const { repeatCount: copiesLeft, priority } = message.plan;
    const { waiting } = this.#laneOf(priority);
    for (const fragment of message.nalUnits.keys()) {
      waiting.push({
        message,
        progress,
        fragment,
        copiesLeft,
        nextPicture: 0,
        isSetAside: false,
        hasKeptCopy: false,
        firstCopyAt: 0,
        lastCopyAt: 0,
      });
    }
  }

  /** Keeps the entries for which the answer is true. */
  filter(isLeft: (entry: Entry) => boolean): void {
    for (const lane of this.#lanes) {
      lane.started = lane.started.filter(isLeft);
      lane.waiting = lane.waiting.slice(lane.head).filter(isLeft);
      lane.head = 0;
    }
  }

  /**
   * After copies have gone: entries whose first copy it was, or that are set aside, leave the waiting ones, entries
   * without copies leave altogether.
   */
  moveStarted(): void {
    for (const lane of this.#lanes) {
      keepUnfinished(lane.started);
      while (lane.head < lane.waiting.length) {
        const entry = lane.waiting[lane.head];
        if (entry.copiesLeft > 0 && entry.nextPicture === 0 && !entry.isSetAside) break;
        if (entry.copiesLeft > 0) lane.started.push(entry);
        lane.head++;
      }
      if (lane.head * 2 > lane.waiting.length) {
        lane.waiting = lane.waiting.slice(lane.head);
        lane.head = 0;
      }
    }
  }

  /** Lets go of lanes without entries. */
  dropEmpty(): void {
    for (const lane of this.#lanes) {
      if (!isEmpty(lane)) continue;
      this.#lanes = this.#lanes.filter((each) => !isEmpty(each));
      return;
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#lanes = [];
  }

  #laneOf(priority: number): Lane {
    const lanes = this.#lanes;
    let at = 0;
    while (at < lanes.length && lanes[at].priority > priority) at++;
    if (at === lanes.length || lanes[at].priority !== priority) {
      lanes.splice(at, 0, { priority, started: [], waiting: [], head: 0 });
    }
    return lanes[at];
  }
}
