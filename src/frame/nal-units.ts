/** The NAL units of a frame and its first slice, as every part of the library asks the backend for them. */
import { backend } from '../backend/current.js';
import { BOUNDS_LENGTH, locatedHeader, locatedOffset, packedCount, packedFraming } from '../codec/results.js';

/** The NAL units of a frame, in memory that the next call of {@link nalUnitBounds} writes to. */
export interface NalUnitBounds {
  /** The framing of the frame, a value of `Framing`; 0 if the bytes are not H.264. */
  readonly framing: number;
  /** {@link BOUNDS_LENGTH} numbers for each NAL unit, and more memory after them. */
  readonly bounds: Uint32Array;
  /** How many numbers of `bounds` are in use. */
  readonly length: number;
  /** The offset of a length that reaches past the end, if there is one: the bounds are those before it. */
  readonly malformedAt?: number;
}

/** More NAL units than nearly every frame has. */
const USUAL_NAL_UNITS = 256;

// Shared by all calls of a thread: it is read out before the next call.
const sharedBounds = new Uint32Array(USUAL_NAL_UNITS * BOUNDS_LENGTH);

/**
 * Finds the NAL units of a frame.
 *
 * @param data one access unit, sample or RTP payload; it is only read
 * @param hint a value of `Framing`: what the caller knows
 */
export function nalUnitBounds(data: Uint8Array, hint: number): NalUnitBounds {
  let bounds = sharedBounds;
  for (;;) {
    const split = backend().splitNalUnits(data, hint, bounds);
    if (split < 0) {
      const malformedAt = -1 - split;
      return { ...nalUnitBounds(data.subarray(0, malformedAt), hint), malformedAt };
    }
    const length = packedCount(split) * BOUNDS_LENGTH;
    if (length <= bounds.length) return { framing: packedFraming(split), bounds, length };
    bounds = new Uint32Array(length);
  }
}

/**
 * The header byte of the first VCL NAL unit of a frame, before which SEI goes (H.264 7.3.1, 7.4.1.2.3).
 *
 * @param frame one access unit or sample; it is only read
 * @param framing a value of `Framing` that names one framing
 * @returns -1 if there is no place for SEI
 */
export function firstVclHeader(frame: Uint8Array, framing: number): number {
  const location = backend().locate(frame, framing);
  return locatedOffset(location) < 0 ? -1 : locatedHeader(location);
}
