import { pipeline } from 'node:stream/promises';
import type { ChunkMemory } from './chunk-memory.js';
import type { Context } from './context.js';
import { failure } from './failure.js';
import { requireByteStream } from './format-guard.js';
import { openInput } from './input.js';
import { openOutput } from './output.js';
import { showProgress } from './progress.js';

/** What all commands that read a whole stream are told. */
export interface StreamOptions {
  /** Take the input for a byte stream, whatever it looks like. */
  readonly force?: boolean;
  /** Neither report nor progress on stderr. */
  readonly quiet?: boolean;
}

/** What becomes of a byte stream: video again, or lines of text. */
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
}

/**
 * Reads a byte stream, transforms it and writes the result, all at once and in constant memory. Afterwards there is a
 * whole output, or none.
 *
 * @param inputPath a file, or `-` for stdin
 * @param outputPath a file, or `-` for stdout
 * @throws {@link CliError} where reading, transforming or writing fails; the `AbortError` of `context.signal`
 */
export async function transformStream(
  inputPath: string,
  outputPath: string,
  context: Context,
  options: StreamOptions,
  transformation: Transformation,
): Promise<void> {
  const output = await openOutput(outputPath, context, transformation.isVideo);
  try {
    const input = await openInput(inputPath, context);
    let { chunks } = input;
    if (options.quiet !== true && input.size !== undefined) chunks = showProgress(chunks, input.size, context.stderr);
    if (options.force !== true) chunks = requireByteStream(chunks, input.name);
    const { signal } = context;
    await pipeline(transformation.run(chunks, output.memory), output.stream, { signal, end: output.endsWithRun });
    await output.commit();
  } catch (error) {
    await output.discard();
    throw failure(`cannot write ${output.name}`, error);
  }
}
