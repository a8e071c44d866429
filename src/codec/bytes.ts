/**
 * Byte work that differs between runtimes. Node's `Buffer` is reached through `globalThis` alone, so that bundlers put
 * no polyfill for it into a browser build.
 */
const NodeBuffer = (globalThis as { Buffer?: BufferFunctions }).Buffer;

/** What is used of `Buffer`, so that the types of Node are not needed. */
interface BufferFunctions {
  allocUnsafe(length: number): Uint8Array<ArrayBuffer>;
  allocUnsafeSlow(length: number): Uint8Array<ArrayBuffer>;
  isBuffer(value: unknown): boolean;
  readonly prototype: {
    readonly indexOf: (this: Uint8Array, needle: Uint8Array | number, from?: number) => number;
    readonly lastIndexOf: (this: Uint8Array, needle: Uint8Array) => number;
  };
}

/**
 * Whether a value is a Uint8Array, of this realm or of another, such as a vm context or Jest's, which instanceof would
 * miss.
 */
export function isUint8Array(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && kindOfView.call(value) === 'Uint8Array';
}

/** The accessor of a typed array, which no subclass and no property of an object can change. */
function accessor(name: PropertyKey): (this: unknown) => unknown {
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
  return (Object.getOwnPropertyDescriptor(typedArray, name) as { get: (this: unknown) => unknown }).get;
}

const kindOfView = /* @__PURE__ */ accessor(Symbol.toStringTag);
const bufferOf = /* @__PURE__ */ accessor('buffer') as () => ArrayBufferLike;
const byteOffsetOf = /* @__PURE__ */ accessor('byteOffset') as () => number;
const lengthOf = /* @__PURE__ */ accessor('length') as () => number;

/**
 * The same bytes as a `Uint8Array` or `Buffer` whose methods and properties are those of the language: what a subclass
 * makes of `length` or `subarray` is its own matter.
 *
 * @returns `bytes` itself, or a view of its memory
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  const prototype: unknown = Object.getPrototypeOf(bytes);
  if (prototype === Uint8Array.prototype || prototype === NodeBuffer?.prototype) return bytes;
  return new Uint8Array(bufferOf.call(bytes), byteOffsetOf.call(bytes), lengthOf.call(bytes));
}

/**
 * What a function returns that gives back bytes of the kind that it was given: a `Buffer` for a `Buffer`, a `Uint8Array`
 * for everything else. (`Buffer` is told by one of its methods, so that no types of Node.js are needed.)
 */
export type SameBytes<T extends Uint8Array> = 'readUInt32BE' extends keyof T
  ? T
  : T extends Uint8Array<ArrayBuffer>
    ? Uint8Array<ArrayBuffer>
    : Uint8Array;

/** Below this many bytes a copy loop beats creating a view and calling `set`. */
const SHORT_COPY = 48;

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
export function allocate(length: number, like?: Uint8Array): Uint8Array<ArrayBuffer> {
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

/** Whether the runtime has searches of its own. */
export const hasByteSearch = NodeBuffer !== undefined;

/**
 * The runtime's own search, which it must have: the first place of `needle` in `data` at or behind `from`, or -1. It
 * stops at each byte that is the first of `needle`.
 */
export function indexOfBytes(data: Uint8Array, needle: Uint8Array, from: number): number {
  return (NodeBuffer as BufferFunctions).prototype.indexOf.call(data, needle, from);
}

/**
 * The runtime's own search, which it must have: the last place of `needle` in `data`, or -1. It stops at each byte that
 * is the last of `needle`.
 */
export function lastIndexOfBytes(data: Uint8Array, needle: Uint8Array): number {
  return (NodeBuffer as BufferFunctions).prototype.lastIndexOf.call(data, needle);
}

/** Whether the runtime says at once that `data` hold no zero byte; false where it cannot search. */
export function isFreeOfZeros(data: Uint8Array): boolean {
  return NodeBuffer !== undefined && NodeBuffer.prototype.indexOf.call(data, 0) < 0;
}

/**
 * One piece of memory with the bytes of all pieces, in order.
 *
 * @returns a copy
 */
export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
