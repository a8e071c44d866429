import { frames } from './inputs.js';
import type { Random } from './random.js';

const MAX_LENGTH = 16_384;
const START_CODES = [Uint8Array.of(0, 0, 1), Uint8Array.of(0, 0, 0, 1), Uint8Array.of(0, 0, 3), Uint8Array.of(0, 0, 0)];
const HEADERS = [0x06, 0x09, 0x67, 0x68, 0x65, 0x41, 0x01, 0x6e, 0x74, 0x78, 0x7c, 0x0a, 0x0c, 0x26, 0xe5];

type Mutation = (random: Random, data: Uint8Array) => Uint8Array;

const joined = (...pieces: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(pieces));

function changed(data: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = Uint8Array.from(data);
  if (copy.length > 0) change(copy);
  return copy;
}

function piece(random: Random, data: Uint8Array): Uint8Array {
  const from = random.below(data.length + 1);
  return data.subarray(from, from + random.length(data.length - from));
}

/** Puts bytes in the place of some, at any place or where a start code is. */
function replaced(random: Random, data: Uint8Array, bytes: Uint8Array, removed: number): Uint8Array {
  const from = random.below(2) === 0 ? random.below(data.length + 1) : somewhereTelling(random, data);
  return joined(data.subarray(0, from), bytes, data.subarray(from + removed));
}

/** Where two zeros are, if there are some: a place where parsers look. */
function somewhereTelling(random: Random, data: Uint8Array): number {
  const begin = random.below(data.length + 1);
  for (let at = begin; at + 1 < data.length; at++) {
    if (data[at] === 0 && data[at + 1] === 0) return at;
  }
  return begin;
}

const MUTATIONS: readonly Mutation[] = [
  // A bit, a byte, a few bytes.
  (random, data) =>
    changed(data, (copy) => {
      copy[random.below(copy.length)] ^= 1 << random.below(8);
    }),
  (random, data) =>
    changed(data, (copy) => {
      copy[random.below(copy.length)] = random.pick([0, 1, 2, 3, 0x80, 0xff, random.below(256)]);
    }),
  (random, data) =>
    changed(data, (copy) => {
      copy.set(random.bytes(random.length(8)).subarray(0, copy.length), 0);
    }),
  // What is at the beginning decides about the framing, what is at the end about the last NAL unit.
  (random, data) =>
    changed(data, (copy) => {
      copy[random.below(Math.min(8, copy.length))] = random.below(256);
    }),
  (random, data) => data.slice(0, data.length - random.length(data.length)),
  (random, data) => data.slice(random.length(data.length)),
  (random, data) => joined(data, random.bytes(random.length(20))),
  (random, data) => joined(data, new Uint8Array(random.length(20))),
  (random, data) => joined(new Uint8Array(random.length(5)), data),
  // Start codes, lengths and headers.
  (random, data) => replaced(random, data, random.pick(START_CODES), random.below(5)),
  (random, data) => replaced(random, data, joined(random.pick(START_CODES), Uint8Array.of(random.pick(HEADERS))), 0),
  (random, data) => replaced(random, data, new Uint8Array(0), random.length(data.length)),
  (random, data) =>
    changed(data, (copy) => {
      const at = somewhereTelling(random, copy);
      for (let i = at; i < Math.min(at + 4, copy.length); i++) copy[i] = (copy[i] + random.below(3) - 1) & 0xff;
    }),
  // One frame in another, and some of it once more.
  (random, data) => replaced(random, data, piece(random, random.pick(frames)), random.below(2) * random.length(100)),
  (random, data) => replaced(random, data, piece(random, data), 0),
  (random, data) => joined(data, random.pick(frames)),
];

/**
 * A frame of real or synthetic video with up to five mutations, sometimes none; now and then bytes that are no video.
 *
 * @returns memory of its own, of at most 16 KiB
 */
export function someFrame(random: Random): Uint8Array {
  if (random.oneIn(20)) return random.bytes(random.length(600));
  let data = Uint8Array.from(random.pick(frames));
  for (let count = random.below(6); count > 0; count--) data = Uint8Array.from(random.pick(MUTATIONS)(random, data));
  return data.slice(0, MAX_LENGTH);
}

/** The same bytes with one mutation more. */
export function mutated(random: Random, data: Uint8Array): Uint8Array {
  return random.pick(MUTATIONS)(random, data).slice(0, MAX_LENGTH);
}
