/** WebCodecs as @napi-rs/webcodecs has it: an encoder of its own (FFmpeg's libx264), and its own decoder. */
import { createRequire } from 'node:module';
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type * as WebCodecs from '@napi-rs/webcodecs';
import { type PatchHandle, SeiPublisher, SeiSubscriber, extractSei, stripSei, toAnnexB } from '../../src/index.js';
import {
  type WebCodecsChunk,
  type WebCodecsMetadata,
  patchWebCodecsDecoder,
  patchWebCodecsEncoder,
  seiEncoderOutput,
} from '../../src/integrations/webcodecs.js';
import { ffmpegTool, ffmpegUserData } from '../support/ffmpeg-cli.js';
import { type Tool, describeWith } from '../support/skip.js';

let loaded: typeof WebCodecs | Error | undefined;

function load(): typeof WebCodecs | Error {
  try {
    return createRequire(__filename)('@napi-rs/webcodecs') as typeof WebCodecs;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

const webCodecsTool: Tool = {
  name: '@napi-rs/webcodecs',
  missing: () => ((loaded ??= load()) instanceof Error ? loaded.message.split('\n', 1)[0] : undefined),
};

const FRAMES = 12;
const [WIDTH, HEIGHT] = [96, 64];
const CODEC = 'avc1.42e01e';
const FRAME_US = 40_000;

type Chunk = WebCodecs.EncodedVideoChunk;
type Metadata = WebCodecs.EncodedVideoChunkMetadata;
type Output = (chunk: Chunk, metadata?: Metadata) => void;

interface Encoded {
  readonly chunks: Chunk[];
  readonly description: Uint8Array | undefined;
}

const bytesOf = (chunk: Chunk) => {
  const bytes = Buffer.alloc(chunk.byteLength);
  chunk.copyTo(bytes);
  return bytes;
};
const textOf = (json: string) => (JSON.parse(json) as { text: string }).text;

describeWith([webCodecsTool, ffmpegTool], '@napi-rs/webcodecs', () => {
  const webcodecs = loaded as typeof WebCodecs;
  const patches: PatchHandle[] = [];
  afterEach(() => {
    for (const patch of patches.splice(0)) patch.close();
  });

  function picture(index: number): WebCodecs.VideoFrame {
    const data = Buffer.alloc((WIDTH * HEIGHT * 3) / 2, 128);
    for (let i = 0; i < WIDTH * HEIGHT; i++) data[i] = (i * 3 + (i >> 5) * index + index * 7) & 0xff;
    const [format, timestamp] = ['I420' as const, index * FRAME_US];
    return new webcodecs.VideoFrame(data, { format, codedWidth: WIDTH, codedHeight: HEIGHT, timestamp });
  }

  /** Encodes with the class that the module has at the moment, one picture after the other. */
  async function encode(
    format: 'annexb' | 'avc',
    beforeFrame: (index: number) => void = () => {},
    wrap: (output: Output) => Output = (output) => output,
    codec = CODEC,
  ): Promise<Encoded> {
    const chunks: Chunk[] = [];
    let description: Uint8Array | undefined;
    const errors: Error[] = [];
    const output = wrap((chunk, metadata) => {
      chunks.push(chunk);
      description ??= metadata?.decoderConfig?.description;
    });
    const encoder = new webcodecs.VideoEncoder({ output, error: (error) => errors.push(error) });
    expect(encoder).toBeInstanceOf(webcodecs.VideoEncoder);
    encoder.configure({
      codec,
      width: WIDTH,
      height: HEIGHT,
      framerate: 25,
      latencyMode: 'realtime',
      ...(codec === CODEC && { avc: { format } }),
    });
    for (let index = 0; index < FRAMES; index++) {
      beforeFrame(index);
      const frame = picture(index);
      encoder.encode(frame, { keyFrame: index % 6 === 0 });
      frame.close();
      await encoder.flush();
    }
    encoder.close();
    expect(errors).toEqual([]);
    return { chunks, description };
  }

  async function decode({ chunks, description }: Encoded): Promise<string[]> {
    const frames: Promise<string>[] = [];
    const errors: Error[] = [];
    const decoder = new webcodecs.VideoDecoder({
      output: (frame) => {
        const pixels = Buffer.alloc(frame.allocationSize());
        frames.push(
          frame.copyTo(pixels).then(() => {
            frame.close();
            return createHash('md5').update(pixels).digest('hex');
          }),
        );
      },
      error: (error) => errors.push(error),
    });
    decoder.configure({ codec: CODEC, codedWidth: WIDTH, codedHeight: HEIGHT, ...(description && { description }) });
    for (const chunk of chunks) decoder.decode(chunk);
    await decoder.flush();
    decoder.close();
    expect(errors).toEqual([]);
    return Promise.all(frames);
  }

  function speaker(publisher: SeiPublisher) {
    const texts: string[] = [];
    const beforeFrame = (index: number) => {
      if (index % 3 !== 1) return;
      texts.push(`picture ${index}`);
      publisher.publishText(texts.at(-1)!, { repeatCount: 1 });
    };
    return { texts, beforeFrame };
  }

  describe.each(['annexb', 'avc'] as const)('%s', (format) => {
    const hint = format === 'avc' ? 'avcc' : format;
    const annexB = ({ chunks }: Encoded) =>
      Buffer.concat(chunks.map((chunk) => toAnnexB(bytesOf(chunk), { format: hint })));

    it('carries what is published on its picture, and the pictures stay the same', async () => {
      const plain = await encode(format);
      const publisher = new SeiPublisher();
      const { texts, beforeFrame } = speaker(publisher);
      const tagged = await encode(format, beforeFrame, (output) => seiEncoderOutput(output, { publisher }));
      expect(tagged.description).toEqual(plain.description);
      expect(tagged.chunks.map(({ type, timestamp, duration }) => ({ type, timestamp, duration }))).toEqual(
        plain.chunks.map(({ type, timestamp, duration }) => ({ type, timestamp, duration })),
      );
      for (const chunk of tagged.chunks) expect(chunk).toBeInstanceOf(webcodecs.EncodedVideoChunk);
      expect(tagged.chunks.map((chunk) => Buffer.from(stripSei(bytesOf(chunk), { format: hint })))).toEqual(
        plain.chunks.map(bytesOf),
      );
      expect(await decode(tagged)).toEqual(await decode(plain));
      const seen = (await ffmpegUserData(annexB(tagged))).map(({ packet, userData }) => [
        packet,
        Buffer.from(userData).toString(),
      ]);
      const ours = seen.filter(([, text]) => (text as string).startsWith('{'));
      expect(ours.map(([packet, text]) => [packet, textOf(text as string)])).toEqual(
        texts.map((text) => [Number(text.slice(8)), text]),
      );
    });

    it('does so for every encoder of a patched class, and a patched decoder delivers', async () => {
      const publisher = new SeiPublisher();
      const { texts, beforeFrame } = speaker(publisher);
      const received: [number | undefined, string][] = [];
      const subscriber = new SeiSubscriber({
        onMessage: (message) => received.push([message.frameTimestamp, textOf(message.text())]),
      });
      const { VideoEncoder } = webcodecs;
      const methods = Object.getOwnPropertyDescriptors(webcodecs.VideoDecoder.prototype);
      const closing = Object.getOwnPropertyDescriptors(VideoEncoder.prototype);
      patches.push(patchWebCodecsEncoder(webcodecs, { publisher }), patchWebCodecsDecoder(webcodecs, { subscriber }));
      expect(patches.map(({ applied }) => applied)).toEqual([true, true]);
      expect(patchWebCodecsEncoder(webcodecs, { publisher }).applied).toBe(false);
      const tagged = await encode(format, beforeFrame);
      await decode(tagged);
      expect(received).toEqual(texts.map((text) => [Number(text.slice(8)) * 40, text]));
      for (const patch of patches.splice(0)) patch.close();
      expect(webcodecs.VideoEncoder).toBe(VideoEncoder);
      expect(Object.getOwnPropertyDescriptors(webcodecs.VideoDecoder.prototype)).toEqual(methods);
      expect(Object.getOwnPropertyDescriptors(VideoEncoder.prototype)).toEqual(closing);
    });
  });

  it('leaves other codecs alone', async () => {
    const publisher = new SeiPublisher();
    patches.push(patchWebCodecsEncoder(webcodecs, { publisher }));
    publisher.publishText('hello');
    const { chunks } = await encode('annexb', undefined, undefined, 'vp8');
    expect(chunks).toHaveLength(FRAMES);
    expect(publisher.getQueueSize()).toBe(1);
  });
});

/** A chunk as a browser has it. */
class BrowserChunk implements WebCodecsChunk {
  readonly type: string;
  readonly timestamp: number;
  readonly duration: number | null;
  readonly #data: Uint8Array;

  constructor(init: { type: string; timestamp: number; duration?: number; data: Uint8Array }) {
    this.type = init.type;
    this.timestamp = init.timestamp;
    this.duration = init.duration ?? null;
    this.#data = init.data.slice();
  }

  get byteLength(): number {
    return this.#data.length;
  }

  copyTo(destination: Uint8Array): void {
    destination.set(this.#data);
  }
}

describe('any WebCodecs', () => {
  const slice = Uint8Array.of(0x65, 0x88, 0x84, 0x21);
  const record = (lengthSize: number) =>
    Uint8Array.of(1, 66, 0, 30, 0xfc | (lengthSize - 1), 0xe1, 0, 4, 0x67, 66, 0, 30, 1, 0, 4, 0x68, 0xce, 0x3c, 0x80);
  const chunk = (data: readonly number[]) =>
    new BrowserChunk({ type: 'key', timestamp: 0, data: Uint8Array.from(data) });

  it.each([1, 2, 4] as const)('follows the length size of the description: %i', (lengthSize) => {
    const publisher = new SeiPublisher();
    const chunks: WebCodecsChunk[] = [];
    const output = seiEncoderOutput<BrowserChunk, WebCodecsMetadata>((each) => chunks.push(each), { publisher });
    publisher.publishText('hello', { repeatCount: 1 });
    const { buffer } = record(lengthSize);
    output(chunk([...new Array<number>(lengthSize - 1).fill(0), slice.length, ...slice]), {
      decoderConfig: { codec: CODEC, description: buffer },
    });
    const bytes = new Uint8Array(chunks[0].byteLength);
    chunks[0].copyTo(bytes);
    expect(extractSei(bytes, { format: 'avcc', lengthSize })).toHaveLength(1);
  });

  it('passes chunks on before it knows what they are, and after it was closed', () => {
    const publisher = new SeiPublisher();
    const chunks: WebCodecsChunk[] = [];
    const output = seiEncoderOutput<BrowserChunk, WebCodecsMetadata>((each) => chunks.push(each), { publisher });
    publisher.publishText('hello');
    const frames = [1, 2, 3].map(() => chunk([0, 0, 0, 1, ...slice]));
    output(frames[0]);
    output.close();
    output(frames[1], { decoderConfig: { codec: CODEC } });
    output(frames[2]);
    expect(chunks).toEqual(frames);
    chunks.forEach((each, index) => {
      expect(each).toBe(frames[index]);
    });
  });

  it('passes chunks on whose description is broken', () => {
    const publisher = new SeiPublisher();
    const chunks: WebCodecsChunk[] = [];
    const output = seiEncoderOutput<BrowserChunk, WebCodecsMetadata>((each) => chunks.push(each), { publisher });
    const frame = chunk([1, 2, 3]);
    publisher.publishText('hello');
    output(frame, { decoderConfig: { codec: CODEC, description: Uint8Array.of(9) } });
    expect(chunks[0]).toBe(frame);
  });

  it('throws for what is no WebCodecs', () => {
    expect(() => patchWebCodecsEncoder({})).toThrow(TypeError);
    expect(() => patchWebCodecsDecoder({})).toThrow(TypeError);
    expect(() => seiEncoderOutput(undefined as never)).toThrow(TypeError);
    expect(() => seiEncoderOutput(() => {}, { publisher: 1 as never })).toThrow(TypeError);
  });
});
