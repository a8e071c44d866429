/**
 * The messages of one publisher, and the tracks that carry them. Each track has its own schedule ({@link Track}); the
 * queue looks after what they share: which messages there are, how many, when one has ended, and which tracks are to be
 * waited for.
 */
import { SeiError } from '../errors.js';
import type { Budget } from './picture-selection.js';
import type { InjectionOutcome, QueuedMessage } from './queued-message.js';
import { RecentMessages } from './recent-messages.js';
import { Timeline } from '../time/timeline.js';
import { Track } from './track.js';

/**
 * A track without a frame for so long, in milliseconds, holds nobody back: until its next frame nothing waits for it, and
 * it goes on where it was then.
 */
export const STALL_TIMEOUT_MS = 2000;

/** The most keys under which a publisher can retain a message. */
export const MAX_RETAINED_KEYS = 64;

/** How often a receipt that is awaited is looked after, in milliseconds, when no frame and no message does it. */
const AWAITED_CHECK_MS = 1000;

/** How long expired messages may stay in a queue that has room, in milliseconds. */
const SWEEP_INTERVAL_MS = 100;

/**
 * What happens to a message that is published when the queue is full: it is rejected; the oldest message makes room,
 * what is retained last; or the oldest of the lowest priority does, which may be the new one itself. A retained message
 * that makes room is not retained any more.
 */
export type QueueFullPolicy = 'reject' | 'drop-oldest' | 'drop-lowest-priority';

/** Counts of a queue. */
export interface QueueStats {
  /** Messages that every live injector has carried. */
  injected: number;
  /** Messages for which time ran out before that. */
  expired: number;
  /** Messages that the policy of the full queue dropped, or that were overtaken before their first copy. */
  dropped: number;
  /** Messages that were cancelled or cleared. */
  cancelled: number;
}

/** The messages of a publisher. */
export class MessageQueue {
  /** Counts. */
  readonly stats: QueueStats = { injected: 0, expired: 0, dropped: 0, cancelled: 0 };
  /** The time of the publisher. */
  readonly timeline: Timeline;
  readonly #maxSize: number;
  readonly #whenFull: QueueFullPolicy;
  readonly #budget: Budget;
  readonly #onLost: (message: QueuedMessage, outcome: InjectionOutcome) => void;
  /** In the order of publication. */
  readonly #pending = new Set<QueuedMessage>();
  /** Messages that all have carried and that have not expired: a track that joins late begins with them. */
  readonly #recent = new RecentMessages();
  readonly #retained = new Map<string, QueuedMessage>();
  readonly #tracks = new Set<Track>();
  /** Messages whose loss is to be told. */
  readonly #lost: { readonly message: QueuedMessage; readonly outcome: InjectionOutcome }[] = [];
  #isMakingRoom = false;
  #isTelling = false;
  #lastSweep = 0;
  /** No message expires before. */
  #earliestExpiry = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param now the clock of the machine, in milliseconds since the epoch
   * @param maxSize the most messages that wait
   * @param whenFull what happens beyond
   * @param budget what each track may send
   * @param onLost told of each message that expired or was dropped
   */
  constructor(
    now: () => number,
    maxSize: number,
    whenFull: QueueFullPolicy,
    budget: Budget,
    onLost: (message: QueuedMessage, outcome: InjectionOutcome) => void,
  ) {
    this.timeline = new Timeline(now);
    this.#maxSize = maxSize;
    this.#whenFull = whenFull;
    this.#budget = budget;
    this.#onLost = onLost;
  }

  /** Messages that have not ended. */
  get size(): number {
    this.sweep();
    return this.#pending.size;
  }

  /** Tracks that are alive. */
  get liveTracks(): number {
    return this.#tracks.size;
  }

  /** A schedule for a new injector, which takes part from now on, beginning with what has not expired. */
  createTrack(id: string): Track {
    const track = new Track(id, this.#budget, this.timeline, this.#retained, (message) => {
      this.#trackDone(message);
    });
    this.beforeArrival();
    track.clock.start(this.timeline.now());
    this.#attach(track);
    return track;
  }

  /** A frame comes to a track that is new or has stalled: brings the present up to date before its clock goes on. */
  beforeArrival(): void {
    // Thousands of tracks may come at once: here nobody looks at all the others.
    if (this.timeline.sync(this.#isDrivenByFrames) - this.#lastSweep >= SWEEP_INTERVAL_MS) this.sweep();
  }

  /** A frame has come to a track that is new or has stalled: it goes on where it was, and is given what it lacks. */
  arrive(track: Track): void {
    track.arrive();
    if (track.isAttached) return;
    let isAnyTooLate = false;
    for (const message of track.messages) {
      // What has become too late while nobody waited for the track is no matter of its.
      const isTooLate = track.isTooLate(message);
      isAnyTooLate ||= isTooLate;
      if (message.isTakenBack || isTooLate) track.takeBack(message);
      else if (message.outcome === undefined) message.outstanding++;
    }
    this.#attach(track);
    if (isAnyTooLate) this.sweep();
  }

  /** A track ends: nothing waits for it any more, and what is in its frames is all that it carries. */
  close(track: Track): void {
    const { messages } = track;
    track.close();
    if (this.#tracks.has(track)) this.#leave(track, messages);
    else for (const message of messages) this.#endIfCarried(message);
  }

  /** Brings the present up to date and finds tracks that stall; answers the present. */
  sync(): number {
    const { timeline } = this;
    const time = timeline.sync(this.#isDrivenByFrames);
    const now = timeline.now();
    for (const track of this.#tracks) {
      const { lastSeen, frames, clock } = track;
      if (!clock.hasTimestamps) clock.advance(now);
      if (lastSeen.frames !== frames) {
        lastSeen.frames = frames;
        lastSeen.now = now;
        lastSeen.time = time;
      } else if (now - lastSeen.now >= STALL_TIMEOUT_MS || time - lastSeen.time >= STALL_TIMEOUT_MS) {
        track.stall();
        this.#leave(track, track.messages);
      }
    }
    return time;
  }

  /** Does what {@link MessageQueue.sync} does, and ends messages that nobody carries any more and whose time is out. */
  sweep(): void {
    const time = this.sync();
    this.#lastSweep = time;
    for (const [key, { plan }] of this.#retained) {
      if (plan.retainedUntil !== undefined && plan.retainedUntil <= time) this.#retain(key, undefined);
    }
    for (const track of this.#tracks) track.expire();
    this.#earliestExpiry = Infinity;
    for (const message of this.#pending) {
      const { outstanding, expiresAt } = message;
      if (outstanding === 0 && expiresAt <= time) this.#end(message, 'expired');
      else this.#earliestExpiry = Math.min(this.#earliestExpiry, expiresAt);
    }
    // These are in the order in which they ended, which is nearly that of their expiry.
    for (let { first } = this.#recent; first !== undefined && first.plan.expiresAt <= time; { first } = this.#recent) {
      this.#recent.shift();
    }
  }

  /**
   * Makes room for one more message.
   *
   * @returns whether there is; false where the policy is to drop the lowest priority, and all others have a higher one
   * @throws {@link SeiError} `ERR_SEI_QUEUE_FULL` where the policy is to reject
   */
  makeRoom(priority: number): boolean {
    // A sweep goes over all messages, so it is not done for each of them.
    const isFull = this.#pending.size >= this.#maxSize;
    const time = this.sync();
    if (time - this.#lastSweep >= SWEEP_INTERVAL_MS || (isFull && time >= this.#earliestExpiry)) this.sweep();
    if (this.#pending.size < this.#maxSize) return true;
    if (this.#whenFull === 'reject') {
      throw new SeiError(
        'ERR_SEI_QUEUE_FULL',
        `the queue holds ${this.#maxSize} messages that no injector has carried`,
      );
    }
    const victim = this.#whenFull === 'drop-oldest' ? this.#oldest() : this.#lowest(priority);
    if (victim === undefined) return false;
    this.#isMakingRoom = true;
    this.#end(victim, 'dropped');
    this.#isMakingRoom = false;
    return true;
  }

  /** The oldest message, but for those that are retained, where there are others. */
  #oldest(): QueuedMessage | undefined {
    for (const message of this.#pending) if (!message.isRetained) return message;
    const [oldest] = this.#pending;
    return oldest;
  }

  /** The oldest message of the lowest priority; undefined where that is higher than `priority`. */
  #lowest(priority: number): QueuedMessage | undefined {
    let lowest: QueuedMessage | undefined;
    for (const message of this.#pending) {
      if (message.plan.priority < (lowest?.plan.priority ?? Infinity)) lowest = message;
    }
    return lowest !== undefined && lowest.plan.priority <= priority ? lowest : undefined;
  }

  /**
   * Checks that there is room for a key.
   *
   * @throws {@link SeiError} `ERR_SEI_QUEUE_FULL` where it would be one too many
   */
  checkRetainKey(key: string): void {
    if (!this.#retained.has(key) && this.#retained.size >= MAX_RETAINED_KEYS) this.sweep();
    if (this.#retained.has(key) || this.#retained.size < MAX_RETAINED_KEYS) return;
    throw new SeiError('ERR_SEI_QUEUE_FULL', `${MAX_RETAINED_KEYS} keys are retained; release one first`);
  }

  /** Takes a message, for which there is room, and retains it under its key. */
  add(message: QueuedMessage): void {
    const { retain } = message.plan;
    this.#pending.add(message);
    if (retain !== undefined) this.#retain(retain, message);
    this.#earliestExpiry = Math.min(this.#earliestExpiry, message.expiresAt);
    for (const track of this.#tracks) this.#give(message, track);
    if (retain !== undefined) for (const track of this.#tracks) track.retainedChanged();
    this.#tellLost();
  }

  /** Ends a message at once: there is no room for it, or it has expired. */
  refuse(message: QueuedMessage, outcome: 'dropped' | 'expired'): void {
    this.#end(message, outcome);
  }

  /** Ends what is retained under `key`; false where nothing is. */
  release(key: string): boolean {
    const isReleased = this.#retained.has(key);
    this.#retain(key, undefined);
    for (const track of this.#tracks) track.retainedChanged();
    return isReleased;
  }

  /** Takes a message back, and what is retained of it; false where nobody was to send it any more. */
  cancel(message: QueuedMessage): boolean {
    let wasToBeSent = this.#unretain(message);
    if (message.outcome === undefined) {
      this.#end(message, 'cancelled');
      return true;
    }
    message.isTakenBack = true;
    this.#recent.delete(message);
    // Tracks that joined late carry on with what the others have carried.
    for (const track of this.#tracks) if (track.takeBack(message)) wasToBeSent = true;
    return wasToBeSent;
  }

  /** Takes all messages back; answers how many had not ended. */
  clear(): number {
    const messages = [...this.#pending];
    for (const message of messages) this.#end(message, 'cleared');
    // Tracks that joined late carry on with what the others have carried.
    for (const track of this.#tracks) track.takeBackAll();
    for (const message of this.#recent.all()) message.isTakenBack = true;
    this.#recent.clear();
    for (const key of [...this.#retained.keys()]) this.#retain(key, undefined);
    for (const track of this.#tracks) track.retainedChanged();
    return messages.length;
  }

  /** Sees to it that a message ends when its time is out, even if nobody sends a frame or publishes any more. */
  watch(message: QueuedMessage): void {
    if (this.#timer !== undefined || message.outcome !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.sweep();
      for (const each of this.#pending) if (each.isAwaited) this.watch(each);
    }, AWAITED_CHECK_MS);
    // A receipt that is awaited does not keep the process alive; in browsers a timer is a number.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  /**
   * Tells of lost messages when the queue is in order again: whoever hears it may publish. What is lost by that is not
   * told, or a listener that publishes whenever a message is dropped would never end.
   */
  #tellLost(): void {
    if (this.#isTelling || this.#lost.length === 0) return;
    this.#isTelling = true;
    for (const { message, outcome } of this.#lost.splice(0)) this.#onLost(message, outcome);
    this.#lost.length = 0;
    this.#isTelling = false;
  }

  get #isDrivenByFrames(): boolean {
    for (const { clock } of this.#tracks) if (clock.hasTimestamps) return true;
    return false;
  }

  /** The publisher counts on a track from now on. It is given what it was not given before, and what is not too late. */
  #attach(track: Track): void {
    this.#tracks.add(track);
    track.attach(this.timeline.now());
    const { time } = this.timeline;
    const messages = [...this.#recent.all(), ...this.#pending].sort((a, b) => a.id - b.id);
    for (const message of messages) {
      // What others have carried is of use for as long as it would have been, however long it is retained.
      const isDone = message.outcome !== undefined;
      const { expiresAt } = isDone ? message.plan : message;
      if (message.id <= track.lastGiven || expiresAt <= time || (isDone && this.#isReplaced(message))) continue;
      this.#give(message, track);
    }
    track.updateIdle();
  }

  /** Whether a later message is retained under the key of a message. */
  #isReplaced({ plan: { retain }, isRetained }: QueuedMessage): boolean {
    return retain !== undefined && !isRetained && this.#retained.has(retain);
  }

  /** Nothing waits any more for a track, which has these messages still to carry. */
  #leave(track: Track, messages: readonly QueuedMessage[]): void {
    this.timeline.sync(this.#isDrivenByFrames);
    this.#tracks.delete(track);
    for (const message of messages) {
      message.outstanding--;
      this.#endIfCarried(message);
    }
  }

  #give(message: QueuedMessage, track: Track): void {
    message.outstanding++;
    track.add(message);
  }

  /** Retains a message under a key in place of the one before; undefined for none. */
  #retain(key: string, message: QueuedMessage | undefined): void {
    const before = this.#retained.get(key);
    if (before !== undefined) {
      before.isRetained = false;
      // What is not the latest any more expires as others do.
      this.#earliestExpiry = Math.min(this.#earliestExpiry, before.plan.expiresAt);
    }
    if (message === undefined) this.#retained.delete(key);
    else {
      this.#retained.set(key, message);
      message.isRetained = true;
    }
  }

  #trackDone(message: QueuedMessage): void {
    message.isDoneBySome = true;
    message.outstanding--;
    this.#endIfCarried(message);
  }

  /** Ends a message that no track has still to carry, if one has done so. Without any it waits for one. */
  #endIfCarried(message: QueuedMessage): void {
    if (message.outstanding > 0 || !message.isDoneBySome) return;
    if (message.ranOutOfTime) this.#end(message, 'expired');
    else this.#end(message, message.isSuperseded && !message.isCarried ? 'dropped' : 'injected');
  }

  #end(message: QueuedMessage, outcome: InjectionOutcome): void {
    if (message.outcome !== undefined) return;
    this.#pending.delete(message);
    if (outcome === 'injected') {
      this.#recent.add(message);
      if (this.#recent.size > this.#maxSize) this.#recent.shift();
    }
    if (outcome === 'cancelled' || outcome === 'cleared') this.stats.cancelled++;
    else this.stats[outcome]++;
    message.isTakenBack = outcome !== 'injected' && outcome !== 'expired';
    if (outcome === 'dropped') this.#unretain(message);
    message.finish(outcome);
    if (outcome !== 'injected') for (const track of this.#tracks) track.takeBack(message);
    if (outcome !== 'expired' && outcome !== 'dropped') return;
    this.#lost.push({ message, outcome });
    if (!this.#isMakingRoom) this.#tellLost();
  }

  #unretain(message: QueuedMessage): boolean {
    const { retain } = message.plan;
    return retain !== undefined && message.isRetained && this.release(retain);
  }
}
