import { type Disposal, disposable } from '../disposal.js';
import { invalidType } from '../errors.js';
import { checkOptions, optionNames } from '../options.js';
import { type DiagnosticListener, type InjectorEvents, diagnose } from '../diagnostics.js';
import type { MessageQueue } from './message-queue.js';
import type { Picture, PictureSelection, Selection } from './picture-selection.js';
import type { Track } from './track.js';

/** Options of {@link TrackCursor}. */
export interface TrackCursorOptions {
  /** The name of the track in receipts and diagnostics; by default a number of its own. */
  readonly track?: string | undefined;
  /** Told what the track reports, where there is no `node:diagnostics_channel`. */
  readonly onDiagnostic?: DiagnosticListener | undefined;
}

/** The names of {@link TrackCursorOptions}. */
export const TRACK_NAMES = { track: true, onDiagnostic: true } as const;

const OPTIONS = /* @__PURE__ */ optionNames<TrackCursorOptions>()('openTrack', TRACK_NAMES);

/** Counts of a track. */
export interface TrackCursorStats {
  /** Frames that came. */
  readonly frames: number;
  /** Frames that SEI went into. */
  readonly framesInjected: number;
  /** Copies of messages, or of fragments, that went in. */
  readonly copies: number;
  /** Bytes that were added, framing not counted. */
  readonly bytes: number;
  /** NAL units that have copies left to send. */
  readonly pending: number;
}

let cursors = 0;

function checkTime(name: string, value: number | undefined): void {
  if (value !== undefined && !Number.isFinite(value)) throw invalidType(name, 'a finite number', value);
}

// `using` closes it: see disposal.ts.
// eslint-disable-next-line @typescript-eslint/no-empty-object-type, jsdoc/require-jsdoc -- the class has the method at run time
export interface TrackCursor extends Disposal {}

/**
 * Where one track, or one simulcast layer, is in the messages of a publisher, for whoever puts the NAL units into the
 * frames himself: {@link SeiPublisher.openTrack} answers it, and {@link SeiInjector} is made of it. For each frame:
 *
 * ```ts
 * if (!cursor.next(timestamp)) return frame; // nothing to send, nothing to look for
 * const selection = cursor.select(picture); // what the frame holds, and what it has room for
 * if (selection === undefined) return frame;
 * const result = splice(frame, selection.nalUnits);
 * cursor.commit(selection); // it is in: only now does it count
 * return result;
 * ```
 *
 * Each cursor carries every message, at its own pace, from its opening on. One that has no frame for
 * 2 s holds nobody back, and goes on where it was with its next.
 */
export class TrackCursor {
  /** The name of the track in receipts and diagnostics. */
  readonly track: string;
  readonly #queue: MessageQueue;
  readonly #track: Track;
  readonly #onDiagnostic: DiagnosticListener | undefined;
  #isClosed = false;
  #timestamp: number | undefined;
  /** What may be committed. */
  #selected: PictureSelection | undefined;
  #framesInjected = 0;
  #copies = 0;
  #bytes = 0;

  /**
   * @internal
   * @param queue the messages
   * @param options of {@link SeiPublisher.openTrack}
   */
  constructor(queue: MessageQueue, options: TrackCursorOptions) {
    checkOptions(options, OPTIONS);
    disposable(this);
    const { track = `track-${++cursors}`, onDiagnostic } = options;
    if (typeof track !== 'string') throw invalidType('options.track', 'a string', track);
    this.track = track;
    this.#queue = queue;
    this.#track = queue.createTrack(track);
    this.#onDiagnostic = onDiagnostic;
  }

  /**
   * One more frame has come. It costs nanoseconds where there is nothing to send.
   *
   * @param timestamp when the frame is shown or was taken, in milliseconds from any origin, where that is known: see
   *   {@link InjectFrameOptions}. The packets of one picture have the same
   * @param time by which messages expire, in milliseconds from any origin, where timestamps jump although no time has
   *   passed; the timestamp where absent
   * @returns false where nothing can go into it, whatever it holds
   * @throws `TypeError` for a timestamp or a time that is no finite number
   */
  next(timestamp?: number, time: number | undefined = timestamp): boolean {
    checkTime('timestamp', timestamp);
    checkTime('time', time);
    const track = this.#track;
    this.#timestamp = timestamp;
    this.#selected = undefined;
    if (track.isAway && !this.#isClosed) this.#queue.beforeArrival();
    track.clock.tick(time);
    track.frames++;
    if (track.isIdle || this.#isClosed) return false;
    if (!track.clock.hasTimestamps) track.clock.advance(this.#queue.timeline.now());
    if (track.isAway) this.#queue.arrive(track);
    return !track.isIdle;
  }

  /**
   * Says which NAL units go into the picture of the frame; at most once a frame, and only where
   * {@link TrackCursor.next} was true. Nothing counts as sent before {@link TrackCursor.commit}.
   *
   * @returns what goes in; undefined where that is nothing
   */
  select(picture: Picture): Selection | undefined {
    if (this.#isClosed) return undefined;
    const selection = this.#track.select(picture);
    if (selection.nalUnits.length === 0) return undefined;
    this.#selected = selection;
    return selection;
  }

  /**
   * The selection is in the frame.
   *
   * @param selection what {@link TrackCursor.select} answered for the latest frame
   * @throws `TypeError` for any other, and for one that was committed before
   */
  commit(selection: Selection): void {
    const selected = this.#selected;
    if (selected === undefined || selected !== selection) {
      throw invalidType('selection', 'what select() answered for the latest frame, not committed yet', selection);
    }
    this.#selected = undefined;
    this.#track.commit(selected, this.#timestamp);
    this.#framesInjected++;
    this.#copies += selection.nalUnits.length;
    this.#bytes += selection.bytes;
  }

  /** Ends the track: nothing waits for it any more, and nothing goes into further frames. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue.close(this.#track);
  }

  /**
   * Reports what happened to the track, on the channel `h264-sei:injector` and to the listener of the options.
   *
   * @internal
   */
  report<Event extends 'unknown-frame' | 'header-extensions-error'>(
    event: Event,
    details: Omit<InjectorEvents[Event], 'track'>,
  ): void {
    diagnose('injector', event, { track: this.track, ...details } as InjectorEvents[Event], this.#onDiagnostic);
  }

  /** Counts since the track was opened. */
  get stats(): TrackCursorStats {
    return {
      frames: this.#track.frames,
      framesInjected: this.#framesInjected,
      copies: this.#copies,
      bytes: this.#bytes,
      pending: this.#track.pending,
    };
  }
}
