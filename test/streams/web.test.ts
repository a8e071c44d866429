/** The web streams: as they are here, and bundled for a browser into a context with nothing but what browsers have. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { SeiPublisher, type ReceivedSeiMessage } from '../../src/index.js';
import { createSeiExtractWebStream, createSeiInjectWebStream } from '../../src/streams/web.js';
import { bundleForVm } from '../support/browser-bundle.js';
import { fixtureClip } from '../support/streams.js';
import { TEXT, busyPublisher, chunksOf, injectedByAccessUnit } from './support.js';

const clip = fixtureClip('cabac.h264').read();
const tagged = injectedByAccessUnit(clip, busyPublisher());

function sourceOf(data: Uint8Array, lengths: readonly number[]): ReadableStream<Uint8Array> {
  const chunks = chunksOf(data, lengths).values();
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function all<T>(stream: ReadableStream<T>): Promise<T[]> {
  const values: T[] = [];
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return values;
    values.push(value);
  }
}

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the web streams', () => {
  it.each([1000, 64 * 1024, 7])('inject into chunks of %i bytes', async (length) => {
    const stream = createSeiInjectWebStream({ publisher: busyPublisher() });
    const output = await all(sourceOf(clip, [length]).pipeThrough(stream));
    expect(Buffer.concat(output).equals(tagged)).toBe(true);
    expect(stream.stats).toMatchObject({ framesInjected: 30 });
  });

  it('give messages as objects', async () => {
    const stream = createSeiExtractWebStream({ dedup: false, frameRate: 50 });
    const messages = await all(sourceOf(tagged, [900]).pipeThrough(stream));
    expect(messages.map((message) => [message.json<{ text: string }>().text, message.frameTimestamp])).toEqual(
      Array.from({ length: 30 }, (_, index) => [TEXT, index * 20]),
    );
    expect(stream.stats).toMatchObject({ messagesFound: 30 });
  });

  it('let the video through', async () => {
    const messages: ReceivedSeiMessage[] = [];
    const onMessage = (message: ReceivedSeiMessage) => messages.push(message);
    const stream = createSeiExtractWebStream({ output: 'video', onMessage });
    const output = await all(sourceOf(tagged, [900]).pipeThrough(stream));
    expect(Buffer.concat(output).equals(tagged)).toBe(true);
    expect(messages).toHaveLength(1);
  });

  it('take no more than their reader does', async () => {
    let pulled = 0;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(clip);
      },
    });
    const reader = source.pipeThrough(createSeiInjectWebStream({ publisher: new SeiPublisher() })).getReader();
    await reader.read();
    await sleep(10);
    expect(pulled).toBeLessThan(8);
    await reader.cancel();
  });

  it('stop where the signal of the pipe says so', async () => {
    const controller = new AbortController();
    const endless = new ReadableStream<Uint8Array>({
      async pull(source) {
        // Without a pause no timer would ever fire.
        await sleep(1);
        source.enqueue(clip);
      },
    });
    const stream = createSeiInjectWebStream({ publisher: busyPublisher() });
    const reading = rejection(all(endless.pipeThrough(stream, { signal: controller.signal })));
    setTimeout(() => {
      controller.abort();
    }, 10);
    expect(await reading).toMatchObject({ name: 'AbortError' });
  });

  it('refuse what is no bytes, on both sides', async () => {
    const stream = createSeiExtractWebStream();
    const writer = stream.writable.getWriter();
    const reading = rejection(all(stream.readable));
    const writing = rejection(writer.write('text' as never));
    expect(await reading).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(await writing).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
});

it('holds nobody up once it has failed', async () => {
  const publisher = new SeiPublisher();
  const stream = createSeiInjectWebStream({ publisher });
  const output = all(stream.readable);
  output.catch(() => {});
  const writer = stream.writable.getWriter();
  await writer.write(clip);
  expect(publisher.stats.liveInjectors).toBe(1);
  expect(await rejection(writer.write('x' as never))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  expect(publisher.stats.liveInjectors).toBe(0);
});

describe('the web streams in a browser', () => {
  const entry = `
    export * from './src/streams/web.js';
    export * from './src/publish/publisher.js';`;

  it('need nothing of Node.js', async () => {
    const { code, warnings, inputs } = bundleForVm(entry);
    expect(warnings).toEqual([]);
    expect(inputs.filter((path) => !path.startsWith('src/'))).toEqual([]);
    const context = createContext({ TransformStream, TextEncoder, TextDecoder, crypto, performance });
    runInContext(code, context);
    Object.assign(context, { clip });
    const run = (script: string) => runInContext(script, context) as Promise<unknown>;
    const text = await run(`(async () => {
      const publisher = new library.SeiPublisher();
      publisher.publishText('from a browser');
      const inject = library.createSeiInjectWebStream({ publisher });
      const messages = inject.readable.pipeThrough(library.createSeiExtractWebStream());
      const writer = inject.writable.getWriter();
      void writer.write(Uint8Array.from(clip)).then(() => writer.close());
      const { value } = await messages.getReader().read();
      return value.json().text;
    })()`);
    expect(text).toBe('from a browser');
  });
});
