/**
 * The senders and tracks of the package `werift` (WebRTC in Node.js).
 *
 * ```ts
 * attachWeriftSender(transceiver.sender, { publisher });
 * attachWeriftTrack(track, { subscriber });
 * ```
 *
 * Nothing of werift is loaded: its objects come from the caller.
 *
 * @module
 */
import { type Disposal, disposable } from '../disposal.js';
import { optionNames } from '../options.js';
import { diagnose } from '../metadata/diagnostics.js';
import { applyPatch, checkPatchArguments } from '../metadata/patch.js';
import type { RtpSeiInjectorOptions } from '../rtp/injection-settings.js';
import type { PacketizationMode } from '../rtp/payload-writer.js';
import { RTP_EXTRACTOR_OPTIONS, RtpSeiExtractor, type RtpSeiExtractorOptions } from '../rtp/rtp-sei-extractor.js';
import { RtpSeiInjector } from '../rtp/rtp-sei-injector.js';

/** What is used of a `RtpPacket` of werift. */
export interface WeriftPacket {
  /** The bytes of the packet. */
  serialize(): Buffer;
}

/** What is used of a `RTCRtpCodecParameters` of werift. */
export interface WeriftCodec {
  /** Such as `video/H264`. */
  readonly mimeType: string;
  /** Those of the format in the session description. */
  readonly parameters?: string | undefined;
}

/** What is used of a `RTCDtlsTransport` of werift. */
export interface WeriftTransport {
  /** `connected` where packets go out. */
  readonly state: string;
}

/** What is used of a `RTCRtpSender` of werift. */
export interface WeriftSender {
  /** The codec that was agreed on; undefined before. */
  readonly codec?: WeriftCodec | undefined;
  /** What it sends by. */
  readonly dtlsTransport: WeriftTransport;
  /** Sends a packet. */
  sendRtp(packet: never): Promise<unknown>;
}

/** What is used of an `Event` of werift. */
export interface WeriftEvent {
  /** Adds a listener. */
  subscribe(listener: (packet: WeriftPacket) => void): WeriftSubscription;
}

/** A listener of a {@link WeriftEvent}. */
export interface WeriftSubscription {
  /** Takes it away. */
  unSubscribe(): void;
}

/** What is used of a `MediaStreamTrack` of werift. */
export interface WeriftTrack {
  /** Is told of each packet that comes. */
  readonly onReceiveRtp: WeriftEvent;
}

/**
 * Options of {@link attachWeriftSender}. The rest follows from what the peers have agreed on: werift writes payload type,
 * SSRC and header extensions into each packet by itself.
 */
export type WeriftSenderOptions = Pick<
  RtpSeiInjectorOptions,
  'publisher' | 'maxPacketSize' | 'history' | 'track' | 'onDiagnostic'
>;

const SENDER_OPTIONS = /* @__PURE__ */ optionNames<WeriftSenderOptions>()('attachWeriftSender', {
  publisher: true,
  maxPacketSize: true,
  history: true,
  track: true,
  onDiagnostic: true,
});

/** Options of {@link attachWeriftTrack}. */
export type WeriftTrackOptions = RtpSeiExtractorOptions;

/** What stands between werift and the network, or behind it. */
export interface WeriftAttachment extends Disposal {
  /** Takes it away again. */
  close(): void;
}

/**
 * Whatever type a packet comes with, werift sends it with that of the codec; 64 to 95 look like RTCP and are none (RFC
 * 5761 4).
 */
const PAYLOAD_TYPES = Array.from({ length: 128 }, (_, payloadType) => payloadType).filter(
  (payloadType) => payloadType < 64 || payloadType > 95,
);

/** packetization-mode of the session description, 0 where it has none (RFC 6184 8.1); undefined for one not known here. */
function packetizationMode({ mimeType, parameters = '' }: WeriftCodec) {
  if (mimeType.toLowerCase() !== 'video/h264') return undefined;
  const mode = Number(/(?:^|;)\s*packetization-mode\s*=\s*(\d+)/i.exec(parameters)?.[1] ?? 0);
  return mode === 0 || mode === 1 ? mode : undefined;
}

/**
 * Puts the messages of a publisher into the H.264 that a sender sends: of its track, or given to `sendRtp`. It stands in
 * front of all that sees sequence numbers: werift's history for NACKs, its reports, RTX and SRTP.
 *
 * Before the peers are connected, and with another codec, packets pass as they are. From then on werift gets copies, since
 * it writes into packets; where senders without an attachment share packets with this one, give each its own
 * (`packet.clone()`).
 *
 * @param sender `transceiver.sender` of werift
 * @param options whose messages
 * @returns to be closed when the sender stops; packets that are sent later pass with their sequence numbers mapped, since
 *   a number may not be used twice
 * @throws `TypeError` or `RangeError` for arguments of the wrong kind
 */
export function attachWeriftSender(sender: WeriftSender, options: WeriftSenderOptions): WeriftAttachment {
  checkPatchArguments(sender, options, SENDER_OPTIONS);
  const { publisher, maxPacketSize, history, track, onDiagnostic } = options;
  const createInjector = (mode: PacketizationMode): RtpSeiInjector =>
    new RtpSeiInjector({
      publisher,
      maxPacketSize,
      history,
      track,
      onDiagnostic,
      payloadType: PAYLOAD_TYPES,
      packetizationMode: mode,
    });
  // Options that are none are told at once, not at the first packet.
  createInjector(1).close();
  let injector: RtpSeiInjector | undefined;
  applyPatch(sender, ['sendRtp'], async (proceed, _, [packet]) => {
    const { codec, dtlsTransport } = sender;
    const mode = codec === undefined ? undefined : packetizationMode(codec);
    // What werift does not send must not take a message with it.
    if (mode === undefined || dtlsTransport.state !== 'connected') return proceed();
    injector ??= createInjector(mode);
    const original = packet instanceof Uint8Array ? packet : (packet as WeriftPacket).serialize();
    const outputs = injector.process(original);
    // All are under way before anything is waited for, so they stay in order.
    await Promise.all(outputs.map((output) => proceed([output])));
    return undefined;
  });
  return disposable({
    close: () => injector?.close(),
  });
}

/**
 * Reads metadata out of the packets that a track receives.
 *
 * @param track the track of werift's `onTrack`, or `transceiver.receiver.track`
 * @param options who reads
 * @returns takes it away again, and delivers what waits for packets that are missing
 * @throws `TypeError` or `RangeError` for arguments of the wrong kind
 */
export function attachWeriftTrack(track: WeriftTrack, options: WeriftTrackOptions): WeriftAttachment {
  checkPatchArguments(track, options, { ...RTP_EXTRACTOR_OPTIONS, owner: 'attachWeriftTrack' });
  const extractor = new RtpSeiExtractor(options);
  const subscription = track.onReceiveRtp.subscribe((packet) => {
    try {
      extractor.process(packet.serialize());
    } catch (error) {
      // The other listeners of the track are to have the packet whatever happens here.
      diagnose('subscriber', 'attachment-error', { error });
    }
  });
  return disposable({
    close: () => {
      subscription.unSubscribe();
      extractor.flush();
    },
  });
}
