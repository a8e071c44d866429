/**
 * Remembers which messages have been delivered, so that the copies that a publisher sends against loss come out as one
 * message.
 *
 * Three memories. What carries an identity of its own (a timestamp, an id) is the same message whenever it comes back:
 * it is remembered for long, and from its last copy on. What of these comes back some time after its first copy is
 * standing: its sender keeps it up for those who join late, however long, so it is remembered as long as there is room,
 * in a place of its own where no flood of other messages reaches it. Of equal content alone nobody knows whether it is
 * a copy or was said twice, so it is remembered only as long as copies are apart, and from its first copy on.
 */
import { invalidType, outOfRange } from '../errors.js';
import { CONTENT_DEDUP_WINDOW_MS, DEDUP_WINDOW_MS, STANDING_AFTER_MS } from '../wire/copies.js';

/** How many messages are remembered at once; the one whose last copy is the longest ago makes room. */
export const MAX_DEDUP_ENTRIES = 4096;

/** How many standing messages are remembered at once, without end; the one not seen for longest makes room. */
export const MAX_STANDING_ENTRIES = 1024;

/** The size of a deduplicator's memory. */
export interface DeduplicatorOptions {
  /**
   * Messages that are remembered at once, at least 1; {@link MAX_DEDUP_ENTRIES} where absent. Of standing ones as many,
   * but 1,024 at most.
   */
  readonly maxEntries?: number | undefined;
  /**
   * Milliseconds after its last copy that a message with an identity is remembered; {@link DEDUP_WINDOW_MS} where
   * absent. One that comes back within it, and 1 s or more after its first copy, is standing, and
   * the window is nothing to it any more: so a window shorter than that lets none be.
   */
  readonly windowMs?: number | undefined;
  /**
   * Milliseconds after its first copy that a message without an identity is remembered; {@link
   * CONTENT_DEDUP_WINDOW_MS} where absent.
   */
  readonly contentWindowMs?: number | undefined;
}

/** The entries of one window in a ring around a sentinel, the one whose window began longest ago first. */
class Entry {
  next: Entry = this;
  previous: Entry = this;
  /** When its window began. */
  since = 0;
  /** Rises from one entry whose window begins to the next, since several begin at one time. */
  order = 0;

  constructor(
    readonly key: string,
    readonly window: Window | undefined,
    readonly firstSeen: number,
  ) {}

  unlink(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
  }

  /** Links the entry in at the end of the ring. */
  append(ring: Entry, time: number, order: number): void {
    this.since = time;
    this.order = order;
    this.previous = ring.previous;
    this.next = ring;
    ring.previous.next = this;
    ring.previous = this;
  }
}

class Window {
  /** The sentinel; its neighbours are the oldest and the newest entry. */
  readonly ring = new Entry('', undefined, 0);

  constructor(readonly length: number) {}

  get oldest(): Entry | undefined {
    return this.ring.next === this.ring ? undefined : this.ring.next;
  }
}

function windowOption(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!(value >= 0)) throw outOfRange(name, 'at least 0', value);
  return value;
}

function maxEntriesOption(value: unknown): number {
  if (value === undefined) return MAX_DEDUP_ENTRIES;
  if (typeof value !== 'number') throw invalidType('options.dedup.maxEntries', 'a number', value);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw outOfRange('options.dedup.maxEntries', 'an integer of at least 1', value);
  }
  return value;
}

/**
 * The keys of the messages that have been seen, each until its window is over, or as long as it stands.
 *
 * A key costs the same however many there are: entries stand in the order in which their windows began, so what has
 * expired stands in front and leaves there as time goes on. (A `Map` alone keeps that order too, but finding its first
 * key walks over all that were deleted before; the standing ones are too few for that to matter.)
 */
export class Deduplicator {
  readonly #entries = new Map<string, Entry>();
  readonly #maxEntries: number;
  readonly #identified: Window;
  readonly #contentOnly: Window;
  /** The keys of standing messages, the one not seen for longest first. */
  readonly #standing = new Set<string>();
  readonly #maxStanding: number;
  #order = 0;

  /**
   * @param options the lengths of the windows and the bound on what is remembered
   * @param knowsStanding whether a message that comes back is remembered beyond its window; not where a key names no
   *   message, but a kind of messages
   * @throws `TypeError` or `RangeError` for an option of the wrong type or value
   */
  constructor(options: DeduplicatorOptions = {}, knowsStanding = true) {
    const { maxEntries, windowMs, contentWindowMs } = options;
    this.#maxEntries = maxEntriesOption(maxEntries);
    this.#maxStanding = knowsStanding ? Math.min(this.#maxEntries, MAX_STANDING_ENTRIES) : 0;
    this.#identified = new Window(windowOption('options.dedup.windowMs', windowMs, DEDUP_WINDOW_MS));
    this.#contentOnly = new Window(
      windowOption('options.dedup.contentWindowMs', contentWindowMs, CONTENT_DEDUP_WINDOW_MS),
    );
  }

  /** How many messages are remembered for the length of a window. */
  get size(): number {
    return this.#entries.size;
  }

  /** How many standing messages are remembered; some of them may be among {@link Deduplicator.size} as well. */
  get standing(): number {
    return this.#standing.size;
  }

  /**
   * Whether a message has been seen. If so, and it has an identity, its window begins anew: a message that is sent
   * again and again is one message for as long as it comes back in time, and for longer once it is standing.
   *
   * @param key what makes the message the same
   * @param time the present in milliseconds, never less than in the call before
   */
  refresh(key: string, time: number): boolean {
    this.#expire(this.#identified, time);
    this.#expire(this.#contentOnly, time);
    const entry = this.#entries.get(key);
    const isStanding = this.#standing.has(key);
    if (entry === undefined && !isStanding) return false;
    if (entry?.window === this.#identified) {
      entry.unlink();
      entry.append(this.#identified.ring, time, this.#order++);
    }
    const stands = entry?.window === this.#identified && time - entry.firstSeen >= STANDING_AFTER_MS;
    if (isStanding || stands) this.#stand(key);
    return true;
  }

  /**
   * Remembers a message of which {@link Deduplicator.refresh} has just said that it is new.
   *
   * @param key what makes the message the same
   * @param time the present in milliseconds, never less than in the call before
   * @param isIdentified whether it carries an identity of its own, which decides the window
   */
  add(key: string, time: number, isIdentified: boolean): void {
    if (this.#entries.size === this.#maxEntries) this.#evict();
    const window = isIdentified ? this.#identified : this.#contentOnly;
    const entry = new Entry(key, window, time);
    entry.append(window.ring, time, this.#order++);
    this.#entries.set(key, entry);
  }

  #stand(key: string): void {
    this.#standing.delete(key);
    this.#standing.add(key);
    if (this.#standing.size <= this.#maxStanding) return;
    const [unseen] = this.#standing;
    this.#standing.delete(unseen);
  }

  #expire(window: Window, time: number): void {
    for (let { oldest } = window; oldest !== undefined && time - oldest.since >= window.length; { oldest } = window) {
      this.#remove(oldest);
    }
  }

  #evict(): void {
    const identified = this.#identified.oldest;
    const contentOnly = this.#contentOnly.oldest;
    const isContentOnlyOlder =
      identified === undefined || (contentOnly !== undefined && contentOnly.order < identified.order);
    const oldest = isContentOnlyOlder ? contentOnly : identified;
    if (oldest !== undefined) this.#remove(oldest);
  }

  #remove(entry: Entry): void {
    entry.unlink();
    this.#entries.delete(entry.key);
  }
}
