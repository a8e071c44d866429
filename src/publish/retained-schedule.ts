/** When one track sends retained messages again: at IDR pictures, where receivers join, and now and then between them. */
import type { QueuedMessage } from './queued-message.js';

/**
 * A retained message is sent again so long after its first copies where no IDR picture has come, in milliseconds; after
 * twice as long the next time, up to 10 s. Receivers see by it that the message stands
 * (1 s), and from then on know it whatever is lost.
 */
export const FIRST_RETAINED_REFRESH_MS = 1_500;

/**
 * A retained message is sent again after so long without an IDR picture, in milliseconds: receivers that have not seen
 * that it stands forget it after {@link DEDUP_WINDOW_MS}, and would take it for a new one at the next.
 */
export const RETAINED_REFRESH_MS = 10_000;

/** A message that is due. It goes round from any fragment, since receivers take them in any order. */
interface Resend {
  fragment: number;
  left: number;
}

interface Refresh {
  readonly at: number;
  readonly interval: number;
}

/** The retained messages that one track is to send again. */
export class RetainedSchedule {
  readonly #retained: ReadonlyMap<string, QueuedMessage>;
  /** Messages that are to be sent, those first that have waited longest. */
  readonly #due = new Map<QueuedMessage, Resend>();
  /** When each retained message is to be sent again without an IDR picture. */
  #refreshes = new Map<QueuedMessage, Refresh>();
  /** There is nothing to be found before. */
  #nextRefresh = -Infinity;

  /** @param retained the retained messages of the publisher, by key */
  constructor(retained: ReadonlyMap<string, QueuedMessage>) {
    this.#retained = retained;
  }

  /** Whether nothing is to be sent, now or later. */
  get isEmpty(): boolean {
    return this.#retained.size === 0 && this.#due.size === 0;
  }

  /** The messages that are to be sent; each may be deleted while they are gone through. */
  get due(): IterableIterator<[QueuedMessage, Readonly<Resend>]> {
    return this.#due.entries();
  }

  /** Other messages are retained than before, or the track has not looked for a while. */
  recheck(): void {
    this.#nextRefresh = -Infinity;
  }

  /** Forgets what is due; what is retained is due again in its time. */
  clear(): void {
    this.#due.clear();
    this.recheck();
  }

  /** The track is done with the first copies of a message. */
  start(message: QueuedMessage, position: number): void {
    if (message.plan.retainedUntil === undefined) return;
    const at = position + FIRST_RETAINED_REFRESH_MS;
    this.#refreshes.set(message, { at, interval: FIRST_RETAINED_REFRESH_MS });
    this.#nextRefresh = Math.min(this.#nextRefresh, at);
  }

  /** A picture comes at `position`: works out what is due. */
  advance(position: number, isIdr: boolean): void {
    if (!isIdr && position < this.#nextRefresh) return;
    const refreshes = new Map<QueuedMessage, Refresh>();
    this.#nextRefresh = Infinity;
    for (const message of this.#retained.values()) {
      let refresh = this.#refreshes.get(message);
      if (refresh === undefined || isIdr || position >= refresh.at) {
        if (isIdr || refresh !== undefined) this.#addDue(message);
        refresh = refreshAfter(refresh, position);
      }
      refreshes.set(message, refresh);
      this.#nextRefresh = Math.min(this.#nextRefresh, refresh.at);
    }
    this.#refreshes = refreshes;
  }

  /** Whether a message that is due is still retained. */
  isRetained(message: QueuedMessage, position: number): boolean {
    const { retainedUntil = -Infinity } = message.plan;
    if (position >= retainedUntil) return false;
    for (const retained of this.#retained.values()) if (retained === message) return true;
    return false;
  }

  /** A message is not to be sent again for now. */
  delete(message: QueuedMessage): void {
    this.#due.delete(message);
  }

  /** One more fragment of a message is in a frame. What is left of it waits behind the others. */
  sent(message: QueuedMessage): void {
    const resend = this.#due.get(message);
    if (resend === undefined) return;
    this.#due.delete(message);
    const left = resend.left - 1;
    if (left > 0) this.#due.set(message, { fragment: (resend.fragment + 1) % message.nalUnits.length, left });
  }

  #addDue(message: QueuedMessage): void {
    const { length } = message.nalUnits;
    const resend = this.#due.get(message);
    if (resend === undefined) this.#due.set(message, { fragment: 0, left: length });
    else resend.left = length;
  }
}

/** The refresh behind one that is at hand, or behind an IDR picture that came before it. */
function refreshAfter(refresh: Refresh | undefined, position: number): Refresh {
  const { at, interval: before } = refresh ?? { at: Infinity, interval: FIRST_RETAINED_REFRESH_MS };
  const interval = position < at ? before : Math.min(2 * before, RETAINED_REFRESH_MS);
  return { at: position + interval, interval };
}
