import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { extractSei, injectSei, stripSei } from '../../src/index.js';
import { SeiInjector, type SeiInjectorOptions } from '../../src/publish/injector.js';
import { MessageQueue, STALL_TIMEOUT_MS } from '../../src/publish/message-queue.js';
import type { Track } from '../../src/publish/track.js';
import { annexB, avcc, bytes, concat, filler, nal, stapA } from '../contract/frames.js';
import { testedBackends } from '../support/backends.js';
import { codeOf, messagesIn, notVideo, pictures, publishName, sent, sentInto, setup } from '../support/messages.js';

describe('with nothing to send', () => {
  it('answers the frame itself, whatever it is', () => {
    const { publisher, injector } = setup();
    const frames = [pictures.p, pictures.none, notVideo, new Uint8Array(), Buffer.from(pictures.idr)];
    for (const round of [0, 1, 2]) {
      for (const frame of frames) {
        expect(injector.inject(frame)).toBe(frame);
        expect(injector.injectParts(frame)).toEqual([frame]);
        expect(injector.injectParts(frame)[0]).toBe(frame);
      }
      if (round === 0) publishName(publisher, 'a').cancel();
      if (round === 1) publisher.clearQueue();
    }
    expect(injector.stats).toMatchObject({ frames: 45, framesInjected: 0, copies: 0, unknownFrames: 0 });
  });

  it('copies the frame into a target', () => {
    const { injector } = setup();
    const target = new Uint8Array(100);
    expect(injector.injectInto(pictures.p, target)).toBe(pictures.p.length);
    expect([...target.subarray(0, pictures.p.length)]).toEqual([...pictures.p]);
    expect(codeOf(() => injector.injectInto(pictures.p, new Uint8Array(3)))).toBe('ERR_SEI_TARGET_TOO_SMALL');
  });
});

describe('the three ways to inject', () => {
  it.each([
    ['annexb', pictures.idr, {}],
    ['avcc', avcc(4, nal.sps, nal.pps, nal.idr), {}],
    ['rtp', nal.idr, { format: 'rtp' }],
    ['rtp', stapA(0x78, nal.sps, nal.pps, nal.idr), { format: 'rtp' }],
  ] as const)('answer the same bytes: %s', (_, frame, options) => {
    const results = ['inject', 'injectParts', 'injectInto'].map((method) => {
      const { publisher, injector } = setup({ repeatCount: 1 }, options);
      publishName(publisher, 'a');
      publisher.publishJson({ b: 2, timestamp: 1 });
      if (method === 'inject') return injector.inject(frame);
      if (method === 'injectParts') return concat(...injector.injectParts(frame));
      const target = new Uint8Array(500);
      return target.subarray(0, injector.injectInto(frame, target));
    });
    expect(messagesIn(results[0], options)).toEqual(['a', '{"b":2,"timestamp":1}']);
    expect(Buffer.compare(results[0], results[1])).toBe(0);
    expect(Buffer.compare(results[0], results[2])).toBe(0);
  });

  it('answer a Buffer for a Buffer, a plain Uint8Array for one', () => {
    const { publisher, injector } = setup();
    publishName(publisher, 'a');
    expect(Buffer.isBuffer(injector.inject(Buffer.from(pictures.p)))).toBe(true);
    expect(Buffer.isBuffer(injector.inject(pictures.p))).toBe(false);
  });

  it('keep a message queued where the target is too small', () => {
    const { publisher, injector } = setup({ repeatCount: 1 });
    const ticket = publishName(publisher, 'a');
    const target = new Uint8Array(pictures.p.length + 10).fill(7);
    expect(codeOf(() => injector.injectInto(pictures.p, target))).toBe('ERR_SEI_TARGET_TOO_SMALL');
    expect(target.every((byte) => byte === 7)).toBe(true);
    expect([publisher.getQueueSize(), injector.stats.copies, injector.stats.framesInjected]).toEqual([1, 0, 0]);
    const large = new Uint8Array(200);
    const length = injector.injectInto(pictures.p, large);
    expect(messagesIn(large.subarray(0, length))).toEqual(['a']);
    expect(ticket.cancel()).toBe(false);
  });
});

describe('arguments', () => {
  const frame = pictures.p;

  it.each([
    ['no options', undefined, 'ERR_INVALID_ARG_TYPE'],
    ['no publisher', {}, 'ERR_INVALID_ARG_TYPE'],
    ['what is no publisher', { publisher: {} }, 'ERR_INVALID_ARG_TYPE'],
    ['an unknown format', { format: 'hevc' }, 'ERR_OUT_OF_RANGE'],
    ['a length size of 3', { lengthSize: 3 }, 'ERR_OUT_OF_RANGE'],
    ['a packet size of 0', { maxPacketSize: 0 }, 'ERR_OUT_OF_RANGE'],
    ['a track that is not a string', { track: 5 }, 'ERR_INVALID_ARG_TYPE'],
  ])('of the constructor: %s', (_, options, code) => {
    const { publisher } = setup();
    const all = options === undefined ? undefined : Object.keys(options).length === 0 ? {} : { publisher, ...options };
    expect(codeOf(() => new SeiInjector(all as SeiInjectorOptions))).toBe(code);
  });

  it.each([false, true])('of the wrong kind are refused, with a message pending: %s', (hasMessage) => {
    const { publisher, injector } = setup();
    injector.inject(frame);
    if (hasMessage) publishName(publisher, 'a');
    for (const wrong of [undefined, null, 'frame', [0, 0, 1], new ArrayBuffer(8)] as unknown as Uint8Array[]) {
      expect(codeOf(() => injector.inject(wrong))).toBe('ERR_INVALID_ARG_TYPE');
      expect(codeOf(() => injector.injectParts(wrong))).toBe('ERR_INVALID_ARG_TYPE');
      expect(codeOf(() => injector.injectInto(wrong, new Uint8Array(9)))).toBe('ERR_INVALID_ARG_TYPE');
      expect(codeOf(() => injector.injectInto(frame, wrong))).toBe('ERR_INVALID_ARG_TYPE');
    }
    for (const timestamp of [NaN, Infinity, '5', null, 5n] as unknown as number[]) {
      expect(codeOf(() => injector.inject(frame, { timestamp }))).toBe('ERR_INVALID_ARG_TYPE');
    }
    for (const options of [5, 'now', null] as unknown as object[]) {
      expect(codeOf(() => injector.inject(frame, options))).toBe('ERR_INVALID_ARG_TYPE');
    }
    const shared = new Uint8Array(20);
    expect(codeOf(() => injector.injectInto(shared.subarray(0, 10), shared.subarray(5)))).toBe('ERR_SEI_OVERLAP');
    expect(publisher.getQueueSize()).toBe(hasMessage ? 1 : 0);
  });

  it('that are Uint8Arrays of another realm are taken', async () => {
    const { runInNewContext } = await import('node:vm');
    const foreign = runInNewContext(`Uint8Array.from([${pictures.p.join(',')}])`) as Uint8Array;
    const { publisher, injector } = setup();
    expect(injector.inject(foreign)).toBe(foreign);
    expect(injector.inject(foreign)).toBe(foreign);
    publishName(publisher, 'a');
    expect(sent(injector, foreign)).toEqual(['a']);
  });
});

describe.each(testedBackends.map((tested) => [tested.name, tested] as const))('hostile frames, %s', (_, tested) => {
  let restore: () => void;
  beforeAll(() => {
    restore = tested.use();
  });
  afterAll(() => {
    restore();
  });

  it('without a picture, or no H.264, pass untouched, and the message stays', () => {
    const { publisher, injector } = setup({ repeatCount: 1 });
    const ticket = publishName(publisher, 'a');
    const frames = [
      pictures.none,
      notVideo,
      new Uint8Array(),
      new Uint8Array(50),
      bytes(0),
      bytes(0, 0, 1),
      bytes(0, 0, 0, 1, 0xff),
      annexB(nal.aud),
      annexB(bytes(0x40, 0x01, 0x0c, 0x01), bytes(0x26, 0x01, 0xaf, 0x08)),
      nal.p,
      filler(2000),
    ];
    for (const frame of frames) {
      expect(injector.inject(frame)).toBe(frame);
      expect(injector.injectParts(frame)).toEqual([frame]);
    }
    expect(injector.stats.framesInjected).toBe(0);
    expect(injector.stats.framesWithoutPicture).toBeGreaterThan(0);
    expect(injector.stats.unknownFrames).toBeGreaterThan(0);
    expect(ticket.cancel()).toBe(true);
  });

  it('are only read', () => {
    const { publisher, injector } = setup();
    const frame = Uint8Array.from(pictures.idr);
    publishName(publisher, 'a');
    const injected = injector.inject(frame);
    expect(frame).toEqual(pictures.idr);
    expect(stripSei(injected)).toEqual(frame);
  });
});

describe('length prefixes of one byte', () => {
  const sample = avcc(1, nal.sps, nal.pps, nal.idr);

  it('hold up only the message that they cannot hold, until it expires, and never throw', async () => {
    const { clock, publisher, injector } = setup({}, { lengthSize: 1 });
    injector.inject(sample);
    const large = publisher.publishBytes(new Uint8Array(300).fill(1));
    const small = publishName(publisher, 'small');
    expect(extractSei(injector.inject(sample), { lengthSize: 1 })).toHaveLength(1);
    for (let i = 0; i < 3; i++) injector.inject(sample);
    expect((await small.injected).outcome).toBe('injected');
    expect(publisher.getQueueSize()).toBe(1);
    expect(injector.inject(sample)).toBe(sample);
    clock.advance(10_000);
    expect(injector.inject(sample)).toBe(sample);
    expect((await large.injected).outcome).toBe('expired');
    expect(publisher.getQueueSize()).toBe(0);
  });

  it('that become longer ones let the message through that waited', async () => {
    const { publisher, injector } = setup({}, { lengthSize: 1 });
    const large = publisher.publishBytes(new Uint8Array(300).fill(1));
    for (const name of 'abc') publishName(publisher, name);
    const counts = [1, 1, 4, 4, 4, 4, 4, 4].map((lengthSize) => {
      const before = injector.stats.copies;
      injector.inject(avcc(lengthSize as 1 | 4, nal.sps, nal.pps, nal.idr));
      return injector.stats.copies - before;
    });
    expect(counts.reduce((sum, count) => sum + count)).toBe(12);
    expect(counts.slice(0, 4)).toEqual([3, 3, 0, 0]);
    expect((await large.injected).outcome).toBe('injected');
  });

  it('skip a retained message that they cannot hold', () => {
    const { publisher, injector } = setup({ repeatCount: 1 }, { lengthSize: 1 });
    publisher.publishJson({ text: 'x'.repeat(300), timestamp: 1 }, { retain: 'large' });
    publisher.publishJson({ small: true, timestamp: 2 }, { retain: 'small' });
    injector.inject(sample);
    for (let i = 0; i < 5; i++) {
      publishName(publisher, `${i}`);
      const messages = messagesIn(injector.inject(sample), { lengthSize: 1 });
      expect(messages.sort()).toEqual([`${i}`, '{"small":true,"timestamp":2}']);
    }
  });
});

describe('RTP', () => {
  const slice = (length: number) => concat(bytes(0x41, 0x9a), filler(length - 2));

  it('uses packets that start a picture and have room', () => {
    const { publisher, injector } = setup({ repeatCount: 1 }, { format: 'rtp', maxPacketSize: 500 });
    publishName(publisher, 'a');
    const fragment = concat(bytes(0x7c, 0x85), filler(400));
    const packets = [nal.sps, nal.aud, fragment, nal.laterSlice, slice(480), slice(475)];
    for (const packet of packets) expect(injector.inject(packet)).toBe(packet);
    const packet = injector.inject(slice(300));
    expect(packet.length).toBeLessThanOrEqual(500);
    expect(messagesIn(packet, { format: 'rtp' })).toEqual(['a']);
    expect(publisher.getQueueSize()).toBe(0);
  });

  it('never makes a packet larger than allowed', () => {
    for (let size = 60; size < 300; size += 7) {
      const { publisher, injector } = setup({ repeatCount: 1 }, { format: 'rtp', maxPacketSize: size });
      for (let i = 0; i < 8; i++) publishName(publisher, `message ${i}`.padEnd(10 + 8 * i));
      for (const packet of [slice(20), slice(40), stapA(0x58, nal.pps, slice(30)), slice(10)]) {
        const result = injector.inject(packet);
        if (result !== packet) expect(result.length).toBeLessThanOrEqual(size);
        const parts = injector.injectParts(packet);
        if (parts[0] !== packet) expect(concat(...parts).length).toBeLessThanOrEqual(size);
      }
    }
  });

  it('gives a retained message that finds no room no power over others', () => {
    const { publisher, injector } = setup({ repeatCount: 1 }, { format: 'rtp', maxPacketSize: 150 });
    publisher.publishJson({ text: 'x'.repeat(200), timestamp: 1 }, { retain: 'large', expiresInMs: 3_600_000 });
    publishName(publisher, 'a', { priority: 1 });
    expect(messagesIn(injector.inject(nal.idr), { format: 'rtp' })).toEqual(['a']);
    publishName(publisher, 'b', { priority: 1 });
    expect(messagesIn(injector.inject(nal.idr), { format: 'rtp' })).toEqual(['b']);
  });
});

describe('close', () => {
  it('ends the track: further frames pass', () => {
    const { publisher, injector } = setup();
    publishName(publisher, 'a');
    expect(sent(injector)).toEqual(['a']);
    injector.close();
    injector.close();
    publishName(publisher, 'b');
    expect(injector.inject(pictures.p)).toBe(pictures.p);
    expect(injector.inject(pictures.p, { timestamp: 5 })).toBe(pictures.p);
    expect(injector.injectInto(pictures.p, new Uint8Array(40))).toBe(pictures.p.length);
    expect(publisher.stats).toMatchObject({ liveInjectors: 0, injected: 1, queued: 1 });
  });
});

describe('injectors that are created and forgotten', () => {
  it('leave nothing behind', () => {
    const { clock, publisher } = setup({ expiresInMs: Infinity, maxQueueSize: 20, whenFull: 'drop-oldest' });
    publishName(publisher, 'retained', { retain: 'key' });
    for (let i = 0; i < 5000; i++) {
      const injector = new SeiInjector({ publisher });
      publishName(publisher, `${i}`);
      sentInto(injector, 2, pictures.idr);
      clock.advance(100);
      expect(publisher.stats.liveInjectors).toBeLessThanOrEqual(STALL_TIMEOUT_MS / 100 + 1);
    }
    clock.advance(STALL_TIMEOUT_MS);
    publisher.getQueueSize();
    clock.advance(STALL_TIMEOUT_MS);
    expect(publisher.getQueueSize()).toBeLessThanOrEqual(20);
    expect(publisher.stats.liveInjectors).toBe(0);
  });

  it('are collected, though the publisher and a message that never expires live on', async () => {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { clock, publisher } = setup({ repeatCount: 1, expiresInMs: Infinity });
    publishName(publisher, 'a');
    publishName(publisher, 'b', { retain: 'key' });
    const references: WeakRef<object>[] = [];
    // What an injector leaves at its publisher is its track.
    const observed = MessageQueue.prototype as { createTrack: (this: MessageQueue, id: string) => Track };
    const { createTrack } = observed;
    observed.createTrack = function (id) {
      const track = createTrack.call(this, id);
      references.push(new WeakRef(track));
      return track;
    };
    onTestFinished(() => {
      observed.createTrack = createTrack;
    });
    for (let i = 0; i < 200; i++) {
      const injector = new SeiInjector({ publisher });
      expect(sent(injector, pictures.idr).length).toBeGreaterThan(0);
      references.push(new WeakRef(injector));
      clock.advance(STALL_TIMEOUT_MS);
      publisher.getQueueSize();
      clock.advance(STALL_TIMEOUT_MS);
      publisher.getQueueSize();
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
    expect(references).toHaveLength(400);
    expect(references.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(5);
  });
});

describe('several NAL units', () => {
  it('stand behind the SEI that is there, one message each', () => {
    const { publisher, injector } = setup({ repeatCount: 1 });
    const first = injectSei(pictures.idr, []);
    publishName(publisher, 'a');
    publishName(publisher, 'b');
    const carrying = injector.inject(first);
    publishName(publisher, 'c');
    expect(sent(injector, carrying)).toEqual(['a', 'b', 'c']);
  });
});
