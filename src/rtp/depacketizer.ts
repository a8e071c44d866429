/** From RTP packets to access units: RFC 6184, packetization-mode 0 and 1. */
import { checkOptions, optionNames } from '../options.js';
import { startsPicture } from '../codec/slice-header.js';
import { MAX_ACCESS_UNIT_SIZE } from '../codec/access-unit-splitter.js';
import { allocate } from '../codec/bytes.js';
import { START_CODE_LENGTH } from '../codec/byte-stream.js';
import { MAX_FRAME_SIZE } from '../codec/limits.js';
import { NalUnitType, isVcl, nalUnitType } from '../codec/nal-unit.js';
import { NalUnitBuffer } from './nal-unit-buffer.js';
import { integerOption, packetArgument, payloadTypesOption } from './options.js';
import { PayloadReader } from './payload-reader.js';
import { ReorderBuffer, REORDER_NAMES, type ReorderOptions, type ReorderStats } from './reorder-buffer.js';
import { hasRtpHeader, parseRtpPacket, readSsrc } from './rtp-packet.js';

/** The NAL units of one access unit that a {@link RtpDepacketizer} takes; those behind are left out. */
export const MAX_NAL_UNITS_PER_ACCESS_UNIT = 16_384;

/** Options of {@link RtpDepacketizer}. */
export interface RtpDepacketizerOptions extends ReorderOptions {
  /** The payload types that carry H.264; all where absent. Packets of others count for the sequence numbers alone. */
  readonly payloadType?: number | readonly number[] | undefined;
  /**
   * The source to listen to, others are passed over; where absent, whichever comes, and another one ends the access
   * unit of the one before.
   */
  readonly ssrc?: number | undefined;
  /** The bytes that an access unit may have; {@link MAX_ACCESS_UNIT_SIZE} where absent. */
  readonly maxAccessUnitSize?: number | undefined;
}

const OPTIONS = /* @__PURE__ */ optionNames<RtpDepacketizerOptions>()('RtpDepacketizer', {
  ...REORDER_NAMES,
  payloadType: true,
  ssrc: true,
  maxAccessUnitSize: true,
});

/** What a {@link RtpDepacketizer} has done since it was made. */
export interface RtpDepacketizerStats extends ReorderStats {
  /** Packets of the source that were given to it. */
  readonly packets: number;
  /** What was given to it and is no RTP packet, or one whose parts reach past its end. */
  readonly packetsUnreadable: number;
  /** Access units that came out. */
  readonly accessUnits: number;
  /** Those among them that are damaged. */
  readonly accessUnitsDamaged: number;
}

/** An access unit out of RTP packets. It owns its memory. */
export class RtpAccessUnit {
  /** Its NAL units as a byte stream, each behind a start code of four bytes (H.264 B.1.1). */
  readonly data: Uint8Array;
  /** The RTP timestamp, 32 bits, in units of 1/90000 s. */
  readonly rtpTimestamp: number;
  /** The synchronization source. */
  readonly ssrc: number;
  /**
   * Whether something of it is missing, or may be: a packet in it, in front of it or behind it has not come or could not
   * be read. NAL units that are incomplete are not in it at all.
   */
  readonly isDamaged: boolean;
  readonly #offsets: readonly number[];

  /** @internal */
  constructor(data: Uint8Array, offsets: readonly number[], rtpTimestamp: number, ssrc: number, isDamaged: boolean) {
    this.data = data;
    this.#offsets = offsets;
    this.rtpTimestamp = rtpTimestamp;
    this.ssrc = ssrc;
    this.isDamaged = isDamaged;
  }

  /** Its NAL units without framing, as views of {@link RtpAccessUnit.data}; a new array each time. */
  get nalUnits(): Uint8Array[] {
    const offsets = this.#offsets;
    return offsets.map((start, index) => {
      const end = index + 1 < offsets.length ? offsets[index + 1] - START_CODE_LENGTH : this.data.length;
      return this.data.subarray(start, end);
    });
  }
}

/** Whether an access unit may begin with this NAL unit, as far as it tells (H.264 7.4.1.2.3). */
function mayBeginAccessUnit(nalUnit: Uint8Array): boolean {
  return !isVcl(nalUnitType(nalUnit[0])) || startsPicture(nalUnit, 0, nalUnit.length);
}

/**
 * Puts the access units of one stream together from its RTP packets.
 *
 * An access unit ends with the marker bit, or where the timestamp changes. Packets are put in order within a window
 * ({@link ReorderOptions}); while one is missing, those behind it wait. The first one that comes waits for none, and what
 * comes in front of it later is left out, since its access unit may be out already. No bytes make it throw. What it holds is bounded
 * by `maxAccessUnitSize` and 1 MiB.
 */
export class RtpDepacketizer {
  readonly #payloadTypes: ReadonlySet<number> | undefined;
  readonly #isSsrcGiven: boolean;
  readonly #order: ReorderBuffer;
  readonly #nalUnits: NalUnitBuffer;
  readonly #reader: PayloadReader;
  #ssrc: number | undefined;
  /** Of the access unit that is coming; undefined while none is. */
  #timestamp: number | undefined;
  #isDamaged = false;
  /** Whether packets are missing in front of the access unit that is coming, so that its beginning may be among them. */
  #isStartMissing = false;
  /** Whether packets are missing in front of the next one. */
  #isGapOpen = false;
  #hasPackets = false;
  /** Whether the access unit that is coming is the first one. */
  #isFirst = true;
  /** Something of the kind that the caller works with. */
  #like: Uint8Array | undefined;
  /** What has come out since the call began. */
  #accessUnits: RtpAccessUnit[] = [];
  #packets = 0;
  #packetsUnreadable = 0;
  #accessUnitCount = 0;
  #accessUnitsDamaged = 0;

  /**
   * @param options which packets, how long to wait for them, how large an access unit may be
   * @throws `TypeError` or `RangeError` for an option of the wrong type or value
   */
  constructor(options: RtpDepacketizerOptions = {}) {
    checkOptions(options, OPTIONS);
    const { ssrc, maxAccessUnitSize } = options;
    this.#payloadTypes = payloadTypesOption(options.payloadType);
    this.#isSsrcGiven = ssrc !== undefined;
    this.#ssrc = ssrc === undefined ? undefined : integerOption('options.ssrc', ssrc, 0, 0, 0xffff_ffff);
    const size = integerOption('options.maxAccessUnitSize', maxAccessUnitSize, MAX_ACCESS_UNIT_SIZE, 1, MAX_FRAME_SIZE);
    const nalUnits = new NalUnitBuffer(size, MAX_NAL_UNITS_PER_ACCESS_UNIT);
    this.#nalUnits = nalUnits;
    this.#reader = new PayloadReader({
      begin: (header) => {
        nalUnits.begin(header);
      },
      append: (data, start, end) => {
        nalUnits.append(data, start, end);
      },
      end: () => {
        if (!nalUnits.end()) this.#isDamaged = true;
      },
      abort: () => {
        nalUnits.abort();
      },
    });
    this.#order = new ReorderBuffer((packet, isContinuous) => {
      this.#take(packet, isContinuous);
    }, options);
  }

  /** What it has done so far, counted; a new object each time. */
  get stats(): RtpDepacketizerStats {
    return {
      ...this.#order.stats,
      packets: this.#packets,
      packetsUnreadable: this.#packetsUnreadable,
      accessUnits: this.#accessUnitCount,
      accessUnitsDamaged: this.#accessUnitsDamaged,
    };
  }

  /**
   * Takes a packet as it comes from the network.
   *
   * @param packet one RTP packet, decrypted; it is borrowed for the time of the call
   * @returns the access units that are complete now, in decoding order; `Buffer`s where the packet is one
   * @throws `TypeError` for what is no `Uint8Array` (RFC 6184 5.1)
   */
  push(packet: Uint8Array): RtpAccessUnit[] {
    packetArgument(packet);
    if (!hasRtpHeader(packet)) {
      this.#packetsUnreadable++;
      return [];
    }
    const ssrc = readSsrc(packet);
    if (ssrc !== this.#ssrc) {
      if (this.#isSsrcGiven) return [];
      this.#end();
      this.#ssrc = ssrc;
    }
    this.#packets++;
    this.#like ??= allocate(0, packet);
    this.#order.push(packet);
    return this.#takeAccessUnits();
  }

  /**
   * Says that the stream ends here: nothing is waited for any longer. The next packet begins a new stream.
   *
   * @returns the access units that are left; the last one is damaged where it has had no marker bit
   */
  flush(): RtpAccessUnit[] {
    this.#end();
    return this.#takeAccessUnits();
  }

  #end(): void {
    this.#order.flush();
    this.#isDamaged = true;
    this.#finish();
    this.#isGapOpen = false;
    this.#hasPackets = false;
    this.#isFirst = true;
  }

  #take(packet: Uint8Array, isContinuous: boolean): void {
    if (!isContinuous && this.#hasPackets) this.#openGap();
    this.#hasPackets = true;
    const parsed = parseRtpPacket(packet);
    if (parsed === undefined) {
      this.#packetsUnreadable++;
      this.#openGap();
      return;
    }
    const { rtpTimestamp: timestamp, payload } = parsed;
    // Padding alone keeps a path open, and other payload types are, for one, forward error correction.
    if (payload.length === 0 || this.#payloadTypes?.has(parsed.payloadType) === false) return;
    if (timestamp !== this.#timestamp) {
      if (this.#isGapOpen) this.#isDamaged = true;
      this.#finish();
      this.#timestamp = timestamp;
      this.#isStartMissing = this.#isGapOpen;
    } else if (this.#isGapOpen) {
      this.#isDamaged = true;
    }
    this.#isGapOpen = false;
    if (!this.#reader.read(payload)) this.#isDamaged = true;
    if (parsed.marker) this.#finish();
  }

  #openGap(): void {
    this.#reader.breakOff();
    this.#isGapOpen = true;
  }

  /** The access unit that has been coming is over. */
  #finish(): void {
    if (!this.#reader.breakOff()) this.#isDamaged = true;
    const timestamp = this.#timestamp;
    if (timestamp !== undefined && this.#nalUnits.count > 0) this.#emit(timestamp);
    this.#timestamp = undefined;
    this.#isDamaged = false;
    this.#isStartMissing = false;
  }

  #emit(timestamp: number): void {
    const { data, offsets } = this.#nalUnits.take(this.#like);
    const first = data.subarray(offsets[0]);
    if (this.#isFirst && !mayBeginAccessUnit(first)) this.#isDamaged = true;
    // In front of a delimiter there is nothing that could be missing (H.264 7.4.1.2.3).
    if (this.#isStartMissing && nalUnitType(first[0]) !== NalUnitType.accessUnitDelimiter) this.#isDamaged = true;
    this.#isFirst = false;
    this.#accessUnitCount++;
    if (this.#isDamaged) this.#accessUnitsDamaged++;
    this.#accessUnits.push(new RtpAccessUnit(data, offsets, timestamp, this.#ssrc ?? 0, this.#isDamaged));
  }

  #takeAccessUnits(): RtpAccessUnit[] {
    const accessUnits = this.#accessUnits;
    if (accessUnits.length > 0) this.#accessUnits = [];
    return accessUnits;
  }
}
