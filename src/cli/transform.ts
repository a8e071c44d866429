import { pipeline } from 'node:stream/promises';
import type { Container } from '../containers/file-kind.js';
import { checkNoConversion } from '../files/conversion.js';
import type { ChunkMemory } from './chunk-memory.js';

import type { Context } from './context.js';
import { CliError, ExitCode, failure, reasonOf } from './failure.js';
import { requireByteStream } from './format-guard.js';
import { openInput } from './input.js';
import { type Media, openMedia, peekContainer } from './media.js';
import { openOutput } from './output.js';
import { showProgress } from './progress.js';

/** What all commands that read a whole stream are told. */
export interface StreamOptions {
  /** Take the input for a byte stream, whatever it looks like. */
  readonly force?: boolean;
  /** Neither report nor progress on stderr. */
  readonly quiet?: boolean;
}

/** What becomes of an input: video again, or lines of text. */
export interface Transformation {
  /** Whether video comes out, which is nothing for a terminal. */
  readonly isVideo: boolean;
  /**
   * Makes the output of the chunks of the input.
   *
   * @param source each chunk is there until the next one is asked for
   * @param memory for the chunks of the output
   */
  run(source: AsyncIterable<Uint8Array>, memory: ChunkMemory): AsyncIterable<Uint8Array | string>;
  /** Makes the output of an input that is a container. */
  runMedia(media: Media): AsyncIterable<Uint8Array | string>;
}

/** How an input ended. */
export interface Outcome {
  /** Whether it ends before its container says. */
  readonly truncated: boolean;
}

/**
 * Ends a run whose input was cut, after its output and report are written.
 *
 * @throws {CliError} with the exit code for it
 */
export function checkWhole({ truncated }: Outcome, inputPath: string): void {
  if (!truncated) return;
  const name = inputPath === '-' ? 'stdin' : inputPath;
  throw new CliError(`${name} is cut short; the output has what is whole of it`, ExitCode.truncated);
}

function refuseConversion(name: string, container: Container, outputPath: string): void {
  if (outputPath === '-') return;
  try {
    checkNoConversion(name, container, outputPath, name === 'stdin' ? '-' : name);
  } catch (error) {
    throw new CliError(reasonOf(error));
  }
}

/**
 * Reads a byte stream or a container, transforms it and writes the result, in bounded memory. Afterwards there is a
 * whole output, or none.
 *
 * @param inputPath a file, or `-` for stdin
 * @param outputPath a file, or `-` for stdout
 * @returns whether the input was whole
 * @throws {@link CliError} where reading, transforming or writing fails; the `AbortError` of `context.signal`
 */
export async function transformStream(
  inputPath: string,
  outputPath: string,
  context: Context,
  options: StreamOptions,
  transformation: Transformation,
): Promise<Outcome> {
  const output = await openOutput(outputPath, context, transformation.isVideo);
  let media: Media | undefined;
  try {
    const input = await openInput(inputPath, context);
    const isQuiet = options.quiet === true;
    let { chunks } = input;
    let result: AsyncIterable<Uint8Array | string> | undefined;
    if (options.force !== true) {
      const peeked = await peekContainer(chunks);
      chunks = peeked.chunks;
      if (peeked.container !== undefined) {
        try {
          if (transformation.isVideo) refuseConversion(input.name, peeked.container, outputPath);
        } catch (error) {
          await peeked.close();
          throw error;
        }
        media = await reading(
          input.name,
          openMedia(input, peeked, inputPath, context, { isQuiet, isVideo: transformation.isVideo }),
        );
        result = named(transformation.runMedia(media), input.name);
      }
    }
    if (result === undefined) {
      if (!isQuiet && input.size !== undefined) chunks = showProgress(chunks, input.size, context.stderr);
      if (options.force !== true) chunks = requireByteStream(chunks, input.name);
      if (options.force !== true && transformation.isVideo) chunks = unconverted(chunks, input.name, outputPath);
      result = transformation.run(chunks, output.memory);
    }
    const { signal } = context;
    await pipeline(result, output.stream, { signal, end: output.endsWithRun });
    await output.commit();
    return { truncated: media?.truncated === true };
  } catch (error) {
    await output.discard();
    throw failure(`cannot write ${output.name}`, error);
  } finally {
    await media?.close();
  }
}

/** A byte stream, once it has shown that it is one; under the name of a container it is not written. */
async function* unconverted(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  outputPath: string,
): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst) refuseConversion(name, 'annexb', outputPath);
    isFirst = false;
    yield chunk;
  }
}

/** What fails while a container is read is told with its name. */
async function reading<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw failure(`cannot read ${name}`, error);
  }
}

async function* named<T>(items: AsyncIterable<T>, name: string): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (
      let next = await reading(name, iterator.next());
      next.done !== true;
      next = await reading(name, iterator.next())
    ) {
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}
