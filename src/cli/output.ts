import { constants, type Stats } from 'node:fs';
import { access, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { type ChunkMemory, RecycledMemory, freshMemory } from './chunk-memory.js';
import type { Context } from './context.js';
import { CliError, ExitCode, failure } from './failure.js';
import { FileWriter } from './file-writer.js';

/** The output of a command, open. */
export interface Output {
  /** How messages call it. */
  readonly name: string;
  /** Takes the bytes. */
  readonly stream: Writable;
  /** The memory of the chunks that it takes; a chunk of other memory may be kept until it is written. */
  readonly memory: ChunkMemory;
  /** Whether the stream is to be ended behind the last byte; stdout is not ours to end. */
  readonly endsWithRun: boolean;
  /** Makes the output visible under its name; called when everything is written. */
  commit(): Promise<void>;
  /** Leaves no trace of an output that is not complete. */
  discard(): Promise<void>;
}

const NOTHING_TO_DO = () => Promise.resolve();

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function openStdout({ stdout }: Context, isVideo: boolean): Output {
  if (isVideo && stdout.isTTY === true) {
    throw new CliError(
      'will not write video to a terminal; give an output file, or send stdout into a file or pipe',
      ExitCode.usage,
    );
  }
  return {
    name: 'stdout',
    stream: stdout,
    memory: freshMemory,
    endsWithRun: false,
    commit: NOTHING_TO_DO,
    discard: NOTHING_TO_DO,
  };
}

/** A temporary file beside the output, which takes its name when it is complete. */
async function openBeside(name: string, path: string, mode?: number): Promise<Output> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`);
  const file = await open(temporary, 'wx');
  if (mode !== undefined) await file.chmod(mode);
  const memory = new RecycledMemory();
  const stream = new FileWriter(file, memory);
  return {
    name,
    stream,
    memory,
    endsWithRun: true,
    commit: () => rename(temporary, path),
    discard: async () => {
      await closed(stream);
      await rm(temporary, { force: true });
    },
  };
}

/** A device or pipe, which is written as it is. */
async function openInPlace(path: string): Promise<Output> {
  const memory = new RecycledMemory();
  const stream = new FileWriter(await open(path, 'w'), memory);
  return { name: path, stream, memory, endsWithRun: true, commit: NOTHING_TO_DO, discard: () => closed(stream) };
}

/** Closes a stream that may have failed, and waits for it. */
function closed(stream: Writable): Promise<void> {
  stream.destroy();
  if (stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('close', resolve);
  });
}

/**
 * Opens an output. A file is written under another name beside it and renamed at the end, so that it is there as a
 * whole or not at all, and may be the input as well; the mode of one that exists is kept.
 *
 * @param path a file, or `-` for stdout
 * @param isVideo whether it is nothing for a terminal
 * @throws {@link CliError} where it cannot be written
 */
export async function openOutput(path: string, context: Context, isVideo: boolean): Promise<Output> {
  if (path === '-') return openStdout(context, isVideo);
  try {
    const stats = await statOf(path);
    if (stats === undefined) return await openBeside(path, path);
    if (stats.isDirectory()) throw new CliError(`cannot write ${path}: it is a directory`);
    await access(path, constants.W_OK);
    if (stats.isFile()) return await openBeside(path, await realpath(path), stats.mode & 0o7777);
    return await openInPlace(path);
  } catch (error) {
    throw failure(`cannot write ${path}`, error);
  }
}
