/**
 * The RTP packet of RFC 3550 5.1: a fixed header of 12 bytes, contributing sources, a header extension, a payload, and
 * padding. The functions on the fixed header read and write one field in place; {@link parseRtpPacket} finds the rest.
 */
import { allocate, copyBytes } from '../codec/bytes.js';
import { outOfRange } from '../errors.js';
import {
  HEADER_EXTENSION_HEADER_LENGTH,
  type HeaderExtensionElement,
  headerExtensionProfile,
  parseHeaderExtension,
  serializeHeaderExtension,
} from './header-extension.js';

/** Bytes of the fixed header, in front of the contributing sources (RFC 3550 5.1). */
export const RTP_HEADER_LENGTH = 12;

/** The most contributing sources that the four bits of CC can count (RFC 3550 5.1). */
export const MAX_CSRC_COUNT = 15;

const VERSION = 2;
const CSRC_LENGTH = 4;
const PADDING_BIT = 0x20;
const EXTENSION_BIT = 0x10;
const MARKER_BIT = 0x80;

/** The second byte of every RTCP packet lies in here, and that of no RTP packet beside RTCP does (RFC 5761 4). */
const FIRST_RTCP_PACKET_TYPE = 192;
const LAST_RTCP_PACKET_TYPE = 223;

/**
 * Whether bytes have the fixed header of an RTP packet: 12 bytes or more, of version 2, and no RTCP packet, which has
 * another header and may come over the same port (RFC 3550 5.1, RFC 5761 4). What is behind the fixed header may still
 * be broken; {@link parseRtpPacket} tells.
 */
export function hasRtpHeader(data: Uint8Array): boolean {
  return (
    data.length >= RTP_HEADER_LENGTH &&
    data[0] >> 6 === VERSION &&
    (data[1] < FIRST_RTCP_PACKET_TYPE || data[1] > LAST_RTCP_PACKET_TYPE)
  );
}

/** The marker bit, which in H.264 stands on the last packet of an access unit (RFC 3550 5.1, RFC 6184 5.1). */
export function readMarker(packet: Uint8Array): boolean {
  return (packet[1] & MARKER_BIT) !== 0;
}

/** The payload type, 0 to 127 (RFC 3550 5.1). */
export function readPayloadType(packet: Uint8Array): number {
  return packet[1] & 0x7f;
}

/** The sequence number, 16 bits (RFC 3550 5.1). */
export function readSequenceNumber(packet: Uint8Array): number {
  return (packet[2] << 8) | packet[3];
}

/** The timestamp, 32 bits without a sign, which for H.264 counts at 90 kHz (RFC 3550 5.1, RFC 6184 5.1). */
export function readTimestamp(packet: Uint8Array): number {
  return readUint32(packet, 4);
}

/** The synchronization source identifier, 32 bits without a sign (RFC 3550 5.1). */
export function readSsrc(packet: Uint8Array): number {
  return readUint32(packet, 8);
}

/** Sets the marker bit in the caller's packet (RFC 3550 5.1). */
export function writeMarker(packet: Uint8Array, marker: boolean): void {
  packet[1] = (packet[1] & 0x7f) | (marker ? MARKER_BIT : 0);
}

/** Sets the sequence number in the caller's packet; higher bits than the low 16 are left out (RFC 3550 5.1). */
export function writeSequenceNumber(packet: Uint8Array, sequenceNumber: number): void {
  packet[2] = sequenceNumber >>> 8;
  packet[3] = sequenceNumber;
}

/** Reads the big-endian number of 32 bits at `at`, without a sign. */
export function readUint32(data: Uint8Array, at: number): number {
  return ((data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3]) >>> 0;
}

/** Writes the low 32 bits of `value` at `at`, big-endian. */
export function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

/**
 * A view of one RTP packet: where its parts lie, and its fields, which are read from the bytes each time they are asked
 * for. It owns no memory. {@link parseRtpPacket} makes it.
 */
export class RtpPacket {
  /** The bytes of the packet, borrowed. */
  readonly data: Uint8Array;
  /** Contributing sources behind the fixed header, 0 to 15. */
  readonly csrcCount: number;
  /** Offset of the payload, behind the header extension where there is one. */
  readonly payloadStart: number;
  /** Offset behind the payload: that of the padding, or the end of the packet. */
  readonly payloadEnd: number;

  /** @internal */
  constructor(data: Uint8Array, csrcCount: number, payloadStart: number, payloadEnd: number) {
    this.data = data;
    this.csrcCount = csrcCount;
    this.payloadStart = payloadStart;
    this.payloadEnd = payloadEnd;
  }

  /** The marker bit. */
  get marker(): boolean {
    return readMarker(this.data);
  }

  /** The payload type, 0 to 127. */
  get payloadType(): number {
    return readPayloadType(this.data);
  }

  /** The sequence number, 16 bits. */
  get sequenceNumber(): number {
    return readSequenceNumber(this.data);
  }

  /** The RTP timestamp in units of the payload's clock, 1/90000 s for H.264, 32 bits. */
  get rtpTimestamp(): number {
    return readTimestamp(this.data);
  }

  /** The synchronization source, 32 bits. */
  get ssrc(): number {
    return readSsrc(this.data);
  }

  /** The contributing sources, in order; a new array each time. */
  get csrcs(): number[] {
    return Array.from({ length: this.csrcCount }, (_, i) => readUint32(this.data, RTP_HEADER_LENGTH + CSRC_LENGTH * i));
  }

  /** Offset of the header extension, its own header included; that of the payload where there is none. */
  get extensionStart(): number {
    return this.hasExtension ? RTP_HEADER_LENGTH + CSRC_LENGTH * this.csrcCount : this.payloadStart;
  }

  /** Whether there is a header extension, of whatever kind. */
  get hasExtension(): boolean {
    return (this.data[0] & EXTENSION_BIT) !== 0;
  }

  /** The first 16 bits of the header extension, which tell its kind (RFC 3550 5.3.1); undefined where there is none. */
  get extensionProfile(): number | undefined {
    return this.hasExtension ? headerExtensionProfile(this.data, this.extensionStart) : undefined;
  }

  /**
   * The elements of the header extension, in order, as views of the packet; a new array each time. Empty where there is
   * no header extension, or one of a kind that RFC 8285 does not define.
   */
  get extensionElements(): HeaderExtensionElement[] {
    return this.hasExtension ? parseHeaderExtension(this.data, this.extensionStart, this.payloadStart) : [];
  }

  /** The payload, a view of the packet. */
  get payload(): Uint8Array {
    return this.data.subarray(this.payloadStart, this.payloadEnd);
  }
}

/**
 * Finds the parts of an RTP packet (RFC 3550 5.1, 5.3.1).
 *
 * @param data one whole packet, without the authentication tag of SRTP; it is borrowed, and only read
 * @returns undefined for what is no RTP packet, and for one whose contributing sources, header extension or padding
 *   reach past the end; the payload may be empty
 */
export function parseRtpPacket(data: Uint8Array): RtpPacket | undefined {
  if (!hasRtpHeader(data)) return undefined;
  const csrcCount = data[0] & 0x0f;
  let payloadStart = RTP_HEADER_LENGTH + CSRC_LENGTH * csrcCount;
  if ((data[0] & EXTENSION_BIT) !== 0) {
    if (payloadStart + HEADER_EXTENSION_HEADER_LENGTH > data.length) return undefined;
    const words = (data[payloadStart + 2] << 8) | data[payloadStart + 3];
    payloadStart += HEADER_EXTENSION_HEADER_LENGTH + 4 * words;
  }
  if (payloadStart > data.length) return undefined;
  let payloadEnd = data.length;
  if ((data[0] & PADDING_BIT) !== 0) {
    const padding = payloadEnd > payloadStart ? data[payloadEnd - 1] : 0;
    // The last byte of the padding counts itself (RFC 3550 5.1).
    if (padding === 0 || padding > payloadEnd - payloadStart) return undefined;
    payloadEnd -= padding;
  }
  return new RtpPacket(data, csrcCount, payloadStart, payloadEnd);
}

/** The fields of a packet that is to be made. */
export interface RtpPacketFields {
  /** 0 to 127. */
  readonly payloadType: number;
  /** The low 16 bits are taken. */
  readonly sequenceNumber: number;
  /** The low 32 bits are taken. */
  readonly rtpTimestamp: number;
  /** The low 32 bits are taken. */
  readonly ssrc: number;
  /** False where absent. */
  readonly marker?: boolean | undefined;
  /** The contributing sources, 15 at most; none where absent. */
  readonly csrcs?: readonly number[] | undefined;
  /** The elements of the header extension; without any the packet has none. */
  readonly extensionElements?: readonly HeaderExtensionElement[] | undefined;
  /** The kind of the header extension where it has to be a certain one; see {@link serializeHeaderExtension}. */
  readonly extensionProfile?: number | undefined;
}

/**
 * Makes an RTP packet without padding (RFC 3550 5.1).
 *
 * @param fields its header; numbers of more bits than their field are cut, no others are checked
 * @param payload the pieces of its payload, which are copied one behind the other
 * @param like the result is a `Buffer` where this is one
 * @returns a packet in memory of its own
 * @throws `RangeError` for more than 15 contributing sources, and for elements of the header
 *   extension that its kind cannot hold
 */
export function createRtpPacket(
  fields: RtpPacketFields,
  payload: readonly Uint8Array[],
  like: Uint8Array | undefined = payload[0],
): Uint8Array {
  const { csrcs = [], extensionElements = [] } = fields;
  if (csrcs.length > MAX_CSRC_COUNT) throw outOfRange('fields.csrcs', `${MAX_CSRC_COUNT} at most`, csrcs.length);
  const extension =
    extensionElements.length > 0 ? serializeHeaderExtension(extensionElements, fields.extensionProfile) : undefined;
  let length = RTP_HEADER_LENGTH + CSRC_LENGTH * csrcs.length + (extension?.length ?? 0);
  for (const piece of payload) length += piece.length;
  const packet = allocate(length, like);
  packet[0] = (VERSION << 6) | (extension === undefined ? 0 : EXTENSION_BIT) | csrcs.length;
  packet[1] = fields.payloadType & 0x7f;
  writeMarker(packet, fields.marker === true);
  writeSequenceNumber(packet, fields.sequenceNumber);
  writeUint32(packet, 4, fields.rtpTimestamp);
  writeUint32(packet, 8, fields.ssrc);
  let at = RTP_HEADER_LENGTH;
  for (const csrc of csrcs) {
    writeUint32(packet, at, csrc);
    at += CSRC_LENGTH;
  }
  if (extension !== undefined) at = copyBytes(extension, 0, extension.length, packet, at);
  for (const piece of payload) at = copyBytes(piece, 0, piece.length, packet, at);
  return packet;
}
