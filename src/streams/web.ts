import type { ReceivedSeiMessage } from '../receive/received-message.js';
import {
  ByteStreamExtractor,
  type SeiExtractStreamOptions,
  type SeiExtractStreamStats,
  type SeiExtractVideoOptions,
} from './extract.js';
import { ByteStreamInjector, type SeiInjectStreamOptions, type SeiInjectStreamStats } from './inject.js';
import type { StreamCore } from './stream-core.js';

/** A web stream of bytes that counts what it does. */
export interface SeiWebTransform<Output, Stats> extends TransformStream<Uint8Array, Output> {
  /** Counts so far; a new object each time. */
  readonly stats: Stats;
}

/** The shell of a web stream around what it does. */
function webTransform<Output, Stats>(core: StreamCore<Output, Stats>): SeiWebTransform<Output, Stats> {
  // A transformer that throws is not asked again, not even to cancel: nobody is to wait for its track.
  const enqueue = (outputs: () => Iterable<Output>, controller: TransformStreamDefaultController<Output>) => {
    try {
      for (const output of outputs()) controller.enqueue(output);
    } catch (error) {
      core.close();
      throw error;
    }
  };
  const transformer = {
    transform(chunk: Uint8Array, controller: TransformStreamDefaultController<Output>) {
      enqueue(() => core.push(chunk), controller);
    },
    flush(controller: TransformStreamDefaultController<Output>) {
      enqueue(() => core.flush(), controller);
      core.close();
    },
    // Called where the stream is given up, by runtimes that are newer than Node 20.
    cancel() {
      core.close();
    },
  };
  const stream = new TransformStream<Uint8Array, Output>(transformer);
  return Object.defineProperty(stream, 'stats', { get: () => core.stats }) as SeiWebTransform<Output, Stats>;
}

/**
 * The web twin of {@link createSeiInjectStream}, for browsers, Deno, Bun and Node's own web streams: it puts the
 * messages of a publisher into an Annex B byte stream, however that is chunked.
 *
 * ```ts
 * await encoded.pipeThrough(createSeiInjectWebStream({ publisher }), { signal }).pipeTo(destination);
 * ```
 *
 * @param options the publisher; a frame rate where timestamps are wanted
 * @returns a TransformStream of Uint8Array; any other chunk is an error, `ERR_INVALID_ARG_TYPE`
 * @throws `TypeError`, `RangeError` for options that are none (H.264 7.4.1.2.3, B.1.1)
 */
export function createSeiInjectWebStream(
  options: SeiInjectStreamOptions,
): SeiWebTransform<Uint8Array, SeiInjectStreamStats> {
  return webTransform(new ByteStreamInjector(options));
}

/**
 * The web twin of {@link createSeiExtractStream}: it reads the messages of an Annex B byte stream, however that is
 * chunked, each once.
 *
 * @param options which messages, what comes out; a frame rate where timestamps are wanted
 * @returns a TransformStream that takes Uint8Array and gives `ReceivedSeiMessage` objects, or bytes
 * @throws `TypeError`, `RangeError`, `SeiError` `ERR_SEI_INVALID_UUID` for options that are none (H.264 D.1.7)
 */
export function createSeiExtractWebStream(
  options: SeiExtractVideoOptions,
): SeiWebTransform<Uint8Array, SeiExtractStreamStats>;
export function createSeiExtractWebStream(
  options?: SeiExtractStreamOptions,
): SeiWebTransform<ReceivedSeiMessage, SeiExtractStreamStats>;
export function createSeiExtractWebStream(
  options?: SeiExtractStreamOptions,
): SeiWebTransform<ReceivedSeiMessage | Uint8Array, SeiExtractStreamStats> {
  return webTransform(new ByteStreamExtractor(options));
}
