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

  /** Whether the messages read so far are all that the RBSP says: only trailing bits follow, or nothing at all. */
  isAtEnd(): boolean {
    return this.payloadEnd === this.#end || this.isAtTrailingBits();
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
 * Serializes one sei_message as a whole SEI NAL unit with its trailing bits, not escaped.
 *
 * @param payloadType payloadType, an integer from 0 on
 * @param prefix the first bytes of the payload
 * @param payload the rest of it
 * @returns memory of its own: the header, then the RBSP (H.264 7.3.1, 7.3.2.3, 7.3.2.3.1)
 */
export function serializeSei(payloadType: number, prefix: Uint8Array, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const payloadSize = prefix.length + payload.length;
  const headerLength = 1 + codedNumberLength(payloadType) + codedNumberLength(payloadSize);
  const nalUnit = new Uint8Array(headerLength + payloadSize + 1);
  nalUnit[0] = SEI_NAL_UNIT_HEADER;
  let at = writeCodedNumber(nalUnit, writeCodedNumber(nalUnit, 1, payloadType), payloadSize);
  at = copyBytes(prefix, 0, prefix.length, nalUnit, at);
  at = copyBytes(payload, 0, payload.length, nalUnit, at);
  nalUnit[at] = RBSP_TRAILING_BITS;
  return nalUnit;
}
