/** WebCodecs: chunks with messages and without have to give the same pictures, and the messages have to come out. */
import {
  AccessUnitSplitter,
  SeiPublisher,
  SeiSubscriber,
  patchWebCodecsDecoder,
  patchWebCodecsEncoder,
  seiEncoderOutput,
  splitNalUnits,
  toLengthPrefixed,
} from 'h264-sei/browser';
import type { WebCodecsResult } from '../results.js';

const MESSAGES = 5;
const FRAME_US = 40_000;

const isEqual = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

/** Decodes chunks; the pictures as bytes, in the order in which they are shown. */
async function decode(chunks: readonly EncodedVideoChunk[], config: VideoDecoderConfig): Promise<Uint8Array[]> {
  const pictures: Promise<Uint8Array>[] = [];
  const failures: unknown[] = [];
  const decoder = new VideoDecoder({
    output: (frame) => {
      const bytes = new Uint8Array(frame.allocationSize());
      pictures.push(
        frame.copyTo(bytes).then(() => {
          frame.close();
          return bytes;
        }),
      );
    },
    error: (error) => failures.push(error),
  });
  decoder.configure(config);
  for (const chunk of chunks) decoder.decode(chunk);
  await decoder.flush();
  decoder.close();
  if (failures.length > 0) throw failures[0] as Error;
  return Promise.all(pictures);
}

/** Decodes both, and reads the messages of the second on its way into the decoder. */
async function compare(
  plain: readonly EncodedVideoChunk[],
  tagged: readonly EncodedVideoChunk[],
  config: VideoDecoderConfig,
): Promise<WebCodecsResult> {
  const expected = await decode(plain, config);
  const subscriber = new SeiSubscriber();
  const patch = patchWebCodecsDecoder(globalThis, { subscriber });
  const pictures = await decode(tagged, config);
  patch.close();
  subscriber.close();
  const messages: number[] = [];
  for await (const message of subscriber) messages.push(message.json<{ number: number }>().number);
  return {
    chunks: tagged.length,
    taggedChunks: tagged.filter((chunk, index) => chunk.byteLength > plain[index].byteLength).length,
    pictures: pictures.length,
    equalPictures: pictures.filter((picture, index) => isEqual(picture, expected[index])).length,
    differentPictures: pictures.filter((picture, index) => index > 0 && !isEqual(picture, pictures[index - 1])).length,
    messages,
  };
}

/** A publisher with numbered messages. */
function busyPublisher(): SeiPublisher {
  const publisher = new SeiPublisher();
  for (let number = 0; number < MESSAGES; number++) publisher.publishJson({ number });
  return publisher;
}

/** Encodes pictures of a canvas; what comes out is given to `output`. */
async function encodeCanvas(format: 'annexb' | 'avc', output: EncodedVideoChunkOutputCallback): Promise<void> {
  const failures: unknown[] = [];
  const encoder = new VideoEncoder({ output, error: (error) => failures.push(error) });
  encoder.configure({ codec: 'avc1.42001f', width: 320, height: 180, avc: { format }, framerate: 25 });
  const context = new OffscreenCanvas(320, 180).getContext('2d')!;
  for (let index = 0; index < 30; index++) {
    context.fillStyle = `hsl(${index * 12} 60% 50%)`;
    context.fillRect(0, 0, 320, 180);
    context.fillStyle = 'white';
    context.fillRect(index * 9, 60, 40, 40);
    const frame = new VideoFrame(context.canvas, { timestamp: index * FRAME_US });
    encoder.encode(frame, { keyFrame: index % 10 === 0 });
    frame.close();
  }
  await encoder.flush();
  encoder.close();
  if (failures.length > 0) throw failures[0] as Error;
}

/** Pictures of a canvas, by the encoder of the browser, with messages by `seiEncoderOutput`. */
async function canvas(format: 'annexb' | 'avc'): Promise<WebCodecsResult> {
  const plain: EncodedVideoChunk[] = [];
  const tagged: EncodedVideoChunk[] = [];
  let config: VideoDecoderConfig | undefined;
  const tag = seiEncoderOutput((chunk: EncodedVideoChunk) => tagged.push(chunk), { publisher: busyPublisher() });
  await encodeCanvas(format, (chunk, metadata) => {
    config = metadata?.decoderConfig ?? config;
    plain.push(chunk);
    tag(chunk, metadata);
  });
  return compare(plain, tagged, config!);
}

/** The same with the class of the browser patched. */
async function patchedClass(format: 'annexb' | 'avc'): Promise<WebCodecsResult> {
  const chunks: EncodedVideoChunk[] = [];
  let config: VideoDecoderConfig | undefined;
  const patch = patchWebCodecsEncoder(globalThis, { publisher: busyPublisher() });
  await encodeCanvas(format, (chunk, metadata) => {
    config = metadata?.decoderConfig ?? config;
    chunks.push(chunk);
  });
  patch.close();
  return compare(chunks, chunks, config!);
}

/** The clip of another encoder, which has B pictures. */
async function clip(format: 'annexb' | 'avc'): Promise<WebCodecsResult> {
  const bytes = new Uint8Array(await (await fetch('/clip.h264')).arrayBuffer());
  const splitter = new AccessUnitSplitter();
  const accessUnits = [...splitter.push(bytes), ...splitter.flush()];
  const parameterSet = (type: number) => splitNalUnits(accessUnits[0]).find((unit) => (unit[0] & 31) === type)!;
  const [sps, pps] = [parameterSet(7), parameterSet(8)];
  const hex = [...sps.subarray(1, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  // AVCDecoderConfigurationRecord, ISO/IEC 14496-15 5.3.3.1.2, as far as Baseline and Main have it.
  const description = Uint8Array.of(
    ...[1, ...sps.subarray(1, 4), 0xff, 0xe1, sps.length >> 8, sps.length & 255, ...sps],
    ...[1, pps.length >> 8, pps.length & 255, ...pps],
  );
  const config = { codec: `avc1.${hex}`, ...(format === 'avc' && { description }) };
  const plain = accessUnits.map((accessUnit, index) => {
    const isKey = splitNalUnits(accessUnit).some((unit) => (unit[0] & 31) === 5);
    const data = format === 'avc' ? toLengthPrefixed(accessUnit) : accessUnit;
    return new EncodedVideoChunk({ type: isKey ? 'key' : 'delta', timestamp: index * FRAME_US, data: data.slice() });
  });
  const tagged: EncodedVideoChunk[] = [];
  const tag = seiEncoderOutput((chunk: EncodedVideoChunk) => tagged.push(chunk), { publisher: busyPublisher() });
  for (const chunk of plain) tag(chunk, { decoderConfig: config });
  return compare(plain, tagged, config);
}

Object.assign(globalThis, { canvas, patchedClass, clip });
