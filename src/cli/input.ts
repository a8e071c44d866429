import { type FileHandle, open } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { READ_SIZE } from './chunk-memory.js';
import type { Context } from './context.js';
import { CliError, failure } from './failure.js';

/** The input of a command, open. */
export interface Input {
  /** How messages call it. */
  readonly name: string;
  /** Its bytes. A chunk may be written over as soon as the next one is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Its size in bytes, where it is a regular file. */
  readonly size?: number;
}

/** Reads a regular file to its end and closes it. While a chunk is worked on, the next one is read. */
async function* readFile(file: FileHandle): AsyncGenerator<Uint8Array> {
  const read = (memory: Uint8Array) => {
    const reading = file.read(memory, 0, READ_SIZE, null);
    // Whoever stops early does not want to know what becomes of the bytes behind.
    reading.catch(() => undefined);
    return reading;
  };
  let ahead: Uint8Array = Buffer.allocUnsafeSlow(READ_SIZE);
  let current: Uint8Array = Buffer.allocUnsafeSlow(READ_SIZE);
  try {
    for (let reading = read(ahead); ;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      [ahead, current] = [current, ahead];
      reading = read(ahead);
      yield current.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** What fails while an input is read is told with its name. */
async function* named(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw failure(`cannot read ${name}`, error);
  }
}

/**
 * Opens an input. The end of the run ends a read that waits for bytes, as from a terminal or a silent pipe.
 *
 * @param path a file, or `-` for stdin
 * @throws {@link CliError} where it cannot be read
 */
export async function openInput(path: string, context: Context): Promise<Input> {
  if (path === '-') return { name: 'stdin', chunks: named(addAbortSignal(context.signal, context.stdin), 'stdin') };
  try {
    const file = await open(path);
    const stats = await file.stat();
    if (stats.isDirectory()) {
      await file.close();
      throw new CliError(`cannot read ${path}: it is a directory`);
    }
    if (stats.isFile()) return { name: path, chunks: named(readFile(file), path), size: stats.size };
    return { name: path, chunks: named(addAbortSignal(context.signal, file.createReadStream()), path) };
  } catch (error) {
    throw failure(`cannot read ${path}`, error);
  }
}
