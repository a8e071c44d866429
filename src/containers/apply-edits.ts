import { concatBytes } from '../codec/bytes.js';
import { type ByteSource, READ_SIZE } from './byte-source.js';
import { type Edit, damaged } from './edits.js';

/** So many bytes are put together before they go on, so that small pieces do not cost a write each. */
const PIECE_SIZE = 256 * 1024;

/** Puts small pieces together. */
class Joiner {
  #pieces: Uint8Array[] = [];
  #length = 0;

  add(piece: Uint8Array): Uint8Array | undefined {
    this.#pieces.push(piece);
    this.#length += piece.length;
    return this.#length >= PIECE_SIZE ? this.take() : undefined;
  }

  take(): Uint8Array | undefined {
    if (this.#length === 0) return undefined;
    const joined = this.#pieces.length === 1 ? this.#pieces[0] : concatBytes(this.#pieces);
    this.#pieces = [];
    this.#length = 0;
    return joined;
  }
}

/**
 * The bytes of a stretch of a file with its changes made.
 *
 * @param source the file
 * @param edits those of the stretch, in order, none over another
 * @param start where the stretch begins
 * @param end where it ends
 * @returns pieces of memory of their own
 */
export async function* applyEdits(
  source: ByteSource,
  edits: readonly Edit[],
  start = 0,
  end = source.size,
): AsyncGenerator<Uint8Array> {
  const joiner = new Joiner();
  let window: Uint8Array = new Uint8Array(0);
  let windowStart = 0;
  let at = start;
  for (const { at: to, remove, insert } of [...edits, { at: end, remove: 0, insert: [] }]) {
    while (at < to) {
      if (at >= windowStart + window.length) {
        windowStart = at;
        window = await source.read(at, READ_SIZE);
        if (window.length === 0) throw damaged('it has become shorter');
      }
      const until = Math.min(to, windowStart + window.length);
      const joined = joiner.add(window.subarray(at - windowStart, until - windowStart));
      if (joined !== undefined) yield joined;
      at = until;
    }
    for (const piece of insert) {
      const joined = joiner.add(piece);
      if (joined !== undefined) yield joined;
    }
    at += remove;
  }
  const rest = joiner.take();
  if (rest !== undefined) yield rest;
}
