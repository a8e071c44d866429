/** What the benchmarks run on: real H.264 from the repository's clips, and bytes that an attacker would choose. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const CLIP = join(__dirname, '..', 'test', 'fixtures', 'clips', '1080p.h264');

/** Real H.264 of the given size: the coded slices of a 1080p clip, over and over. */
export function h264Bytes(length: number): Uint8Array {
  return repeat(readFileSync(CLIP), length);
}

/**
 * One access unit in Annex B: parameter sets of a real clip and one slice NAL unit that makes it `length` bytes long.
 */
export function annexBFrame(length: number): Uint8Array {
  const clip = readFileSync(CLIP);
  const slice = clip.indexOf(Uint8Array.of(0, 0, 1, 0x65));
  const header = clip.subarray(0, slice + 8);
  // Bytes from the middle of coded slices, which hold no start code, so that the frame has this one slice.
  const body = repeat(
    clip.subarray(slice + 8, clip.indexOf(Uint8Array.of(0, 0, 1), slice + 8)),
    length - header.length,
  );
  const frame = Buffer.concat([header, body]);
  frame[frame.length - 1] = 0x80;
  return frame;
}

/** Bytes on which a search that stops at each zero crawls. */
export function hostileBytes(length: number): Record<string, Uint8Array> {
  return {
    zeros: new Uint8Array(length),
    '00 00 03…': repeat(Uint8Array.of(0, 0, 3), length),
    '00 02…': repeat(Uint8Array.of(0, 2), length),
    'all 01': repeat(Uint8Array.of(1), length),
    'all ff': repeat(Uint8Array.of(0xff), length),
  };
}

function repeat(pattern: Uint8Array, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += pattern.length) bytes.set(pattern.subarray(0, length - at), at);
  return bytes;
}
