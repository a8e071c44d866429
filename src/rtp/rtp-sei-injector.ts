import { type Disposal, disposable } from '../disposal.js';
import { checkOptions, optionNames } from '../options.js';
import { type SameBytes, allocate, copyBytes } from '../codec/bytes.js';
import { invalidType } from '../errors.js';
import type { DiagnosticListener } from '../diagnostics.js';
import type { SeiPublisher } from '../publish/publisher.js';
import { type InjectionSettings, type RtpSeiInjectorOptions, settingsOf } from './injection-settings.js';
import { type InjectionCounts, InjectionStream, type StreamRemainder } from './injection-stream.js';
import { booleanOption, integerOption, packetArgument } from './options.js';
import { rewriteReceptionReports, rewriteSenderCounts } from './rtcp.js';
import {
  RTP_HEADER_LENGTH,
  hasRtpHeader,
  readPayloadType,
  readSequenceNumber,
  readSsrc,
  writeSequenceNumber,
} from './rtp-packet.js';
import { MAX_MISORDER } from './sequence-mapping.js';

const OPTIONS = /* @__PURE__ */ optionNames<RtpSeiInjectorOptions>()('RtpSeiInjector', {
  publisher: true,
  payloadType: true,
  ssrc: true,
  maxPacketSize: true,
  packetizationMode: true,
  inPlace: true,
  headerExtensionIds: true,
  headerExtensions: true,
  history: true,
  now: true,
  track: true,
  onDiagnostic: true,
});

const NOTHING_ADDED = { addedPackets: 0, addedOctets: 0 };

/** The most sources whose streams an injector puts SEI into at a time; the packets of further ones pass. */
export const MAX_INJECTED_SOURCES = 16;

/**
 * A source without a packet among so many of the injector gives its place to another one. When it comes back while no
 * place is free, its packets get numbers and no SEI.
 */
export const PACKETS_TO_SILENCE = 4096;

/** How many sources that came back without a place have a window of numbers, so that their late packets go out. */
export const MAX_WAITING_SOURCES = 1024;

/**
 * How many sources without a place are remembered, by seven numbers each: 120 bytes, 8 MiB in all. None is ever forgotten
 * by itself: its next packets would get numbers that are out with other bytes, which under SRTP is reuse of the key
 * stream (RFC 3711 9.1).
 */
export const MAX_REMEMBERED_SOURCES = 65_536;

/** Counts of an injector. */
export interface RtpSeiInjectorStats extends Readonly<InjectionCounts> {
  /** Packets that were handed in. */
  readonly packets: number;
  /** Packets that passed untouched: no RTP, of another source, or of one too many. */
  readonly passed: number;
  /** Those among them that passed because their source was new and one too many. */
  readonly unplaced: number;
  /** Sources whose streams are worked on. */
  readonly sources: number;
  /** Sources without a place whose numbering is remembered: at most 65,536. */
  readonly remembered: number;
  /** Copies of messages, or of fragments, that are left to send. */
  readonly pending: number;
}

// `using` closes it: see disposal.ts.
// eslint-disable-next-line @typescript-eslint/no-empty-object-type, jsdoc/require-jsdoc -- the class has the method at run time
export interface RtpSeiInjector extends Disposal {}

/**
 * Puts the messages of a publisher into the H.264 of RTP packets, as a media server forwards them: without a decoder,
 * and without waiting for a frame to be whole (RFC 3550, RFC 6184 with packetization-mode 0 and 1).
 *
 * - SEI goes directly in front of the first VCL NAL unit of a picture, or of its prefix NAL unit: merged into a STAP-A
 *   where mode and size permit, else in packets of its own, which have the timestamp of the picture and no marker bit.
 *   Never into the middle of an FU-A, and never where packets are missing that may be of the picture.
 * - Later packets get higher sequence numbers: without gaps, but for those that were there, and without repeats. So all
 *   packets of a source go through one injector for each receiver, in front of what sees the numbers: RTX, FEC,
 *   transport-wide congestion control and SRTP. NACKs and reports of receivers come back through it.
 * - A number that was ever given out stands for one sequence of bytes, as SRTP demands. From the first SEI on a packet
 *   that comes again is answered byte for byte from the history, or not at all, and so is one that is older than
 *   4,096 packets. Before that everything passes as it is.
 *   One that is far ahead of the others and has passed so keeps SEI out until the stream has gone past its number.
 * - A new series of sequence numbers, or a gap of more than 3,000, is believed with its
 *   second packet, as in RFC 3550 A.1; the first one is held until then, and goes out with it. Where the timestamps are
 *   such as have been, so that the packets may be old ones that are sent again, it is believed with
 *   32 of them in order and with none of the stream between them.
 * - What is in a packet never makes it throw. Packets that are broken pass, with their number mapped.
 *
 * What is held for a stream has a fixed size, less than 64 KiB, and a history of changed packets. Sixteen sources have a
 * stream at a time. The numbering of up to 65,536 others is remembered, so that no flood of foreign sources makes the
 * injector use a number twice; after that the packets of new sources pass untouched. See {@link RtpSeiInjector.forget}.
 */
export class RtpSeiInjector {
  readonly #publisher: SeiPublisher;
  readonly #settings: InjectionSettings;
  readonly #ssrc: number | undefined;
  readonly #isInPlace: boolean;
  readonly #track: string | undefined;
  readonly #onDiagnostic: DiagnosticListener | undefined;
  readonly #streams = new Map<number, InjectionStream>();
  /** Those that have come back without a place, that which was silent for longest first. */
  readonly #waiting = new Map<number, InjectionStream>();
  /** What is left of all others that have given up their place. */
  readonly #remainders = new Map<number, StreamRemainder>();
  readonly #counts: InjectionCounts = {
    addedPackets: 0,
    mergedPackets: 0,
    pictures: 0,
    picturesWithoutRoom: 0,
    duplicates: 0,
    dropped: 0,
    malformed: 0,
    restarts: 0,
  };
  #latest: InjectionStream | undefined;
  #latestSsrc = -1;
  #packets = 0;
  #passed = 0;
  /** Packets of sources that were one too many. */
  #unplaced = 0;
  #isClosed = false;

  /**
   * @param options the publisher, and what is known of the packets
   * @throws `TypeError` or `RangeError` for options that are none
   */
  constructor(options: RtpSeiInjectorOptions) {
    checkOptions(options, OPTIONS);
    disposable(this);
    const { publisher, ssrc, inPlace, track, onDiagnostic } = options;
    if (typeof (publisher as SeiPublisher | undefined)?.openTrack !== 'function') {
      throw invalidType('options.publisher', 'a SeiPublisher', publisher);
    }
    if (track !== undefined && typeof track !== 'string') throw invalidType('options.track', 'a string', track);
    this.#settings = settingsOf(options);
    this.#publisher = publisher;
    this.#ssrc = ssrc === undefined ? undefined : integerOption('options.ssrc', ssrc, 0, 0, 0xffff_ffff);
    this.#isInPlace = booleanOption('options.inPlace', inPlace, false);
    this.#track = track;
    this.#onDiagnostic = onDiagnostic;
  }

  /**
   * Takes the next packet of the track, of any source, RTP or not.
   *
   * @param packet one datagram before SRTP; it is borrowed, and changed only with `inPlace`
   * @returns what is to be sent instead, in order: mostly one packet, none for one that must not go out. A packet that
   *   needs no other number is `packet` itself; the others are memory of their own, `Buffer`s where `packet` is one
   * @throws `TypeError` for what is no Uint8Array
   */
  process<T extends Uint8Array>(packet: T): SameBytes<T>[];
  /** One kind of bytes in, the same out: see above. */
  process(packet: Uint8Array): Uint8Array[] {
    const stream = this.#receive(packet);
    if (stream === undefined) return [packet];
    const { made } = stream;
    const { outputNumber } = stream;
    if (outputNumber < 0) return [...made];
    const output = outputNumber === readSequenceNumber(packet) ? packet : this.#renumbered(packet, outputNumber);
    return made.length === 0 ? [output] : [...made, output];
  }

  /**
   * Takes the next packet as {@link RtpSeiInjector.process} does, and copies no payload that does not change: for
   * whoever sends from several pieces of memory, as `socket.send` of `node:dgram` does.
   *
   * @returns each packet that is to be sent, in pieces: a whole one, or a copy of the fixed header and a view of the
   *   rest of `packet`
   * @throws as {@link RtpSeiInjector.process} does
   */
  processParts(packet: Uint8Array): Uint8Array[][] {
    const stream = this.#receive(packet);
    if (stream === undefined) return [[packet]];
    const outputs = stream.made.map((made) => [made]);
    const { outputNumber } = stream;
    if (outputNumber < 0) return outputs;
    if (outputNumber === readSequenceNumber(packet)) {
      outputs.push([packet]);
    } else if (this.#isInPlace) {
      outputs.push([this.#renumbered(packet, outputNumber)]);
    } else {
      const header = allocate(RTP_HEADER_LENGTH, packet);
      copyBytes(packet, 0, RTP_HEADER_LENGTH, header, 0);
      writeSequenceNumber(header, outputNumber);
      outputs.push([header, packet.subarray(RTP_HEADER_LENGTH)]);
    }
    return outputs;
  }

  /**
   * A packet that has gone out with this sequence number, where nobody else has it: one that was added, or that SEI was
   * merged into. For a NACK it is to be asked first (RFC 4585 6.2.1).
   *
   * @param sequenceNumber of the output, 16 bits
   * @param ssrc its source; the one of the options, or that of the latest packet, where absent
   * @returns a copy, byte for byte as it went out, a `Buffer` where the packets of the source are; undefined where the history does not hold it (any more)
   */
  getPacket(sequenceNumber: number, ssrc?: number): Uint8Array | undefined {
    return this.#streamOf(ssrc)?.sentPacket(sequenceNumber);
  }

  /**
   * The sequence number with which a packet came that goes out with this one: for a NACK that
   * {@link RtpSeiInjector.getPacket} has no answer to, since whoever has kept the original may send that, or ask its
   * sender for it.
   *
   * @param sequenceNumber of the output, 16 bits
   * @param ssrc its source; the one of the options, or that of the latest packet, where absent
   * @returns undefined for a packet that was added, for one whose original is not what went out and that the history
   *   does not hold any more, for one that is older than 4,096 packets, and for one that is to come
   */
  toOriginalSequenceNumber(sequenceNumber: number, ssrc?: number): number | undefined {
    return this.#streamOf(ssrc)?.originalNumber(sequenceNumber);
  }

  /**
   * Adds what was added to the stream to the counts of packets and octets in the sender reports of its source, on their
   * way to the receivers.
   *
   * @param packet one RTCP packet or a compound one, before SRTCP; it is only read
   * @returns a copy; `packet` itself where nothing changes, as for all that is no sender report (RFC 3550 6.4.1)
   * @throws `TypeError` for what is no Uint8Array
   */
  rewriteSenderReport<T extends Uint8Array>(packet: T): T {
    return rewriteSenderCounts(packetArgument(packet), (ssrc) => {
      const { addedPackets, addedOctets } = this.#find(ssrc) ?? NOTHING_ADDED;
      return addedPackets + addedOctets === 0 ? undefined : { packets: addedPackets, octets: addedOctets };
    }) as T;
  }

  /**
   * Makes the reports of a receiver such as they would be without the injector, on their way to the source: the highest
   * sequence number is that of the original, and of the packets that the receiver has lost in all, which it cannot tell
   * apart, the part stays that the originals are of all. The fraction lost, a ratio, stays.
   *
   * @param packet one RTCP packet or a compound one, receiver or sender reports, before SRTCP; it is only read
   * @returns a copy; `packet` itself where nothing changes (RFC 3550 6.4.1, 6.4.2)
   * @throws `TypeError` for what is no Uint8Array
   */
  rewriteReceiverReport<T extends Uint8Array>(packet: T): T {
    return rewriteReceptionReports(packetArgument(packet), (ssrc, report) =>
      this.#find(ssrc)?.originalReport(report),
    ) as T;
  }

  /**
   * Forgets a source, for a caller who knows that its session or its SRTP key is over: numbers that are out may come
   * again with other bytes. The next packet with this SSRC is that of a new source.
   *
   * @param ssrc of the source, 32 bits
   * @returns whether the source was known
   */
  forget(ssrc: number): boolean {
    const stream = this.#find(ssrc);
    if (stream === undefined) return false;
    stream.cursor?.close();
    this.#streams.delete(ssrc);
    this.#waiting.delete(ssrc);
    if (this.#latest === stream) {
      this.#latest = undefined;
      this.#latestSsrc = -1;
    }
    return true;
  }

  /** Ends the tracks: no message waits for them any more. Further packets pass, with their numbers mapped. */
  close(): void {
    this.#isClosed = true;
    for (const { cursor } of this.#streams.values()) cursor?.close();
  }

  /** Counts since the injector was made. */
  get stats(): RtpSeiInjectorStats {
    let pending = 0;
    for (const { cursor } of this.#streams.values()) pending += cursor?.stats.pending ?? 0;
    return {
      ...this.#counts,
      packets: this.#packets,
      passed: this.#passed,
      unplaced: this.#unplaced,
      sources: this.#streams.size,
      remembered: this.#remembered,
      pending,
    };
  }

  /** Has the packet taken by its stream; undefined where it has none and just passes. */
  #receive(packet: Uint8Array): InjectionStream | undefined {
    packetArgument(packet);
    this.#packets++;
    const stream = hasRtpHeader(packet) ? this.#streamFor(packet) : undefined;
    if (stream === undefined) {
      this.#passed++;
      return undefined;
    }
    stream.lastUse = this.#packets;
    stream.receive(packet);
    return stream;
  }

  #streamFor(packet: Uint8Array): InjectionStream | undefined {
    const ssrc = readSsrc(packet);
    if (ssrc === this.#latestSsrc) return this.#latest;
    const stream = this.#streams.get(ssrc) ?? this.#open(ssrc, packet);
    if (stream === undefined) return undefined;
    this.#latest = stream;
    // One without a place may get one with its next packet.
    this.#latestSsrc = stream.cursor === undefined ? -1 : ssrc;
    return stream;
  }

  /** Begins to work on a source, or goes on, unless it is none to work on, or one too many. */
  #open(ssrc: number, packet: Uint8Array): InjectionStream | undefined {
    const known = this.#wait(ssrc);
    if (known === undefined) {
      if (this.#isClosed || (this.#ssrc !== undefined && ssrc !== this.#ssrc)) return undefined;
      if (!this.#settings.payloadTypes.has(readPayloadType(packet))) return undefined;
    }
    const mayDisplace = known !== undefined || this.#remembered < MAX_REMEMBERED_SOURCES;
    if (this.#streams.size >= MAX_INJECTED_SOURCES && !(mayDisplace && this.#giveUpOne())) {
      if (known === undefined) this.#unplaced++;
      return known;
    }
    const isFirst = this.#streams.size === 0 && this.#remembered === 0;
    const track = this.#track === undefined || isFirst ? this.#track : `${this.#track}:${ssrc}`;
    const cursor = this.#publisher.openTrack({ track, onDiagnostic: this.#onDiagnostic });
    if (this.#isClosed) cursor.close();
    const stream = new InjectionStream(this.#settings, this.#counts, cursor, packet, known?.remainder);
    // It may be one whose packets have passed, and no number of these may be used again.
    if (this.#unplaced > 0 && known === undefined) {
      stream.mapping.notePassed((readSequenceNumber(packet) + MAX_MISORDER) & 0xffff);
    }
    this.#waiting.delete(ssrc);
    this.#streams.set(ssrc, stream);
    return stream;
  }

  /** Takes its place from a source that has been silent for long; false where there is none. */
  #giveUpOne(): boolean {
    for (const [ssrc, stream] of this.#streams) {
      if (this.#packets - stream.lastUse < PACKETS_TO_SILENCE) continue;
      stream.cursor?.close();
      this.#streams.delete(ssrc);
      this.#remainders.set(ssrc, stream.remainder);
      return true;
    }
    return false;
  }

  /**
   * The stream of a source that has given up its place, undefined for any other. It waits for a place from now on; of the
   * one that has been silent for longest, if there are too many, only the numbers stay.
   */
  #wait(ssrc: number): InjectionStream | undefined {
    const remainder = this.#remainders.get(ssrc);
    const stream = remainder
      ? InjectionStream.withoutCursor(this.#settings, this.#counts, remainder)
      : this.#waiting.get(ssrc);
    if (stream === undefined) return undefined;
    this.#remainders.delete(ssrc);
    this.#waiting.delete(ssrc);
    this.#waiting.set(ssrc, stream);
    if (this.#waiting.size <= MAX_WAITING_SOURCES) return stream;
    const [[oldest, silent]] = this.#waiting;
    this.#waiting.delete(oldest);
    this.#remainders.set(oldest, silent.remainder);
    return stream;
  }

  get #remembered(): number {
    return this.#waiting.size + this.#remainders.size;
  }

  #find(ssrc: number): InjectionStream | undefined {
    return this.#streams.get(ssrc) ?? this.#wait(ssrc);
  }

  #streamOf(ssrc: number | undefined): InjectionStream | undefined {
    const source = ssrc ?? this.#ssrc;
    return source === undefined ? this.#latest : this.#find(source);
  }

  #renumbered(packet: Uint8Array, outputNumber: number): Uint8Array {
    const output = this.#isInPlace ? packet : allocate(packet.length, packet);
    if (!this.#isInPlace) copyBytes(packet, 0, packet.length, output, 0);
    writeSequenceNumber(output, outputNumber);
    return output;
  }
}
