/**
 * Where the bytes are in what an encoder answers: in itself, in a packet, behind a promise, in a collection, in what is
 * iterated.
 */
import { isUint8Array } from '../codec/bytes.js';
import { isFunction } from './patch.js';
import { follow, isPromise, thenOf } from './thenable.js';

/**
 * How deep packets may lie in what an encoder answers: those of a promise of an array of promises are three deep. What
 * lies deeper passes as it is, so an array that holds itself comes to an end.
 */
export const MAX_OUTPUT_DEPTH = 4;

/** Who looks at packets, and may replace them. */
export interface PacketVisitor {
  /**
   * The same for all calls whose packets belong together: an iterator that is answered by two of them is watched once.
   */
  readonly owner: object;
  /** Whether a promise is followed by one of ours. It must not be where nobody is given what takes its place. */
  readonly followsPromises: boolean;
  /** Takes an object that may be a packet; answers what is to stand in its place. */
  visit(packet: object): unknown;
  /** Hears of what went wrong; the output stays as it is then. */
  failed(error: unknown): void;
}

/** The iterators and iterables that are watched, each with the owners that do. */
const watched = new WeakMap<object, WeakSet<object>>();

function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return value instanceof ArrayBuffer || Object.prototype.toString.call(value) === '[object ArrayBuffer]';
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (isUint8Array(value)) return value;
  return isArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

/** The bytes as what `like` is: an ArrayBuffer of their length, or themselves. */
function bytesLike(like: unknown, bytes: Uint8Array): Uint8Array | ArrayBufferLike {
  if (!isArrayBuffer(like)) return bytes;
  return bytes.length === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}

/**
 * The bytes of a packet: itself, or its `data`, each a Uint8Array or an ArrayBuffer; `undefined` where it has none.
 */
export function packetBytes(packet: object): Uint8Array | undefined {
  return bytesOf(packet) ?? bytesOf((packet as { data?: unknown }).data);
}

function isDataSet(packet: object, data: Uint8Array | ArrayBufferLike): boolean {
  try {
    // A setter may have taken the bytes and done nothing with them.
    return Reflect.set(packet, 'data', data) && packetBytes(packet)?.length === data.byteLength;
  } catch {
    return false;
  }
}

/**
 * Whether {@link replacePacketBytes} can give a packet other bytes. What is frozen with its `data` somewhere else than in
 * a property of its own cannot be given any: a copy would lack what its class keeps in private fields.
 */
export function canReplacePacketBytes(packet: object): boolean {
  if (bytesOf(packet) !== undefined || Reflect.isExtensible(packet)) return true;
  for (let holder: object | null = packet; holder !== null; holder = Reflect.getPrototypeOf(holder)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(holder, 'data');
    if (descriptor !== undefined) return holder === packet || descriptor.set !== undefined;
  }
  return false;
}

/**
 * Gives a packet other bytes.
 *
 * @param packet bytes, or an object whose `data` are bytes
 * @param bytes what is to take their place, as an ArrayBuffer where they are one
 * @returns `bytes` for bytes; the packet, with its `data` replaced; where it does not let its own `data` be, a copy of
 *   its own properties with the same prototype; undefined where it can be given none
 */
export function replacePacketBytes(packet: object, bytes: Uint8Array): object | undefined {
  if (bytesOf(packet) !== undefined) return bytesLike(packet, bytes);
  const replacement = bytesLike((packet as { data?: unknown }).data, bytes);
  if (isDataSet(packet, replacement)) return packet;
  const own = Reflect.getOwnPropertyDescriptor(packet, 'data');
  const data = { value: replacement, writable: false, enumerable: own?.enumerable ?? true, configurable: true };
  // A getter of the class: a property of the packet itself hides it, and private state stays within reach of its
  // methods.
  if (Reflect.defineProperty(packet, 'data', data)) return packet;
  if (own === undefined) return undefined;
  const properties: PropertyDescriptorMap = { ...Object.getOwnPropertyDescriptors(packet), data };
  return Object.create(Reflect.getPrototypeOf(packet), properties) as object;
}

interface Passage {
  readonly call: number;
  readonly at: number;
}

/**
 * Remembers packets that have passed, so that one counts once where a patched method calls another, there and then or,
 * as a generator does, much later. A packet object that the encoder fills anew for each frame is a new packet all the
 * same: what counts is whether it has come through another call since this one began.
 */
export class PassedPackets {
  #clock = 0;
  /** By audience, then by packet: what comes to one audience is nothing to another. */
  readonly #passages = new WeakMap<object, WeakMap<object, Passage>>();

  /** Begins a call of a patched method; answers the number that it goes by. */
  beginCall(): number {
    return ++this.#clock;
  }

  /** Whether the packet has come to this audience through another call, since the given one began. */
  hasPassed(packet: object, call: number, audience: object): boolean {
    const passage = this.#passages.get(audience)?.get(packet);
    return passage !== undefined && passage.call !== call && passage.at > call;
  }

  /** Notes that the packet has come to the audience through the given call. */
  add(packet: object, call: number, audience: object): void {
    const passages = this.#passages.get(audience) ?? new WeakMap<object, Passage>();
    this.#passages.set(audience, passages.set(packet, { call, at: ++this.#clock }));
  }
}

function guarded(output: unknown, visitor: PacketVisitor, act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    visitor.failed(error);
    return output;
  }
}

function mapArray(array: readonly unknown[], visitor: PacketVisitor, depth: number): readonly unknown[] {
  let mapped: unknown[] | undefined;
  for (let i = 0; i < array.length; i++) {
    const element = mapOutput(array[i], visitor, depth + 1);
    if (Object.is(element, array[i])) continue;
    mapped ??= array.slice();
    mapped[i] = element;
  }
  return mapped ?? array;
}

/** The collection with its packets replaced, where any is; collections of other classes are iterated by the host. */
function mapCollection(
  output: ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>,
  visitor: PacketVisitor,
  depth: number,
): object {
  const values = [...output.values()];
  const mapped = mapArray(values, visitor, depth);
  if (mapped === values) return output;
  if (isPlain(output, 'Set')) return new Set(mapped);
  return new Map([...output.keys()].map((key, i) => [key, mapped[i]]));
}

/** Whether an object is a collection of the built-in class itself, of this realm or of another. */
function isPlain(object: object, name: 'Set' | 'Map'): boolean {
  const { constructor } = object as { constructor?: { name?: unknown } };
  return Object.prototype.toString.call(object) === `[object ${name}]` && constructor?.name === name;
}

/** What an iterator has answered. The value with which a generator ends is none that it yields. */
function mapIteratorResult(result: unknown, visitor: PacketVisitor, depth: number): unknown {
  if (typeof result !== 'object' || result === null) return result;
  const { done, value } = result as IteratorResult<unknown, unknown>;
  if (done === true) return result;
  const mapped = mapOutput(value, visitor, depth + 1);
  return Object.is(mapped, value) ? result : { ...result, value: mapped, done: false };
}

/** Hides a method of one object by one that sees what it answers. */
function watchMethod(object: object, name: PropertyKey, onAnswer: (answer: unknown) => unknown): void {
  const method: unknown = Reflect.get(object, name);
  if (!isFunction(method)) return;
  const watching = new Proxy(method, {
    apply: (_, self: unknown, args: unknown[]) => onAnswer(Reflect.apply(method, self, args)),
  });
  Object.defineProperty(object, name, { value: watching, writable: true, enumerable: false, configurable: true });
}

function isFirstWatch(object: object, owner: object): boolean {
  const owners = watched.get(object) ?? new WeakSet<object>();
  if (owners.has(owner)) return false;
  watched.set(object, owners.add(owner));
  return true;
}

/**
 * Watches what passes through an iterator, one value at a time and no sooner than it is asked for. The iterator stays
 * the object that it is, with its class and all else it can do.
 */
function watchIterator(iterator: object, visitor: PacketVisitor, depth: number): void {
  if (!isFirstWatch(iterator, visitor.owner)) return;
  const mapResult = (result: unknown): unknown =>
    guarded(result, visitor, () => mapIteratorResult(result, visitor, depth));
  const onAnswer = (answer: unknown): unknown =>
    guarded(answer, visitor, () => {
      const then = thenOf(answer);
      return then === undefined ? mapResult(answer) : follow(answer as object, then, { map: mapResult });
    });
  for (const name of ['next', 'return', 'throw']) watchMethod(iterator, name, onAnswer);
}

function watchIterable(iterable: object, visitor: PacketVisitor, depth: number): void {
  if (!isFirstWatch(iterable, visitor.owner)) return;
  for (const name of [Symbol.iterator, Symbol.asyncIterator]) {
    watchMethod(iterable, name, (iterator) =>
      guarded(iterator, visitor, () => {
        if (typeof iterator === 'object' && iterator !== null) watchIterator(iterator, visitor, depth);
        return iterator;
      }),
    );
  }
}

interface OutputShape {
  readonly next?: unknown;
  readonly [Symbol.iterator]?: unknown;
  readonly [Symbol.asyncIterator]?: unknown;
}

function mapObject(output: object, visitor: PacketVisitor, depth: number): unknown {
  const then = thenOf(output);
  if (then !== undefined) {
    if (!visitor.followsPromises) return output;
    if (!isPromise(output) && !isFirstWatch(output, visitor.owner)) return output;
    return follow(output, then, { map: (value) => mapOutput(value, visitor, depth + 1) });
  }
  if (Array.isArray(output)) return mapArray(output, visitor, depth);
  if (isPlain(output, 'Set') || isPlain(output, 'Map')) return mapCollection(output as Set<unknown>, visitor, depth);
  const { next, [Symbol.iterator]: iterator, [Symbol.asyncIterator]: asyncIterator } = output as OutputShape;
  const isIterable = isFunction(iterator) || isFunction(asyncIterator);
  // A packet that can be iterated is a packet, and other views hold numbers.
  if (ArrayBuffer.isView(output) || packetBytes(output) !== undefined) return visitor.visit(output);
  if (isFunction(next)) watchIterator(output, visitor, depth);
  else if (isIterable) watchIterable(output, visitor, depth);
  else return visitor.visit(output);
  return output;
}

/**
 * Shows a visitor every packet in what an encoder answers, and puts in its place what the visitor answers.
 *
 * Looked into are promises, arrays, Sets, Maps, iterators, generators and iterables, in each other too, four levels deep. Any
 * other object is shown to the visitor. It never throws.
 *
 * @param output what the encoder has answered
 * @param visitor looks at each packet; what it throws it is told
 * @param depth how deep `output` lies already
 * @returns `output` itself where nothing is replaced, and always for what is iterated, whose packets are shown as they
 *   are asked for; a new promise for a promise; a new array, Set or Map where one of its elements is replaced
 */
export function mapOutput(output: unknown, visitor: PacketVisitor, depth = 0): unknown {
  if (typeof output !== 'object' || output === null || depth > MAX_OUTPUT_DEPTH) return output;
  return guarded(output, visitor, () => mapObject(output, visitor, depth));
}
