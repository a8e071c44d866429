import { allocate, copyBytes } from '../codec/bytes.js';
import { SeiInjector, type SeiInjectorStats } from '../metadata/injector.js';
import type { SeiPublisher } from '../metadata/publisher.js';
import { type TrackCursorOptions } from '../metadata/track-cursor.js';
import { checkOptions, optionNames } from '../options.js';
import { AccessUnitReader, type StreamPart } from './access-unit-reader.js';
import { FrameClock } from './frame-clock.js';
import type { StreamCore } from './stream-core.js';

/** Options of a stream that puts messages into a byte stream. */
export interface SeiInjectStreamOptions extends TrackCursorOptions {
  /** Where the messages come from. */
  readonly publisher: SeiPublisher;
  /**
   * Frames a second. Where it is given the pictures get timestamps by it, and expiry and rates go by these, so that a
   * file may run faster than real time; else they go by the clock.
   */
  readonly frameRate?: number | undefined;
}

const OPTIONS = /* @__PURE__ */ optionNames<SeiInjectStreamOptions>()(
  'createSeiInjectStream and createSeiInjectWebStream',
  {
    track: true,
    onDiagnostic: true,
    publisher: true,
    frameRate: true,
  },
);

/** Counts of a stream that puts messages into a byte stream. */
export interface SeiInjectStreamStats extends SeiInjectorStats {
  /** Access units above `MAX_ACCESS_UNIT_SIZE`, each as often as it was cut. */
  readonly forcedCuts: number;
}

/** Puts the messages of a publisher into an Annex B byte stream. */
export class ByteStreamInjector implements StreamCore<Uint8Array, SeiInjectStreamStats> {
  readonly #reader = new AccessUnitReader();
  readonly #clock: FrameClock;
  readonly #injector: SeiInjector;

  /**
   * @param options the publisher, and the frame rate where timestamps are wanted
   * @throws `TypeError`, `RangeError` for options that are none
   */
  constructor(options: SeiInjectStreamOptions) {
    checkOptions(options, OPTIONS);
    const { publisher, frameRate, track, onDiagnostic } = options;
    this.#clock = new FrameClock(frameRate);
    this.#injector = new SeiInjector({ publisher, track, onDiagnostic, format: 'annexb' });
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @param chunk borrowed
   * @returns the stream with what is due in it, in memory of its own
   * @throws `TypeError` where `chunk` is no Uint8Array; `SeiError` `ERR_SEI_DETACHED_BUFFER`
   */
  *push(chunk: Uint8Array): Generator<Uint8Array, void> {
    for (const parts of this.#reader.push(chunk)) yield join(this.#inject(parts), chunk);
  }

  /** Says that the stream ends here; answers what there is left. */
  flush(): Uint8Array[] {
    const pieces = this.#inject(this.#reader.flush());
    return pieces.length > 0 ? [join(pieces)] : [];
  }

  /** Ends the track, so that nothing waits for it any more. */
  close(): void {
    this.#injector.close();
  }

  /** Counts so far; a new object each time. */
  get stats(): SeiInjectStreamStats {
    return { ...this.#injector.stats, forcedCuts: this.#reader.forcedCuts };
  }

  #inject(parts: readonly StreamPart[]): Uint8Array[] {
    return parts.flatMap(({ data, isStart }) =>
      isStart ? this.#injector.injectParts(data, { timestamp: this.#clock.next(data) }) : [data],
    );
  }
}

/** Joins pieces, whose memory is used again, in memory of their own; there, many small ones are one write. */
function join(pieces: readonly Uint8Array[], like?: Uint8Array): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const joined = allocate(length, like);
  let at = 0;
  for (const piece of pieces) at = copyBytes(piece, 0, piece.length, joined, at);
  return joined;
}
