/**
 * The encoders and decoders of the package `node-av` (FFmpeg in Node.js).
 *
 * ```ts
 * import { Encoder } from 'node-av/api';
 * const patch = patchNodeAvEncoder(Encoder, { publisher });
 * ```
 *
 * Nothing of node-av is loaded: its classes come from the caller.
 *
 * @module
 */
import { checkOptions, optionNames } from '../options.js';
import { type H264DecoderPatchOptions, patchH264Decoder } from '../patch/decoder-patch.js';
import { type H264EncoderPatchOptions, patchH264Encoder } from '../patch/encoder-patch.js';
import type { PatchHandle } from '../patch/patch.js';

/** `AV_CODEC_ID_H264` of FFmpeg's libavcodec/codec_id.h. */
const AV_CODEC_ID_H264 = 27;

/** `AV_NOPTS_VALUE` of FFmpeg's libavutil/avutil.h: a packet without a timestamp. */
const AV_NOPTS_VALUE = -(2n ** 63n);

/** FFmpeg 8 has 42 types of packet side data, counted from 0; there may be a few more. */
const SIDE_DATA_TYPES = 64;

/** A fraction, as FFmpeg's `AVRational`. */
export interface NodeAvRational {
  /** The numerator. */
  readonly num: number;
  /** The denominator. */
  readonly den: number;
}

/** What is used of a `Packet` of node-av. */
export interface NodeAvPacket {
  /** The encoded bytes. Setting them resets all else that the packet knows. */
  data: Buffer | null;
  /** When the picture is shown, in units of `timeBase`. */
  pts: bigint;
  /** When it is decoded. */
  dts: bigint;
  /** How long it is shown. */
  duration: bigint;
  /** Its place in a file. */
  pos: bigint;
  /** `AV_PKT_FLAG_*`. */
  flags: number;
  /** The stream of a container that it is of. */
  streamIndex: number;
  /** The unit of its times, in seconds. */
  timeBase: NodeAvRational;
  /** A second reference to the same bytes, with all else copied. */
  clone(): NodeAvPacket | null;
  /** Gives the memory back. */
  free(): void;
  /** Side data of one type. */
  getSideData(type: number): Buffer | null;
  /** Adds side data, copied. */
  addSideData(type: number, data: Buffer): number;
}

/** What is used of a `Codec` of node-av. */
export interface NodeAvCodec {
  /** One of `AV_CODEC_ID_*`. */
  readonly id: number;
}

/** What is used of a `Stream` of node-av. */
export interface NodeAvStream {
  /** Its number in the container. */
  readonly index: number;
}

/** What is used of an `Encoder` or a `Decoder` of node-av. */
export interface NodeAvCoder {
  /** The codec. */
  getCodec(): NodeAvCodec;
}

/** What is used of a `Decoder` of node-av. */
export interface NodeAvDecoder extends NodeAvCoder {
  /** The stream that it decodes; packets of others it leaves alone. */
  getStream(): NodeAvStream;
}

/** A class of node-av. */
export interface NodeAvClass<Instance> {
  /** Has the methods. */
  readonly prototype: Instance;
}

/** A class of node-av, which stands for all its instances, or its prototype, or one instance. */
export type NodeAvTarget<Instance> = NodeAvClass<Instance> | Instance;

/** Options of {@link patchNodeAvEncoder}. */
export type NodeAvEncoderPatchOptions = Pick<
  H264EncoderPatchOptions<NodeAvPacket, NodeAvCoder>,
  'publisher' | 'createInjector' | 'onDiagnostic'
>;

/** Options of {@link patchNodeAvDecoder}. */
export type NodeAvDecoderPatchOptions = Pick<
  H264DecoderPatchOptions<NodeAvPacket, NodeAvDecoder>,
  'subscriber' | 'onDiagnostic'
>;

const ENCODER_OPTIONS = /* @__PURE__ */ optionNames<NodeAvEncoderPatchOptions>()('patchNodeAvEncoder', {
  publisher: true,
  createInjector: true,
  onDiagnostic: true,
});

const DECODER_OPTIONS = /* @__PURE__ */ optionNames<NodeAvDecoderPatchOptions>()('patchNodeAvDecoder', {
  subscriber: true,
  onDiagnostic: true,
});

function isH264(coder: NodeAvCoder): boolean {
  return coder.getCodec().id === AV_CODEC_ID_H264;
}

/** The presentation time in milliseconds; undefined where the packet has none. */
function presentationTime({ pts, timeBase: { num, den } }: NodeAvPacket): number | undefined {
  return pts === AV_NOPTS_VALUE || num <= 0 || den <= 0 ? undefined : (Number(pts) * 1000 * num) / den;
}

/** Gives a packet other bytes and leaves all else as it was: timestamps, flags, side data. */
function replaceData(packet: NodeAvPacket, bytes: Uint8Array): void {
  const original = packet.clone();
  if (original === null) throw new Error('a packet of node-av cannot be cloned: out of memory');
  try {
    packet.data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { pts, dts, duration, pos, flags, streamIndex, timeBase } = original;
    Object.assign(packet, { pts, dts, duration, pos, flags, streamIndex, timeBase });
    for (let type = 0; type < SIDE_DATA_TYPES; type++) {
      const sideData = original.getSideData(type);
      if (sideData !== null) packet.addSideData(type, sideData);
    }
  } finally {
    original.free();
  }
}

/** What has the methods: for a class its prototype. */
function methodHolder(target: unknown): object {
  return (typeof target === 'function' ? target.prototype : target) as object;
}

/**
 * Patches the encoders of node-av, so that the H.264 packets that come out carry the messages of a publisher: those of
 * `receive`, `encodeAll`, `packets`, `flushPackets` and `pipeTo`, and of their `Sync` twins, each of which asks
 * `receive` or `receiveSync`. Timestamps (by which messages expire), flags and side data of a packet stay. Encoders of
 * other codecs are left alone, and so is the low-level `CodecContext`.
 *
 * @param target the class `Encoder`, for all encoders that are and will be, or one encoder
 * @param options whose messages; where no publisher is named, those of the global one
 * @returns takes the patch back, as {@link patchH264Encoder} does
 * @throws `TypeError` for arguments of the wrong kind
 */
export function patchNodeAvEncoder(
  target: NodeAvTarget<NodeAvCoder>,
  options: NodeAvEncoderPatchOptions = {},
): PatchHandle {
  checkOptions(options, ENCODER_OPTIONS);
  return patchH264Encoder<NodeAvPacket, NodeAvCoder>(methodHolder(target), {
    ...options,
    methods: ['receive', 'receiveSync'],
    getData: ({ data }) => data,
    setData: replaceData,
    getTimestamp: presentationTime,
    isVideo: (_, encoder) => isH264(encoder),
  });
}

/**
 * Patches the decoders of node-av, so that a subscriber reads the H.264 packets that go in: those of `decode`,
 * `decodeAll`, `frames` and `pipeTo`, and of their `Sync` twins. A message is delivered before its picture is decoded,
 * and so in decoding order.
 *
 * @param target the class `Decoder`, for all decoders that are and will be, or one decoder
 * @param options who reads; where no subscriber is named, the global one
 * @returns takes the patch back, as {@link patchH264Decoder} does
 * @throws `TypeError` for arguments of the wrong kind
 */
export function patchNodeAvDecoder(
  target: NodeAvTarget<NodeAvDecoder>,
  options: NodeAvDecoderPatchOptions = {},
): PatchHandle {
  checkOptions(options, DECODER_OPTIONS);
  return patchH264Decoder<NodeAvPacket, NodeAvDecoder>(methodHolder(target), {
    ...options,
    methods: ['decode', 'decodeSync'],
    getData: ({ data }) => data,
    getTimestamp: presentationTime,
    isVideo: ({ streamIndex }, decoder) => isH264(decoder) && streamIndex === decoder.getStream().index,
  });
}
