/**
 * SEI RBSP: sei_message after sei_message, each a payloadType, a payloadSize and the payload, then rbsp_trailing_bits
 * once (H.264 7.3.2.3, 7.3.2.3.1).
 */
import { copyBytes } from './bytes.js';
import { SEI_NAL_UNIT_HEADER } from './nal-unit.js';

/** payloadType of user_data_unregistered (H.264 Table D-1 and D.1.7). */
export const USER_DATA_UNREGISTERED = 5;

/** Bytes of uuid_iso_iec_11578 in front of the user data (H.264 D.1.7). */
export const UUID_LENGTH = 16;

/** rbsp_trailing_bits of a RBSP that ends at a whole byte (H.264 7.3.2.11). */
export const RBSP_TRAILING_BITS = 0x80;

const FF_BYTE = 0xff;

/** A payloadType or payloadSize above this ends the NAL unit that claims it: no such message fits in memory. */
const MAX_CODED_NUMBER = 0xffff_ffff;

/**
 * Reads the messages of one SEI RBSP, one after the other. Hostile bytes end the walk and never throw: a message that
 * reaches past the end, a number that does not end, or one that is absurdly large.
 */
export class SeiMessageCursor {
  /** Offset of the first byte of the message, its payloadType. */
  start: number;
  /** payloadType of the message. */
  payloadType = 0;
  /** Offset of the payload. */
  payloadStart = 0;
  /** Offset behind the payload; the next message, or the trailing bits, begin here. */
  payloadEnd: number;
  readonly #rbsp: Uint8Array;
  readonly #end: number;

  /**
   * @param rbsp holds the RBSP, without emulation prevention
   * @param start offset of its first byte, behind the NAL unit header
   * @param end offset behind its last byte
   */
  constructor(rbsp: Uint8Array, start: number, end: number) {
    this.#rbsp = rbsp;
    this.start = this.payloadEnd = start;
    this.#end = end;
  }

  /** Goes to the next message; false at the trailing bits, and where the rest is no message. */
  next(): boolean {
    const rbsp = this.#rbsp;
    const end = this.#end;
    const start = this.payloadEnd;
    if (this.isAtTrailingBits()) return false;

    let at = start;
    let payloadType = 0;
    while (at < end && rbsp[at] === FF_BYTE) {
      payloadType += FF_BYTE;
      at++;
    }
    if (at >= end) return false;
    payloadType += rbsp[at++];

    let payloadSize = 0;
    while (at < end && rbsp[at] === FF_BYTE) {
      payloadSize += FF_BYTE;
      at++;
    }
    if (at >= end) return false;
    payloadSize += rbsp[at++];

    if (payloadType > MAX_CODED_NUMBER || payloadSize > end - at) return false;
    this.start = start;
    this.payloadType = payloadType;
    this.payloadStart = at;
    this.payloadEnd = at + payloadSize;
    return true;
  }

  /**
   * Whether nothing but rbsp_trailing_bits (and zeros, which padding may add) follows the messages read so far (H.264
   * 7.2).
   */
  isAtTrailingBits(): boolean {
    if (this.payloadEnd >= this.#end || this.#rbsp[this.payloadEnd] !== RBSP_TRAILING_BITS) return false;
    for (let at = this.payloadEnd + 1; at < this.#end; at++) {
      if (this.#rbsp[at] !== 0) return false;
    }
    return true;
  }
}

/** Bytes of a payloadType or payloadSize of this value: ff_bytes and a last byte (H.264 7.3.2.3.1). */
export function codedNumberLength(value: number): number {
  return Math.floor(value / FF_BYTE) + 1;
}

/** Writes a payloadType or payloadSize; answers the offset behind it (H.264 7.3.2.3.1). */
export function writeCodedNumber(target: Uint8Array, at: number, value: number): number {
  for (; value >= FF_BYTE; value -= FF_BYTE) target[at++] = FF_BYTE;
  target[at++] = value;
  return at;
}

/**
 * Serializes one user_data_unregistered message as a whole SEI NAL unit with its trailing bits, not escaped.
 *
 * @param uuid uuid_iso_iec_11578, 16 bytes
 * @param userData what follows the UUID
 * @returns memory of its own: the header, and the RBSP behind it (H.264 7.3.1, 7.3.2.3, 7.3.2.3.1, D.1.7)
 */
export function serializeUserDataUnregistered(uuid: Uint8Array, userData: Uint8Array): Uint8Array {
  const payloadSize = UUID_LENGTH + userData.length;
  const nalUnit = new Uint8Array(3 + codedNumberLength(payloadSize) + payloadSize);
  nalUnit[0] = SEI_NAL_UNIT_HEADER;
  nalUnit[1] = USER_DATA_UNREGISTERED;
  let at = writeCodedNumber(nalUnit, 2, payloadSize);
  at = copyBytes(uuid, 0, UUID_LENGTH, nalUnit, at);
  at = copyBytes(userData, 0, userData.length, nalUnit, at);
  nalUnit[at] = RBSP_TRAILING_BITS;
  return nalUnit;
}
