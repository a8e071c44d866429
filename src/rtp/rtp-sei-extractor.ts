/** Reads metadata out of a stream of RTP packets, without a frame and without a decoder. */
import { type OptionNames, checkOptions, optionNames } from '../options.js';
import { MAX_USER_DATA_SIZE } from '../codec/limits.js';
import { NalUnitType, hasForbiddenZeroBit, nalUnitType } from '../codec/nal-unit.js';
import { invalidType } from '../errors.js';
import type { ReceivedSeiMessage } from '../receive/received-message.js';
import type { SeiSubscriber } from '../receive/subscriber.js';
import { NalUnitBuffer } from './nal-unit-buffer.js';
import { integerOption, packetArgument, payloadTypesOption } from './options.js';
import { PayloadReader } from './payload-reader.js';
import { ReorderBuffer, REORDER_NAMES, type ReorderOptions, type ReorderStats } from './reorder-buffer.js';
import { hasRtpHeader, parseRtpPacket, readPayloadType, readSsrc } from './rtp-packet.js';
import { RTP_CLOCK_KHZ, TimestampUnwrapper } from './serial-number.js';
import { SourceTable } from './source-table.js';

/** The sources that a {@link RtpSeiExtractor} listens to at a time, unless told otherwise. */
export const DEFAULT_MAX_RTP_SOURCES = 16;

/**
 * The bytes of a SEI NAL unit that is put together from fragments, with a start code: twice {@link MAX_USER_DATA_SIZE},
 * for escapes.
 */
export const MAX_FRAGMENTED_SEI_SIZE: number = 2 * MAX_USER_DATA_SIZE;

/** The largest `maxSources`. */
export const MAX_RTP_SOURCES = 65_536;

/** Options of {@link RtpSeiExtractor}. */
export interface RtpSeiExtractorOptions extends ReorderOptions {
  /** Reads the SEI NAL units and delivers the messages in them, each once. */
  readonly subscriber: Pick<SeiSubscriber, 'processPacketData'>;
  /** The payload types that carry H.264; all where absent. Packets of others count for the sequence numbers alone. */
  readonly payloadType?: number | readonly number[] | undefined;
  /** The source to listen to; where absent, all of them, each by itself. */
  readonly ssrc?: number | undefined;
  /**
   * The sources to listen to at a time, 16 where absent, at most 65,536;
   * for another one that which has been silent for longest is forgotten.
   */
  readonly maxSources?: number | undefined;
}

/** The options of {@link RtpSeiExtractor}. */
export const RTP_EXTRACTOR_OPTIONS: OptionNames = /* @__PURE__ */ optionNames<RtpSeiExtractorOptions>()(
  'RtpSeiExtractor',
  {
    ...REORDER_NAMES,
    subscriber: true,
    payloadType: true,
    ssrc: true,
    maxSources: true,
  },
);

/** What a {@link RtpSeiExtractor} has done since it was made. */
export interface RtpSeiExtractorStats extends ReorderStats {
  /** Packets of the sources that it listens to. */
  readonly packets: number;
  /** What was given to it and is no RTP packet, or one whose parts reach past its end. */
  readonly packetsUnreadable: number;
  /** SEI NAL units that were given to the subscriber. */
  readonly seiNalUnits: number;
  /** SEI NAL units of which fragments are missing, or that are too large. */
  readonly seiNalUnitsIncomplete: number;
}

/** A SEI NAL unit as it goes to the subscriber. */
interface FoundSei {
  /** A byte stream of one NAL unit: nothing else can be taken for that. */
  readonly byteStream: Uint8Array;
  /** That of its packet, in milliseconds. */
  readonly timestamp: number;
  /** Names its source: timestamps of different ones have nothing to do with each other (RFC 3550 5.1). */
  readonly track: string;
}

/** What a source tells of the SEI in its packets. */
interface SourceListener {
  onSei(sei: FoundSei): void;
  readonly onIncompleteSei: () => void;
  onUnreadablePacket(): void;
}

/** Reads payloads; tells of the SEI NAL units in them, as byte streams, and of those that stay incomplete. */
function seiReader(onSei: (byteStream: Uint8Array) => void, onIncomplete: () => void): PayloadReader {
  const nalUnits = new NalUnitBuffer(MAX_FRAGMENTED_SEI_SIZE, 1);
  let isSei = false;
  return new PayloadReader({
    begin: (header) => {
      isSei = nalUnitType(header) === NalUnitType.sei && !hasForbiddenZeroBit(header);
      if (isSei) nalUnits.begin(header);
    },
    append: (data, start, end) => {
      if (isSei) nalUnits.append(data, start, end);
    },
    end: () => {
      if (!isSei) return;
      if (nalUnits.end()) onSei(nalUnits.take().data);
      else onIncomplete();
    },
    abort: () => {
      if (!isSei) return;
      nalUnits.abort();
      onIncomplete();
    },
  });
}

/** One synchronization source: its packets in order, and the SEI NAL units in them. */
class SeiSource {
  readonly order: ReorderBuffer;
  readonly #name: string;
  readonly #listener: SourceListener;
  readonly #payloadTypes: ReadonlySet<number> | undefined;
  readonly #reader: PayloadReader;
  readonly #timestamps = new TimestampUnwrapper();
  #timestamp = 0;

  constructor(
    ssrc: number,
    listener: SourceListener,
    payloadTypes: ReadonlySet<number> | undefined,
    options: ReorderOptions,
  ) {
    this.#name = `ssrc ${ssrc}`;
    this.#listener = listener;
    this.#payloadTypes = payloadTypes;
    this.order = new ReorderBuffer(
      (packet, isContinuous) => {
        if (!isContinuous) this.#reader.breakOff();
        this.#take(packet, this.#reader);
      },
      options,
      (packet) => {
        // What is whole in it alone, and does not disturb the fragments that are coming.
        const reader = this.#createReader();
        this.#take(packet, reader);
        reader.breakOff();
      },
    );
    this.#reader = this.#createReader();
  }

  #createReader(): PayloadReader {
    const { onIncompleteSei } = this.#listener;
    return seiReader((byteStream) => {
      // A series of numbers that starts anew has timestamps that do so.
      const track = `${this.#name} series ${this.order.stats.restarts}`;
      this.#listener.onSei({ byteStream, timestamp: this.#timestamp, track });
    }, onIncompleteSei);
  }

  #take(packet: Uint8Array, reader: PayloadReader): void {
    const parsed = parseRtpPacket(packet);
    if (parsed === undefined) {
      reader.breakOff();
      this.#listener.onUnreadablePacket();
      return;
    }
    if (this.#payloadTypes?.has(parsed.payloadType) === false) return;
    this.#timestamp = this.#timestamps.unwrap(parsed.rtpTimestamp) / RTP_CLOCK_KHZ;
    reader.read(parsed.payload);
  }
}

/**
 * Reads the SEI NAL units out of RTP packets, where they are single NAL unit packets, in a STAP-A or in an FU-A, and
 * gives them to a subscriber. It has no state but that of each source, which is bounded.
 *
 * Packets are put in order within a window ({@link ReorderOptions}): while one is missing, those behind it wait. The first
 * that comes waits for none; the messages in those in front of it that come later are read, where they are not in
 * fragments. No bytes make it throw.
 */
export class RtpSeiExtractor {
  readonly #subscriber: Pick<SeiSubscriber, 'processPacketData'>;
  readonly #payloadTypes: ReadonlySet<number> | undefined;
  readonly #ssrc: number | undefined;
  readonly #sources: SourceTable<SeiSource>;
  #found: FoundSei[] = [];
  #packets = 0;
  #packetsUnreadable = 0;
  #seiNalUnits = 0;
  #seiNalUnitsIncomplete = 0;
  /** What sources that are forgotten have counted. */
  #forgotten: ReorderStats = { packetsLost: 0, packetsLate: 0, restarts: 0 };

  /**
   * @param options the subscriber; which packets, how long to wait for them
   * @throws `TypeError` or `RangeError` for an option of the wrong type or value
   */
  constructor(options: RtpSeiExtractorOptions) {
    checkOptions(options, RTP_EXTRACTOR_OPTIONS);
    const { subscriber, ssrc, maxSources } = options;
    if (typeof subscriber?.processPacketData !== 'function') {
      throw invalidType('options.subscriber', 'a SeiSubscriber', subscriber);
    }
    this.#subscriber = subscriber;
    this.#payloadTypes = payloadTypesOption(options.payloadType);
    this.#ssrc = ssrc === undefined ? undefined : integerOption('options.ssrc', ssrc, 0, 0, 0xffff_ffff);
    const listener: SourceListener = {
      onSei: (sei) => {
        this.#found.push(sei);
      },
      onIncompleteSei: () => {
        this.#seiNalUnitsIncomplete++;
      },
      onUnreadablePacket: () => {
        this.#packetsUnreadable++;
      },
    };
    const create = (source: number): SeiSource => new SeiSource(source, listener, this.#payloadTypes, options);
    // The options are checked now, and not when the first packet comes.
    create(0);
    this.#sources = new SourceTable(
      integerOption('options.maxSources', maxSources, DEFAULT_MAX_RTP_SOURCES, 1, MAX_RTP_SOURCES),
      create,
      (source) => {
        source.order.flush();
        this.#forgotten = sumOf(this.#forgotten, source.order.stats);
      },
    );
  }

  /** What it has done so far, counted; a new object each time. */
  get stats(): RtpSeiExtractorStats {
    let order = this.#forgotten;
    for (const source of this.#sources.values()) order = sumOf(order, source.order.stats);
    return {
      ...order,
      packets: this.#packets,
      packetsUnreadable: this.#packetsUnreadable,
      seiNalUnits: this.#seiNalUnits,
      seiNalUnitsIncomplete: this.#seiNalUnitsIncomplete,
    };
  }

  /**
   * Takes a packet as it comes from the network.
   *
   * @param packet one RTP packet, decrypted; it is borrowed for the time of the call
   * @returns the new messages that can be read now, in order; each owns its bytes. Their `frameTimestamp` is the RTP
   *   timestamp in milliseconds, which goes on where 32 bits wrap
   * @throws `TypeError` for what is no `Uint8Array` (RFC 6184 5.6, 5.7.1, 5.8)
   */
  process(packet: Uint8Array): ReceivedSeiMessage[] {
    packetArgument(packet);
    if (!hasRtpHeader(packet)) {
      this.#packetsUnreadable++;
      return [];
    }
    const ssrc = readSsrc(packet);
    if (this.#ssrc !== undefined && ssrc !== this.#ssrc) return [];
    // A source of audio does not displace one of video.
    const isWanted = this.#payloadTypes?.has(readPayloadType(packet)) ?? true;
    if (!isWanted && this.#sources.peek(ssrc) === undefined) return [];
    this.#packets++;
    this.#sources.get(ssrc).order.push(packet);
    return this.#deliver();
  }

  /**
   * Waits for nothing any longer. It is for the end of a stream, and for a timer where streams pause.
   *
   * @returns the new messages in the packets that were held back, in order
   */
  flush(): ReceivedSeiMessage[] {
    for (const source of this.#sources.values()) source.order.flush();
    return this.#deliver();
  }

  // Only once all state is settled, since a callback of the subscriber may do anything, with this extractor as well.
  #deliver(): ReceivedSeiMessage[] {
    const found = this.#found;
    if (found.length === 0) return [];
    this.#found = [];
    this.#seiNalUnits += found.length;
    return found.flatMap(({ byteStream, timestamp, track }) =>
      this.#subscriber.processPacketData(byteStream, { timestamp, track }),
    );
  }
}

function sumOf(a: ReorderStats, b: ReorderStats): ReorderStats {
  return {
    packetsLost: a.packetsLost + b.packetsLost,
    packetsLate: a.packetsLate + b.packetsLate,
    restarts: a.restarts + b.restarts,
  };
}
