/**
 * What an insertion adds to a frame, the framing before each NAL unit and a STAP-A around a single one, and how much of
 * it a frame has room for.
 */
import { START_CODE_LENGTH, writeStartCode } from './byte-stream.js';
import { Framing, isLengthPrefixed, lengthSizeOf } from './framing.js';
import { maxNalUnitLength, writeLength } from './length-prefixed.js';
import { SpliceResult, isSureOfFraming, locatedFraming, locatedOffset } from './results.js';
import { MAX_STAP_A_NAL_UNIT_LENGTH, STAP_A_HEADER_LENGTH, STAP_A_SIZE_LENGTH, isStapA } from './rtp-payload.js';

/**
 * The bytes that framing takes before an inserted NAL unit (H.264 B.1.1, ISO/IEC 14496-15 5.3.3, RFC 6184 5.7.1).
 */
export function framingLength(framing: number): number {
  if (framing === Framing.annexb) return START_CODE_LENGTH;
  return framing === Framing.rtp ? STAP_A_SIZE_LENGTH : lengthSizeOf(framing);
}

/** Writes the framing before an inserted NAL unit of `length` bytes; returns the offset after it. */
export function writeFraming(target: Uint8Array, at: number, length: number, framing: number): number {
  if (framing === Framing.annexb) return writeStartCode(target, at);
  return writeLength(target, at, length, framingLength(framing));
}

/** Whether an injection wraps the frame into a new STAP-A: it is an RTP payload that holds a single NAL unit. */
export function becomesStapA(frame: Uint8Array, framing: number): boolean {
  return framing === Framing.rtp && !isStapA(frame);
}

/** The number of bytes by which a frame grows if `nalUnits` are inserted (RFC 6184 5.7.1 for RTP payloads). */
export function growth(frame: Uint8Array, nalUnits: readonly Uint8Array[], framing: number): number {
  let bytes = becomesStapA(frame, framing) ? STAP_A_HEADER_LENGTH + STAP_A_SIZE_LENGTH : 0;
  const length = framingLength(framing);
  for (const nalUnit of nalUnits) bytes += length + nalUnit.length;
  return bytes;
}

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

/** Whether all of `nalUnits` can go into a frame together. */
export function fits(nalUnits: readonly Uint8Array[], room: Room): boolean {
  let left = room.maxGrowth;
  for (const { length } of nalUnits) {
    left -= room.framingLength + length;
    if (length > room.maxNalUnitLength || left < 0) return false;
  }
  return true;
}

/**
 * Whether NAL units can be inserted at a location: 0 if they can, else the {@link SpliceResult} that says why not. A
 * frame passes if its framing is uncertain, if it has no insertion point, and if it is an RTP payload without the room.
 */
export function whyNot(
  frame: Uint8Array,
  nalUnits: readonly Uint8Array[],
  location: number,
  maxPacketSize: number,
): number {
  if (!isSureOfFraming(location) || locatedOffset(location) < 0) return SpliceResult.passThrough;
  const framing = locatedFraming(location);
  // A byte stream has room for everything.
  if (framing === Framing.annexb) return 0;
  if (fits(nalUnits, roomIn(frame, framing, maxPacketSize))) return 0;
  return framing === Framing.rtp ? SpliceResult.passThrough : SpliceResult.nalUnitTooLarge;
}
