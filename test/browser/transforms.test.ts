/** The transforms on frames made by hand, with what no browser does on demand: other codecs, broken frames, many layers. */
import { describe, expect, it } from 'vitest';
import {
  type EncodedFrameMetadata,
  type EncodedVideoFrame,
  type SeiFrameTransform,
  createSeiReceiverTransform,
  createSeiSenderTransform,
  pipeEncodedFrames,
} from '../../src/browser/index.js';
import { MAX_TRANSFORM_LAYERS } from '../../src/browser/layers.js';
import {
  FRAGMENT_SEI_UUID,
  type ReceivedSeiMessage,
  SeiPublisher,
  SeiSubscriber,
  extractSei,
} from '../../src/index.js';
import { annexB, bytes, filler, nal, numbers } from '../contract/frames.js';

const H264: EncodedFrameMetadata = { mimeType: 'video/H264', synchronizationSource: 1 };

class Frame implements EncodedVideoFrame {
  data: ArrayBuffer;
  readonly timestamp: number | undefined;
  readonly #metadata: EncodedFrameMetadata;

  constructor(data: Uint8Array, metadata: EncodedFrameMetadata = H264, timestamp?: number) {
    this.data = Uint8Array.from(data).buffer;
    this.timestamp = timestamp;
    this.#metadata = metadata;
  }

  getMetadata(): EncodedFrameMetadata {
    return this.#metadata;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.data);
  }
}

const picture = (metadata?: EncodedFrameMetadata, timestamp?: number) =>
  new Frame(annexB(nal.p, filler(50)), metadata, timestamp);

/** Sends frames through a transform; answers what comes out, in order. */
async function through(
  transform: SeiFrameTransform<unknown>,
  frames: readonly EncodedVideoFrame[],
): Promise<EncodedVideoFrame[]> {
  const output: EncodedVideoFrame[] = [];
  const reading = (async () => {
    for await (const frame of transform.readable) output.push(frame);
  })();
  const writer = transform.writable.getWriter();
  for (const frame of frames) await writer.write(frame);
  await writer.close();
  await reading;
  return output;
}

const textsIn = (frames: readonly Frame[]): (string | undefined)[] => {
  const subscriber = new SeiSubscriber();
  return frames.map((frame) => subscriber.processFrame(frame.bytes)[0]?.json<{ text: string }>().text);
};

describe('createSeiSenderTransform', () => {
  it('puts messages into frames, which go on in order, each the object that it is', async () => {
    const publisher = new SeiPublisher();
    publisher.publishText('one');
    const frames = Array.from({ length: 5 }, () => picture());
    const transform = createSeiSenderTransform({ publisher });
    expect(await through(transform, frames)).toEqual(frames);
    expect(textsIn(frames)).toEqual(['one', undefined, undefined, undefined, undefined]);
    expect(frames.map(({ bytes: { length } }) => length > picture().bytes.length)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(transform.stats).toEqual({
      frames: 5,
      framesInjected: 3,
      framesOfOtherCodecs: 0,
      framesUnreadable: 0,
      errors: 0,
      layers: 1,
    });
    expect(publisher.stats.liveInjectors).toBe(0);
  });

  it.each([
    ['by their SSRC', (layer: number) => ({ synchronizationSource: 100 + layer, spatialIndex: layer })],
    ['by their SSRC alone', (layer: number) => ({ synchronizationSource: 100 + layer })],
    ['by their RID', (layer: number) => ({ rid: 'qhf'[layer] })],
    ['by their number', (layer: number) => ({ spatialIndex: layer })],
  ])('gives every simulcast layer every message: %s', async (_, metadataOf) => {
    const publisher = new SeiPublisher();
    const layers = [0, 1, 2].map((layer) => Array.from({ length: 20 }, () => picture(metadataOf(layer))));
    const frames = Array.from({ length: 20 }, (_, at) => layers.map((layer) => layer[at])).flat();
    const transform = createSeiSenderTransform({ publisher });
    for (let number = 0; number < 10; number++) publisher.publishText(String(number));
    expect(await through(transform, frames)).toEqual(frames);
    for (const layer of layers) {
      const texts: string[] = [];
      const subscriber = new SeiSubscriber({
        onMessage: (message) => texts.push(message.json<{ text: string }>().text),
      });
      for (const frame of layer) subscriber.processFrame(frame.bytes);
      expect(texts).toEqual(Array.from({ length: 10 }, (_, number) => String(number)));
    }
    expect(transform.stats.layers).toBe(3);
  });

  it('keeps to so many layers, however many there seem to be', async () => {
    const publisher = new SeiPublisher();
    const frames = Array.from({ length: 100 }, (_, index) => picture({ synchronizationSource: index + 1 }));
    const transform = createSeiSenderTransform({ publisher });
    const writer = transform.writable.getWriter();
    const reader = transform.readable.getReader();
    for (const frame of frames) {
      void writer.write(frame);
      await reader.read();
    }
    expect(publisher.stats.liveInjectors).toBeLessThanOrEqual(MAX_TRANSFORM_LAYERS);
    expect(transform.stats).toMatchObject({ frames: 100, layers: 100 });
  });

  it('lets pass what is no H.264, holds no picture or is broken, and keeps the message', async () => {
    const publisher = new SeiPublisher({ repeatCount: 1 });
    publisher.publishText('kept');
    const vp8 = bytes(0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00);
    const others = [
      new Frame(vp8, { mimeType: 'video/VP8' }),
      new Frame(vp8, {}),
      new Frame(bytes()),
      new Frame(annexB(nal.sps, nal.pps)),
      new Frame(filler(500)),
    ];
    const before = others.map((frame) => numbers(frame.bytes));
    const last = picture();
    const transform = createSeiSenderTransform({ publisher });
    expect(await through(transform, [...others, last])).toEqual([...others, last]);
    expect(others.map((frame) => numbers(frame.bytes))).toEqual(before);
    expect(textsIn([last])).toEqual(['kept']);
    expect(transform.stats).toMatchObject({
      framesOfOtherCodecs: 1,
      framesUnreadable: 3,
      framesInjected: 1,
      errors: 0,
    });
  });

  it('lets pass a frame that throws, once, and goes on', async () => {
    const publisher = new SeiPublisher();
    publisher.publishText('one');
    const detached = picture();
    structuredClone(detached.data, { transfer: [detached.data] });
    const hostile: EncodedVideoFrame = {
      get data(): ArrayBuffer {
        throw new Error('no data');
      },
      getMetadata: () => H264,
    };
    const frames = [hostile, detached, { getMetadata: 5 } as unknown as EncodedVideoFrame, picture()];
    const events: string[] = [];
    const transform = createSeiSenderTransform({ publisher, onDiagnostic: ({ event }) => events.push(event) });
    expect((await through(transform, frames)).map((frame) => frames.indexOf(frame))).toEqual([0, 1, 2, 3]);
    expect(transform.stats).toMatchObject({ frames: 4, errors: 3, framesInjected: 1 });
    expect(events.filter((event) => event === 'transform-error')).toHaveLength(3);
  });

  it('spreads messages over frames, 2 kB each, and lets what is larger go alone', async () => {
    const publisher = new SeiPublisher({
      maxUserDataSize: 3000,
      maxBytesPerFrame: 100_000,
      maxMessagesPerFrame: 1000,
      repeatCount: 1,
    });
    for (let number = 0; number < 30; number++) publisher.publishJson({ number, text: 'x'.repeat(500) });
    publisher.publishJson({ number: 30, text: 'x'.repeat(2900) });
    const frames = Array.from({ length: 15 }, () => picture());
    const transform = createSeiSenderTransform({ publisher });
    await through(transform, frames);
    const found = frames.map((frame) => extractSei(frame.bytes));
    expect(found.flat()).toHaveLength(31);
    const growth = frames.map((frame) => frame.bytes.length - picture().bytes.length);
    for (const [index, messages] of found.entries()) {
      if (messages.length !== 1) expect(growth[index]).toBeLessThanOrEqual(2048);
    }
    expect(Math.max(...growth)).toBeGreaterThan(2900);
    expect(growth.filter((bytesMore) => bytesMore > 0)).toHaveLength(11);
  });

  it('sends copies that are each larger than a frame may grow one by one', async () => {
    const publisher = new SeiPublisher({ maxUserDataSize: 3000 });
    const ticket = publisher.publishBytes(filler(2500));
    const frames = Array.from({ length: 5 }, () => picture());
    await through(createSeiSenderTransform({ publisher }), frames);
    const { outcome, copies } = await ticket.injected;
    expect([outcome, copies.map(({ frameIndex: frame }) => frame)]).toEqual(['injected', [0, 1, 2]]);
  });

  it('splits what is large over frames, where the publisher does', async () => {
    const publisher = new SeiPublisher({ oversize: 'split', maxBytesPerFrame: 100_000, maxMessagesPerFrame: 1000 });
    publisher.publishJson({ text: 'x'.repeat(20_000) });
    const frames = Array.from({ length: 60 }, () => picture());
    await through(createSeiSenderTransform({ publisher }), frames);
    for (const frame of frames) expect(frame.bytes.length - picture().bytes.length).toBeLessThanOrEqual(2048);
    expect(textsIn(frames).filter((text) => text !== undefined)).toEqual(['x'.repeat(20_000)]);
  });

  it('tells the times of frames in receipts, where 32 bits wrap, too', async () => {
    const publisher = new SeiPublisher();
    const start = 2 ** 32 - 3000;
    const ticket = publisher.publishText('one');
    const frames = [0, 1, 2].map((at) => picture(H264, (start + at * 3000) % 2 ** 32));
    await through(createSeiSenderTransform({ publisher }), frames);
    const { copies } = await ticket.injected;
    expect(copies.map(({ timestamp, track: injector }) => [timestamp, injector])).toEqual(
      [0, 1, 2].map((at) => [(start + at * 3000) / 90, '1']),
    );
  });

  it('refuses options that are none', () => {
    const publisher = new SeiPublisher();
    expect(() => createSeiSenderTransform(undefined as never)).toThrow(TypeError);
    expect(() => createSeiSenderTransform({ publisher: new SeiSubscriber() as never })).toThrow(TypeError);
    expect(() => createSeiSenderTransform({ publisher, maxFrameGrowth: 0 })).toThrow(RangeError);
    expect(() => createSeiSenderTransform({ publisher, maxFrameGrowth: '1' as never })).toThrow(TypeError);
    expect(publisher.stats.liveInjectors).toBe(0);
  });
});

describe('createSeiReceiverTransform', () => {
  const tagged = async (count: number, text = 'one'): Promise<Frame[]> => {
    const publisher = new SeiPublisher();
    publisher.publishText(text);
    const frames = Array.from({ length: count }, (_, at) => picture(H264, at * 3000));
    await through(createSeiSenderTransform({ publisher }), frames);
    return frames;
  };

  it('reads each message once, with the time of its frame, and leaves frames as they are', async () => {
    const messages: ReceivedSeiMessage[] = [];
    const subscriber = new SeiSubscriber({ onMessage: (message) => messages.push(message) });
    const frames = await tagged(4);
    const before = frames.map((frame) => numbers(frame.bytes));
    const transform = createSeiReceiverTransform({ subscriber });
    expect(await through(transform, frames)).toEqual(frames);
    expect(frames.map((frame) => numbers(frame.bytes))).toEqual(before);
    expect(messages.map((message) => [message.json<{ text: string }>().text, message.frameTimestamp])).toEqual([
      ['one', 0],
    ]);
    expect(transform.stats).toEqual({ frames: 4, framesStripped: 0, framesOfOtherCodecs: 0, errors: 0 });
  });

  it.each([true, { uuids: ['b16d7d56-892e-419c-8d82-e069cd3aa5c1'] }])('takes messages out (%o)', async (strip) => {
    const subscriber = new SeiSubscriber();
    const transform = createSeiReceiverTransform({ subscriber, strip });
    const frames = await tagged(4);
    await through(transform, frames);
    for (const frame of frames) expect(numbers(frame.bytes)).toEqual(numbers(picture().bytes));
    expect(transform.stats.framesStripped).toBe(3);
    expect(subscriber.stats.messagesFound).toBe(3);
  });

  it('takes fragments out, too', async () => {
    const publisher = new SeiPublisher({ oversize: 'split' });
    publisher.publishText('x'.repeat(3000));
    const frames = Array.from({ length: 40 }, () => picture());
    await through(createSeiSenderTransform({ publisher }), frames);
    expect(frames.flatMap((frame) => extractSei(frame.bytes)).map(({ uuid }) => uuid)).toContain(FRAGMENT_SEI_UUID);
    const subscriber = new SeiSubscriber();
    await through(createSeiReceiverTransform({ subscriber, strip: true }), frames);
    expect(frames.flatMap((frame) => extractSei(frame.bytes))).toEqual([]);
    expect(subscriber.stats.messagesProcessed).toBe(1);
  });

  it('goes on where a handler throws, and where frames are broken', async () => {
    const subscriber = new SeiSubscriber({
      onMessage: () => {
        throw new Error('no');
      },
    });
    const detached = picture();
    structuredClone(detached.data, { transfer: [detached.data] });
    const audio = new Frame(bytes(1, 2, 3), { mimeType: 'audio/opus' });
    const frames = [
      ...(await tagged(3)),
      detached,
      new Frame(bytes()),
      new Frame(filler(300)),
      audio,
      ...(await tagged(2, 'two')),
    ];
    const transform = createSeiReceiverTransform({ subscriber });
    expect((await through(transform, frames)).map((frame) => (frames as EncodedVideoFrame[]).indexOf(frame))).toEqual([
      ...frames.keys(),
    ]);
    expect(subscriber.stats).toMatchObject({ errors: 2, messagesProcessed: 2 });
    expect(transform.stats).toEqual({ frames: 9, framesStripped: 0, framesOfOtherCodecs: 1, errors: 1 });
  });

  it('refuses options that are none', () => {
    const subscriber = new SeiSubscriber();
    expect(() => createSeiReceiverTransform(undefined as never)).toThrow(TypeError);
    expect(() => createSeiReceiverTransform({ subscriber: {} as never })).toThrow(TypeError);
    expect(() => createSeiReceiverTransform({ subscriber, strip: 1 as never })).toThrow(TypeError);
    expect(() => createSeiReceiverTransform({ subscriber, strip: { uuids: ['x'] } })).toThrow(/UUID/);
  });
});

describe('pipeEncodedFrames', () => {
  it('puts a transform between the two ends', async () => {
    const publisher = new SeiPublisher();
    publisher.publishText('one');
    const frames = Array.from({ length: 4 }, () => picture());
    const output: EncodedVideoFrame[] = [];
    const readable = new ReadableStream({
      start(controller) {
        for (const frame of frames) controller.enqueue(frame);
        controller.close();
      },
    });
    const writable = new WritableStream({ write: (frame: EncodedVideoFrame) => void output.push(frame) });
    await pipeEncodedFrames({ readable, writable }, createSeiSenderTransform({ publisher }));
    expect(output).toEqual(frames);
    expect(textsIn(frames)[0]).toBe('one');
  });

  it('refuses streams that are in use or absent, before a frame is taken from either', async () => {
    const transform = createSeiSenderTransform({ publisher: new SeiPublisher() });
    const [readable, writable] = [new ReadableStream<EncodedVideoFrame>(), new WritableStream<EncodedVideoFrame>()];
    expect(() => pipeEncodedFrames({ readable } as never, transform)).toThrow(TypeError);
    expect(() => pipeEncodedFrames({ readable, writable: {} as never }, transform)).toThrow(TypeError);
    const writer = writable.getWriter();
    expect(() => pipeEncodedFrames({ readable, writable }, transform)).toThrow(TypeError);
    writer.releaseLock();
    const reader = transform.readable.getReader();
    expect(() => pipeEncodedFrames({ readable, writable }, transform)).toThrow(TypeError);
    reader.releaseLock();
    expect([readable, writable, transform.readable, transform.writable].map(({ locked }) => locked)).toEqual(
      Array.from({ length: 4 }, () => false),
    );
    void pipeEncodedFrames({ readable, writable }, transform);
    expect(() => pipeEncodedFrames({ readable, writable }, transform)).toThrow(TypeError);
    await Promise.resolve();
  });

  it('is done where an end fails', async () => {
    const failing = new ReadableStream({
      start(controller) {
        controller.error(new Error('the connection is closed'));
      },
    });
    const transform = createSeiSenderTransform({ publisher: new SeiPublisher() });
    await expect(pipeEncodedFrames({ readable: failing, writable: new WritableStream() }, transform)).resolves.toBe(
      undefined,
    );
    expect(() => pipeEncodedFrames({} as never, transform)).toThrow(TypeError);
  });
});
