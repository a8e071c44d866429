import { open } from 'node:fs/promises';
import { type Readable, addAbortSignal } from 'node:stream';
import type { Context } from './context.js';
import { CliError, failure } from './failure.js';

/**
 * Bytes that are read from a file at once: 256 KiB. A larger chunk is no faster, and what is made of it takes more
 * memory.
 */
const READ_SIZE = 256 * 1024;

/** The input of a command, open. */
export interface Input {
  /** How messages call it. */
  readonly name: string;
  /** Its bytes. */
  readonly stream: Readable;
  /** Its size in bytes, where it is a regular file. */
  readonly size?: number;
}

/**
 * Opens an input. The end of the run ends a read that waits for bytes, as from a terminal or a silent pipe.
 *
 * @param path a file, or `-` for stdin
 * @throws {@link CliError} where it cannot be read
 */
export async function openInput(path: string, { stdin, signal }: Context): Promise<Input> {
  if (path === '-') return { name: 'stdin', stream: addAbortSignal(signal, stdin) };
  try {
    const file = await open(path);
    const stats = await file.stat();
    if (stats.isDirectory()) {
      await file.close();
      throw new CliError(`cannot read ${path}: it is a directory`);
    }
    const stream = addAbortSignal(signal, file.createReadStream({ highWaterMark: READ_SIZE }));
    return { name: path, stream, ...(stats.isFile() && { size: stats.size }) };
  } catch (error) {
    throw failure(`cannot read ${path}`, error);
  }
}

/** The chunks of an input; what fails while it is read is told with its name. */
export async function* chunksOf({ stream, name }: Input): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw failure(`cannot read ${name}`, error);
  }
}
