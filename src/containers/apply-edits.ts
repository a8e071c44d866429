import { concatBytes } from '../codec/bytes.js';
import { type ByteSource, READ_SIZE } from './byte-source.js';
import { type Edit, damaged } from './edits.js';

/** So many bytes are put together before they go on, so that small pieces do not cost a write each. */
const PIECE_SIZE = 256 * 1024;

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
  let pieces: Uint8Array[] = [];
  let length = 0;
  const add = (piece: Uint8Array): boolean => {
    pieces.push(piece);
    length += piece.length;
    return length >= PIECE_SIZE;
  };
  const take = (): Uint8Array => {
    const joined = pieces.length === 1 ? pieces[0] : concatBytes(pieces);
    pieces = [];
    length = 0;
    return joined;
  };
  let window: Uint8Array = new Uint8Array(0);
  let windowStart = 0;
  let at = start;
  for (const { at: to, remove, insert } of [...edits, { at: end, remove: 0, insert: [] }]) {
    while (at < to) {
      if (at >= windowStart + window.length) {
        windowStart = at;
        window = await source.read(at, Math.min(READ_SIZE, end - at));
        if (window.length === 0) throw damaged('it has become shorter');
      }
      const until = Math.min(to, windowStart + window.length);
      if (add(window.subarray(at - windowStart, until - windowStart))) yield take();
      at = until;
    }
    for (const piece of insert) if (add(piece)) yield take();
    at += remove;
  }
  if (length > 0) yield take();
}
