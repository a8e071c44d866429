import { invalidType, outOfRange } from '../errors.js';
import { checkOptions, optionNames } from '../options.js';
import type { ReceivedSeiMessage } from '../receive/received-message.js';
import { SeiSubscriber, type SubscriberStats } from '../receive/subscriber.js';
import type { SeiSubscriberOptions } from '../receive/subscriber-options.js';
import { AccessUnitReader, type StreamPart } from './access-unit-reader.js';
import { FrameClock } from './frame-clock.js';
import type { StreamCore } from './stream-core.js';

/** Options of a stream that reads the messages of a byte stream. */
export interface SeiExtractStreamOptions extends Pick<
  SeiSubscriberOptions,
  'uuids' | 'dedup' | 'onMessage' | 'onDiagnostic' | 'now'
> {
  /**
   * What comes out: `messages` (the default), each as an object; or `video`, the bytes as they went in, with the
   * messages to `onMessage` alone.
   */
  readonly output?: 'messages' | 'video' | undefined;
  /**
   * Frames a second. Where it is given the messages have the timestamps of their pictures by it, from 0 on, and copies
   * are told by these; else by the clock of the machine, to which bare bytes that a file repeats every few seconds are
   * copies when it is read faster than it plays.
   */
  readonly frameRate?: number | undefined;
}

const OPTIONS = /* @__PURE__ */ optionNames<SeiExtractStreamOptions>()(
  'createSeiExtractStream and createSeiExtractWebStream',
  {
    uuids: true,
    dedup: true,
    onMessage: true,
    onDiagnostic: true,
    now: true,
    output: true,
    frameRate: true,
  },
);

/** Options of a stream that lets the video through. */
export interface SeiExtractVideoOptions extends SeiExtractStreamOptions {
  /** The bytes come out as they went in. */
  readonly output: 'video';
}

/** Counts of a stream that reads the messages of a byte stream. */
export interface SeiExtractStreamStats extends SubscriberStats {
  /** Access units above `MAX_ACCESS_UNIT_SIZE`, each as often as it was cut. */
  readonly forcedCuts: number;
}

function outputOption(output: unknown): 'messages' | 'video' {
  if (output === undefined || output === 'messages') return 'messages';
  if (output !== 'video') throw outOfRange('options.output', "'messages' or 'video'", output);
  return output;
}

/** Reads the messages of an Annex B byte stream. */
export class ByteStreamExtractor implements StreamCore<ReceivedSeiMessage | Uint8Array, SeiExtractStreamStats> {
  readonly #reader = new AccessUnitReader();
  readonly #clock: FrameClock;
  readonly #subscriber: SeiSubscriber;
  readonly #letsVideoThrough: boolean;

  /**
   * @param options which messages, how copies are told, what comes out
   * @throws `TypeError`, `RangeError`, `SeiError` `ERR_SEI_INVALID_UUID` for options that are none
   */
  constructor(options: SeiExtractStreamOptions = {}) {
    checkOptions(options, OPTIONS);
    const { output, frameRate, uuids, dedup, onMessage, onDiagnostic, now } = options;
    this.#letsVideoThrough = outputOption(output) === 'video';
    if (this.#letsVideoThrough && onMessage === undefined) {
      throw invalidType("options.onMessage, where the output is 'video',", 'a function', onMessage);
    }
    this.#clock = new FrameClock(frameRate);
    // Behind the first slice of an access unit there is no SEI: there it would begin the next one.
    const reading = { format: 'annexb', scan: 'first-vcl' } as const;
    this.#subscriber = new SeiSubscriber({ uuids, dedup, onMessage, onDiagnostic, now, ...reading });
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @param chunk borrowed, or handed on where the video goes through
   * @returns the new messages, or the chunk
   * @throws `TypeError` where `chunk` is no Uint8Array; `SeiError` `ERR_SEI_DETACHED_BUFFER`
   */
  *push(chunk: Uint8Array): Generator<ReceivedSeiMessage | Uint8Array, void> {
    for (const parts of this.#reader.push(chunk)) yield* this.#extract(parts);
    if (this.#letsVideoThrough) yield chunk;
  }

  /** Says that the stream ends here; answers the messages that are left, or nothing where the video goes through. */
  flush(): Iterable<ReceivedSeiMessage> {
    return [...this.#extract(this.#reader.flush())];
  }

  /** Forgets what has come in pieces. */
  close(): void {
    this.#subscriber.close();
  }

  /** Counts so far; a new object each time. */
  get stats(): SeiExtractStreamStats {
    return { ...this.#subscriber.stats, forcedCuts: this.#reader.forcedCuts };
  }

  *#extract(parts: readonly StreamPart[]): Generator<ReceivedSeiMessage, void> {
    for (const { data, isStart } of parts) {
      if (!isStart) continue;
      const messages = this.#subscriber.processFrame(data, { timestamp: this.#clock.next(data) });
      if (!this.#letsVideoThrough) yield* messages;
    }
  }
}
