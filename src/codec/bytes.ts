/**
 * Byte work that differs between runtimes. Node's `Buffer` is reached through `globalThis` alone, so that bundlers put
 * no polyfill for it into a browser build.
 */
const NodeBuffer = (globalThis as { Buffer?: BufferFunctions }).Buffer;

/** What is used of `Buffer`, so that the types of Node are not needed. */
interface BufferFunctions {
  allocUnsafe(length: number): Uint8Array;
  allocUnsafeSlow(length: number): Uint8Array;
  isBuffer(value: unknown): boolean;
  readonly prototype: { readonly indexOf: (this: Uint8Array, needle: Uint8Array, from?: number) => number };
}

/** Below this many bytes a copy loop beats creating a view and calling `set`. */
const SHORT_COPY = 48;

/**
 * Bytes that are searched as one piece: large enough to hide a call, small enough to bound a wrong guess about them.
 */
export const SEARCH_WINDOW = 16_384;

/** Below this many bytes a search loop in JavaScript beats a call into the runtime. */
const SHORT_SEARCH = 64;

/** Bytes of a window that are looked at to guess how many zeros it has. */
const SAMPLES = 16;

/** So many zeros among the {@link SAMPLES} (one byte in eight) make a window one on which `indexOf` would crawl. */
const ZERO_HEAVY_SAMPLES = 2;

/** From so many bytes on, leaving memory uninitialized pays for the two objects that it takes. */
const LARGE_ALLOCATION = 4096;

/**
 * Allocates `length` bytes of undefined contents, of the kind that the caller works with: a `Buffer` where `like` is
 * one (from Node's pool when it is small), else a plain `Uint8Array` that has its `ArrayBuffer` to itself.
 *
 * @param length in bytes
 * @param like decides the kind of the result
 * @returns memory that nobody else writes to
 */
export function allocate(length: number, like?: Uint8Array): Uint8Array {
  if (NodeBuffer === undefined) return new Uint8Array(length);
  if (like !== undefined && NodeBuffer.isBuffer(like)) return NodeBuffer.allocUnsafe(length);
  if (length < LARGE_ALLOCATION) return new Uint8Array(length);
  return new Uint8Array(NodeBuffer.allocUnsafeSlow(length).buffer);
}

/** Copies `source[from..to)` to `target` at `at`; answers the offset in `target` behind the copy. */
export function copyBytes(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): number {
  if (to - from < SHORT_COPY) {
    while (from < to) target[at++] = source[from++];
    return at;
  }
  target.set(from === 0 && to === source.length ? source : source.subarray(from, to), at);
  return at + (to - from);
}

let randomState = (Math.random() * 0xffff_ffff) | 1;

/**
 * Guesses from a few bytes at random places whether `data[from..to)` is full of zeros. `Buffer.indexOf` stops at each
 * zero and falls a hundredfold on such bytes, where a plain loop does not. The places are random so that whoever makes
 * the bytes cannot hide the zeros from the samples; a wrong guess costs time only.
 */
function isZeroHeavy(data: Uint8Array, from: number, to: number): boolean {
  let zeros = 0;
  let random = randomState;
  for (let sample = 0; sample < SAMPLES; sample++) {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    if (data[from + ((random >>> 1) % (to - from))] === 0) zeros++;
  }
  randomState = random;
  return zeros >= ZERO_HEAVY_SAMPLES;
}

/**
 * Whether the runtime's own search is the faster way through `data[from..to)`, a piece of up to {@link SEARCH_WINDOW}
 * bytes.
 *
 * @returns false where there is no such search, for short pieces, and for pieces that look full of zeros
 */
export function isWorthSearching(data: Uint8Array, from: number, to: number): boolean {
  return NodeBuffer !== undefined && to - from >= SHORT_SEARCH && !isZeroHeavy(data, from, to);
}

/**
 * The runtime's own search for `needle` in `data[from..to)`; only where {@link isWorthSearching} has said yes.
 *
 * @returns the index in `data`, or -1
 */
export function indexOfBytes(data: Uint8Array, needle: Uint8Array, from: number, to: number): number {
  const { indexOf } = (NodeBuffer as BufferFunctions).prototype;
  if (to === data.length) return indexOf.call(data, needle, from);
  const found = indexOf.call(data.subarray(from, to), needle);
  return found < 0 ? -1 : from + found;
}
