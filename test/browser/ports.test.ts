/** The way from page to worker and back, through the ports of a MessageChannel. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type SeiMessagePort,
  connectSeiPublisher,
  exposeSeiPublisher,
  forwardSeiMessages,
  onSeiMessage,
} from '../../src/browser/index.js';
import { type ReceivedSeiMessage, SeiError, SeiInjector, SeiPublisher, SeiSubscriber } from '../../src/index.js';
import { pictures } from '../support/messages.js';

let ports: readonly [page: MessagePort, worker: MessagePort];
let page: SeiMessagePort;
let worker: SeiMessagePort;

beforeEach(() => {
  const { port1, port2 } = new MessageChannel();
  ports = [port1, port2];
  [page, worker] = ports as unknown as [SeiMessagePort, SeiMessagePort];
});
afterEach(() => {
  for (const port of ports) port.close();
});

/** What has come into a picture by now. */
const sent = (injector: SeiInjector): unknown[] =>
  new SeiSubscriber({ dedup: false })
    .processFrame(injector.inject(pictures.p))
    .map((message) => message.toJSON().payload);

describe('connectSeiPublisher', () => {
  it('publishes in the worker, in order, and answers what became of each message', async () => {
    const publisher = new SeiPublisher({ repeatCount: 1 });
    const injector = new SeiInjector({ publisher, track: 'camera' });
    exposeSeiPublisher(worker, publisher);
    const remote = connectSeiPublisher(page);
    const receipts = [
      remote.publishText('one', { priority: 1 }),
      remote.publishJson({ two: new Date(0), gone: () => 1 }),
      remote.publishBytes(Uint8Array.of(1, 2, 3)),
    ];
    await expect.poll(() => publisher.getQueueSize()).toBe(3);
    expect(sent(injector)).toEqual([
      { text: 'one', timestamp: expect.any(Number) as number, type: 'text_content' },
      { two: '1970-01-01T00:00:00.000Z', timestamp: expect.any(Number) as number },
      'AQID',
    ]);
    expect(await Promise.all(receipts)).toEqual(
      receipts.map(() => ({ outcome: 'injected', copies: [{ track: 'camera', frameIndex: 0, fragment: 0 }] })),
    );
  });

  it('takes messages back, and ends what is retained', async () => {
    const publisher = new SeiPublisher();
    exposeSeiPublisher(worker, publisher);
    const remote = connectSeiPublisher(page);
    const receipts = [remote.publishText('one'), remote.publishJson({ a: 1 }, { retain: 'key' })];
    expect(await remote.release('key')).toBe(true);
    expect(await remote.release('key')).toBe(false);
    expect(await remote.clearQueue()).toBe(2);
    expect((await Promise.all(receipts)).map(({ outcome }) => outcome)).toEqual(['cleared', 'cleared']);
  });

  it('is rejected with what the publisher throws', async () => {
    exposeSeiPublisher(worker, new SeiPublisher({ oversize: 'reject', maxQueueSize: 1 }));
    const remote = connectSeiPublisher(page);
    await expect(remote.publishText('x'.repeat(5000))).rejects.toMatchObject({ code: 'ERR_SEI_TOO_LARGE' });
    await expect(remote.publishText('x'.repeat(5000))).rejects.toBeInstanceOf(SeiError);
    await expect(remote.publishText(5 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(remote.publishText('x', { priority: 0.5 })).rejects.toBeInstanceOf(RangeError);
    await expect(remote.publishJson(undefined)).rejects.toMatchObject({ code: 'ERR_SEI_NOT_JSON' });
    await expect(remote.publishText('x', { retain: (() => 1) as never })).rejects.toMatchObject({
      name: 'DataCloneError',
    });
  });

  it('leaves other messages on the port alone, and ends where it is taken back', async () => {
    const publisher = new SeiPublisher();
    const close = exposeSeiPublisher(worker, publisher);
    const others: unknown[] = [];
    worker.addEventListener('message', ({ data }) => others.push(data));
    const remote = connectSeiPublisher(page);
    for (const other of [null, 5, 'text', { method: 'clearQueue' }, { 'h264-sei': 'receipt', content: { call: 7 } }]) {
      page.postMessage(other);
    }
    void remote.publishText('one');
    await expect.poll(() => publisher.getQueueSize()).toBe(1);
    close();
    void remote.publishText('two');
    page.postMessage('last');
    await expect.poll(() => others.at(-1)).toBe('last');
    expect(publisher.getQueueSize()).toBe(1);
  });

  it('answers each of several on one port for itself', async () => {
    const publisher = new SeiPublisher();
    exposeSeiPublisher(worker, publisher);
    const [first, second] = [connectSeiPublisher(page), connectSeiPublisher(page)];
    const answers = await Promise.allSettled([
      first.release('none'),
      second.clearQueue(),
      first.clearQueue(),
      second.publishText(5 as never),
    ]);
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : 'rejected'))).toEqual([
      false,
      0,
      0,
      'rejected',
    ]);
  });

  it('sends the bytes of a view, and nothing of the memory around them', async () => {
    const sizes: number[] = [];
    const port: SeiMessagePort = {
      postMessage: (message) => {
        const { content } = message as { content: { args: [Uint8Array] } };
        sizes.push(content.args[0].buffer.byteLength);
        expect(content.args[0].buffer).toBeInstanceOf(ArrayBuffer);
        page.postMessage(message);
      },
      addEventListener: (type, listener) => {
        page.addEventListener(type, listener);
      },
      removeEventListener: (type, listener) => {
        page.removeEventListener(type, listener);
      },
      start: () => page.start?.(),
    };
    const publisher = new SeiPublisher();
    const injector = new SeiInjector({ publisher });
    exposeSeiPublisher(worker, publisher);
    const remote = connectSeiPublisher(port);
    void remote.publishBytes(new Uint8Array(new ArrayBuffer(1_000_000), 500, 3).fill(7));
    void remote.publishBytes(new Uint8Array(new SharedArrayBuffer(1000), 500, 3).fill(8));
    await expect.poll(() => publisher.getQueueSize()).toBe(2);
    expect(sizes).toEqual([3, 3]);
    expect(sent(injector)).toEqual(['BwcH', 'CAgI']);
    await expect(remote.publishBytes('text' as never)).rejects.toThrow(TypeError);
  });

  it('is closed: what waits is rejected, and so is what is asked for later', async () => {
    const publisher = new SeiPublisher();
    exposeSeiPublisher(worker, publisher);
    const remote = connectSeiPublisher(page);
    const other = connectSeiPublisher(page);
    const waiting = remote.publishText('never in a frame');
    remote.close();
    remote.close();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await expect(remote.publishText('late')).rejects.toMatchObject({ name: 'AbortError' });
    expect(await other.clearQueue()).toBe(1);
  });

  it('leaves alone what bears the name of this library and is none of its messages', async () => {
    const publisher = new SeiPublisher();
    exposeSeiPublisher(worker, publisher);
    const received: ReceivedSeiMessage[] = [];
    onSeiMessage(page, (message) => received.push(message));
    const remote = connectSeiPublisher(page);
    const uncaught: unknown[] = [];
    const note = (error: unknown) => uncaught.push(error);
    process.on('uncaughtException', note);
    try {
      for (const kind of ['publish', 'receipt', 'message']) {
        for (const content of [undefined, null, 5, {}, { call: 1 }, { call: 1, method: 'constructor', args: [] }]) {
          page.postMessage({ 'h264-sei': kind, content });
          worker.postMessage({ 'h264-sei': kind, content });
        }
      }
      for (const method of ['close', 'openTrack', '__proto__', 'constructor', 'toString']) {
        page.postMessage({ 'h264-sei': 'publish', content: { call: 'x', method, args: [] } });
      }
      expect(await remote.clearQueue()).toBe(0);
    } finally {
      process.off('uncaughtException', note);
    }
    expect(uncaught).toEqual([]);
    expect(received).toEqual([]);
  });

  it('refuses arguments that are none', () => {
    expect(() => forwardSeiMessages({} as never)).toThrow(TypeError);
    expect(() => onSeiMessage({} as never, () => undefined)).toThrow(TypeError);
    expect(() => connectSeiPublisher({} as never)).toThrow(TypeError);
    expect(() => exposeSeiPublisher(undefined as never, new SeiPublisher())).toThrow(TypeError);
    expect(() => exposeSeiPublisher(worker, {} as never)).toThrow(TypeError);
  });
});

describe('onSeiMessage', () => {
  it('gives the page the messages that the worker receives', async () => {
    const received: ReceivedSeiMessage[] = [];
    const stop = onSeiMessage(page, (message) => received.push(message));
    const here: ReceivedSeiMessage[] = [];
    const forward = forwardSeiMessages(worker);
    const subscriber = new SeiSubscriber({
      onMessage: (message) => {
        here.push(message);
        forward(message);
      },
    });
    const publisher = new SeiPublisher();
    const injector = new SeiInjector({ publisher });
    publisher.publishText('one');
    publisher.publishJson([1, 2, 3]);
    for (let frame = 0; frame < 5; frame++)
      subscriber.processFrame(injector.inject(pictures.p), { timestamp: frame * 40 });
    await expect.poll(() => received.length).toBe(2);
    expect(received.map((message) => message.toJSON())).toEqual(here.map((message) => message.toJSON()));
    expect(received[0].frameTimestamp).toBe(0);
    stop();
    expect(() => onSeiMessage(page, 5 as never)).toThrow(TypeError);
  });
});
