/** How much SEI the place in a frame has room for. */
import { Framing, isLengthPrefixed, lengthSizeOf } from '../codec/framing.js';
import { maxNalUnitLength, nalUnitTooLarge } from '../codec/length-prefixed.js';
import { MAX_STAP_A_NAL_UNIT_LENGTH, STAP_A_HEADER_LENGTH, STAP_A_SIZE_LENGTH, isStapA } from '../codec/rtp-payload.js';
import { framingLength } from '../codec/splice.js';
import type { SeiError } from '../errors.js';

/** What may be inserted into one frame. */
export interface Room {
  /** Bytes that framing takes before each inserted NAL unit. */
  readonly framingLength: number;
  /** The longest NAL unit that can be inserted, in bytes. */
  readonly maxNalUnitLength: number;
  /** The bytes that all NAL units with their framing may have together; 0 or less if nothing fits. */
  readonly maxGrowth: number;
}

/**
 * The room in a frame, by its framing (ISO/IEC 14496-15 5.3.3, RFC 6184 5.7.1).
 *
 * @param frame one access unit, sample or RTP payload
 * @param framing of the frame
 * @param maxPacketSize the largest RTP payload that may come out, in bytes
 */
export function roomIn(frame: Uint8Array, framing: number, maxPacketSize: number): Room {
  if (framing === Framing.rtp) {
    const wrapping = isStapA(frame) ? 0 : STAP_A_HEADER_LENGTH + STAP_A_SIZE_LENGTH;
    const canWrap = wrapping === 0 || frame.length <= MAX_STAP_A_NAL_UNIT_LENGTH;
    return {
      framingLength: STAP_A_SIZE_LENGTH,
      maxNalUnitLength: MAX_STAP_A_NAL_UNIT_LENGTH,
      maxGrowth: canWrap ? maxPacketSize - frame.length - wrapping : 0,
    };
  }
  return {
    framingLength: framingLength(framing),
    maxNalUnitLength: isLengthPrefixed(framing) ? maxNalUnitLength(lengthSizeOf(framing)) : Infinity,
    maxGrowth: Infinity,
  };
}

/** Whether all of `nalUnits` can go into one frame. */
export function fits(nalUnits: readonly Uint8Array[], room: Room): boolean {
  let left = room.maxGrowth;
  for (const { length } of nalUnits) {
    left -= room.framingLength + length;
    if (length > room.maxNalUnitLength || left < 0) return false;
  }
  return true;
}

/** The error for the first of `nalUnits` that is longer than its length prefix can say. */
export function tooLarge(nalUnits: readonly Uint8Array[], framing: number): SeiError {
  const lengthSize = lengthSizeOf(framing);
  const lengths = nalUnits.map(({ length }) => length);
  return nalUnitTooLarge(Math.max(...lengths), lengthSize);
}
