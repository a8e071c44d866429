/**
 * Framing: how NAL units follow each other in a piece of memory. Annex B, length prefixes and RTP payloads differ in
 * nothing else, so that everything behind this file is written once for all three.
 */
import type { LengthSize } from './length-prefixed.js';

/** The name of a framing in the public interface. */
export type H264Format = 'annexb' | 'avcc' | 'rtp';

/**
 * A framing as one small number, which crosses the border to the addon without cost. As an argument it may also be
 * `detect` (anything) or `avcc` (length prefixes whose size is to be detected).
 */
export const Framing = { detect: 0, annexb: 1, rtp: 2, avcc: 0x10, avcc1: 0x11, avcc2: 0x12, avcc4: 0x14 } as const;

/** Whether a framing has length prefixes, of a known size or not. */
export function isLengthPrefixed(framing: number): boolean {
  return framing >= Framing.avcc;
}

/** The framing with length prefixes of `lengthSize` bytes. */
export function lengthPrefixedFraming(lengthSize: LengthSize): number {
  return Framing.avcc + lengthSize;
}

/** The bytes of each length prefix in a framing that has them; 0 where it is not known. */
export function lengthSizeOf(framing: number): number {
  return framing - Framing.avcc;
}

/** The public name of a framing that is known. */
export function formatOf(framing: number): H264Format {
  if (framing === Framing.annexb) return 'annexb';
  return framing === Framing.rtp ? 'rtp' : 'avcc';
}
