import { type Disposal, disposable } from '../disposal.js';
import { backend } from '../backend/current.js';
import { type SameBytes, allocate } from '../codec/bytes.js';
import { locatedFraming, locatedHeader, locatedOffset } from '../codec/results.js';
import { NalUnitType, nalUnitType } from '../codec/nal-unit.js';
import { growth, roomIn } from '../codec/insertion.js';
import { invalidType, outOfRange } from '../errors.js';
import { checkOptions, checkRepeatedOptions, optionNames } from '../options.js';
import { type InjectOptions, checkBytes, framingHint, maxPacketSizeOption, readableBytes } from '../frame/arguments.js';
import { copyInto, piecesOf, targetTooSmall } from '../frame/inject.js';
import { FormatLock } from './format-lock.js';
import type { Picture, Selection } from './picture-selection.js';
import type { SeiPublisher } from './publisher.js';
import { type TrackCursor, type TrackCursorOptions, type TrackCursorStats } from './track-cursor.js';

/** Options of an injector. */
export interface SeiInjectorOptions extends InjectOptions, TrackCursorOptions {
  /** Where the messages come from. */
  readonly publisher: SeiPublisher;
  /**
   * The most bytes by which a frame may grow, framing included; what the publisher allows where absent. A NAL unit that
   * is larger by itself goes alone, and copies that are meant for one frame but are more go into several.
   */
  readonly maxFrameGrowth?: number | undefined;
}

/** What is known of one frame. */
export interface InjectFrameOptions {
  /**
   * When the frame is shown or was taken, in milliseconds from any origin. Where frames have it, expiry and rates go by
   * it, so that a file may run faster than real time; else, and from the first frame on that has none, they go by the
   * clock.
   */
  readonly timestamp?: number | undefined;
}

/** Counts of an injector. */
export interface SeiInjectorStats extends TrackCursorStats {
  /** Frames that passed while messages were waiting, since they are no H.264 or do not fit what came before. */
  readonly unknownFrames: number;
  /** Frames that passed while messages were waiting, since they hold no picture, or packets that do not start one. */
  readonly framesWithoutPicture: number;
}

const OPTIONS = /* @__PURE__ */ optionNames<SeiInjectorOptions>()('SeiInjector', {
  format: true,
  lengthSize: true,
  avcC: true,
  maxPacketSize: true,
  track: true,
  onDiagnostic: true,
  publisher: true,
  maxFrameGrowth: true,
});

const FRAME_OPTIONS = /* @__PURE__ */ optionNames<InjectFrameOptions>()('inject, injectParts and injectInto', {
  timestamp: true,
});

/** What is to be put into one frame. */
interface Plan {
  readonly data: Uint8Array;
  /** Where it goes; see codec/location. */
  readonly location: number;
  readonly selection: Selection;
}

// `using` closes it: see disposal.ts.
// eslint-disable-next-line @typescript-eslint/no-empty-object-type, jsdoc/require-jsdoc -- the class has the method at run time
export interface SeiInjector extends Disposal {}

/**
 * Puts the messages of a publisher into the frames of one track, or of one simulcast layer.
 *
 * Each injector carries every message, at its own pace. It never throws for what is in a frame and never loses one: a
 * frame that is no H.264, holds no picture, or does not fit the framing of those before it passes as it is, and the
 * messages wait for the next. With nothing to send it answers the frame itself, at the price of looking at a flag.
 *
 * The format is that of the options, or the one in which two frames in a row agree; it changes where three in a row
 * agree on another. With `format: 'rtp'` it takes the payload of each packet and uses those that start a picture and
 * have room.
 */
export class SeiInjector {
  /** The name of the track in receipts and diagnostics. */
  readonly track: string;
  readonly #cursor: TrackCursor;
  readonly #lock: FormatLock;
  readonly #maxPacketSize: number;
  readonly #maxFrameGrowth: number;
  #unknownFrames = 0;
  #framesWithoutPicture = 0;

  /**
   * @param options the publisher, and what is known of the frames
   * @throws `TypeError`, `RangeError`, {@link SeiError} `ERR_SEI_MALFORMED` for options that are none
   */
  constructor(options: SeiInjectorOptions) {
    checkOptions(options, OPTIONS);
    disposable(this);
    const { publisher, track, onDiagnostic } = options;
    if (typeof (publisher as Partial<SeiPublisher> | undefined)?.openTrack !== 'function') {
      throw invalidType('options.publisher', 'a SeiPublisher', publisher);
    }
    this.#lock = new FormatLock(framingHint(options));
    this.#maxPacketSize = maxPacketSizeOption(options);
    this.#maxFrameGrowth = maxFrameGrowthOption(options);
    this.#cursor = publisher.openTrack({ track, onDiagnostic });
    this.track = this.#cursor.track;
  }

  /**
   * Puts what is due into a frame.
   *
   * @param frame one access unit, sample or RTP payload; it is only read
   * @param options its timestamp
   * @returns new memory, a `Buffer` where `frame` is one; `frame` itself, the same object, where nothing goes in
   * @throws `TypeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_DETACHED_BUFFER`
   */
  inject<T extends Uint8Array>(frame: T, options?: InjectFrameOptions): SameBytes<T>;
  /** One kind of bytes in, the same out: see above. */
  inject(frame: Uint8Array, options?: InjectFrameOptions): Uint8Array {
    const plan = this.#planFor(frame, options);
    if (plan === undefined) return frame;
    const { data, location, selection } = plan;
    const { nalUnits } = selection;
    const target = allocate(data.length + growth(data, nalUnits, locatedFraming(location)), frame);
    backend().splice(data, nalUnits, target, location);
    this.#cursor.commit(selection);
    return target;
  }

  /**
   * Puts what is due into a frame as {@link SeiInjector.inject} does, and copies nothing.
   *
   * @returns pieces for `writev`, as {@link injectSeiParts} answers them; `[frame]` where nothing goes in
   * @throws as {@link SeiInjector.inject} does
   */
  injectParts(frame: Uint8Array, options?: InjectFrameOptions): Uint8Array[] {
    const plan = this.#planFor(frame, options);
    if (plan === undefined) return [frame];
    const { data, location, selection } = plan;
    this.#cursor.commit(selection);
    return piecesOf(data, selection.nalUnits, location);
  }

  /**
   * Puts what is due into a frame as {@link SeiInjector.inject} does, into the caller's memory.
   *
   * @param target where the result is written; it does not overlap `frame`
   * @returns how many bytes were written: those of `frame` where nothing goes in
   * @throws as {@link SeiInjector.inject} does; {@link SeiError} `ERR_SEI_TARGET_TOO_SMALL`, and then nothing was
   *   written and the messages wait for the next frame; `ERR_SEI_OVERLAP`
   */
  injectInto(frame: Uint8Array, target: Uint8Array, options?: InjectFrameOptions): number {
    checkBytes('target', target);
    const data = readableBytes('frame', frame, undefined, { target, memory: target.buffer });
    const plan = this.#isDue(options) ? this.#planWith(data) : undefined;
    if (plan === undefined) return copyInto(data, target);
    const { location, selection } = plan;
    const length = backend().splice(data, selection.nalUnits, target, location);
    if (length < 0) throw targetTooSmall(target.length);
    this.#cursor.commit(selection);
    return length;
  }

  /** Ends the track: nothing waits for it any more, and further frames pass as they are. */
  close(): void {
    this.#cursor.close();
  }

  /** Counts since the injector was made. */
  get stats(): SeiInjectorStats {
    return {
      ...this.#cursor.stats,
      unknownFrames: this.#unknownFrames,
      framesWithoutPicture: this.#framesWithoutPicture,
    };
  }

  /** A frame has come: whether something may go into it. */
  #isDue(options: InjectFrameOptions | undefined): boolean {
    if (options !== undefined) checkRepeatedOptions(options, FRAME_OPTIONS);
    return this.#cursor.next(options?.timestamp);
  }

  /** What is to go into a frame; undefined where that is nothing. */
  #planFor(frame: Uint8Array, options: InjectFrameOptions | undefined): Plan | undefined {
    if (this.#isDue(options)) return this.#planWith(readableBytes('frame', frame));
    if (!(frame instanceof Uint8Array)) checkBytes('frame', frame);
    return undefined;
  }

  #planWith(data: Uint8Array): Plan | undefined {
    if (data.length === 0) return undefined;
    const location = this.#lock.locate(data);
    if (location === 0) {
      this.#unknownFrames++;
      this.#cursor.report('unknown-frame', { length: data.length });
      return undefined;
    }
    if (locatedOffset(location) < 0) {
      this.#framesWithoutPicture++;
      return undefined;
    }
    const selection = this.#cursor.select(this.#pictureAt(location, data));
    return selection && { data, location, selection };
  }

  /** What the first slice of a frame says about its picture, and the room before it. */
  #pictureAt(location: number, data: Uint8Array): Picture {
    const header = locatedHeader(location);
    const room = roomIn(data, locatedFraming(location), this.#maxPacketSize);
    return {
      isIdr: nalUnitType(header) === NalUnitType.idrSlice,
      isKept: (header & 0x60) !== 0,
      maxNalUnitLength: room.maxNalUnitLength,
      maxGrowth: room.maxGrowth,
      maxSharedGrowth: this.#maxFrameGrowth,
      framingLength: room.framingLength,
    };
  }
}

function maxFrameGrowthOption({ maxFrameGrowth = Infinity }: SeiInjectorOptions): number {
  if (typeof maxFrameGrowth !== 'number') throw invalidType('options.maxFrameGrowth', 'a number', maxFrameGrowth);
  if (!(maxFrameGrowth > 0)) throw outOfRange('options.maxFrameGrowth', 'a number above 0', maxFrameGrowth);
  return maxFrameGrowth;
}
