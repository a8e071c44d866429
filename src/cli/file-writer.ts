import type { FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';
import type { RecycledMemory } from './chunk-memory.js';

/**
 * Bytes that may wait to be written before the source is told to wait: so many that reading, work and writing overlap.
 */
const WRITE_BUFFER_SIZE = 2 * 1024 * 1024;

/** Writes to a file, which it closes, and gives the memory of each chunk back as soon as it is written. */
export class FileWriter extends Writable {
  readonly #file: FileHandle;
  readonly #memory: RecycledMemory;

  /**
   * @param file open for writing; the writer owns it
   * @param memory of the chunks; others may come as well
   */
  constructor(file: FileHandle, memory: RecycledMemory) {
    super({ highWaterMark: WRITE_BUFFER_SIZE });
    this.#file = file;
    this.#memory = memory;
  }

  /** Writes a chunk; called by `Writable`, for one chunk at a time. */
  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#writeAll(chunk).then(() => {
      this.#memory.release(chunk);
      done();
    }, done);
  }

  /** Closes the file behind the last write, also one that is under way; called by `Writable`. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#file.close().then(
      () => {
        done(error);
      },
      (closeError: unknown) => {
        done(error ?? (closeError as Error));
      },
    );
  }

  async #writeAll(chunk: Uint8Array): Promise<void> {
    // A write may end early, as at the limit of a disk; only the next one says why.
    for (let at = 0; at < chunk.length;) at += (await this.#file.write(chunk, at)).bytesWritten;
  }
}
