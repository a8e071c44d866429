/** From access units to the RTP packets of a stream: RFC 6184 5.1. */
import { checkOptions, optionNames } from '../options.js';
import { isUint8Array } from '../codec/bytes.js';
import { invalidType, outOfRange } from '../errors.js';
import { booleanOption, integerOption, modeOption, payloadTypeOption } from './options.js';
import { type PacketizationMode, type PayloadOptions, packetizeNalUnits } from './payload-writer.js';
import { RTP_HEADER_LENGTH, createRtpPacket } from './rtp-packet.js';

/** The largest RTP packet that is made where the caller sets no `maxPacketSize`, in bytes, its header included. */
export const DEFAULT_MAX_RTP_PACKET_SIZE = 1200;

/** The smallest `maxPacketSize`, in bytes: there is room for a fragment that is not all header. */
export const MIN_RTP_PACKET_SIZE = 64;

/** The largest `maxPacketSize`, in bytes: what a UDP datagram of IPv4 can hold is a little less. */
export const MAX_RTP_PACKET_SIZE = 0xffff;

/** Options of {@link RtpPacketizer}. */
export interface RtpPacketizerOptions {
  /** The payload type of the session description: 0 to 63 or 96 to 127, since others look like RTCP (RFC 5761 4). */
  readonly payloadType: number;
  /** The synchronization source, 32 bits; a random one where absent. */
  readonly ssrc?: number | undefined;
  /** The sequence number of the first packet, 16 bits; a random one where absent. */
  readonly sequenceNumber?: number | undefined;
  /**
   * The bytes that a packet may have with its header, before SRTP; {@link DEFAULT_MAX_RTP_PACKET_SIZE} where absent, at
   * least {@link MIN_RTP_PACKET_SIZE}, at most {@link MAX_RTP_PACKET_SIZE}.
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

const OPTIONS = /* @__PURE__ */ optionNames<RtpPacketizerOptions>()('RtpPacketizer', {
  payloadType: true,
  ssrc: true,
  sequenceNumber: true,
  maxPacketSize: true,
  packetizationMode: true,
  aggregate: true,
});

const PACKETIZE_OPTIONS = /* @__PURE__ */ optionNames<PacketizeOptions>()('packetize', { marker: true });

/** A number that nobody can foresee, for who knows it could attack the encryption (RFC 3550 5.1, 8.1). */
function randomNumber(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
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
    checkOptions(options, OPTIONS);
    const { payloadType, ssrc, sequenceNumber, maxPacketSize, packetizationMode, aggregate } = options;
    this.payloadType = payloadTypeOption(payloadType);
    this.ssrc = ssrc === undefined ? randomNumber() : integerOption('options.ssrc', ssrc, 0, 0, 0xffff_ffff);
    this.#sequenceNumber =
      sequenceNumber === undefined
        ? randomNumber() & 0xffff
        : integerOption('options.sequenceNumber', sequenceNumber, 0, 0, 0xffff);
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
   * @param rtpTimestamp that of the access unit in units of 1/90000 s, the low 32 bits of which are taken
   * @param options whether the access unit ends here
   * @returns the packets in order, each in memory of its own, a `Buffer` where the first NAL unit is one
   * @throws `TypeError` for arguments of the wrong kind; `SeiError` `ERR_SEI_NAL_UNIT_TOO_LARGE` in
   *   packetization-mode 0, and then no sequence number is used up (RFC 6184 5.1, 5.6, 5.7.1, 5.8)
   */
  packetize(nalUnits: readonly Uint8Array[], rtpTimestamp: number, options: PacketizeOptions = {}): Uint8Array[] {
    checkOptions(options, PACKETIZE_OPTIONS);
    if (!Array.isArray(nalUnits) || !nalUnits.every(isUint8Array)) {
      throw invalidType('nalUnits', 'an array of Uint8Array', nalUnits);
    }
    if (typeof rtpTimestamp !== 'number') throw invalidType('rtpTimestamp', 'a number', rtpTimestamp);
    if (!Number.isSafeInteger(rtpTimestamp)) throw outOfRange('rtpTimestamp', 'an integer', rtpTimestamp);
    const isLastOfAccessUnit = booleanOption('options.marker', options.marker, true);
    const payloads = packetizeNalUnits(nalUnits, this.#payloadOptions);
    const { payloadType, ssrc } = this;
    return payloads.map((payload, index) => {
      const marker = isLastOfAccessUnit && index === payloads.length - 1;
      const sequenceNumber = this.#sequenceNumber;
      this.#sequenceNumber = (sequenceNumber + 1) & 0xffff;
      return createRtpPacket({ payloadType, sequenceNumber, rtpTimestamp, ssrc, marker }, payload, nalUnits[0]);
    });
  }
}
