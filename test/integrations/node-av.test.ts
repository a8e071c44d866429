/** node-av with libx264: what comes out of a patched encoder, through MP4 into a patched decoder, as FFmpeg sees it. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type * as Api from 'node-av/api';
import type { Frame, Packet } from 'node-av/lib';
import {
  SeiPublisher,
  SeiSubscriber,
  type PatchHandle,
  setGlobalSeiPublisher,
  setGlobalSeiSubscriber,
  stripSei,
} from '../../src/index.js';
import { patchNodeAvDecoder, patchNodeAvEncoder } from '../../src/integrations/node-av.js';
import { ffmpegTool, ffmpegUserData } from '../support/ffmpeg-cli.js';
import { nodeAv, nodeAvTool } from '../support/node-av.js';
import { describeWith } from '../support/skip.js';

const FRAMES = 40;
const [WIDTH, HEIGHT] = [96, 64];

/** Else x264 goes by the instruction set and by the addresses that its memory happens to have. */
const REPEATABLE = 'cpu-independent=1:qp=24:rc-lookahead=8';

const presets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  default: {},
  'B pictures': { 'x264-params': `${REPEATABLE}:bframes=3:b-pyramid=normal:b-adapt=0` },
  zerolatency: { tune: 'zerolatency', preset: 'ultrafast' },
};

const checksum = (data: Uint8Array) => createHash('md5').update(data).digest('hex');

describeWith([nodeAvTool, ffmpegTool], 'node-av', () => {
  let api: typeof Api;
  let folder: string;
  const patches: PatchHandle[] = [];
  /** node-av 6.1 reads pictures from the memory they were made of, and lets it go too early. */
  const kept: unknown[] = [];
  beforeAll(async () => {
    nodeAv();
    api = createRequire(__filename)('node-av/api') as typeof Api;
    folder = await mkdtemp(join(tmpdir(), 'h264-sei-node-av-'));
  });
  afterEach(() => {
    for (const patch of patches.splice(0)) patch.close();
    setGlobalSeiPublisher(undefined);
    setGlobalSeiSubscriber(undefined);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** A picture that is like no other. */
  function picture(index: number): Frame {
    const { lib, constants } = nodeAv();
    const data = Buffer.alloc((WIDTH * HEIGHT * 3) / 2, 128);
    for (let i = 0; i < WIDTH * HEIGHT; i++) data[i] = (i * 3 + (i >> 5) * index + index * 7) & 0xff;
    const frame = lib.Frame.fromVideoBuffer(data, {
      width: WIDTH,
      height: HEIGHT,
      format: constants.AV_PIX_FMT_YUV420P,
      timeBase: { num: 1, den: 25 },
    });
    frame.pts = BigInt(index);
    kept.push([frame, data]);
    return frame;
  }

  function createEncoder(preset: string): Promise<Api.Encoder> {
    const options = { preset: 'veryfast', 'x264-params': REPEATABLE, ...presets[preset] };
    return api.Encoder.create(nodeAv().constants.FF_ENCODER_LIBX264, { options, gopSize: 15, threadCount: 1 });
  }

  type Drive = (encoder: Api.Encoder, beforeFrame: (index: number) => void) => Promise<Packet[]>;

  async function* frames(beforeFrame: (index: number) => void): AsyncGenerator<Frame | null> {
    for (let index = 0; index < FRAMES; index++) {
      beforeFrame(index);
      yield await Promise.resolve(picture(index));
    }
    yield null;
  }

  function* framesSync(beforeFrame: (index: number) => void): Generator<Frame | null> {
    for (let index = 0; index < FRAMES; index++) {
      beforeFrame(index);
      yield picture(index);
    }
    yield null;
  }

  /** x264 that is opened in the main thread crashes the process at its end (node-av 6.1): the first call is not sync. */
  function openWith(encoder: Api.Encoder, source: Iterator<Frame | null>): Promise<Packet[]> {
    return encoder.encodeAll((source.next() as IteratorYieldResult<Frame>).value);
  }

  const drives: Readonly<Record<string, Drive>> = {
    encodeAll: async (encoder, beforeFrame) => {
      const packets: Packet[] = [];
      for await (const frame of frames(beforeFrame)) packets.push(...(await encoder.encodeAll(frame)));
      return packets;
    },
    encodeAllSync: async (encoder, beforeFrame) => {
      const source = framesSync(beforeFrame);
      const packets = await openWith(encoder, source);
      for (const frame of source) packets.push(...encoder.encodeAllSync(frame));
      return packets;
    },
    packets: async (encoder, beforeFrame) => {
      const packets: Packet[] = [];
      for await (const packet of encoder.packets(frames(beforeFrame))) if (packet !== null) packets.push(packet);
      return packets;
    },
    packetsSync: async (encoder, beforeFrame) => {
      const source = framesSync(beforeFrame);
      const packets = await openWith(encoder, source);
      for (const packet of encoder.packetsSync(source)) if (packet !== null) packets.push(packet);
      return packets;
    },
    'encode, receive, flush, flushPackets': async (encoder, beforeFrame) => {
      const packets: Packet[] = [];
      for await (const frame of frames(beforeFrame)) {
        if (frame === null) break;
        await encoder.encode(frame);
        for (let packet = await encoder.receive(); packet; packet = await encoder.receive()) packets.push(packet);
      }
      await encoder.flush();
      for await (const packet of encoder.flushPackets()) packets.push(packet);
      return packets;
    },
  };

  async function encode(preset: string, drive: Drive, beforeFrame: (index: number) => void = () => {}) {
    const encoder = await createEncoder(preset);
    try {
      return await drive(encoder, beforeFrame);
    } finally {
      encoder.close();
    }
  }

  /** All that a packet says besides its bytes. */
  function described(packet: Packet) {
    const { pts, dts, duration, pos, flags, streamIndex, timeBase } = packet;
    const sideData = Array.from({ length: 64 }, (_, type) => packet.getSideData(type as never)?.toString('hex'));
    return { pts, dts, duration, pos, flags, streamIndex, timeBase: { ...timeBase }, sideData };
  }

  /** Publishes a text in front of every third picture; answers the texts. */
  function speaker(publisher: SeiPublisher) {
    const texts: string[] = [];
    const beforeFrame = (index: number) => {
      if (index % 3 !== 1 || index > FRAMES - 8) return;
      texts.push(`before picture ${index}`);
      publisher.publishText(texts.at(-1)!, { repeatCount: 1 });
    };
    return { texts, beforeFrame };
  }

  /** Puts packets into an MP4 file, as `ffmpeg` does. */
  async function mux(preset: string, name: string, packets: (encoder: Api.Encoder) => Promise<Packet[]>) {
    const file = join(folder, `${name}.mp4`);
    const encoder = await createEncoder(preset);
    const muxer = await api.Muxer.open(file);
    const stream = muxer.addStream(encoder);
    const written = await packets(encoder);
    for (const packet of written) await muxer.writePacket(packet, stream);
    await muxer.close();
    encoder.close();
    return file;
  }

  /** Demuxes and decodes a file; answers for each picture its time, its pixels and the user data that FFmpeg found. */
  async function decode(file: string) {
    const { constants } = nodeAv();
    const demuxer = await api.Demuxer.open(file);
    const decoder = await api.Decoder.create(demuxer.video()!, { threadCount: 1 });
    const decoded: { pts: bigint; checksum: string; userData: string | undefined }[] = [];
    for await (const frame of decoder.frames(demuxer.packets())) {
      if (frame === null) break;
      decoded.push({
        pts: frame.pts,
        checksum: checksum(frame.toBuffer()),
        userData: frame.getSideData(constants.AV_FRAME_DATA_SEI_UNREGISTERED)?.subarray(16).toString(),
      });
      frame.free();
    }
    decoder.close();
    await demuxer.close();
    return decoded;
  }

  const textOf = (json: string) => (JSON.parse(json) as { text: string }).text;

  it.each(Object.keys(presets).flatMap((preset) => Object.keys(drives).map((drive) => ({ preset, drive }))))(
    'carries what is published while it encodes: $preset, $drive',
    async ({ preset, drive }) => {
      const plain = await encode(preset, drives[drive]);
      const publisher = new SeiPublisher();
      const { texts, beforeFrame } = speaker(publisher);
      patches.push(patchNodeAvEncoder(api.Encoder, { publisher }));
      const tagged = await encode(preset, drives[drive], beforeFrame);
      expect(tagged.map(described)).toEqual(plain.map(described));
      expect(tagged.map(({ data }) => checksum(stripSei(data!)))).toEqual(plain.map(({ data }) => checksum(data!)));
      const seen = (await ffmpegUserData(Buffer.concat(tagged.map(({ data }) => data!))))
        .map(({ userData }) => Buffer.from(userData).toString())
        .filter((userData) => userData.startsWith('{'));
      expect(seen.map(textOf)).toEqual(texts);
      for (const packet of [...plain, ...tagged]) packet.free();
    },
  );

  it.each(Object.keys(presets))('and FFmpeg finds it on the right picture: %s', async (preset) => {
    const plain = await decode(await mux(preset, 'plain', (encoder) => drives['encodeAll'](encoder, () => {})));
    // node-av answers one message of a picture only.
    const publisher = new SeiPublisher({ maxMessagesPerFrame: 1 });
    const { texts, beforeFrame } = speaker(publisher);
    const sent = new Map<bigint, string>();
    patches.push(patchNodeAvEncoder(api.Encoder.prototype, { publisher }));
    const file = await mux(preset, 'tagged', async (encoder) => {
      const packets = await drives['encodeAll'](encoder, beforeFrame);
      for (const { data, pts } of packets) {
        const text = texts.find((each) => data!.includes(`"${each}"`));
        // In the first picture FFmpeg's list begins with the message of x264, and node-av answers one.
        if (text !== undefined && pts > 0n) sent.set(pts, text);
      }
      return packets;
    });
    const received: [number, string][] = [];
    const subscriber = new SeiSubscriber({
      onMessage: (message) => received.push([message.frameTimestamp!, message.text()]),
    });
    patches.push(patchNodeAvDecoder(api.Decoder, { subscriber }));
    const decoded = await decode(file);
    expect(decoded.map((picture) => picture.checksum)).toEqual(plain.map((picture) => picture.checksum));
    expect(decoded.map(({ pts }) => pts)).toEqual(plain.map(({ pts }) => pts));
    // MP4 begins at 0, as the encoder does, but in units of its own.
    const found = decoded.flatMap(({ userData }, index): [bigint, string][] =>
      userData?.startsWith('{') === true ? [[BigInt(index), textOf(userData)]] : [],
    );
    expect(sent.size).toBeGreaterThanOrEqual(texts.length - 1);
    expect(new Map(found)).toEqual(sent);
    expect(received.map(([, text]) => textOf(text))).toEqual(texts);
    for (const [index, text] of sent) {
      expect(received.find(([, json]) => textOf(json) === text)![0]).toBeCloseTo(Number(index) * 40, 3);
    }
  });

  it('unpatches: encoders and decoders are what they were, and frames pass as they are', async () => {
    const before = [api.Encoder, api.Decoder].map((each) => Object.getOwnPropertyDescriptors(each.prototype));
    const publisher = new SeiPublisher();
    const handles = [patchNodeAvEncoder(api.Encoder, { publisher }), patchNodeAvDecoder(api.Decoder)];
    expect(handles.map(({ methods }) => methods)).toEqual([
      ['receive', 'receiveSync'],
      ['decode', 'decodeSync'],
    ]);
    for (const handle of handles) handle.close();
    expect([api.Encoder, api.Decoder].map((each) => Object.getOwnPropertyDescriptors(each.prototype))).toEqual(before);
    publisher.publishText('nobody hears this');
    const [plain, again] = [await encode('default', drives['encodeAll']), await encode('default', drives['packets'])];
    expect(again.map(({ data }) => checksum(data!))).toEqual(plain.map(({ data }) => checksum(data!)));
  });

  it('works with the global publisher, on one encoder, and the others stay as they are', async () => {
    const publisher = new SeiPublisher();
    const [one, other] = await Promise.all([createEncoder('zerolatency'), createEncoder('zerolatency')]);
    patches.push(patchNodeAvEncoder(one));
    setGlobalSeiPublisher(publisher);
    publisher.publishText('hello');
    const [tagged, plain] = [await one.encodeAll(picture(0)), await other.encodeAll(picture(0))];
    expect(tagged[0].data!.includes('hello')).toBe(true);
    expect(plain[0].data!.includes('hello')).toBe(false);
    one.close();
    other.close();
  });

  it('leaves encoders of other codecs alone', async () => {
    const publisher = new SeiPublisher();
    patches.push(patchNodeAvEncoder(api.Encoder, { publisher }));
    publisher.publishText('hello');
    const encoder = await api.Encoder.create(nodeAv().constants.FF_ENCODER_MPEG4);
    const [packet] = [...(await encoder.encodeAll(picture(0))), ...(await encoder.encodeAll(null))];
    expect(packet.data!.includes('hello')).toBe(false);
    expect(publisher.getQueueSize()).toBeGreaterThan(0);
    encoder.close();
  });
});
