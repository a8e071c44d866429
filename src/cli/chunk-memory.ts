/** The memory of the chunks that are read and written. A page that is used for the first time costs more than a copy. */
import { copyBytes } from '../codec/bytes.js';

/**
 * Bytes that are read from a file at once: 1 MiB. Waking another thread for a smaller piece takes longer than the piece.
 */
export const READ_SIZE = 1024 * 1024;

/** Bytes of a chunk that is written at most: what becomes of one that was read, with messages in it, is one write. */
export const WRITE_SIZE = 2 * READ_SIZE;

/** Where the chunks of an output have their memory. */
export interface ChunkMemory {
  /** Memory for `length` bytes, up to {@link WRITE_SIZE}; it may be larger. */
  take(length: number): Uint8Array;
}

/** Memory of its own for each chunk, for an output that may keep what it is given. */
export const freshMemory: ChunkMemory = { take: (length) => Buffer.allocUnsafeSlow(length) };

/** Memory for an output that says when a chunk is written, and is used again from then on. */
export class RecycledMemory implements ChunkMemory {
  readonly #all = new WeakSet<ArrayBufferLike>();
  readonly #free: Uint8Array[] = [];

  take(): Uint8Array {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const memory = Buffer.allocUnsafeSlow(WRITE_SIZE);
    this.#all.add(memory.buffer);
    return memory;
  }

  /** Takes a chunk back; one that was not taken from here, such as a text, is left alone. */
  release(chunk: Uint8Array): void {
    if (this.#all.has(chunk.buffer)) this.#free.push(new Uint8Array(chunk.buffer));
  }
}

/**
 * Copies pieces one behind the other into chunks, so that many small ones do not cost a write each.
 *
 * @param pieces only read, and not needed any more afterwards
 * @param memory of the chunks
 */
export function* joinPieces(pieces: readonly Uint8Array[], memory: ChunkMemory): Generator<Uint8Array> {
  let left = 0;
  for (const { length } of pieces) left += length;
  let chunk: Uint8Array | undefined;
  let chunkLength = 0;
  let at = 0;
  for (const piece of pieces) {
    for (let from = 0; from < piece.length;) {
      if (chunk === undefined) {
        chunkLength = Math.min(left, WRITE_SIZE);
        chunk = memory.take(chunkLength);
        at = 0;
      }
      const to = Math.min(piece.length, from + chunkLength - at);
      at = copyBytes(piece, from, to, chunk, at);
      from = to;
      if (at < chunkLength) continue;
      left -= chunkLength;
      yield chunk.subarray(0, chunkLength);
      chunk = undefined;
    }
  }
}
