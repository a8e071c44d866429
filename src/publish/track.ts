/**
 * What one injector has still to send, and when: the cursor of one track or simulcast layer into the messages of a
 * publisher. It decides and keeps count; it touches no frame.
 */
import { CONTENT_DEDUP_WINDOW_MS, DEDUP_WINDOW_MS } from '../wire/copies.js';
import { type Entry, type Lane, Lanes, type Progress } from './lanes.js';
import { type Budget, Fit, type Picture, PictureSelection } from './picture-selection.js';
import type { QueuedMessage } from './queued-message.js';
import { REASSEMBLY_TIMEOUT_MS } from '../wire/copies.js';
import { RetainedSchedule } from './retained-schedule.js';
import { SlidingWindow } from './sliding-window.js';
import type { Timeline } from '../time/timeline.js';
import { TrackClock } from '../time/track-clock.js';

/**
 * How many disposable pictures in a row the last copy of a message waits for one that is kept (nal_ref_idc above 0),
 * where all its copies so far went into disposable ones: ten seconds of 30 pictures. It waits no longer than to the last
 * picture before it expires, and a track that has had no kept picture for so long is not held up.
 */
export const MAX_WAIT_FOR_KEPT_PICTURE = 300;

/**
 * How many pictures it waits on a track of which no kept picture is known yet, for there may never be one: frames are
 * only looked at when there is something to send.
 */
export const MAX_WAIT_FOR_FIRST_KEPT_PICTURE = 60;

/**
 * A further copy of a message that nothing but its content identifies goes no later than this after the first one, in
 * milliseconds: receivers would take it for a new message. It leaves half a second of {@link CONTENT_DEDUP_WINDOW_MS}
 * to the network.
 */
export const MAX_CONTENT_REPEAT_MS = CONTENT_DEDUP_WINDOW_MS - 500;

/**
 * A further copy of any other message goes no later than this after the one before, in milliseconds, for the same
 * reason: it leaves ten seconds of {@link DEDUP_WINDOW_MS} to the network, and to a copy that is lost.
 */
export const MAX_REPEAT_GAP_MS = DEDUP_WINDOW_MS - 10_000;

const NOT_BEGUN = { begun: 0, begunAt: 0 } as const;

/** The schedule of one injector. */
export class Track {
  /** {@link SeiInjector.track}. */
  readonly id: string;
  /**
   * Whether there is nothing to look for in a frame: nothing pending, nothing retained, and frames have come of late.
   */
  isIdle = false;
  /** Calls of the injector. */
  frames = 0;
  /** Where the track is on the timeline of the publisher. */
  readonly clock: TrackClock;
  /** Whether the publisher counts on it: it is neither stalled nor closed. */
  isAttached = false;
  /** Whether its next frame is the first one, or the first one since it stalled. */
  isAway = true;
  /** The number of the latest message that it was given. */
  lastGiven = 0;
  /** What {@link MessageQueue} knew of the track when it last looked whether it stalls. */
  readonly lastSeen = { frames: 0, now: 0, time: 0 };

  readonly #budget: Budget;
  readonly #timeline: Timeline;
  readonly #onDone: (message: QueuedMessage) => void;
  readonly #window: SlidingWindow;
  #pictures = 0;
  #disposableInRow = MAX_WAIT_FOR_KEPT_PICTURE - MAX_WAIT_FOR_FIRST_KEPT_PICTURE;
  /** Where the track was at the latest picture, and how far that was from the one before. */
  #lastPictureAt = 0;
  #pictureInterval = 0;
  #pending = 0;
  /** Entries that were taken back since all were last looked through. */
  #takenBack = 0;
  readonly #lanes = new Lanes();
  /** The messages that the track is not done with. */
  readonly #progress = new Map<QueuedMessage, Progress>();
  /** Those among them that are or were retained, by key. */
  readonly #byKey = new Map<string, Set<QueuedMessage>>();
  readonly #retained: RetainedSchedule;
  #hasResentFirst = false;
  /** Messages that are done with, until that is told. */
  #done: QueuedMessage[] = [];

  /**
   * @param id of the injector
   * @param budget what may be sent
   * @param timeline that of the publisher
   * @param retained the retained messages of the publisher, by key
   * @param onDone told of each message that the track has carried, or is too late for
   */
  constructor(
    id: string,
    budget: Budget,
    timeline: Timeline,
    retained: ReadonlyMap<string, QueuedMessage>,
    onDone: (message: QueuedMessage) => void,
  ) {
    this.id = id;
    this.#budget = budget;
    this.clock = new TrackClock(timeline);
    this.#timeline = timeline;
    this.#retained = new RetainedSchedule(retained);
    this.#onDone = onDone;
    this.#window = new SlidingWindow(budget.maxBytesPerSecond);
  }

  /** NAL units that have copies left to send. */
  get pending(): number {
    return this.#pending;
  }

  /** The messages that the track is not done with. */
  get messages(): readonly QueuedMessage[] {
    return [...this.#progress.keys()];
  }

  /** Whether a message that the track is not done with is too late. */
  isTooLate(message: QueuedMessage): boolean {
    const { position } = this.clock;
    const { begun, begunAt } = this.#progress.get(message) ?? NOT_BEGUN;
    const isInPieces = begun > 0 && begun < message.nalUnits.length;
    // Receivers have given up the pieces that they have.
    if (isInPieces && position - begunAt >= REASSEMBLY_TIMEOUT_MS) return true;
    return position >= message.expiresAt && !(message.plan.isFinishedOnceBegun && begun > 0);
  }

  /** Takes its place, for the first time or after it has stalled: the publisher counts on it. */
  attach(now: number): void {
    this.isAttached = true;
    this.#retained.recheck();
    this.lastSeen.frames = this.frames;
    this.lastSeen.now = now;
    this.lastSeen.time = this.#timeline.time;
    this.updateIdle();
  }

  /** A first frame has come, or one after a while: the track goes on where it was, at the publisher's present. */
  arrive(): void {
    this.isAway = false;
    this.clock.catchUp();
    this.updateIdle();
  }

  /** No frame has come for a while: it is given nothing new, and keeps what it has to send. */
  stall(): void {
    this.isAttached = false;
    this.isAway = true;
    this.isIdle = false;
  }

  /** Ends. What is in a frame of all of it counts as carried. */
  close(): void {
    for (const [message, progress] of this.#progress) {
      progress.isTakenBack = true;
      message.isDoneBySome ||= isBegun(message, progress);
    }
    this.clock.stop();
    this.isAttached = false;
    this.isIdle = false;
    this.#lanes.clear();
    this.#pending = 0;
    this.#takenBack = 0;
    this.#progress.clear();
    this.#byKey.clear();
    this.#retained.clear();
  }

  /** Works out anew whether there is something to look for in a frame. */
  updateIdle(): void {
    this.isIdle = this.isAttached && !this.isAway && this.#pending === 0 && this.#retained.isEmpty;
  }

  /** Other messages are retained than before. */
  retainedChanged(): void {
    this.#retained.recheck();
    this.updateIdle();
  }

  /** Takes a message that is to be carried. */
  add(message: QueuedMessage): void {
    const { length } = message.nalUnits;
    const progress = { left: length, ...NOT_BEGUN, isTakenBack: false };
    this.#lanes.add(message, progress);
    this.#pending += length;
    this.#progress.set(message, progress);
    this.lastGiven = message.id;
    const { retain } = message.plan;
    if (retain !== undefined) this.#byKey.set(retain, (this.#byKey.get(retain) ?? new Set()).add(message));
    this.isIdle = false;
  }

  /** A message was taken back: it is not to be sent any more. Answers whether it was. */
  takeBack(message: QueuedMessage): boolean {
    const progress = this.#progress.get(message);
    if (progress === undefined) return false;
    this.#letGo(message, progress);
    this.#tidy();
    this.updateIdle();
    return true;
  }

  /** All messages were taken back. */
  takeBackAll(): void {
    for (const message of [...this.#progress.keys()]) this.takeBack(message);
  }

  /** Says which NAL units go into a picture. Nothing counts as sent before {@link Track.commit}. */
  select(picture: Picture): PictureSelection {
    this.#pictures++;
    this.#pictureInterval = this.clock.position - this.#lastPictureAt;
    this.#lastPictureAt = this.clock.position;
    this.#disposableInRow = picture.isKept ? 0 : this.#disposableInRow + 1;
    const selection = new PictureSelection(picture, this.#budget, this.#window.room(this.clock.position));
    // A receiver can join at an IDR picture, so what it has to know goes first, and later on waits for what is new.
    // Where every picture is one they take turns, so that neither holds up the other.
    const resendsFirst = picture.isIdr && !this.#hasResentFirst;
    this.#hasResentFirst = resendsFirst;
    const hasRetained = !this.#retained.isEmpty;
    if (hasRetained) this.#retained.advance(this.clock.position, picture.isIdr);
    if (hasRetained && resendsFirst) this.#takeRetained(selection);
    for (const lane of this.#lanes.all) {
      if (this.#takeStarted(selection, lane) === Fit.full) break;
      if (this.#takeWaiting(selection, lane) === Fit.full) break;
    }
    if (hasRetained && !resendsFirst) this.#takeRetained(selection);
    this.#settle();
    return selection;
  }

  /** Lets go of what was taken back or is too late by now, also where no frame holds a picture. */
  expire(): void {
    this.#lanes.filter((entry) => entry.copiesLeft > 0 && !this.#isGone(entry));
    this.#takenBack = 0;
    this.#settle();
  }

  /** The selection is in a frame. */
  commit(selection: PictureSelection, timestamp: number | undefined): void {
    const frameIndex = this.frames - 1;
    const { id: track } = this;
    const { isKept } = selection.picture;
    for (const { message, fragment, entry } of selection.takes) {
      message.addCopy(
        timestamp === undefined ? { track, frameIndex, fragment } : { track, frameIndex, timestamp, fragment },
      );
      if (message.plan.retain !== undefined) this.#supersede(message.plan.retain, message.id);
      if (entry === undefined) {
        this.#retained.sent(message);
        continue;
      }
      if (entry.nextPicture === 0) {
        entry.firstCopyAt = this.clock.position;
        entry.progress.begun++;
        entry.progress.begunAt = this.clock.position;
      }
      entry.hasKeptCopy ||= isKept;
      entry.lastCopyAt = this.clock.position;
      entry.copiesLeft--;
      entry.nextPicture = this.#pictures + message.plan.repeatInterval;
      if (entry.copiesLeft === 0) this.#entryDone(entry);
    }
    this.#window.add(selection.bytes, this.clock.position);
    this.#lanes.moveStarted();
    this.#tidy();
    this.#settle();
  }

  /** A message of a key is in a frame: receivers that had an older one behind it would be left with that. */
  #supersede(key: string, id: number): void {
    for (const older of this.#byKey.get(key) ?? []) {
      const progress = this.#progress.get(older);
      if (older.id >= id || progress === undefined) continue;
      this.#letGo(older, progress);
      older.isSuperseded = true;
      older.isCarried ||= isBegun(older, progress);
      this.#done.push(older);
    }
  }

  /** A message is not to be sent any more; its entries are lost sight of later. */
  #letGo(message: QueuedMessage, progress: Progress): void {
    progress.isTakenBack = true;
    this.#forget(message);
    this.#pending -= progress.left;
    this.#takenBack += progress.left;
  }

  #forget(message: QueuedMessage): void {
    this.#progress.delete(message);
    const { retain } = message.plan;
    if (retain === undefined) return;
    const messages = this.#byKey.get(retain);
    messages?.delete(message);
    if (messages?.size === 0) this.#byKey.delete(retain);
  }

  /** Once half of all entries may be dead they are looked through, which costs O(1) for each. */
  #tidy(): void {
    if (this.#takenBack > 0 && this.#takenBack >= this.#pending) this.expire();
  }

  /** Tidies up and then tells what is done with: whoever hears it may publish, cancel or clear. */
  #settle(): void {
    this.#lanes.dropEmpty();
    this.updateIdle();
    const done = this.#done;
    if (done.length === 0) return;
    this.#done = [];
    for (const message of done) this.#onDone(message);
  }

  #takeRetained(selection: PictureSelection): void {
    for (const [message, resend] of this.#retained.due) {
      // What is being sent for the first time need not be sent again.
      if (!this.#retained.isRetained(message, this.clock.position) || this.#progress.has(message)) {
        this.#retained.delete(message);
        continue;
      }
      for (let i = 0; i < resend.left; i++) {
        const fragment = (resend.fragment + i) % message.nalUnits.length;
        const fit = selection.take({ message, fragment });
        if (fit === Fit.full) return;
        if (fit === Fit.skipped) break;
      }
    }
  }

  #takeStarted(selection: PictureSelection, lane: Lane): number {
    const { picture } = selection;
    const { started } = lane;
    let result: number = Fit.taken;
    let kept = 0;
    for (const entry of started) {
      const isGone = this.#isGone(entry);
      if (!isGone) started[kept++] = entry;
      if (isGone || result === Fit.full || entry.nextPicture > this.#pictures || this.#hasToWait(entry, picture))
        continue;
      if (selection.take({ message: entry.message, fragment: entry.fragment, entry }) === Fit.full) result = Fit.full;
    }
    if (kept < started.length) started.length = kept;
    return result;
  }

  #takeWaiting(selection: PictureSelection, lane: Lane): number {
    const { picture } = selection;
    for (let at = lane.head; at < lane.waiting.length; at++) {
      const entry = lane.waiting[at];
      if (entry.copiesLeft === 0 || this.#isGone(entry)) continue;
      // The framing may change while it waits, which may be long.
      entry.isSetAside = entry.message.nalUnits[entry.fragment].length > picture.maxNalUnitLength;
      if (entry.isSetAside) continue;
      // First copies keep their order: what cannot go holds up what is behind it.
      if (this.#hasToWait(entry, picture)) return Fit.skipped;
      const fit = selection.take({ message: entry.message, fragment: entry.fragment, entry });
      if (fit !== Fit.taken) return fit;
    }
    return Fit.taken;
  }

  /** Whether an entry is not to be sent any more: its message was taken back or is too late. */
  #isGone(entry: Entry): boolean {
    const { message, progress } = entry;
    if (progress.isTakenBack) {
      entry.copiesLeft = 0;
      return true;
    }
    if (!this.isTooLate(message) && !this.#wouldBeNew(entry)) return false;
    message.ranOutOfTime = true;
    this.#entryDone(entry);
    return true;
  }

  /** Whether receivers might take a further copy for a new message. */
  #wouldBeNew({ message, nextPicture, firstCopyAt, lastCopyAt }: Entry): boolean {
    if (nextPicture === 0) return false;
    const { position } = this.clock;
    if (message.plan.isIdentified) return position - lastCopyAt > MAX_REPEAT_GAP_MS;
    return position - firstCopyAt > MAX_CONTENT_REPEAT_MS;
  }

  #hasToWait(entry: Entry, picture: Picture): boolean {
    if (picture.isKept || entry.copiesLeft > 1 || entry.hasKeptCopy) return false;
    // At the latest it goes into the picture behind which the next one will be too late.
    if (this.clock.position + this.#pictureInterval >= entry.message.expiresAt) return false;
    return this.#disposableInRow <= MAX_WAIT_FOR_KEPT_PICTURE;
  }

  #entryDone(entry: Entry): void {
    entry.copiesLeft = 0;
    const { message, progress } = entry;
    if (progress.isTakenBack) return;
    this.#pending--;
    progress.left--;
    if (progress.left > 0) return;
    message.isCarried ||= isBegun(message, progress);
    this.#forget(message);
    this.#retained.start(message, this.clock.position);
    this.#done.push(message);
  }
}

/** Whether a copy of all of a message is in frames. */
function isBegun(message: QueuedMessage, { begun }: Progress): boolean {
  return begun === message.nalUnits.length;
}
