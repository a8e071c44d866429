/**
 * The one search of this codec. Below the level of NAL units H.264 gives meaning to one thing only, two zero bytes and
 * a small third one: `00 00 01` is a start code prefix (B.1.1), the `03` of `00 00 03` is an escape (7.3.1), and in an
 * RBSP an escape has to be put in front of the third byte of `00 00 00` to `00 00 03` (7.4.1).
 *
 * Two ways lead through the bytes. A loop takes steps of up to three, since a third byte that is too large rules out
 * three places at once; it needs nothing but JavaScript, and no bytes make it crawl. The search of Node's `Buffer` is
 * six times faster where it can run far, but a call costs as much as a few hundred bytes of the loop, and it stops at
 * every zero, so that it falls a hundredfold on bytes that are full of them. So the loop goes first, unless the last
 * find was far away; and what lies ahead is sampled before the call.
 */
import { hasByteSearch, indexOfBytes, lastIndexOfBytes } from './bytes.js';

/** A pattern of two zero bytes and a third one. */
export interface ZeroPairPattern {
  /** The least value that the third byte can have; where it is above 0, it is the greatest as well. */
  readonly least: number;
  /** The greatest value that the third byte can have; what is greater still rules out three places at once. */
  readonly greatest: number;
  /** What every occurrence begins with, for the search of the runtime: all three bytes where the third is certain. */
  readonly needle: Uint8Array;
}

/** How many bytes the loop takes before the runtime is asked: the parameter sets of a frame, and a message. */
const NEAR = 768;

/** From this distance between two finds on, the runtime is asked at once. */
const SPARSE = 256;

/** Less than this is not worth a call of the runtime. */
const LEAST_PIECE = 64;

/**
 * Bytes that are judged by one set of samples: few at first, since a find that is near does not want to wait for memory
 * that is far; then enough to hide the cost, and few enough to bound a wrong guess.
 */
const FIRST_PIECE = 4096;
const GROWTH = 4;
const LARGEST_PIECE = 65_536;

/** How many bytes of a piece are looked at. */
const SAMPLES = 16;

/** So many equal bytes among the samples, one in eight, make a search that stops at each of them a slow one. */
const TOO_MANY = 2;

/** Consecutive bytes of the data that have been judged. */
interface Piece {
  /** Offset in the data of the first byte. */
  readonly start: number;
  /** Offset in the data behind the last byte. */
  readonly end: number;
  /** What the runtime is to search from offset `base` of the data on; undefined where the loop is faster. */
  readonly searched: Uint8Array | undefined;
  /** Offset in the data of the first byte of `searched`. */
  readonly base: number;
  /** Offset in the data behind the last place of the pattern, as far as it is known. */
  readonly lastEnd: number;
}

let randomState = (Math.random() * 0xffff_ffff) | 1;

/** The first place in `data[from..to)`, or -1. */
function findByLoop(data: Uint8Array, from: number, to: number, least: number, greatest: number): number {
  let third = from + 2;
  while (third < to) {
    const byte = data[third];
    if (byte > greatest) third += 3;
    else if (byte < least) third = data[third - 1] === 0 ? endOfZeros(data, third + 1, to) : third + 2;
    else if (data[third - 1] !== 0) third += byte === 0 ? 2 : 3;
    else if (data[third - 2] === 0) return third - 2;
    else third += byte === 0 ? 1 : 3;
  }
  return -1;
}

/** Offset of the first byte of `data[from..to)` that is not 0; `to` where there is none. */
function endOfZeros(data: Uint8Array, from: number, to: number): number {
  while (from + 3 < to && (data[from] | data[from + 1] | data[from + 2] | data[from + 3]) === 0) from += 4;
  while (from < to && data[from] === 0) from++;
  return from;
}

/** Judges the piece `data[start..end)`. */
function openPiece(data: Uint8Array, start: number, end: number, needle: Uint8Array): Piece {
  if (end - start < LEAST_PIECE) return { start, end, searched: undefined, base: start, lastEnd: end };

  const third = needle[2];
  let zeros = 0;
  let thirds = 0;
  let random = randomState;
  for (let sample = 0; sample < SAMPLES; sample++) {
    // xorshift: whoever makes the bytes must not know where they are looked at.
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    const byte = data[start + (((random >>> 16) * (end - start)) >>> 16)];
    if (byte === 0) zeros++;
    else if (byte === third) thirds++;
  }
  randomState = random;

  if (zeros < TOO_MANY) {
    const searched = end === data.length ? data : data.subarray(start, end);
    return { start, end, searched, base: end === data.length ? 0 : start, lastEnd: end };
  }
  if (third === undefined || thirds >= TOO_MANY) return { start, end, searched: undefined, base: start, lastEnd: end };
  // From the end the runtime looks for the third byte first, so that zeros do not stop it.
  const last = lastIndexOfBytes(data.subarray(start, end), needle);
  return { start, end, searched: undefined, base: start, lastEnd: last < 0 ? start : start + last + 3 };
}

/** Finds the places of a pattern in `data[0..end)`, in ascending order. */
export class ZeroPairSearch {
  readonly #data: Uint8Array;
  readonly #end: number;
  readonly #pattern: ZeroPairPattern;
  /** Whether the last find was so far away that the loop is not worth trying. */
  #isSparse = false;
  #piece: Piece | undefined;
  #pieceLength = FIRST_PIECE;

  /**
   * @param data the bytes to search; they are only read
   * @param pattern what to look for
   * @param end offset in `data` behind the last byte that counts
   */
  constructor(data: Uint8Array, pattern: ZeroPairPattern, end = data.length) {
    this.#data = data;
    this.#pattern = pattern;
    this.#end = end;
  }

  /**
   * Finds the next place.
   *
   * @param from offset of the first byte to look at, not below that of the call before
   * @returns offset of the first of the two zeros, or -1
   */
  next(from: number): number {
    if (this.#isSparse) return this.#searchPieces(from, from);
    const end = this.#end;
    const near = hasByteSearch ? Math.min(from + NEAR, end) : end;
    const found = this.#loop(from, near);
    if (found < 0) return near === end ? -1 : this.#searchPieces(near - 2, from);
    if (hasByteSearch && found - from >= SPARSE) this.#isSparse = true;
    return found;
  }

  #loop(from: number, to: number): number {
    const { least, greatest } = this.#pattern;
    return findByLoop(this.#data, from, to, least, greatest);
  }

  /** Finds the next place at or behind `at`, where the one before it ended at `from`. */
  #searchPieces(at: number, from: number): number {
    const end = this.#end;
    while (at + 2 < end) {
      let piece = this.#piece;
      if (piece === undefined || at + 2 >= piece.end) {
        piece = openPiece(this.#data, at, Math.min(at + this.#pieceLength, end), this.#pattern.needle);
        this.#piece = piece;
        this.#pieceLength = Math.min(this.#pieceLength * GROWTH, LARGEST_PIECE);
      }
      const found =
        piece.searched === undefined
          ? this.#loop(at, piece.lastEnd)
          : this.#searchForward(piece.searched, piece.base, at, piece.end);
      if (found >= 0) {
        this.#isSparse = found - from >= SPARSE;
        return found;
      }
      // A pair at the end of a piece is found with its third byte in the next one.
      at = piece.end - 2;
    }
    return -1;
  }

  #searchForward(searched: Uint8Array, base: number, from: number, end: number): number {
    const { greatest, needle } = this.#pattern;
    for (let at = from - base; ; at += 3) {
      at = indexOfBytes(searched, needle, at);
      if (at < 0 || base + at + 2 >= end) return -1;
      // Where the third byte is not part of the needle, it may be too large.
      if (searched[at + 2] <= greatest) return base + at;
    }
  }
}
