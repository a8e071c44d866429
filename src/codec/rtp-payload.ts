/**
 * The payload of one RTP packet of RFC 6184: a single NAL unit without framing (5.6), a STAP-A that aggregates several
 * (5.7.1), or an FU-A that holds a piece of one (5.8).
 */
import { nalUnitType } from './nal-unit.js';

/** The values of the type field that RFC 6184 adds to those of H.264 (Table 1). */
export const RtpPayloadType = { stapA: 24, fuA: 28 } as const;

/** Bytes of the STAP-A header, in front of the first size. */
export const STAP_A_HEADER_LENGTH = 1;

/** Bytes of the size in front of each NAL unit of a STAP-A. */
export const STAP_A_SIZE_LENGTH = 2;

/** The longest NAL unit that a STAP-A can hold: its size has 16 bits (RFC 6184 5.7.1). */
export const MAX_STAP_A_NAL_UNIT_LENGTH = 0xffff;

/**
 * The largest RTP payload that is written where the caller sets no `maxPacketSize`, in bytes: below every usual path
 * MTU.
 */
export const DEFAULT_MAX_RTP_PAYLOAD_SIZE = 1200;

/** Whether `payload` is a STAP-A packet by its first byte (RFC 6184 5.7.1). */
export function isStapA(payload: Uint8Array): boolean {
  return payload.length > 0 && nalUnitType(payload[0]) === RtpPayloadType.stapA;
}

/** Whether `payload` is an FU-A packet by its first byte (RFC 6184 5.8). */
export function isFuA(payload: Uint8Array): boolean {
  return payload.length > 0 && nalUnitType(payload[0]) === RtpPayloadType.fuA;
}

/**
 * The header of a STAP-A: F is the OR of the forbidden_zero_bits of its NAL units, NRI the maximum of their nal_ref_idc
 * (RFC 6184 5.7.1). SEI NAL units add nothing to either, so the one other NAL unit decides.
 */
export function stapAHeader(nalUnitHeader: number): number {
  return (nalUnitHeader & 0xe0) | RtpPayloadType.stapA;
}
