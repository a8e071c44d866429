/** One stream that SEI is put into: the packets of one synchronization source. */
import { allocate, copyBytes } from '../codec/bytes.js';
import { Framing } from '../codec/framing.js';
import { growth } from '../codec/insertion.js';
import {
  MAX_STAP_A_NAL_UNIT_LENGTH,
  STAP_A_HEADER_LENGTH,
  STAP_A_SIZE_LENGTH,
  isFuA,
  isStapA,
} from '../codec/rtp-payload.js';
import type { TrackCursor } from '../publish/track-cursor.js';
import type { Picture } from '../publish/picture-selection.js';
import { HeaderExtensionProfile, serializeHeaderExtension } from './header-extension.js';
import type { InjectionSettings } from './injection-settings.js';
import { PacketHistory } from './packet-history.js';
import { PictureStartFinder, Progress } from './picture-start.js';
import type { ReceptionReport } from './rtcp.js';
import {
  RTP_HEADER_LENGTH,
  type RtpPacket,
  type RtpPacketFields,
  createRtpPacket,
  parseRtpPacket,
  readSequenceNumber,
  readTimestamp,
  writeSequenceNumber,
} from './rtp-packet.js';
import { mergeIntoPacket, payloadsInFront, splitAggregate, wrapGrowth } from './sei-payloads.js';
import { Arrival, type MappingRemainder, SEQUENCE_WINDOW, SequenceMapping } from './sequence-mapping.js';
import { SourceClock } from './source-clock.js';

/** The most packets that carry SEI in front of one picture, in about. */
const MAX_PACKETS_IN_FRONT = 64;

/** With less room for a payload than this, in bytes, no packet is made. */
const MIN_PAYLOAD_SIZE = 16;

/** The largest packet that is kept until the next one tells whether a new series has begun, in bytes. */
const MAX_HELD_PACKET_SIZE = 16_384;

/** How many packets without H.264 are looked over for the one before them. */
const MAX_PACKETS_TO_LOOK_OVER = 64;

/** The numbers that a stream without a place among the messages remembers: packets that are later do not go out. */
const WINDOW_WITHOUT_CURSOR = 128;

/** What is remembered of each packet, in six bits. */
const Mark = { progress: 0x03, marker: 0x04, fragmentOpen: 0x08, foreign: 0x10 } as const;

/** Counts of an injector, over all its streams. */
export interface InjectionCounts {
  /** Packets that were added. */
  addedPackets: number;
  /** Packets that SEI was merged into. */
  mergedPackets: number;
  /** Pictures that SEI went in front of. */
  pictures: number;
  /** Pictures that began while messages were waiting, and that had no place or no room for any. */
  picturesWithoutRoom: number;
  /** Packets that came again, and were answered from the history or not at all. */
  duplicates: number;
  /** Packets that were too old, or fitted nowhere, and did not go out. */
  dropped: number;
  /** Packets whose header or payload is broken, or of no packetization-mode that is known here; they went out. */
  malformed: number;
  /** How often a source began a new series of sequence numbers. */
  restarts: number;
}

/** What is kept of a stream that is given up, so that no number is used twice when it comes back. */
export interface StreamRemainder extends MappingRemainder {
  /** Packets that were added. */
  readonly addedPackets: number;
  /** Bytes of payload that were added. */
  readonly addedOctets: number;
}

/**
 * Takes the packets of a source one by one. What is to go out for the latest one is in {@link InjectionStream.made} and
 * then {@link InjectionStream.outputNumber}.
 */
export class InjectionStream {
  /** Packets in memory of their own that go out first. */
  made: Uint8Array[] = [];
  /** The sequence number with which the packet that came goes out behind them; -1 where it does not. */
  outputNumber = -1;
  /** When the stream was last used, in packets of the injector. */
  lastUse = 0;
  /** Packets that were added; those of the stream that it continues included. */
  addedPackets: number;
  /** Bytes of payload that were added. */
  addedOctets: number;
  /** The numbers of the stream. */
  readonly mapping: SequenceMapping;
  /** Its place among the messages; without one nothing is put in, and only the numbers are mapped. */
  readonly cursor: TrackCursor | undefined;
  readonly #settings: InjectionSettings;
  readonly #counts: InjectionCounts;
  readonly #finder = new PictureStartFinder();
  readonly #history: PacketHistory;
  /** Something of the kind that the caller works with. */
  readonly #like: Uint8Array;
  /** The bytes that the server's own elements have added to the latest header. */
  #ownExtensionLength = 0;
  /** A copy of the packet that may begin a new series. */
  #held: Uint8Array | undefined;
  readonly #clock: SourceClock;

  /**
   * @param settings of the injector
   * @param counts of the injector, which are counted on
   * @param cursor its place among the messages, if it has one
   * @param first its first packet
   * @param remainder of a stream of this source that was given up
   */
  constructor(
    settings: InjectionSettings,
    counts: InjectionCounts,
    cursor: TrackCursor | undefined,
    first: Uint8Array,
    remainder?: StreamRemainder,
  ) {
    this.#settings = settings;
    this.#counts = counts;
    this.cursor = cursor;
    const window = cursor === undefined ? WINDOW_WITHOUT_CURSOR : SEQUENCE_WINDOW;
    this.mapping = new SequenceMapping(readSequenceNumber(first), remainder, window);
    this.addedPackets = remainder?.addedPackets ?? 0;
    this.addedOctets = remainder?.addedOctets ?? 0;
    this.#history = new PacketHistory(cursor === undefined ? 0 : settings.historyPackets, settings.historyBytes);
    this.#like = allocate(0, first);
    this.#clock = new SourceClock(settings.now);
  }

  /** What is to be kept of it. */
  get remainder(): StreamRemainder {
    const { addedPackets, addedOctets } = this;
    const { newest, offset, isChanged, timestamp, span } = this.mapping.remainder;
    // Named one by one: a spread takes three times the memory.
    return { newest, offset, isChanged, timestamp, span, addedPackets, addedOctets };
  }

  /**
   * A stream that goes on without a place among the messages. It takes a few KiB, and has no history.
   *
   * @param settings of the injector
   * @param counts of the injector, which are counted on
   * @param remainder of the stream that was given up
   */
  static withoutCursor(
    settings: InjectionSettings,
    counts: InjectionCounts,
    remainder: StreamRemainder,
  ): InjectionStream {
    const newest = new Uint8Array(RTP_HEADER_LENGTH);
    writeSequenceNumber(newest, remainder.newest);
    return new InjectionStream(settings, counts, undefined, newest, remainder);
  }

  /** Takes a packet of the source, which has a fixed header at least; it is only read. */
  receive(packet: Uint8Array): void {
    if (this.made.length > 0) this.made = [];
    this.outputNumber = -1;
    const { mapping } = this;
    const sequenceNumber = readSequenceNumber(packet);
    const arrival = mapping.classify(sequenceNumber, readTimestamp(packet));
    if (arrival <= Arrival.late) {
      this.#accept(packet, sequenceNumber, arrival === Arrival.newest);
    } else if (arrival === Arrival.stray) {
      this.#receiveStray(packet, sequenceNumber);
    } else if (mapping.isUntouched) {
      this.outputNumber = sequenceNumber;
    } else {
      this.#counts.duplicates++;
      const sent = this.#sentAs(mapping.outputOf(mapping.positionOf(sequenceNumber)), packet);
      if (sent !== undefined) this.made.push(sent);
    }
  }

  /** A packet that has gone out with this number and that the history holds: a copy, of the kind of the packets. */
  sentPacket(outputNumber: number): Uint8Array | undefined {
    return this.#sentAs(this.mapping.outputPosition(outputNumber), this.#like);
  }

  /** The original number of a packet that has gone out with this number; see `RtpSeiInjector`. */
  originalNumber(outputNumber: number): number | undefined {
    const { mapping } = this;
    const output = mapping.outputPosition(outputNumber);
    const position = mapping.originalAtOrBefore(output);
    if (!mapping.isRemembered(position) || mapping.outputOf(position) !== output) return undefined;
    if (mapping.isChangedAt(position) && this.#history.get(output) === undefined) return undefined;
    return position & 0xffff;
  }

  /** What a receiver of the original packets would report, by what one of the outputs reports. */
  originalReport({ extendedHighest, cumulativeLost }: ReceptionReport): ReceptionReport | undefined {
    const { mapping } = this;
    if (mapping.isUntouched) return undefined;
    return {
      extendedHighest: mapping.extendedOriginal(extendedHighest),
      cumulativeLost: Math.round(cumulativeLost * mapping.originalShare),
    };
  }

  #sentAs(output: number, like: Uint8Array): Uint8Array | undefined {
    const kept = this.#history.get(output);
    if (kept === undefined) return undefined;
    const copy = allocate(kept.length, like);
    copyBytes(kept, 0, kept.length, copy, 0);
    return copy;
  }

  /**
   * A packet that fits nowhere: too late, sent by somebody else, the first behind a long gap, or of a new series. The
   * next one tells, and until then it is held (RFC 3550 A.1). Where no number was changed so far, it just passes.
   */
  #receiveStray(packet: Uint8Array, sequenceNumber: number): void {
    const { mapping } = this;
    const held = this.#held;
    this.#held = undefined;
    if (!mapping.confirmsStray(sequenceNumber, readTimestamp(packet))) {
      if (mapping.isUntouched) {
        mapping.notePassed(sequenceNumber);
        this.outputNumber = sequenceNumber;
      } else {
        this.#counts.dropped++;
        if (packet.length <= MAX_HELD_PACKET_SIZE) this.#held = copyOf(packet);
      }
      return;
    }
    const first = readSequenceNumber(held ?? packet);
    // A gap is one of time too.
    if (mapping.positionOf(first) <= mapping.newest || mapping.isPast(readTimestamp(packet))) {
      this.#counts.restarts++;
      mapping.restart(first);
    }
    if (held !== undefined) {
      this.#counts.dropped--;
      this.#accept(held, readSequenceNumber(held), true);
      if (this.outputNumber >= 0) {
        writeSequenceNumber(held, this.outputNumber);
        this.made.push(held);
      }
      this.outputNumber = -1;
    }
    this.#accept(packet, sequenceNumber, true);
  }

  /** Takes a packet that has not come before. */
  #accept(data: Uint8Array, sequenceNumber: number, isNewest: boolean): void {
    const { mapping } = this;
    const position = mapping.positionOf(sequenceNumber);
    const timestamp = readTimestamp(data);
    const packet = parseRtpPacket(data);
    if (isNewest) {
      mapping.dismissStray();
      this.#held = undefined;
    }
    if (packet === undefined) this.#counts.malformed++;
    if (
      packet === undefined ||
      this.cursor === undefined ||
      packet.payloadStart === packet.payloadEnd ||
      !this.#settings.payloadTypes.has(packet.payloadType)
    ) {
      mapping.take(position, timestamp, Mark.foreign);
    } else {
      const finder = this.#finder;
      this.#read(packet, position, timestamp);
      if (finder.isMalformed) this.#counts.malformed++;
      const marks =
        finder.progress | (packet.marker ? Mark.marker : 0) | (finder.isFragmentOpen ? Mark.fragmentOpen : 0);
      mapping.take(position, timestamp, marks);
      if (finder.insertionOffset >= 0 && this.#inject(this.cursor, packet, position, isNewest)) return;
    }
    this.outputNumber = mapping.outputOf(position) & 0xffff;
    if (this.#settings.keepsAll) this.#history.add(mapping.outputOf(position), data);
  }

  /** Has the payload looked at, in the light of the packet before it. */
  #read({ data, payloadStart, payloadEnd }: RtpPacket, position: number, timestamp: number): void {
    const { mapping } = this;
    let before: number = Progress.unknown;
    let isFragmentOpen = true;
    for (let previous = position - 1; previous >= position - MAX_PACKETS_TO_LOOK_OVER; previous--) {
      if (!mapping.isReceived(previous)) break;
      const marks = mapping.marksAt(previous);
      if ((marks & Mark.foreign) !== 0) continue;
      isFragmentOpen = (marks & Mark.fragmentOpen) !== 0;
      if (mapping.timestampAt(previous) !== timestamp) before = Progress.beforePicture;
      else if ((marks & Mark.marker) === 0) before = marks & Mark.progress;
      break;
    }
    this.#finder.read(data, payloadStart, payloadEnd, before, isFragmentOpen);
  }

  /**
   * Puts what is due in front of the picture that starts in a packet.
   *
   * @returns whether the packet was replaced; else it is still to go out
   */
  #inject(cursor: TrackCursor, packet: RtpPacket, position: number, isNewest: boolean): boolean {
    const clock = this.#clock;
    clock.advance(packet.rtpTimestamp);
    if (!cursor.next(clock.timestamp, clock.time)) return false;
    const room = this.#roomToMerge(packet);
    const roomInFront = isNewest ? this.#roomInFront(packet) : 0;
    if ((room <= 0 && roomInFront === 0) || !this.mapping.mayChange(position)) {
      this.#counts.picturesWithoutRoom++;
      return false;
    }
    const selection = cursor.select(this.#pictureWith(packet, room, roomInFront));
    if (selection === undefined) return false;
    const { nalUnits } = selection;
    if (growth(packet.payload, nalUnits, Framing.rtp) <= room) {
      this.#merge(packet, position, nalUnits);
    } else if (!this.#addInFront(packet, position, nalUnits)) {
      this.#counts.picturesWithoutRoom++;
      return false;
    }
    cursor.commit(selection);
    this.#counts.pictures++;
    return this.mapping.isChangedAt(position);
  }

  /** What goes into the picture that starts in a packet, and how much of it. */
  #pictureWith({ payload }: RtpPacket, room: number, roomInFront: number): Picture {
    const { isIdr, isKept } = this.#finder;
    return {
      isIdr,
      isKept,
      // What is longer is set aside and holds up nobody; in mode 1, which has fragments, that is nothing (RFC 6184 5.8).
      maxNalUnitLength: this.#settings.packetizationMode === 1 ? Infinity : roomInFront,
      maxGrowth: Math.max(room - wrapGrowth(payload), MAX_PACKETS_IN_FRONT * roomInFront),
      framingLength: STAP_A_SIZE_LENGTH,
    };
  }

  /** The bytes by which a packet may grow; 0 where nothing can be merged into it. */
  #roomToMerge({ data, payload }: RtpPacket): number {
    const { packetizationMode, maxPacketSize } = this.#settings;
    const canMerge = packetizationMode === 1 && !isFuA(payload) && payload.length <= MAX_STAP_A_NAL_UNIT_LENGTH;
    return canMerge ? Math.max(0, maxPacketSize - data.length) : 0;
  }

  /** The bytes of payload that a packet in front of this one may have; 0 where there is no place for one. */
  #roomInFront(packet: RtpPacket): number {
    const { packetizationMode, maxPacketSize } = this.#settings;
    if (packetizationMode === 0 && this.#hasToSplit(packet)) return 0;
    const room = maxPacketSize - createRtpPacket(this.#fieldsInFront(packet), []).length - this.#ownExtensionLength;
    return room < MIN_PAYLOAD_SIZE ? 0 : room;
  }

  /** Whether there are NAL units in a STAP-A that have to stay in front of what is inserted. */
  #hasToSplit({ payload, payloadStart }: RtpPacket): boolean {
    return isStapA(payload) && this.#finder.insertionOffset > payloadStart + STAP_A_HEADER_LENGTH;
  }

  #merge(packet: RtpPacket, position: number, nalUnits: readonly Uint8Array[]): void {
    const merged = mergeIntoPacket(packet, this.#finder.insertionOffset, nalUnits);
    this.#replace(position, merged);
    this.addedOctets += merged.length - packet.data.length;
    this.#counts.mergedPackets++;
  }

  /** Adds packets in front of the newest; answers false, and then nothing has changed, where there is no room. */
  #addInFront(packet: RtpPacket, position: number, nalUnits: readonly Uint8Array[]): boolean {
    const { mapping } = this;
    const { maxPacketSize, packetizationMode } = this.#settings;
    const fields = this.#fieldsInFront(packet);
    const split = this.#hasToSplit(packet) ? splitAggregate(packet, this.#finder.insertionOffset) : undefined;
    const inFront = split === undefined ? nalUnits : [...split.head, ...nalUnits];
    const output = mapping.outputOf(position);
    const firstFields = this.#withOwnExtensions(fields, output);
    const headerLength = createRtpPacket(firstFields, []).length;
    // The server is asked for packets alone that are to be sent, so this picture is the first that can tell.
    this.#ownExtensionLength = headerLength - createRtpPacket(fields, []).length;
    const maxPayloadSize = maxPacketSize - headerLength;
    if (maxPayloadSize < MIN_PAYLOAD_SIZE) return false;
    const payloads = payloadsInFront(inFront, maxPayloadSize, packetizationMode);
    if (payloads === undefined) return false;

    for (const [i, payload] of payloads.entries()) {
      const added = createRtpPacket(
        i === 0 ? firstFields : this.#withOwnExtensions(fields, output + i),
        payload,
        packet.data,
      );
      this.#history.add(output + i, added);
      this.made.push(added);
      for (const { length } of payload) this.addedOctets += length;
    }
    mapping.insert(payloads.length);
    this.addedPackets += payloads.length;
    this.#counts.addedPackets += payloads.length;
    if (split !== undefined) {
      this.#replace(position, split.tail);
      this.addedOctets += split.tail.length - packet.data.length;
    }
    return true;
  }

  /** Other bytes go out for a packet than those that came. */
  #replace(position: number, packet: Uint8Array): void {
    const { mapping } = this;
    const output = mapping.outputOf(position);
    mapping.markChanged(position);
    writeSequenceNumber(packet, output);
    this.#history.add(output, packet);
    this.made.push(packet);
  }

  /** The header of a packet that goes in front of this one, but for its number (RFC 8285 4.1.2). */
  #fieldsInFront(packet: RtpPacket): RtpPacketFields {
    const { payloadType, rtpTimestamp, ssrc, csrcs, extensionProfile } = packet;
    const { copiedExtensionIds } = this.#settings;
    const extensionElements =
      copiedExtensionIds.size === 0 ? [] : packet.extensionElements.filter(({ id }) => copiedExtensionIds.has(id));
    const isTwoByteForm = extensionElements.length > 0 && extensionProfile !== HeaderExtensionProfile.oneByte;
    return {
      payloadType,
      sequenceNumber: 0,
      rtpTimestamp,
      ssrc,
      csrcs,
      extensionElements,
      extensionProfile: isTwoByteForm ? extensionProfile : undefined,
    };
  }

  /** The same with a number, and with what the server adds. */
  #withOwnExtensions(fields: RtpPacketFields, output: number): RtpPacketFields {
    const { headerExtensions } = this.#settings;
    const numbered = { ...fields, sequenceNumber: output & 0xffff };
    if (headerExtensions === undefined) return numbered;
    const { ssrc, payloadType, sequenceNumber, rtpTimestamp, extensionElements = [], extensionProfile } = numbered;
    try {
      const own = headerExtensions({ ssrc, payloadType, sequenceNumber, rtpTimestamp }) ?? [];
      const all = [...extensionElements, ...own];
      serializeHeaderExtension(all, extensionProfile);
      return { ...numbered, extensionElements: all };
    } catch (error) {
      this.cursor?.report('header-extensions-error', { error });
      return numbered;
    }
  }
}

function copyOf(packet: Uint8Array): Uint8Array {
  const copy = allocate(packet.length, packet);
  copyBytes(packet, 0, packet.length, copy, 0);
  return copy;
}
