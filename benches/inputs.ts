/**
 * What the benchmarks run on: real H.264 from the repository's clips, and bytes that an attacker would choose. Each is
 * made once in a process, so that all sides read the very same memory.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const CLIP = join(__dirname, '..', 'test', 'fixtures', 'clips', '1080p.h264');

const KIB = 1024;

/** A size as people write it: `16 B`, `64 KiB`, `4 MiB`. */
export function sizeName(bytes: number): string {
  return bytes < KIB ? `${bytes} B` : bytes < KIB * KIB ? `${bytes / KIB} KiB` : `${bytes / KIB / KIB} MiB`;
}

/** 16 bytes to 4 MiB, each four times the one before. */
export const SIZES: readonly number[] = Array.from({ length: 10 }, (_, i) => 16 * 4 ** i);

/** Those of {@link SIZES} that `--quick` measures: one at which the call counts, one at which the bytes do. */
export function isQuickSize(size: number): boolean {
  return size === 64 || size === 64 * KIB;
}

const made = new Map<string, Uint8Array>();

function once(name: string, make: () => Uint8Array): Uint8Array {
  const bytes = made.get(name) ?? make();
  made.set(name, bytes);
  return bytes;
}

function repeat(pattern: Uint8Array, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += pattern.length) bytes.set(pattern.subarray(0, length - at), at);
  return bytes;
}

/** The kinds of bytes that a search is measured on, by name. */
const KINDS: Readonly<Record<string, (length: number) => Uint8Array>> = {
  /** A 1080p clip with a start code every 700 bytes, over and over. */
  'H.264': (length) => repeat(readFileSync(CLIP), length),
  /** The inside of one slice: what a frame at a high bit rate consists of. It holds no start code. */
  'H.264 slice': (length) => repeat(sliceData(), length),
  zeros: (length) => new Uint8Array(length),
  '00 00 03…': (length) => repeat(Uint8Array.of(0, 0, 3), length),
  '00 02…': (length) => repeat(Uint8Array.of(0, 2), length),
  'all 01': (length) => repeat(Uint8Array.of(1), length),
  'all ff': (length) => repeat(Uint8Array.of(0xff), length),
  'start codes': (length) => repeat(Uint8Array.of(0, 0, 1, 0x65), length),
};

/** Bytes on which a search that stops at each zero, or at each 01, crawls. */
export const HOSTILE_KINDS: readonly string[] = ['zeros', '00 00 03…', '00 02…', 'all 01', 'all ff', 'start codes'];

/** Bytes of a kind: `H.264`, `H.264 slice`, or one of {@link HOSTILE_KINDS}. */
export function bytesOf(kind: string, length: number): Uint8Array {
  return once(`${kind} ${length}`, () => KINDS[kind](length));
}

/** Text, which has nothing to escape. */
export function textBytes(length: number): Uint8Array {
  return once(`text ${length}`, () => repeat(Buffer.from('a caption of some length, '), length));
}

/**
 * A byte, and a copy of `data` that does not hold it. H.264 of some size holds each of the 256 values; the copy has
 * another in its place, which a search for it does not notice.
 */
export function withoutByte(data: Uint8Array): { readonly byte: number; readonly bytes: Uint8Array } {
  const byte = 0xdf;
  const bytes = Buffer.from(data);
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) bytes[at] = byte - 1;
  return { byte, bytes };
}

const START_CODE_PREFIX = Uint8Array.of(0, 0, 1);

/** Where the clip has which bytes of its first picture. */
function firstPicture(clip: Buffer): { parameterSets: Buffer; sliceHeader: Buffer; sliceData: Buffer } {
  const sei = clip.indexOf(Uint8Array.of(0, 0, 1, 0x06));
  const slice = clip.indexOf(Uint8Array.of(0, 0, 1, 0x65));
  const data = slice + 8;
  return {
    parameterSets: clip.subarray(0, sei),
    sliceHeader: clip.subarray(slice, data),
    sliceData: clip.subarray(data, clip.indexOf(START_CODE_PREFIX, data)),
  };
}

function sliceData(): Uint8Array {
  const { sliceData: data } = firstPicture(readFileSync(CLIP));
  // Without a zero at either end, none meets another where the pieces are joined.
  return data.subarray(
    data.findIndex((byte) => byte > 3),
    data.findLastIndex((byte) => byte > 3) + 1,
  );
}

/**
 * One access unit in Annex B, without SEI: parameter sets of a real clip and one slice NAL unit that makes it `length`
 * bytes long.
 */
export function annexBFrame(length: number): Uint8Array {
  return once(`frame ${length}`, () => {
    const { parameterSets, sliceHeader } = firstPicture(readFileSync(CLIP));
    const bodyLength = length - parameterSets.length - sliceHeader.length;
    const frame = Buffer.concat([parameterSets, sliceHeader, repeat(sliceData(), bodyLength)]);
    frame[frame.length - 1] = 0x80;
    return frame;
  });
}

/** Memory to write to, the same for all sides. */
export function targetBytes(length: number): Uint8Array {
  return once(`target ${length}`, () => Buffer.alloc(length));
}
