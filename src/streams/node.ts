import { Transform, type TransformCallback, addAbortSignal } from 'node:stream';
import { invalidType } from '../errors.js';
import { ByteStreamExtractor, type SeiExtractStreamOptions, type SeiExtractStreamStats } from './extract.js';
import { ByteStreamInjector, type SeiInjectStreamOptions, type SeiInjectStreamStats } from './inject.js';
import type { StreamCore } from './stream-core.js';

/** What every Node stream here can be told besides. */
export interface AbortOptions {
  /** Destroys the stream with an `AbortError` (`ABORT_ERR`) when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** A Node stream of bytes that counts what it does. */
export type SeiTransform<Stats> = Transform & {
  /** Counts so far; a new object each time. */
  readonly stats: Stats;
};

/** The shell of a Node stream around what it does. */
class CoreTransform<Output, Stats> extends Transform {
  readonly #core: StreamCore<Output, Stats>;

  constructor(core: StreamCore<Output, Stats>, readableObjectMode: boolean, signal: AbortSignal | undefined) {
    super({ decodeStrings: false, readableObjectMode });
    this.#core = core;
    // Only now: it destroys the stream at once where it is aborted already.
    if (signal !== undefined) addAbortSignal(signal, this);
  }

  get stats(): Stats {
    return this.#core.stats;
  }

  override _transform(chunk: Uint8Array, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#run(callback, () => this.#core.push(chunk));
  }

  override _flush(callback: TransformCallback): void {
    this.#run(callback, () => this.#core.flush());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#core.close();
    callback(error);
  }

  #run(callback: TransformCallback, act: () => Iterable<Output>): void {
    try {
      for (const output of act()) {
        // Whoever has just read may have seen enough.
        if (this.destroyed) break;
        this.push(output);
      }
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback();
  }
}

/** Options that can be taken apart. The streams check what is in them. */
function withSignal<Options extends object>(options: Options): Options {
  if (typeof options !== 'object' || (options as unknown) === null) throw invalidType('options', 'an object', options);
  return options;
}

/**
 * A Node stream that puts the messages of a publisher into an Annex B byte stream, however that is chunked:
 *
 * ```ts
 * await pipeline(ffmpeg.stdout, createSeiInjectStream({ publisher }), player.stdin);
 * ```
 *
 * Each message goes in front of the first slice of a picture, as `SeiInjector` puts it there. Nothing waits for
 * the end of a picture: bytes go on as soon as it is certain what they belong to. What comes out, without the messages,
 * is what went in, byte for byte, whatever the bytes are; what is no H.264 gets no messages. Memory is bounded by
 * `MAX_ACCESS_UNIT_SIZE`. When the stream ends or is destroyed, nothing waits for its track any more.
 *
 * @param options the publisher; a frame rate where timestamps are wanted; a signal
 * @returns a Transform of bytes. Writing text into it is an error, `ERR_INVALID_ARG_TYPE`
 * @throws `TypeError`, `RangeError` for options that are none (H.264 7.4.1.2.3, B.1.1)
 */
export function createSeiInjectStream(
  options: SeiInjectStreamOptions & AbortOptions,
): SeiTransform<SeiInjectStreamStats> {
  const { signal, ...others } = withSignal(options);
  return new CoreTransform(new ByteStreamInjector(others), false, signal);
}

/**
 * A Node stream that reads the messages of an Annex B byte stream, however that is chunked, each once:
 *
 * ```ts
 * await pipeline(socket, createSeiExtractStream(), async (messages) => {
 *   for await (const message of messages) console.log(message.text());
 * });
 * ```
 *
 * With `socket.pipe()` instead, which passes no error on, that loop would wait forever where the connection breaks.
 *
 * A message comes out as soon as the picture behind it begins. With `output: 'video'` the bytes go through as they are
 * and the messages go to `onMessage`, for the middle of a pipe. Bytes that cannot be read are counted and never an
 * error. Memory is bounded by `MAX_ACCESS_UNIT_SIZE` and the limits of `SeiSubscriber`.
 *
 * @param options which messages, what comes out; a frame rate where timestamps are wanted; a signal
 * @returns a Transform that takes bytes and gives `ReceivedSeiMessage` objects, or bytes
 * @throws `TypeError`, `RangeError`, `SeiError` `ERR_SEI_INVALID_UUID` for options that are none (H.264 D.1.7)
 */
export function createSeiExtractStream(
  options: SeiExtractStreamOptions & AbortOptions = {},
): SeiTransform<SeiExtractStreamStats> {
  const { signal, ...others } = withSignal(options);
  return new CoreTransform(new ByteStreamExtractor(others), others.output !== 'video', signal);
}
