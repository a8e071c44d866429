/**
 * The two bytes in front of each fragment of a NAL unit, FU indicator and FU header, which together hold the header of
 * the NAL unit (RFC 6184 5.8).
 */
import { RtpPayloadType } from '../codec/rtp-payload.js';

/** Bytes of the FU indicator and the FU header. */
export const FU_A_HEADER_LENGTH = 2;

/** Bits of the FU header: the fragment is the first or the last one of its NAL unit. */
export const FuHeaderBit = { start: 0x80, end: 0x40 } as const;

/** Writes FU indicator and FU header of a fragment at the beginning of `target` (RFC 6184 5.8). */
export function writeFuAHeader(target: Uint8Array, nalUnitHeader: number, isFirst: boolean, isLast: boolean): void {
  target[0] = (nalUnitHeader & 0xe0) | RtpPayloadType.fuA;
  target[1] = (nalUnitHeader & 0x1f) | (isFirst ? FuHeaderBit.start : 0) | (isLast ? FuHeaderBit.end : 0);
}

/** The header of the NAL unit of which an FU-A payload, of two bytes or more, holds a fragment (RFC 6184 5.8). */
export function fragmentedNalUnitHeader(payload: Uint8Array): number {
  return (payload[0] & 0xe0) | (payload[1] & 0x1f);
}
