import { describe, expect, it } from 'vitest';
import {
  SeiInjector,
  SeiPublisher,
  SeiSubscriber,
  createSeiNalUnit,
  detectH264Format,
  injectSei,
} from '../../src/index.js';

const startCode = [0, 0, 0, 1];
const picture = Uint8Array.from([...startCode, 0x41, 0x9a, 0x24, 0x6c, 0x80]);

/** A sample of one NAL unit of that many bytes behind a length of four. */
function sample(length: number, ...beginning: number[]): Uint8Array {
  const bytes = new Uint8Array(4 + length).fill(0x5a);
  new DataView(bytes.buffer).setUint32(0, length);
  bytes.set(beginning, 4);
  return bytes;
}

describe('bytes that look like something else', () => {
  const sei = [createSeiNalUnit(Buffer.from('x'))];

  it.each([257, 289, 293, 321, 325, 353, 357])('an HEVC sample of %i bytes is left alone', (length) => {
    const hevc = sample(length, 0x02, 0x01, 0xd0);
    expect(detectH264Format(hevc).format).toBe('unknown');
    expect(injectSei(hevc, sei)).toBe(hevc);
  });

  it.each([
    ['an Opus packet that begins with its length', Buffer.from('000642d055250d80', 'hex')],
    ['a text that begins with its length', Buffer.concat([Buffer.from('AAaé'), Buffer.alloc(0x4141 - 3, 'x')])],
  ])('%s is left alone', (_, bytes) => {
    expect(injectSei(bytes, sei)).toBe(bytes);
  });

  it('a track of byte streams does not take a sample for one', () => {
    const publisher = new SeiPublisher();
    const injector = new SeiInjector({ publisher });
    publisher.publishText('a');
    for (let i = 0; i < 3; i++) injector.inject(picture);
    const h264 = sample(258, 0x41, 0x9a, 0x24);
    publisher.publishText('b');
    expect(injector.inject(h264)).toBe(h264);
    expect(injector.inject(h264)).toBe(h264);
    expect(detectH264Format(injector.inject(h264)).format).toBe('avcc');
  });
});

describe('a timestamp that no clock shows', () => {
  it.each([-9223372036854775808, 1e300])('is passed over: %d', (timestamp) => {
    const publisher = new SeiPublisher();
    const injector = new SeiInjector({ publisher });
    const subscriber = new SeiSubscriber();
    injector.inject(picture, { timestamp });
    let received = 0;
    for (let i = 0; i < 300; i++) {
      if (i % 30 === 0) publisher.publishText(`${i}`);
      const at = { timestamp: i * 33.3 };
      received += subscriber.processFrame(injector.inject(picture, at), at).length;
    }
    expect(received).toBe(10);
    expect(publisher.getQueueSize()).toBe(0);
  });
});

describe('a listener that publishes', () => {
  it('does not outgrow the queue', () => {
    const publisher: SeiPublisher = new SeiPublisher({
      maxQueueSize: 10,
      whenFull: 'drop-oldest',
      onDiagnostic: ({ event }) => {
        if (event === 'message-dropped') publisher.publishText('notice');
      },
    });
    for (let i = 0; i < 100; i++) publisher.publishText('x');
    expect(publisher.getQueueSize()).toBe(10);
  });

  it('does not take the number of the message that is being split', () => {
    const large = (name: string) => name.repeat(1000);
    let published = false;
    const publisher: SeiPublisher = new SeiPublisher({
      maxQueueSize: 3,
      repeatCount: 1,
      whenFull: 'drop-oldest',
      oversize: 'split',
      onDiagnostic: () => {
        if (!published) publisher.publishText(large('B'));
        published = true;
      },
    });
    const injector = new SeiInjector({ publisher });
    const received: string[] = [];
    const subscriber = new SeiSubscriber({
      onMessage: (message) => received.push(message.json<{ text: string }>().text[0]),
    });
    for (const name of 'abcd') publisher.publishText(large(name));
    for (let i = 0; i < 20; i++) subscriber.processFrame(injector.inject(picture));
    expect(received).toEqual(['c', 'd', 'B']);
  });
});
