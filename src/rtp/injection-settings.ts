/** The options of an injector, and what they mean for each of its streams. */
import { checkOptions, optionNames } from '../options.js';
import { invalidType, outOfRange } from '../errors.js';
import type { DiagnosticListener } from '../diagnostics.js';
import type { SeiPublisher } from '../publish/publisher.js';
import type { HeaderExtensionElement } from './header-extension.js';
import { integerOption, modeOption, nowOption, payloadTypesOption } from './options.js';
import { DEFAULT_MAX_RTP_PACKET_SIZE, MAX_RTP_PACKET_SIZE, MIN_RTP_PACKET_SIZE } from './packetizer.js';
import type { PacketizationMode } from './payload-writer.js';

/** The packets that the history of each stream holds, unless told otherwise. */
export const DEFAULT_HISTORY_PACKETS = 512;

/** The bytes that the history of each stream holds, unless told otherwise: 1 MiB. */
export const DEFAULT_HISTORY_BYTES = 1 << 20;

/** The most packets that the history of a stream may be told to hold: half of the sequence numbers. */
export const MAX_HISTORY_PACKETS = 0x8000;

/** The most bytes that it may be told to hold: 2 GiB. */
export const MAX_HISTORY_BYTES = 0x8000_0000;

/** The local identifiers of header extensions are bytes (RFC 8285 4.3). */
const MAX_HEADER_EXTENSION_ID = 255;

/** A packet that is about to be added to a stream. */
export interface AddedRtpPacket {
  /** Its synchronization source. */
  readonly ssrc: number;
  /** Its payload type. */
  readonly payloadType: number;
  /** Its sequence number among those that go out. */
  readonly sequenceNumber: number;
  /** Its RTP timestamp, that of the picture, in units of 1/90000 s. */
  readonly rtpTimestamp: number;
}

/** The local identifiers of header extensions that the session description has agreed on. */
export interface HeaderExtensionIds {
  /** Of `urn:ietf:params:rtp-hdrext:sdes:mid` (RFC 9143 15). */
  readonly mid?: number | undefined;
  /** Of `urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id` (RFC 8852 4.1). */
  readonly rid?: number | undefined;
}

/** What an injector keeps for receivers that ask for a packet again. */
export interface PacketHistoryOptions {
  /**
   * The most packets of a stream, up to 32,768; 512 where absent. With 0
   * nothing is kept.
   */
  readonly packets?: number | undefined;
  /** The most bytes of a stream, up to 2,048 MiB; 1 MiB where absent. */
  readonly bytes?: number | undefined;
  /**
   * Which packets: those that are not the original ones, so that nobody else can have them (the default), or every one,
   * which is copied for that.
   */
  readonly keep?: 'changed' | 'all' | undefined;
}

/** Options of {@link RtpSeiInjector}. */
export interface RtpSeiInjectorOptions {
  /** Where the messages come from. */
  readonly publisher: SeiPublisher;
  /**
   * The payload type that carries H.264, or several; packets of others pass, with their numbers mapped. None is 64 to 95,
   * which look like RTCP (RFC 5761 4).
   */
  readonly payloadType: number | readonly number[];
  /** The one source to work on. Where absent each source that sends such a payload type is a track of its own. */
  readonly ssrc?: number | undefined;
  /**
   * The bytes that a packet with SEI may have, its header included, before SRTP adds to it; 1200 where absent. Packets
   * that come are never made smaller.
   */
  readonly maxPacketSize?: number | undefined;
  /** What the session description has agreed on; 1 where absent. In mode 0 SEI has to fit a packet of its own. */
  readonly packetizationMode?: PacketizationMode | undefined;
  /**
   * Whether the sequence number is written into the caller's packet. Where absent or false, a packet that gets another
   * number is answered as a copy, since servers share packets between consumers; {@link RtpSeiInjector.processParts}
   * copies its fixed header only.
   */
  readonly inPlace?: boolean | undefined;
  /** The identifiers of the elements that an added packet copies from the packet of its picture. */
  readonly headerExtensionIds?: HeaderExtensionIds | undefined;
  /**
   * Is asked for further elements of each added packet, such as a transport-wide sequence number; those of one picture
   * have equal lengths. What it throws, and elements that no header can hold, are left out and reported.
   */
  readonly headerExtensions?: ((packet: AddedRtpPacket) => readonly HeaderExtensionElement[] | undefined) | undefined;
  /** What is kept for receivers that ask for a packet again. */
  readonly history?: PacketHistoryOptions | undefined;
  /**
   * The clock of the machine, in milliseconds; `Date.now` where absent. It tells how much time has passed where the
   * timestamps of a source jump.
   */
  readonly now?: (() => number) | undefined;
  /** The name of the track in receipts and diagnostics; that of a further source has the SSRC after it. */
  readonly track?: string | undefined;
  /** Told what happens, where there is no `node:diagnostics_channel`. */
  readonly onDiagnostic?: DiagnosticListener | undefined;
}

/** What holds for all streams of an injector. */
export interface InjectionSettings {
  /** The payload types that carry H.264. */
  readonly payloadTypes: ReadonlySet<number>;
  /** The bytes that a packet with SEI may have. */
  readonly maxPacketSize: number;
  /** What a payload may be. */
  readonly packetizationMode: PacketizationMode;
  /** Identifiers of the elements that an added packet copies from that of its picture. */
  readonly copiedExtensionIds: ReadonlySet<number>;
  /** Further elements for an added packet. */
  readonly headerExtensions: ((packet: AddedRtpPacket) => readonly HeaderExtensionElement[] | undefined) | undefined;
  /** The most packets that the history of a stream holds. */
  readonly historyPackets: number;
  /** The most bytes of them. */
  readonly historyBytes: number;
  /** Whether it holds every packet, not only those that are new or changed. */
  readonly keepsAll: boolean;
  /** The clock of the machine, in milliseconds. */
  readonly now: () => number;
}

const HISTORY_OPTIONS = /* @__PURE__ */ optionNames<PacketHistoryOptions>()('history', {
  packets: true,
  bytes: true,
  keep: true,
});

const EXTENSION_IDS = /* @__PURE__ */ optionNames<HeaderExtensionIds>()('headerExtensionIds', { mid: true, rid: true });

function extensionIds({ mid, rid }: HeaderExtensionIds): ReadonlySet<number> {
  const ids = [
    mid === undefined ? [] : [integerOption('options.headerExtensionIds.mid', mid, 0, 1, MAX_HEADER_EXTENSION_ID)],
    rid === undefined ? [] : [integerOption('options.headerExtensionIds.rid', rid, 0, 1, MAX_HEADER_EXTENSION_ID)],
  ];
  return new Set(ids.flat());
}

function keepsAllOption(keep: unknown): boolean {
  if (keep !== undefined && keep !== 'changed' && keep !== 'all') {
    throw outOfRange('options.history.keep', "'changed' or 'all'", keep);
  }
  return keep === 'all';
}

/**
 * Checks the options that all streams share.
 *
 * @throws `TypeError` or `RangeError` for options that are none
 */
export function settingsOf(options: RtpSeiInjectorOptions): InjectionSettings {
  const { headerExtensions, history = {}, headerExtensionIds = {} } = options;
  checkOptions(history, HISTORY_OPTIONS, 'options.history');
  checkOptions(headerExtensionIds, EXTENSION_IDS, 'options.headerExtensionIds');
  const payloadTypes = payloadTypesOption(options.payloadType);
  if (payloadTypes === undefined) throw invalidType('options.payloadType', 'a number', options.payloadType);
  if (headerExtensions !== undefined && typeof headerExtensions !== 'function') {
    throw invalidType('options.headerExtensions', 'a function', headerExtensions);
  }
  return {
    payloadTypes,
    headerExtensions,
    maxPacketSize: integerOption(
      'options.maxPacketSize',
      options.maxPacketSize,
      DEFAULT_MAX_RTP_PACKET_SIZE,
      MIN_RTP_PACKET_SIZE,
      MAX_RTP_PACKET_SIZE,
    ),
    packetizationMode: modeOption(options.packetizationMode),
    copiedExtensionIds: extensionIds(headerExtensionIds),
    historyPackets: integerOption(
      'options.history.packets',
      history.packets,
      DEFAULT_HISTORY_PACKETS,
      0,
      MAX_HISTORY_PACKETS,
    ),
    historyBytes: integerOption('options.history.bytes', history.bytes, DEFAULT_HISTORY_BYTES, 0, MAX_HISTORY_BYTES),
    keepsAll: keepsAllOption(history.keep),
    now: nowOption(options.now),
  };
}
