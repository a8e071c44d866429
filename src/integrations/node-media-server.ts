/**
 * The RTMP and HTTP-FLV server of the package `node-media-server`, from its version 4 on.
 *
 * ```ts
 * const server = new NodeMediaServer(config);
 * attachNodeMediaServer(server, { publisher });
 * ```
 *
 * Nothing of node-media-server is loaded: the server comes from the caller.
 *
 * @module
 */
import { type Disposal, disposable } from '../disposal.js';
import { optionNames } from '../options.js';
import { type LengthSize, parseAvcDecoderConfigurationRecord } from '../codec/length-prefixed.js';
import { invalidType } from '../errors.js';
import { type DiagnosticListener, diagnose } from '../diagnostics.js';
import { checkPublisher, checkSubscriber, getGlobalSeiPublisher } from '../patch/global.js';
import { type PatchHandle, applyPatch, checkCallback, checkPatchArguments } from '../patch/patch.js';
import type { SeiPublisher } from '../publish/publisher.js';
import type { SeiSubscriber } from '../receive/subscriber.js';
import { type PacketRelay, createPacketRelay } from './packet-relay.js';

/** TagType of a video tag (FLV E.4.1), and its message type in RTMP. */
const VIDEO_TAG = 9;

/** CodecID of AVC in the first byte of a video tag; in an enhanced one, whose first bit is set, it means another thing. */
const CODEC_ID_MASK = 0x8f;
const CODEC_ID_AVC = 7;

/** AVCPacketType, the second byte. */
const AVC_SEQUENCE_HEADER = 0;
const AVC_NAL_UNITS = 1;

/** FrameType, CodecID, AVCPacketType and CompositionTime (E.4.3.1); what comes behind is AVCC. */
const AVC_HEADER_LENGTH = 5;

/** DataSize of a tag has 24 bits. */
const MAX_TAG_SIZE = 0xff_ffff;

/** What is used of an `AVPacket` of node-media-server. */
export interface NodeMediaServerPacket {
  /** 9 for video. */
  readonly codec_type: number;
  /** The decoding time in milliseconds. */
  readonly dts: number;
  /** How many bytes of `data` there are. */
  size: number;
  /** The body of the FLV tag. */
  data: Buffer;
}

/** What is used of a `BroadcastServer` of node-media-server, which there is one of for each stream. */
export interface NodeMediaServerBroadcast {
  /** Sends a packet to all who play the stream. */
  broadcastMessage(packet: NodeMediaServerPacket): void;
  /**
   * What the server adds to the times of a stream that goes on after its publisher was away, by the type of the
   * message; it does so behind the hook.
   */
  readonly _dtsOffset?: Readonly<Record<number, number | undefined>> | undefined;
}

/** What is used of a session of node-media-server. */
export interface NodeMediaServerSession {
  /** The path of the stream, such as `/live/stream`. */
  readonly streamPath: string;
  /** What hands the packets of a stream to all who play it. */
  readonly broadcast: NodeMediaServerBroadcast;
}

/** What is used of a `NodeMediaServer`. */
export interface NodeMediaServerHost {
  /** Adds a listener; there is no way to take one away. */
  on(event: string, listener: (session: NodeMediaServerSession) => void): unknown;
}

/** Options of {@link attachNodeMediaServer}. */
export interface NodeMediaServerOptions {
  /**
   * Whose messages a stream carries: all of them the same ones, or what the function answers for the session that
   * publishes the stream, and then nothing goes into streams for which it answers nothing. Where absent, the global
   * publisher of the moment.
   */
  readonly publisher?: SeiPublisher | ((session: NodeMediaServerSession) => SeiPublisher | undefined) | undefined;
  /** Reads what the streams bring along, with the stream's path as `track`. Nobody does where absent. */
  readonly subscriber?: SeiSubscriber | undefined;
  /** Told what goes wrong, where nobody listens to `node:diagnostics_channel`. */
  readonly onDiagnostic?: DiagnosticListener | undefined;
}

const OPTIONS = /* @__PURE__ */ optionNames<NodeMediaServerOptions>()('attachNodeMediaServer', {
  publisher: true,
  subscriber: true,
  onDiagnostic: true,
});

/** What stands between publishers and players. */
export interface NodeMediaServerAttachment extends Disposal {
  /** Takes it away; streams go on without messages. */
  close(): void;
}

function isAvc({ codec_type: type, data, size }: NodeMediaServerPacket, avcPacketType: number): boolean {
  return (
    type === VIDEO_TAG &&
    size > AVC_HEADER_LENGTH &&
    (data[0] & CODEC_ID_MASK) === CODEC_ID_AVC &&
    data[1] === avcPacketType
  );
}

function accessUnit({ data, size }: NodeMediaServerPacket): Buffer {
  return data.subarray(AVC_HEADER_LENGTH, size);
}

function replaceAccessUnit(packet: NodeMediaServerPacket, bytes: Uint8Array): void {
  // A tag that is too large would throw in the server and end it; the video comes first.
  if (AVC_HEADER_LENGTH + bytes.length > MAX_TAG_SIZE) return;
  packet.data = Buffer.concat([packet.data.subarray(0, AVC_HEADER_LENGTH), bytes]);
  packet.size = packet.data.length;
}

/** The video of one stream, from its sequence header on. */
class VideoStream {
  readonly #path: string;
  readonly #broadcast: NodeMediaServerBroadcast;
  readonly #publisherOf: () => SeiPublisher | undefined;
  readonly #options: NodeMediaServerOptions;
  #lengthSize: LengthSize | undefined;
  #publisher: SeiPublisher | undefined;
  #relay: PacketRelay<NodeMediaServerPacket> | undefined;

  constructor(
    { streamPath, broadcast }: NodeMediaServerSession,
    publisherOf: () => SeiPublisher | undefined,
    options: NodeMediaServerOptions,
  ) {
    this.#path = streamPath;
    this.#broadcast = broadcast;
    this.#publisherOf = publisherOf;
    this.#options = options;
  }

  /** Looks at a packet, and puts into it what is due. */
  take(packet: NodeMediaServerPacket): void {
    if (isAvc(packet, AVC_SEQUENCE_HEADER)) {
      this.#configure(packet);
    } else if (this.#lengthSize !== undefined && isAvc(packet, AVC_NAL_UNITS)) {
      this.#options.subscriber?.processFrame(accessUnit(packet), {
        timestamp: this.#timeOf(packet),
        track: this.#path,
      });
      this.#relayFor(this.#publisherOf(), this.#lengthSize)?.pass(packet);
    }
  }

  close(): void {
    this.#relay?.close();
    this.#relay = undefined;
    this.#lengthSize = undefined;
  }

  /**
   * Sources repeat the sequence header, and send it anew when they come back: the track goes on as long as the framing
   * is the same, or its messages would begin again with every one.
   */
  #configure(packet: NodeMediaServerPacket): void {
    const before = this.#lengthSize;
    // What cannot be read leaves a stream whose framing nobody knows.
    this.#lengthSize = undefined;
    this.#lengthSize = parseAvcDecoderConfigurationRecord(accessUnit(packet)).lengthSize;
    if (this.#lengthSize === before) return;
    this.#relay?.close();
    this.#relay = undefined;
  }

  /** The decoding time that players get. */
  #timeOf({ dts }: NodeMediaServerPacket): number {
    return dts + (this.#broadcast._dtsOffset?.[VIDEO_TAG] ?? 0);
  }

  #relayFor(
    publisher: SeiPublisher | undefined,
    lengthSize: LengthSize,
  ): PacketRelay<NodeMediaServerPacket> | undefined {
    if (publisher !== this.#publisher || this.#relay === undefined) {
      this.#relay?.close();
      this.#publisher = publisher;
      this.#relay =
        publisher &&
        createPacketRelay<NodeMediaServerPacket>({
          publisher,
          format: 'avcc',
          lengthSize,
          getData: accessUnit,
          setData: replaceAccessUnit,
          // Composition times are signed, which the server does not know; decoding times never are.
          getTimestamp: (packet) => this.#timeOf(packet),
          onDiagnostic: this.#options.onDiagnostic,
        });
    }
    return this.#relay;
  }
}

function checkedOptions(options: NodeMediaServerOptions): NodeMediaServerOptions {
  const { publisher, subscriber, onDiagnostic } = options;
  if (publisher !== undefined && typeof publisher !== 'function') checkPublisher('options.publisher', publisher);
  if (subscriber !== undefined) checkSubscriber('options.subscriber', subscriber);
  checkCallback('options.onDiagnostic', onDiagnostic);
  return { publisher, subscriber, onDiagnostic };
}

/**
 * Puts the messages of a publisher into the H.264 of streams that a server gets, by RTMP or otherwise, for all who play
 * them: RTMP, HTTP-FLV and WebSocket-FLV, recordings too. Video of other codecs, and the enhanced tags that carry it,
 * pass as they are, and so does a stream whose sequence header cannot be read.
 *
 * What goes wrong is told to `h264-sei:injector` (`attachment-error`, `patch-error`), and the server goes on.
 *
 * @param server a `NodeMediaServer`; streams that are published from then on are worked on
 * @param options whose messages, and who reads
 * @returns takes it away again, also from streams that are at work
 * @throws `TypeError` for arguments of the wrong kind
 */
export function attachNodeMediaServer(
  server: NodeMediaServerHost,
  options: NodeMediaServerOptions = {},
): NodeMediaServerAttachment {
  checkPatchArguments(server, options, OPTIONS);
  if (typeof server.on !== 'function') throw invalidType('server', 'a NodeMediaServer', server);
  const checked = checkedOptions(options);
  const { publisher, onDiagnostic } = checked;
  const open = new Map<object, { readonly patch: PatchHandle; readonly stream: VideoStream }>();
  let isClosed = false;

  const end = (broadcast: object): void => {
    const found = open.get(broadcast);
    found?.patch.close();
    found?.stream.close();
    open.delete(broadcast);
  };
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      diagnose('injector', 'attachment-error', { error }, onDiagnostic);
    }
  };
  const begin = (session: NodeMediaServerSession): void => {
    const { broadcast } = session;
    // A second publisher of a path, which the server is about to refuse, and one that resumes: the stream is the same.
    if (isClosed || open.has(broadcast)) return;
    const own = typeof publisher === 'function' ? publisher(session) : publisher;
    if (own !== undefined) checkPublisher('options.publisher', own);
    const publisherOf = () => own ?? (publisher === undefined ? getGlobalSeiPublisher() : undefined);
    const stream = new VideoStream(session, publisherOf, checked);
    const patch = applyPatch(broadcast, ['broadcastMessage'], (proceed, _, [packet]) => {
      attempt(() => {
        stream.take(packet as NodeMediaServerPacket);
      });
      return proceed();
    });
    open.set(broadcast, { patch, stream });
  };

  server.on('postPublish', (session: NodeMediaServerSession) => {
    attempt(() => {
      begin(session);
    });
  });
  // Comes when a publisher is gone for good, half a minute after it has left.
  server.on('donePublish', ({ broadcast }: NodeMediaServerSession) => {
    end(broadcast);
  });
  return disposable({
    close: () => {
      isClosed = true;
      for (const broadcast of [...open.keys()]) end(broadcast);
    },
  });
}
