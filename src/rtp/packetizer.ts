/** From NAL units to RTP packets: RFC 6184, packetization-mode 0 (6.2) and 1 (6.3). */
import { writeLength } from '../codec/length-prefixed.js';
import { nalUnitType } from '../codec/nal-unit.js';
import { RtpPayloadType, STAP_A_HEADER_LENGTH, STAP_A_SIZE_LENGTH } from '../codec/rtp-payload.js';
import { SeiError, invalidType, outOfRange } from '../errors.js';
import { FU_A_HEADER_LENGTH, writeFuAHeader } from './fragmentation-unit.js';
import { MAX_PAYLOAD_TYPE, integerOption } from './options.js';
import { RTP_HEADER_LENGTH, createRtpPacket } from './rtp-packet.js';

/** The largest RTP packet that is made where the caller sets no `maxPacketSize`, in bytes, its header included. */
export const DEFAULT_MAX_RTP_PACKET_SIZE = 1200;

/** The smallest `maxPacketSize`, in bytes: there is room for a fragment that is not all header. */
export const MIN_RTP_PACKET_SIZE = 64;

/** The most that an UDP datagram of IPv4 can hold is a little less. */
export const MAX_RTP_PACKET_SIZE = 0xffff;

/**
 * What a payload may be: 0, one whole NAL unit (RFC 6184 6.2); 1, that, a STAP-A or an FU-A (6.3). It is what the
 * session description says, 0 where it says nothing.
 */
export type PacketizationMode = 0 | 1;

/** The payload of a packet in pieces, which follow one another; pieces of NAL units are views of them. */
export type RtpPayloadPieces = readonly Uint8Array[];

/** How NAL units become payloads. */
export interface PayloadOptions {
  /** The bytes that a payload may have, 65,535 at most. */
  readonly maxPayloadSize: number;
  /** What a payload may be. */
  readonly packetizationMode: PacketizationMode;
  /** Whether NAL units that follow one another share a STAP-A where they fit; never so in packetization-mode 0. */
  readonly aggregate: boolean;
}

/** Options of {@link RtpPacketizer}. */
export interface RtpPacketizerOptions {
  /** The payload type of the session description, 0 to 127. */
  readonly payloadType: number;
  /** The synchronization source, 32 bits; a random one where absent. */
  readonly ssrc?: number | undefined;
  /** The sequence number of the first packet, 16 bits; a random one where absent. */
  readonly sequenceNumber?: number | undefined;
  /**
   * The bytes that a packet may have with its header, before SRTP; {@link DEFAULT_MAX_RTP_PACKET_SIZE} where absent, at
   * least {@link MIN_RTP_PACKET_SIZE}.
   */
  readonly maxPacketSize?: number | undefined;
  /** What a payload may be; 1 where absent. */
  readonly packetizationMode?: PacketizationMode | undefined;
  /**
   * Whether NAL units that follow one another, such as parameter sets, SEI and a small slice, share a STAP-A where they
   * fit; true where absent, never so in packetization-mode 0.
   */
  readonly aggregate?: boolean | undefined;
}

/** What is said of one access unit. */
export interface PacketizeOptions {
  /**
   * Whether the last NAL unit is the last one of its access unit, so that its last packet gets the marker bit; true
   * where absent.
   */
  readonly marker?: boolean | undefined;
}

/**
 * Whether a NAL unit can be the payload of a packet. Types 0 and 24 to 31 cannot: there they mean other things, or
 * nothing (RFC 6184 Table 1).
 */
export function isPacketizable(nalUnit: Uint8Array): boolean {
  if (nalUnit.length === 0) return false;
  const type = nalUnitType(nalUnit[0]);
  return type > 0 && type < RtpPayloadType.stapA;
}

/**
 * Splits and aggregates NAL units into payloads, in order. Those that no payload can hold ({@link isPacketizable}) are
 * left out.
 *
 * @param nalUnits without framing, of one access unit; they are borrowed by the result
 * @param options the size and the kind of the payloads
 * @returns each payload in pieces (RFC 6184 5.6, 5.7.1, 5.8)
 * @throws {@link SeiError} `ERR_SEI_NAL_UNIT_TOO_LARGE` for a NAL unit that packetization-mode 0 cannot split
 */
export function packetizeNalUnits(nalUnits: readonly Uint8Array[], options: PayloadOptions): RtpPayloadPieces[] {
  const { maxPayloadSize, packetizationMode } = options;
  const canAggregate = options.aggregate && packetizationMode === 1;
  const payloads: RtpPayloadPieces[] = [];
  let group: Uint8Array[] = [];
  let groupSize = 0;
  const finishGroup = () => {
    if (group.length > 0) payloads.push(group.length === 1 ? group : stapA(group));
    group = [];
    groupSize = STAP_A_HEADER_LENGTH;
  };
  finishGroup();
  for (const nalUnit of nalUnits) {
    if (!isPacketizable(nalUnit)) continue;
    const unitSize = STAP_A_SIZE_LENGTH + nalUnit.length;
    if (!canAggregate || groupSize + unitSize > maxPayloadSize) finishGroup();
    if (nalUnit.length > maxPayloadSize) payloads.push(...fuA(nalUnit, options));
    else {
      group.push(nalUnit);
      groupSize += unitSize;
    }
  }
  finishGroup();
  return payloads;
}

/** A STAP-A: F is the OR of the bits of its NAL units, NRI the maximum (RFC 6184 5.7.1). */
export function stapA(nalUnits: readonly Uint8Array[]): RtpPayloadPieces {
  let forbiddenZeroBit = 0;
  let nalRefIdc = 0;
  const pieces: Uint8Array[] = [];
  for (const nalUnit of nalUnits) {
    forbiddenZeroBit |= nalUnit[0] & 0x80;
    nalRefIdc = Math.max(nalRefIdc, nalUnit[0] & 0x60);
    const size = new Uint8Array(STAP_A_SIZE_LENGTH);
    writeLength(size, 0, nalUnit.length, STAP_A_SIZE_LENGTH);
    pieces.push(size, nalUnit);
  }
  return [Uint8Array.of(forbiddenZeroBit | nalRefIdc | RtpPayloadType.stapA), ...pieces];
}

/** The fragments of a NAL unit, of about equal sizes, two or more (RFC 6184 5.8). */
function fuA(nalUnit: Uint8Array, { maxPayloadSize, packetizationMode }: PayloadOptions): RtpPayloadPieces[] {
  if (packetizationMode === 0) {
    throw new SeiError(
      'ERR_SEI_NAL_UNIT_TOO_LARGE',
      `a NAL unit of ${nalUnit.length} bytes does not fit a payload of ${maxPayloadSize}, and packetization-mode 0 ` +
        'has no fragments; set the slice size of the encoder',
    );
  }
  const bodyLength = nalUnit.length - 1;
  const count = Math.ceil(bodyLength / (maxPayloadSize - FU_A_HEADER_LENGTH));
  const fragments: RtpPayloadPieces[] = [];
  for (let i = 0; i < count; i++) {
    const header = new Uint8Array(FU_A_HEADER_LENGTH);
    writeFuAHeader(header, nalUnit[0], i === 0, i === count - 1);
    const start = 1 + Math.floor((bodyLength * i) / count);
    const end = 1 + Math.floor((bodyLength * (i + 1)) / count);
    fragments.push([header, nalUnit.subarray(start, end)]);
  }
  return fragments;
}

function randomInteger(below: number): number {
  return Math.floor(Math.random() * below);
}

/**
 * The option `packetizationMode`; 1 where none is given.
 *
 * @throws `TypeError` for what is no number, `RangeError` for another one than 0 and 1
 */
export function modeOption(mode: unknown = 1): PacketizationMode {
  if (typeof mode !== 'number') throw invalidType('options.packetizationMode', 'a number', mode);
  if (mode !== 0 && mode !== 1) throw outOfRange('options.packetizationMode', '0 or 1', mode);
  return mode;
}

/**
 * An option that is true or false.
 *
 * @throws `TypeError` for any other value
 */
export function booleanOption(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') throw invalidType(name, 'a boolean', value);
  return value;
}

/** Makes the RTP packets of one stream out of its access units: it counts the sequence numbers. */
export class RtpPacketizer {
  /** The payload type of its packets. */
  readonly payloadType: number;
  /** The synchronization source of its packets. */
  readonly ssrc: number;
  readonly #payloadOptions: PayloadOptions;
  #sequenceNumber: number;

  /**
   * @param options payload type, source, size and kind of the packets
   * @throws `TypeError` or `RangeError` for an option of the wrong type or value
   */
  constructor(options: RtpPacketizerOptions) {
    if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options);
    const { payloadType, ssrc, sequenceNumber, maxPacketSize, packetizationMode, aggregate } = options;
    this.payloadType = integerOption('options.payloadType', payloadType ?? null, 0, 0, MAX_PAYLOAD_TYPE);
    this.ssrc = integerOption('options.ssrc', ssrc, randomInteger(2 ** 32), 0, 0xffff_ffff);
    this.#sequenceNumber = integerOption('options.sequenceNumber', sequenceNumber, randomInteger(2 ** 16), 0, 0xffff);
    const packetSize = integerOption(
      'options.maxPacketSize',
      maxPacketSize,
      DEFAULT_MAX_RTP_PACKET_SIZE,
      MIN_RTP_PACKET_SIZE,
      MAX_RTP_PACKET_SIZE,
    );
    this.#payloadOptions = {
      maxPayloadSize: packetSize - RTP_HEADER_LENGTH,
      packetizationMode: modeOption(packetizationMode),
      aggregate: booleanOption('options.aggregate', aggregate, true),
    };
  }

  /** The sequence number of the next packet, 16 bits. */
  get sequenceNumber(): number {
    return this.#sequenceNumber;
  }

  /**
   * Makes the packets of an access unit, or of a part of one. NAL units of types that RTP cannot carry (0, 24 to 31)
   * are left out.
   *
   * @param nalUnits without framing, in decoding order, as `splitNalUnits` answers them; they are only read
   * @param timestamp that of the access unit in units of 1/90000 s, the low 32 bits of which are taken
   * @param options whether the access unit ends here
   * @returns the packets in order, each in memory of its own, a `Buffer` where the first NAL unit is one
   * @throws `TypeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_NAL_UNIT_TOO_LARGE` in
   *   packetization-mode 0, and then no sequence number is used up (RFC 6184 5.1, 5.6, 5.7.1, 5.8)
   */
  packetize(nalUnits: readonly Uint8Array[], timestamp: number, options: PacketizeOptions = {}): Uint8Array[] {
    if (!Array.isArray(nalUnits) || !nalUnits.every((nalUnit) => nalUnit instanceof Uint8Array)) {
      throw invalidType('nalUnits', 'an array of Uint8Array', nalUnits);
    }
    if (typeof timestamp !== 'number') throw invalidType('timestamp', 'a number', timestamp);
    if (!Number.isSafeInteger(timestamp)) throw outOfRange('timestamp', 'an integer', timestamp);
    const isLastOfAccessUnit = booleanOption('options.marker', options.marker, true);
    const payloads = packetizeNalUnits(nalUnits, this.#payloadOptions);
    const { payloadType, ssrc } = this;
    return payloads.map((payload, index) => {
      const marker = isLastOfAccessUnit && index === payloads.length - 1;
      const sequenceNumber = this.#sequenceNumber;
      this.#sequenceNumber = (sequenceNumber + 1) & 0xffff;
      return createRtpPacket({ payloadType, sequenceNumber, timestamp, ssrc, marker }, payload, nalUnits[0]);
    });
  }
}
