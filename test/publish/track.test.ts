/** What one injector sends and when: order, copies, budgets, expiry on the timestamps of frames. */
import { describe, expect, it } from 'vitest';
import { SeiInjector } from '../../src/publish/injector.js';
import type { PublishOptions } from '../../src/publish/publisher-options.js';
import type { ReceivedSeiMessage } from '../../src/receive/received-message.js';
import { SeiSubscriber } from '../../src/receive/subscriber.js';
import { MAX_WAIT_FOR_FIRST_KEPT_PICTURE, MAX_WAIT_FOR_KEPT_PICTURE } from '../../src/publish/track.js';
import { annexB, nal } from '../contract/frames.js';
import { pictures, publishName, sent, sentInto, setup } from '../support/messages.js';

describe('copies', () => {
  it('go into three consecutive pictures unless told', () => {
    const { publisher, injector } = setup();
    publishName(publisher, 'a');
    expect(sentInto(injector, 5)).toEqual([['a'], ['a'], ['a'], [], []]);
    expect(injector.inject(pictures.p)).toBe(pictures.p);
  });

  it('are as many as told, of the message or of the publisher', () => {
    const { publisher, injector } = setup({ repeatCount: 2 });
    publishName(publisher, 'a');
    expect(sentInto(injector, 4)).toEqual([['a'], ['a'], [], []]);
    publishName(publisher, 'b', { repeatCount: 1 });
    expect(sentInto(injector, 3)).toEqual([['b'], [], []]);
  });

  it('keep the distance that is told', () => {
    const { publisher, injector } = setup({ repeatInterval: 2 });
    publishName(publisher, 'a');
    expect(sentInto(injector, 7)).toEqual([['a'], [], ['a'], [], ['a'], [], []]);
    publishName(publisher, 'b', { repeatInterval: 3, repeatCount: 2 });
    expect(sentInto(injector, 5)).toEqual([['b'], [], [], ['b'], []]);
  });

  it('count pictures, not frames that hold none', () => {
    const { publisher, injector } = setup();
    publishName(publisher, 'a', { repeatInterval: 2 });
    const frames = [pictures.p, pictures.none, pictures.none, pictures.p, pictures.none, pictures.p, pictures.p];
    expect(frames.map((frame) => sent(injector, frame).length)).toEqual([1, 0, 0, 0, 0, 1, 0]);
  });
});

describe('copies that receivers would take for new messages', () => {
  /** What goes into frames that are so many milliseconds apart. */
  const sentEvery = (apart: number, count: number, options: PublishOptions = {}) => {
    const { clock, publisher, injector } = setup();
    const byContent = { repeatCount: 5, ...options };
    publishName(publisher, 'bytes', byContent);
    publisher.publishJson([1], byContent);
    publisher.publishJson({ timestamp: 1 }, { expiresInMs: Infinity, ...byContent } as PublishOptions);
    const found = Array.from({ length: count }, () => {
      clock.advance(apart);
      return sent(injector).length;
    });
    return { found, stats: publisher.stats };
  };

  it.each([
    [40, [3, 3, 3, 3, 3, 0]],
    [375, [3, 3, 3, 3, 3, 0]],
    [376, [3, 3, 3, 3, 1, 0]],
    [700, [3, 3, 3, 1, 1, 0]],
    [1600, [3, 1, 1, 1, 1, 0]],
  ])('are not sent of what its content identifies, from the first one on: frames %i ms apart', (apart, expected) => {
    const { found, stats } = sentEvery(apart, 6);
    expect(found).toEqual(expected);
    const expired = expected[4] === 3 ? 0 : 2;
    expect(stats).toMatchObject({ injected: 3 - expired, expired, queued: 0 });
  });

  it('are not sent later with an interval between them either', () => {
    const { found } = sentEvery(500, 10, { repeatInterval: 2 });
    expect(found).toEqual([3, 0, 3, 0, 1, 0, 1, 0, 1, 0]);
  });

  it.each([
    [50_000, [3, 1, 1, 1, 1, 0], 2],
    [50_001, [3, 0, 0, 0, 0, 0], 3],
  ])('are not sent of what says which it is, from one to the next: frames %i ms apart', (apart, expected, expired) => {
    const { found, stats } = sentEvery(apart, 6, { expiresInMs: Infinity });
    expect(found).toEqual(expected);
    expect(stats).toMatchObject({ injected: 3 - expired, expired, queued: 0 });
  });
});

describe('a message in fragments', () => {
  it('of 64 KiB arrives at ten frames a second with the default limits, every copy of it', async () => {
    const { clock, publisher, injector } = setup({ oversize: 'split' });
    const subscriber = new SeiSubscriber({ now: clock.now });
    sent(injector);
    const payload = Uint8Array.from({ length: 65_536 }, (_, i) => (i * i) >> 3);
    const ticket = publisher.publishBytes(payload);
    const received: ReceivedSeiMessage[] = [];
    for (let i = 0; i < 600; i++) {
      received.push(...subscriber.processFrame(injector.inject(pictures.p)));
      clock.advance(100);
    }
    expect(received.map((message) => Buffer.from(message.payload).equals(payload))).toEqual([true]);
    const { outcome, copies } = await ticket.injected;
    const fragments = new Set(copies.map(({ fragment }) => fragment)).size;
    expect([outcome, copies.length]).toEqual(['injected', 3 * fragments]);
    expect(fragments).toBeGreaterThan(150);
  });

  it('ends in time where that is told', () => {
    const { clock, publisher, injector } = setup({ oversize: 'split' });
    sent(injector);
    publishName(publisher, 'x'.repeat(20_000), { expiresInMs: 1000 });
    for (let i = 0; i < 10; i++) {
      expect(sent(injector).length).toBeGreaterThan(0);
      clock.advance(100);
    }
    expect(injector.inject(pictures.p)).toBe(pictures.p);
    expect(publisher.stats).toMatchObject({ expired: 1, queued: 0 });
  });

  it.each([
    [9_999, 'injected', 1],
    [10_000, 'expired', 0],
  ])('with %i ms between two pieces is %s: that is how long receivers wait', async (gap, outcome, delivered) => {
    const { clock, publisher, injector } = setup({ oversize: 'split', repeatCount: 1 });
    const subscriber = new SeiSubscriber({ now: clock.now });
    const ticket = publishName(publisher, 'x'.repeat(20_000));
    const received: ReceivedSeiMessage[] = [];
    for (let i = 0; i < 60; i++) {
      received.push(...subscriber.processFrame(injector.inject(pictures.p)));
      clock.advance(i === 2 ? gap : 10);
    }
    expect(received).toHaveLength(delivered);
    expect(await ticket.injected).toMatchObject({ outcome });
    expect(publisher.stats).toMatchObject({ [outcome]: 1, queued: 0 });
  });

  it('is not begun when it is too late', () => {
    const { clock, publisher, injector } = setup({ oversize: 'split' });
    const late = new SeiInjector({ publisher });
    const goOn = () => {
      expect(sent(injector).length).toBeGreaterThan(0);
      clock.advance(5000);
    };
    sent(injector);
    publishName(publisher, 'x'.repeat(20_000), { repeatCount: 1 });
    goOn();
    goOn();
    expect(late.inject(pictures.p)).toBe(pictures.p);
    goOn();
    publishName(publisher, 'y'.repeat(20_000));
    goOn();
    goOn();
    for (let i = 0; i < 100; i++) injector.inject(pictures.p);
    expect(publisher.stats).toMatchObject({ injected: 1, expired: 1, queued: 0 });
  });
});

describe('order', () => {
  it('of first copies is that of publication', () => {
    const { publisher, injector } = setup({ repeatCount: 1, maxMessagesPerFrame: 2 });
    for (const name of 'abcde') publishName(publisher, name);
    expect(sentInto(injector, 4)).toEqual([['a', 'b'], ['c', 'd'], ['e'], []]);
  });

  it('of first copies is kept where further copies take the room', () => {
    const { publisher, injector } = setup({ repeatCount: 2, maxMessagesPerFrame: 2 });
    for (const name of 'abcde') publishName(publisher, name);
    const frames = sentInto(injector, 6);
    // A second copy waits for the next picture at least: e has none to share the last two with.
    expect(frames.map((frame) => frame.length)).toEqual([2, 2, 2, 2, 1, 1]);
    const firsts = [...new Set(frames.flat())];
    expect(firsts.join('')).toBe('abcde');
    expect(frames.flat().sort().join('')).toBe('aabbccddee');
  });

  it('puts the higher priority first', () => {
    const { publisher, injector } = setup({ repeatCount: 1, maxMessagesPerFrame: 2 });
    for (const [name, priority] of Object.entries({ a: 0, b: -5, c: 7, d: 7, e: 1 })) {
      publishName(publisher, name, { priority });
    }
    expect(sentInto(injector, 4)).toEqual([['c', 'd'], ['e', 'a'], ['b'], []]);
  });

  it('lets a higher priority overtake copies of a lower one', () => {
    const { publisher, injector } = setup({ repeatCount: 2, maxMessagesPerFrame: 1 });
    publishName(publisher, 'low');
    expect(sent(injector)).toEqual(['low']);
    publishName(publisher, 'high', { priority: 1 });
    expect(sentInto(injector, 4)).toEqual([['high'], ['high'], ['low'], []]);
  });

  it('does not let a small message overtake a large one of its priority', () => {
    const { publisher, injector } = setup({ repeatCount: 1, maxBytesPerFrame: 200 });
    const [a, b] = ['a', 'b'].map((name) => name.repeat(120)) as [string, string];
    publishName(publisher, a);
    publishName(publisher, b);
    publishName(publisher, 'c');
    expect(sentInto(injector, 3)).toEqual([[a], [b, 'c'], []]);
  });
});

describe('disposable pictures', () => {
  const frames = (types: string) =>
    Array.from(types, (type) => (type === 'b' ? pictures.disposable : type === 'i' ? pictures.idr : pictures.p));

  it('take copies, but not all of them', () => {
    const { publisher, injector } = setup();
    publishName(publisher, 'a');
    expect(frames('bbbbpb').map((frame) => sent(injector, frame).length)).toEqual([1, 1, 0, 0, 1, 0]);
  });

  it('take every copy behind one that is kept', () => {
    const { publisher, injector } = setup();
    publishName(publisher, 'a');
    expect(frames('pbbb').map((frame) => sent(injector, frame).length)).toEqual([1, 1, 1, 0]);
  });

  it('do not take the only copy', () => {
    const { publisher, injector } = setup();
    publishName(publisher, 'a', { repeatCount: 1 });
    expect(frames('bbpb').map((frame) => sent(injector, frame).length)).toEqual([0, 0, 1, 0]);
  });

  it.each([1, 2, 3, 5])(
    'leave at least one of %i copies to a picture that is kept, in every pattern',
    (repeatCount) => {
      for (let pattern = 0; pattern < 64; pattern++) {
        const types = Array.from({ length: 6 }, (_, i) => ((pattern >> i) & 1 ? 'p' : 'b')).join('');
        const { publisher, injector } = setup({ repeatCount });
        publishName(publisher, 'a');
        let kept = 0;
        let copies = 0;
        for (const frame of frames(`${types}pbbbbb`)) {
          const { length } = sent(injector, frame);
          copies += length;
          if (frame !== pictures.disposable) kept += length;
        }
        expect([types, kept > 0, copies]).toEqual([types, true, repeatCount]);
      }
    },
  );

  it('take everything in a stream that has no others, after a while', () => {
    const { publisher, injector } = setup({ repeatCount: 1 });
    publishName(publisher, 'a');
    const counts = sentInto(injector, MAX_WAIT_FOR_FIRST_KEPT_PICTURE + 1, pictures.disposable).map(
      ({ length }) => length,
    );
    expect(counts).toEqual([...new Array<number>(MAX_WAIT_FOR_FIRST_KEPT_PICTURE).fill(0), 1]);
  });

  it('hold up a stream that has no others once, not each of its messages', () => {
    const { publisher, injector } = setup({ repeatCount: 1, maxMessagesPerFrame: 1 });
    for (let i = 0; i < 20; i++) publishName(publisher, `${i}`);
    const counts = sentInto(injector, MAX_WAIT_FOR_FIRST_KEPT_PICTURE + 20, pictures.disposable).map(
      ({ length }) => length,
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(20);
  });

  it('wait for the next kept picture in a GOP of one, on time and off', () => {
    const { publisher, injector } = setup();
    const gop = (count: number) => sentInto(injector, count, pictures.disposable).map(({ length }) => length);
    sent(injector, pictures.idr);
    publishName(publisher, 'a');
    expect(gop(29)).toEqual([1, 1, ...new Array<number>(27).fill(0)]);
    expect(sent(injector, pictures.idr)).toEqual(['a']);
    // A track that had kept pictures and has no more of them is held up for so long and no longer.
    publishName(publisher, 'b', { repeatCount: 1 });
    expect(gop(MAX_WAIT_FOR_KEPT_PICTURE + 1)).toEqual([...new Array<number>(MAX_WAIT_FOR_KEPT_PICTURE).fill(0), 1]);
    publishName(publisher, 'c', { repeatCount: 1 });
    expect(gop(1)).toEqual([1]);
  });

  it('take the last copy just before it expires', async () => {
    const { clock, publisher, injector } = setup();
    sent(injector, pictures.idr);
    const ticket = publishName(publisher, 'a', { repeatCount: 1, expiresInMs: 500 });
    const at: number[] = [];
    for (let time = 40; time <= 800; time += 40) {
      clock.advance(40);
      if (sent(injector, pictures.disposable).length > 0) at.push(time);
    }
    expect(at).toEqual([480]);
    expect((await ticket.injected).outcome).toBe('injected');
  });
});

describe('budgets', () => {
  it('limit the messages in a frame', () => {
    const { publisher, injector } = setup({ maxMessagesPerFrame: 3, repeatCount: 2 });
    for (const name of 'abcde') publishName(publisher, name);
    const frames = sentInto(injector, 6);
    expect(Math.max(...frames.map(({ length }) => length))).toBe(3);
    expect(frames.flat().sort().join('')).toBe('aabbccddee');
  });

  it('limit the bytes in a frame', () => {
    const { publisher, injector } = setup({ maxBytesPerFrame: 300, repeatCount: 2 });
    for (const name of 'abcdefg') publishName(publisher, name.repeat(100));
    let before = 0;
    for (let i = 0; i < 8; i++) {
      injector.inject(pictures.p);
      const { bytes } = injector.stats;
      expect(bytes - before).toBeLessThanOrEqual(300);
      before = bytes;
    }
    expect(injector.stats.copies).toBe(14);
  });

  it.each([false, true])('limit the bytes in any second, by the timestamps of frames: %s', (hasTimestamps) => {
    const { clock, publisher, injector } = setup({ maxBytesPerSecond: 1000, repeatCount: 1, expiresInMs: 60_000 });
    for (let i = 0; i < 100; i++) publishName(publisher, `${i}`.padEnd(80));
    const log: { time: number; bytes: number }[] = [];
    for (let time = 0; time < 15_000; time += 40) {
      const before = injector.stats.bytes;
      if (hasTimestamps) injector.inject(pictures.p, { timestamp: 5_000_000 + time });
      else injector.inject(pictures.p);
      log.push({ time, bytes: injector.stats.bytes - before });
      if (!hasTimestamps) clock.advance(40);
    }
    for (const { time } of log) {
      const inSecond = log.filter((each) => each.time > time - 1000 && each.time <= time);
      expect(inSecond.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(1000);
    }
    // What waited was not lost: 9 or 10 messages a second until all are out.
    expect(injector.stats.copies).toBe(100);
  });
});

describe('expiry', () => {
  it('goes by the timestamps of frames where they have them', () => {
    const { clock, publisher, injector } = setup({ maxMessagesPerFrame: 1, repeatCount: 1 });
    expect(sent(injector, pictures.p, { timestamp: 1000 })).toEqual([]);
    publishName(publisher, 'a', { expiresInMs: 100 });
    publishName(publisher, 'b', { expiresInMs: 100 });
    publishName(publisher, 'c', { expiresInMs: 100 });
    clock.advance(3_600_000);
    expect(sent(injector, pictures.p, { timestamp: 1050 })).toEqual(['a']);
    expect(sent(injector, pictures.p, { timestamp: 1099 })).toEqual(['b']);
    expect(sent(injector, pictures.p, { timestamp: 1100 })).toEqual([]);
    expect(publisher.stats).toMatchObject({ expired: 1, injected: 2, queued: 0 });
  });

  it('goes by the clock where frames have none', () => {
    const { clock, publisher, injector } = setup({ maxMessagesPerFrame: 1, repeatCount: 1 });
    sent(injector);
    publishName(publisher, 'a', { expiresInMs: 100 });
    publishName(publisher, 'b', { expiresInMs: 100 });
    publishName(publisher, 'c', { expiresInMs: 100 });
    clock.advance(50);
    expect(sent(injector)).toEqual(['a']);
    clock.advance(49);
    expect(sent(injector)).toEqual(['b']);
    clock.advance(1);
    expect(sent(injector)).toEqual([]);
    expect(publisher.stats).toMatchObject({ expired: 1, injected: 2, queued: 0 });
  });

  it('is 10 seconds unless told', () => {
    const { publisher, injector } = setup({ maxMessagesPerFrame: 1 });
    sent(injector, pictures.p, { timestamp: 0 });
    publishName(publisher, 'a');
    publishName(publisher, 'b', { priority: -1 });
    expect(sent(injector, pictures.p, { timestamp: 9_999 })).toEqual(['a']);
    expect(sent(injector, pictures.p, { timestamp: 10_000 })).toEqual([]);
  });

  it('stops further copies', () => {
    const { publisher, injector } = setup();
    sent(injector, pictures.p, { timestamp: 0 });
    publishName(publisher, 'a', { expiresInMs: 100, repeatInterval: 2 });
    const at = [10, 50, 90, 130, 170].map((timestamp) => sent(injector, pictures.p, { timestamp }).length);
    expect(at).toEqual([1, 0, 1, 0, 0]);
    expect(publisher.stats).toMatchObject({ expired: 1, queued: 0 });
  });

  it.each(['expired', 'cancelled'])('and the message behind one that has %s still gets all copies', (how) => {
    const { publisher, injector } = setup();
    sent(injector, pictures.p, { timestamp: 0 });
    const first = publishName(publisher, 'a', { expiresInMs: 100 });
    if (how === 'cancelled') first.cancel();
    expect(sent(injector, pictures.p, { timestamp: 100 })).toEqual([]);
    expect(injector.stats.pending).toBe(0);
    publishName(publisher, 'b');
    expect([140, 180, 220, 260].map((timestamp) => sent(injector, pictures.p, { timestamp }))).toEqual([
      ['b'],
      ['b'],
      ['b'],
      [],
    ]);
    expect(injector.stats.pending).toBe(0);
    expect(injector.inject(pictures.p, { timestamp: 300 })).toBe(pictures.p);
  });

  it('stands still while the timestamps of B pictures go back', () => {
    const { publisher, injector } = setup({ maxMessagesPerFrame: 1, repeatCount: 1 });
    // Stream order I P B B P B B: presentation times as a decoder would get them.
    const timestamps = [0, 120, 40, 80, 240, 160, 200, 360, 280, 320];
    sent(injector, pictures.p, { timestamp: timestamps[0] });
    for (let i = 0; i < 12; i++) publishName(publisher, `${i}`, { expiresInMs: 300 });
    const out = timestamps.slice(1).flatMap((timestamp) => sent(injector, pictures.p, { timestamp }));
    // At 360 it is too late, and it stays so at 280 and 320.
    expect(out).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  it('goes on where the source starts anew, whether far back or near', () => {
    for (const length of [60_000, 4_000]) {
      const { publisher, injector } = setup({ repeatCount: 1 });
      const frame = 40;
      for (let loop = 0; loop < 5; loop++) {
        for (let timestamp = 0; timestamp < length; timestamp += frame) {
          injector.inject(pictures.none, { timestamp });
          if (loop === 3 && timestamp === length / 2) {
            publishName(publisher, 'a', { expiresInMs: 1000 });
            publishName(publisher, 'b', { expiresInMs: length });
          }
        }
      }
      // A loop later `a` is far too late; of `b`, some time is left or just over.
      expect([length, sent(injector, pictures.p, { timestamp: length })]).not.toEqual([length, ['a', 'b']]);
      expect(publisher.stats.expired).toBeGreaterThan(0);
    }
  });

  it('goes on by the rate of a short clip that loops', () => {
    const { publisher, injector } = setup({ repeatCount: 1, maxBytesPerSecond: 1000, expiresInMs: 600_000 });
    for (let i = 0; i < 60; i++) publishName(publisher, `${i}`.padEnd(80));
    for (let loop = 0; loop < 10; loop++) {
      for (let timestamp = 0; timestamp < 2_000; timestamp += 40) injector.inject(pictures.p, { timestamp });
    }
    expect(injector.stats.copies).toBe(60);
  });

  it('goes by the clock from the first frame on that has no timestamp', () => {
    const { clock, publisher, injector } = setup({ repeatCount: 1 });
    injector.inject(pictures.p, { timestamp: 77_000 });
    publishName(publisher, 'a', { expiresInMs: 1000 });
    for (let i = 0; i < 20; i++) {
      clock.advance(40);
      injector.inject(pictures.none);
    }
    expect(publisher.getQueueSize()).toBe(1);
    for (let i = 0; i < 20; i++) {
      clock.advance(40);
      injector.inject(pictures.none);
    }
    expect(sent(injector)).toEqual([]);
    expect(publisher.stats.expired).toBe(1);
  });
});

describe('two fields, partitions and prefix NAL units', () => {
  it('are pictures as others', () => {
    const { publisher, injector } = setup({ repeatCount: 1 });
    for (const frame of [annexB(nal.prefix, nal.idr), annexB(nal.partitionA, nal.partitionB), annexB(nal.aud, nal.p)]) {
      publishName(publisher, 'a');
      expect(sent(injector, frame)).toEqual(['a']);
    }
  });
});
