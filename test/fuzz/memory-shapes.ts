import { runInNewContext } from 'node:vm';
import type { Random } from './random.js';

/** What ES2024 adds and the types of this project do not know yet. */
interface Resizable {
  resize(length: number): void;
}

/** A buffer with room to grow, which Node has from version 20 on. */
export function resizableBuffer(length: number, maxByteLength: number): ArrayBuffer & Resizable {
  const Constructor = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer & Resizable;
  return new Constructor(length, { maxByteLength });
}

/** Shared memory with room to grow. */
export function growableBuffer(length: number, maxByteLength: number): SharedArrayBuffer {
  const Constructor = SharedArrayBuffer as unknown as new (length: number, options: object) => SharedArrayBuffer;
  return new Constructor(length, { maxByteLength });
}

function filled<T extends Uint8Array>(view: T, data: Uint8Array): T {
  view.set(data);
  return view;
}

/** Memory of every kind that holds the same bytes. */
export const MEMORY_SHAPES: Readonly<Record<string, (data: Uint8Array) => Uint8Array>> = {
  plain: (data) => Uint8Array.from(data),
  buffer: (data) => Buffer.from(data),
  // At an odd place, between bytes that would complete what stands at either end.
  view: (data) => {
    const memory = new Uint8Array(data.length + 134).map((_, at) => (at % 3 === 2 ? 1 : 0));
    return filled(memory.subarray(67, 67 + data.length), data);
  },
  shared: (data) => filled(new Uint8Array(new SharedArrayBuffer(data.length)), data),
  growable: (data) => filled(new Uint8Array(growableBuffer(data.length, data.length + 4096)), data),
  resizable: (data) => filled(new Uint8Array(resizableBuffer(data.length, data.length + 4096)), data),
  'resizable, of fixed length': (data) =>
    filled(new Uint8Array(resizableBuffer(data.length + 9, 9999 + data.length), 5, data.length), data),
  'of another realm': (data) => runInNewContext('Uint8Array.from(data)', { data }) as Uint8Array,
};

const shapes = Object.values(MEMORY_SHAPES);

/** The bytes in memory of some kind; mostly in that of every day. */
export function shaped(random: Random, data: Uint8Array): Uint8Array {
  // A realm of its own takes a millisecond.
  const choice = random.oneIn(500) ? shapes.length - 1 : random.below(shapes.length - 1);
  return shapes[random.oneIn(2) ? random.below(3) : choice](data);
}

/**
 * What is no memory, or has none any more. Not what was transferred away: the `length` of that is wrong in optimized code
 * of V8 11.3 which has also met resizable memory.
 */
export function unusable(random: Random): unknown {
  const makers: (() => unknown)[] = [
    () => undefined,
    () => null,
    () => 'text',
    () => 7,
    () => [0, 0, 1],
    () => new Uint16Array(4),
    () => new DataView(new ArrayBuffer(4)),
    () => new ArrayBuffer(4),
    // Out of the bounds of a buffer that has shrunk.
    () => {
      const buffer = resizableBuffer(16, 16);
      const view = new Uint8Array(buffer, 8, 8);
      buffer.resize(4);
      return view;
    },
  ];
  return random.pick(makers)();
}
