/** The Node streams: chunks in, chunks or messages out, ends, errors and back-pressure. */
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ReceivedSeiMessage, SeiPublisher } from '../../src/index.js';
import { createSeiExtractStream, createSeiInjectStream } from '../../src/streams/index.js';
import { fixtureClip } from '../support/streams.js';
import { TEXT, busyPublisher, chunksOf, injectedByAccessUnit } from './support.js';

const clip = fixtureClip('cabac.h264').read();
const messagesOf = (stream: Readable): AsyncIterable<ReceivedSeiMessage> => stream;
const tagged = injectedByAccessUnit(clip, busyPublisher());

describe('createSeiInjectStream', () => {
  it.each([[1000], [64 * 1024], [5, 0, 300]])('injects into chunks of %o bytes', async (...lengths) => {
    const stream = createSeiInjectStream({ publisher: busyPublisher() });
    const output = await buffer(
      Readable.from(
        chunksOf(
          clip,
          lengths.filter((n) => n > 0),
        ),
      ).pipe(stream),
    );
    expect(output.equals(tagged)).toBe(true);
    expect(stream.stats).toMatchObject({ frames: 30, framesInjected: 30, copies: 30 });
  });

  it('lets the video through as it is while there is nothing to say', async () => {
    const stream = createSeiInjectStream({ publisher: new SeiPublisher() });
    expect((await buffer(Readable.from(chunksOf(clip, [777])).pipe(stream))).equals(clip)).toBe(true);
  });

  it('takes no more than its reader does', async () => {
    const chunk = Buffer.concat(new Array<Uint8Array>(10).fill(clip));
    let read = 0;
    let written = 0;
    const source = function* () {
      for (; read < 150; read++) yield chunk;
    };
    let takeNext = () => {};
    let isWaiting = true;
    const slow = new Writable({
      write: (data: Uint8Array, _encoding, callback) => {
        written += data.length;
        takeNext = callback;
        if (!isWaiting) callback();
      },
    });
    const done = pipeline(source, createSeiInjectStream({ publisher: busyPublisher() }), slow);
    for (let taken = 0; taken < 20; taken++) {
      // By then whoever would read on has done so.
      for (let turn = 0; turn < 50; turn++) await setImmediate();
      expect(written).toBeGreaterThan(0);
      // What is between the two is a handful of chunks, whatever the length of the stream.
      expect(read * chunk.length - written).toBeLessThan(8 * chunk.length);
      takeNext();
    }
    expect(read).toBeLessThan(30);
    isWaiting = false;
    takeNext();
    await done;
    expect(written).toBeGreaterThan(150 * chunk.length);
  });

  it('stops where its signal says so, with an AbortError', async () => {
    const controller = new AbortController();
    const endless = function* () {
      for (;;) yield clip;
    };
    const { signal } = controller;
    const stream = createSeiInjectStream({ publisher: busyPublisher(), signal });
    const slow = new Writable({ write: (_data, _encoding, callback) => setTimeout(callback, 1) });
    const done = pipeline(endless, stream, slow);
    setTimeout(() => {
      controller.abort();
    }, 10);
    await expect(done).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
    expect(stream.destroyed).toBe(true);
  });

  it('does not begin where its signal was given before', async () => {
    const stream = createSeiInjectStream({ publisher: busyPublisher(), signal: AbortSignal.abort() });
    await expect(pipeline(Readable.from([clip]), stream, new Writable())).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });

  it('refuses text', async () => {
    const stream = createSeiInjectStream({ publisher: busyPublisher() });
    const failed = new Promise((resolve) => stream.once('error', resolve));
    stream.write('text');
    expect(await failed).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  });

  it.each(['ends', 'is destroyed'])('keeps no message waiting once it %s', async (how) => {
    const publisher = new SeiPublisher({ repeatCount: 3 });
    const other = createSeiInjectStream({ publisher }).resume();
    const stream = createSeiInjectStream({ publisher }).resume();
    stream.write(clip);
    other.write(clip);
    await sleep(5);
    const { injected } = publisher.publishText('for whoever is left');
    if (how === 'ends') stream.end();
    else stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    other.write(clip);
    // The other one has carried every copy; nobody waits for the one that is gone.
    expect(await injected).toMatchObject({ outcome: 'injected' });
  });

  it('throws at once for options that are none', () => {
    expect(() => createSeiInjectStream({} as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    const wrong = { publisher: busyPublisher(), signal: 'now' as never };
    expect(() => createSeiInjectStream(wrong)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
  });
});

describe('createSeiExtractStream', () => {
  it('gives messages as objects', async () => {
    const texts: unknown[] = [];
    const stream = createSeiExtractStream({ frameRate: 25, dedup: false });
    for await (const message of messagesOf(Readable.from(chunksOf(tagged, [900])).pipe(stream))) {
      texts.push([message.json<{ text: string }>().text, message.frameTimestamp]);
    }
    expect(texts).toEqual(Array.from({ length: 30 }, (_, index) => [TEXT, index * 40]));
    expect(stream.stats).toMatchObject({ framesProcessed: 30, messagesFound: 30 });
  });

  it('lets the video through and tells the messages', async () => {
    const texts: string[] = [];
    const stream = createSeiExtractStream({
      output: 'video',
      dedup: false,
      onMessage: (message) => texts.push(message.json<{ text: string }>().text),
    });
    const output = await buffer(Readable.from(chunksOf(tagged, [900])).pipe(stream));
    expect(output.equals(tagged)).toBe(true);
    expect(texts).toEqual(new Array(30).fill(TEXT));
  });

  it('waits while nobody reads its messages', async () => {
    let read = 0;
    const source = function* () {
      for (; read < 300; read++) yield tagged;
    };
    const stream = Readable.from(source()).pipe(createSeiExtractStream({ dedup: false }));
    await sleep(20);
    expect(read).toBeLessThan(40);
    let count = 0;
    for await (const message of messagesOf(stream)) count += Number(message.uuid.length > 0);
    expect(count).toBe(300 * 30);
  });

  it('gives no more once its reader has seen enough', async () => {
    const stream = createSeiExtractStream({ dedup: false });
    let count = 0;
    stream.on('data', () => {
      count++;
      stream.destroy();
    });
    stream.write(tagged);
    await once(stream, 'close');
    expect(count).toBe(1);
  });

  it('passes an error of the source on', async () => {
    const source = function* () {
      yield tagged;
      throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
    };
    const sink = new Writable({
      objectMode: true,
      write: (_message, _encoding, callback) => {
        callback();
      },
    });
    await expect(pipeline(source, createSeiExtractStream(), sink)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('stops where its signal says so', async () => {
    const controller = new AbortController();
    const stream = createSeiExtractStream({ signal: controller.signal });
    const closed = new Promise((resolve) => stream.once('error', resolve));
    controller.abort();
    expect(await closed).toMatchObject({ code: 'ABORT_ERR' });
  });
});
