/**
 * WebCodecs: the package `@napi-rs/webcodecs`, and browsers.
 *
 * ```ts
 * const encoder = new VideoEncoder({ output: seiEncoderOutput(output, { publisher }), error });
 * ```
 *
 * or, for all encoders of a program, `patchWebCodecsEncoder(globalThis, { publisher })`. The classes come from the
 * caller; nothing of Node.js is needed.
 *
 * @module
 */
import { type Disposal, disposable } from '../disposal.js';
import { checkOptions, optionNames } from '../options.js';
import type { FramingOptions } from '../frame/arguments.js';
import { type LengthSize, parseAvcDecoderConfigurationRecord } from '../codec/length-prefixed.js';
import { invalidType } from '../errors.js';
import { type H264DecoderPatchOptions, patchH264Decoder } from '../patch/decoder-patch.js';
import type { H264EncoderPatchOptions } from '../patch/encoder-patch.js';
import { type PatchHandle, applyPatch, checkCallback, checkPatchArguments } from '../patch/patch.js';
import { afterwards } from '../patch/thenable.js';
import { type PacketRelay, createPacketRelay } from './packet-relay.js';

/** What is used of an `EncodedVideoChunk`. */
export interface WebCodecsChunk {
  /** `key` or `delta`. */
  readonly type: string;
  /** In microseconds. */
  readonly timestamp: number;
  /** In microseconds. */
  readonly duration: number | null;
  /** The length of its bytes, which cannot be changed. */
  readonly byteLength: number;
  /** Copies its bytes. */
  copyTo(destination: Uint8Array): void;
}

/** What is used of a `VideoDecoderConfig`. */
export interface WebCodecsConfig {
  /** The codec; those of H.264 begin with `avc1.` or `avc3.`. */
  readonly codec?: string | undefined;
  /** The AVCDecoderConfigurationRecord where chunks are length-prefixed; absent where they are Annex B. */
  readonly description?: ArrayBufferView | ArrayBufferLike | undefined;
}

/** What is used of `EncodedVideoChunkMetadata`. */
export interface WebCodecsMetadata {
  /** Comes with the first chunk, and whenever it changes. */
  readonly decoderConfig?: WebCodecsConfig | undefined;
}

/** Options of {@link seiEncoderOutput} and {@link patchWebCodecsEncoder}. */
export type WebCodecsEncoderOptions = Pick<
  H264EncoderPatchOptions<WebCodecsChunk>,
  'publisher' | 'createInjector' | 'onDiagnostic'
>;

/** Options of {@link patchWebCodecsDecoder}. */
export type WebCodecsDecoderOptions = Pick<H264DecoderPatchOptions<WebCodecsChunk>, 'subscriber' | 'onDiagnostic'>;

const ENCODER_OPTIONS = /* @__PURE__ */ optionNames<WebCodecsEncoderOptions>()(
  'seiEncoderOutput and patchWebCodecsEncoder',
  { publisher: true, createInjector: true, onDiagnostic: true },
);

const DECODER_OPTIONS = /* @__PURE__ */ optionNames<WebCodecsDecoderOptions>()('patchWebCodecsDecoder', {
  subscriber: true,
  onDiagnostic: true,
});

/** The `output` callback of a `VideoEncoder`. */
export type WebCodecsOutput<Chunk, Metadata> = (chunk: Chunk, metadata?: Metadata) => void;

/** An `output` callback in front of another. */
export interface SeiEncoderOutput<Chunk, Metadata> extends Disposal {
  /** Takes the next chunk of the encoder. */
  (chunk: Chunk, metadata?: Metadata): void;
  /** Ends the track, as when the encoder is closed; further chunks pass as they are. */
  close(): void;
}

type ChunkClass = new (init: object) => WebCodecsChunk;

function chunkBytes(chunk: WebCodecsChunk): Uint8Array {
  const bytes = new Uint8Array(chunk.byteLength);
  chunk.copyTo(bytes);
  return bytes;
}

/** A chunk of the class of another, and equal to it but for its bytes. */
function chunkWith(chunk: WebCodecsChunk, data: Uint8Array): WebCodecsChunk {
  const { type, timestamp, duration } = chunk;
  return new (chunk.constructor as ChunkClass)({ type, timestamp, ...(duration !== null && { duration }), data });
}

const milliseconds = ({ timestamp }: WebCodecsChunk): number => timestamp / 1000;

function isH264(codec: unknown): boolean {
  return typeof codec === 'string' && /^avc[13]\./.test(codec);
}

function lengthSizeOf(description: ArrayBufferView | ArrayBufferLike): LengthSize | undefined {
  try {
    const bytes = ArrayBuffer.isView(description)
      ? new Uint8Array(description.buffer, description.byteOffset, description.byteLength)
      : new Uint8Array(description);
    return parseAvcDecoderConfigurationRecord(bytes).lengthSize;
  } catch {
    // A record that cannot be read does not stop the video; the size is detected then.
    return undefined;
  }
}

/** What a configuration says of the chunks; undefined where they are no H.264. */
function framingOf({ codec, description }: WebCodecsConfig): FramingOptions | undefined {
  if (!isH264(codec)) return undefined;
  if (description === undefined) return { format: 'annexb' };
  return { format: 'avcc', lengthSize: lengthSizeOf(description) };
}

/** The chunks of one encoder, whose configuration may change. */
class ChunkTrack {
  readonly #options: WebCodecsEncoderOptions;
  #framing: FramingOptions | undefined;
  #relay: PacketRelay<WebCodecsChunk> | undefined;

  constructor(options: WebCodecsEncoderOptions) {
    this.#options = options;
    // Options that are none are told at once, not at the first chunk.
    this.#open({}).close();
  }

  configure(framing: FramingOptions | undefined): void {
    const isSame = framing?.format === this.#framing?.format && framing?.lengthSize === this.#framing?.lengthSize;
    if (isSame && this.#relay !== undefined) return;
    this.close();
    this.#framing = framing;
    if (framing !== undefined) this.#relay = this.#open(framing);
  }

  pass(chunk: WebCodecsChunk): WebCodecsChunk {
    return this.#relay?.pass(chunk) ?? chunk;
  }

  close(): void {
    this.#relay?.close();
    this.#relay = undefined;
  }

  #open(framing: FramingOptions): PacketRelay<WebCodecsChunk> {
    const { publisher, createInjector, onDiagnostic } = this.#options;
    return createPacketRelay<WebCodecsChunk>({
      ...framing,
      publisher,
      createInjector,
      onDiagnostic,
      getData: chunkBytes,
      setData: chunkWith,
      getTimestamp: milliseconds,
    });
  }
}

/**
 * Puts the messages of a publisher into the chunks of a `VideoEncoder`, in both forms of H.264: `avc` and `annexb`. A
 * chunk with a message is a new one of the same class; all others, and those of other codecs, pass as they are.
 *
 * @param output the callback that is to have the chunks; it is called once for each, with the encoder's metadata
 * @param options whose messages; where no publisher is named, those of the global one
 * @returns the callback for the encoder
 * @throws `TypeError` for arguments of the wrong kind
 */
export function seiEncoderOutput<Chunk extends WebCodecsChunk, Metadata extends WebCodecsMetadata>(
  output: WebCodecsOutput<Chunk, Metadata>,
  options: WebCodecsEncoderOptions = {},
): SeiEncoderOutput<Chunk, Metadata> {
  if (typeof output !== 'function') throw invalidType('output', 'a function', output);
  checkOptions(options, ENCODER_OPTIONS);
  const track = new ChunkTrack(options);
  let isClosed = false;
  const tagged = (chunk: Chunk, metadata?: Metadata): void => {
    const config = metadata?.decoderConfig;
    if (config !== undefined && !isClosed) track.configure(framingOf(config));
    output(track.pass(chunk) as Chunk, metadata);
  };
  const close = (): void => {
    isClosed = true;
    track.close();
  };
  return disposable(Object.assign(tagged, { close }));
}

/** A class that `host` has; its prototype has the methods. */
function prototypeOf(host: object, name: string): object {
  const value = (host as Readonly<Record<string, unknown>>)[name];
  if (typeof value !== 'function') throw invalidType(`host.${name}`, 'a class', value);
  return (value as unknown as { readonly prototype: object }).prototype;
}

/**
 * Patches the class `VideoEncoder`, so that all encoders that are made from then on carry the messages of a publisher;
 * what {@link seiEncoderOutput} does for one.
 *
 * @param host has the class: `globalThis`, or what `require('@napi-rs/webcodecs')` answers. Names that an ES module has
 *   imported stay what they are
 * @param options whose messages; where no publisher is named, those of the global one
 * @returns takes the patch back, also for encoders that are at work. `applied` is false where `host` cannot be changed
 * @throws `TypeError` for arguments of the wrong kind, and where there is no such class
 */
export function patchWebCodecsEncoder(host: object, options: WebCodecsEncoderOptions = {}): PatchHandle {
  checkPatchArguments(host, options, ENCODER_OPTIONS);
  const prototype = prototypeOf(host, 'VideoEncoder');
  new ChunkTrack(options).close();
  const outputs = new WeakMap<object, SeiEncoderOutput<WebCodecsChunk, WebCodecsMetadata>>();
  let isActive = true;
  const construct = applyPatch(
    host,
    ['VideoEncoder'],
    (proceed, _, [init, ...others]) => {
      const { output, error } = (init ?? {}) as { output?: unknown; error?: unknown };
      // What is no callback is told by the class itself.
      if (typeof output !== 'function') return proceed();
      const tagged = seiEncoderOutput(output as WebCodecsOutput<WebCodecsChunk, WebCodecsMetadata>, options);
      const whileActive = (chunk: WebCodecsChunk, metadata?: WebCodecsMetadata): void => {
        if (!isActive) tagged.close();
        tagged(chunk, metadata);
      };
      const encoder = proceed([{ ...(init as object), output: whileActive, error }, ...others]) as object;
      outputs.set(encoder, tagged);
      return encoder;
    },
    'encoder',
  );
  if (!construct.applied) return construct;
  const close = applyPatch(prototype, ['close'], (proceed, encoder) =>
    afterwards(proceed, () => outputs.get(encoder)?.close()),
  );
  return disposable({
    ...construct,
    close: () => {
      isActive = false;
      close.close();
      construct.close();
    },
  });
}

/**
 * Patches the class `VideoDecoder`, so that a subscriber reads the H.264 chunks that go into `decode` of any decoder,
 * before they are decoded, and so in decoding order.
 *
 * @param host has the class: `globalThis`, or what `@napi-rs/webcodecs` exports
 * @param options who reads; where no subscriber is named, the global one
 * @returns takes the patch back
 * @throws `TypeError` for arguments of the wrong kind, and where there is no such class
 */
export function patchWebCodecsDecoder(host: object, options: WebCodecsDecoderOptions = {}): PatchHandle {
  checkPatchArguments(host, options, DECODER_OPTIONS);
  const { subscriber, onDiagnostic } = options;
  checkCallback('options.onDiagnostic', onDiagnostic);
  const prototype = prototypeOf(host, 'VideoDecoder');
  const others = new WeakSet();
  const decode = patchH264Decoder<WebCodecsChunk, object>(prototype, {
    subscriber,
    onDiagnostic,
    methods: 'decode',
    getData: chunkBytes,
    getTimestamp: milliseconds,
    isVideo: (_, decoder) => !others.has(decoder),
  });
  if (!decode.applied) return decode;
  const configure = applyPatch(prototype, ['configure'], (proceed, decoder, [config]) => {
    const answer = proceed();
    if (isH264((config as WebCodecsConfig | undefined)?.codec)) others.delete(decoder);
    else others.add(decoder);
    return answer;
  });
  return disposable({
    ...decode,
    close: () => {
      configure.close();
      decode.close();
    },
  });
}
