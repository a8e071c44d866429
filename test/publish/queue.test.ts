/** What becomes of messages: receipts, cancelling, expiry without frames, the bounded queue and its policies. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SeiInjector } from '../../src/publish/injector.js';
import { MAX_RETAINED_KEYS, STALL_TIMEOUT_MS } from '../../src/publish/message-queue.js';
import {
  codeOf,
  isSettled,
  notVideo,
  pictures,
  publishName,
  seededRandom,
  sent,
  sentInto,
  setup,
} from '../support/messages.js';

describe('receipts', () => {
  it('say which injector put which copy into which frame', async () => {
    const { publisher, injector } = setup({}, { track: 'camera' });
    sentInto(injector, 4);
    const { injected } = publishName(publisher, 'a', { repeatInterval: 2 });
    expect(await isSettled(injected)).toBe(false);
    for (const timestamp of [100, 140, 180, 220]) sent(injector, pictures.p, { timestamp });
    expect(await isSettled(injected)).toBe(false);
    sent(injector, pictures.p, { timestamp: 260 });
    expect(await injected).toEqual({
      outcome: 'injected',
      copies: [
        { track: 'camera', frameIndex: 4, fragment: 0, timestamp: 100 },
        { track: 'camera', frameIndex: 6, fragment: 0, timestamp: 180 },
        { track: 'camera', frameIndex: 8, fragment: 0, timestamp: 260 },
      ],
    });
  });

  it('hold each copy of each fragment', async () => {
    const { publisher, injector } = setup({
      repeatCount: 2,
      oversize: 'split',
      maxBytesPerFrame: 4096,
    });
    const { injected } = publisher.publishBytes(new Uint8Array(700));
    injector.inject(pictures.p);
    injector.inject(pictures.p);
    const { copies } = await injected;
    expect(copies.map(({ frameIndex: frame, fragment }) => [frame, fragment])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
  });

  it('are lazy, one promise for all who ask, and the same after the end as before', async () => {
    const { publisher, injector } = setup({ repeatCount: 1 });
    const before = publishName(publisher, 'a');
    const after = publishName(publisher, 'b');
    const promise = before.injected;
    expect(before.injected).toBe(promise);
    injector.inject(pictures.p);
    const outcomes = [await promise, await before.injected, await after.injected];
    expect(outcomes.map(({ outcome, copies }) => [outcome, copies.length])).toEqual([
      ['injected', 1],
      ['injected', 1],
      ['injected', 1],
    ]);
    // The first end counts.
    expect(before.cancel()).toBe(false);
    expect((await before.injected).outcome).toBe('injected');
    expect(publisher.stats).toMatchObject({ injected: 2, cancelled: 0 });
  });

  it('that nobody awaits make no unhandled rejection', async () => {
    const onRejection = vi.fn();
    process.on('unhandledRejection', onRejection);
    const { publisher, clock } = setup({ maxQueueSize: 2, whenFull: 'drop-oldest' });
    for (let i = 0; i < 5; i++) publishName(publisher, `${i}`);
    void publishName(publisher, 'x').injected;
    publisher.clearQueue();
    clock.advance(60_000);
    publisher.getQueueSize();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', onRejection);
    expect(onRejection).not.toHaveBeenCalled();
  });

  it('settle when the last of several injectors is done', async () => {
    const { publisher, injector } = setup({ repeatCount: 1 });
    const other = new SeiInjector({ publisher });
    for (const each of [injector, other]) sent(each);
    const { injected } = publishName(publisher, 'a');
    expect(sent(injector)).toEqual(['a']);
    expect(await isSettled(injected)).toBe(false);
    expect(sent(other)).toEqual(['a']);
    expect((await injected).copies.map((copy) => copy.track)).toEqual([injector.track, other.track]);
  });

  it('settle when the one injector that is still to come closes', async () => {
    const { publisher, injector } = setup({ repeatCount: 1 });
    const other = new SeiInjector({ publisher });
    for (const each of [injector, other]) sent(each);
    const { injected } = publishName(publisher, 'a');
    sent(injector);
    other.close();
    expect((await injected).outcome).toBe('injected');
  });

  it('settle when the only injector closes that has a copy of it in a frame; the next carries it all the same', async () => {
    const { publisher, injector } = setup();
    sent(injector);
    const { injected } = publishName(publisher, 'a');
    sent(injector);
    injector.close();
    expect((await injected).copies.map((copy) => copy.track)).toEqual([injector.track]);
    expect(publisher.stats).toMatchObject({ injected: 1, expired: 0, queued: 0 });
    expect(sentInto(new SeiInjector({ publisher }), 4)).toEqual([['a'], ['a'], ['a'], []]);
  });

  it('wait for another injector where the only one closes without a copy in a frame, until it expires', async () => {
    const { clock, publisher, injector } = setup();
    sent(injector);
    const [a, b] = [publishName(publisher, 'a'), publishName(publisher, 'b', { expiresInMs: 60_000 })];
    injector.close();
    expect(await isSettled(a.injected)).toBe(false);
    clock.advance(10_000);
    const next = new SeiInjector({ publisher });
    expect(sentInto(next, 4)).toEqual([['b'], ['b'], ['b'], []]);
    expect((await a.injected).outcome).toBe('expired');
    expect((await b.injected).copies.map((copy) => copy.track)).toEqual([next.track, next.track, next.track]);
  });

  it('wait for another injector where a fragment had no copy when the only one closed', async () => {
    for (const [frames, isDone] of [
      [2, false],
      [3, true],
    ] as const) {
      const { publisher, injector } = setup({ oversize: 'split', maxMessagesPerFrame: 2, repeatInterval: 10 });
      sent(injector);
      const { injected } = publishName(publisher, 'x'.repeat(2000));
      sentInto(injector, frames);
      expect(injector.stats.copies).toBe(2 * frames);
      injector.close();
      expect([frames, await isSettled(injected)]).toEqual([frames, isDone]);
    }
  });

  it('are those of the others where one that has carried it closes', async () => {
    const { publisher, injector } = setup({ repeatCount: 2 });
    const other = new SeiInjector({ publisher });
    for (const each of [injector, other]) sent(each);
    const { injected } = publishName(publisher, 'a');
    sent(injector);
    injector.close();
    expect(await isSettled(injected)).toBe(false);
    sentInto(other, 2);
    expect((await injected).copies.map((copy) => copy.track)).toEqual([injector.track, other.track, other.track]);
  });
});

describe('cancel', () => {
  it('takes a message back before its first copy', async () => {
    const { publisher, injector } = setup();
    sent(injector);
    const ticket = publishName(publisher, 'a');
    expect(ticket.cancel()).toBe(true);
    expect(ticket.cancel()).toBe(false);
    expect(await ticket.injected).toEqual({ outcome: 'cancelled', copies: [] });
    expect(injector.stats.pending).toBe(0);
    expect(injector.inject(pictures.p)).toBe(pictures.p);
    expect(publisher.stats).toMatchObject({ cancelled: 1, queued: 0 });
  });

  it('stops further copies', async () => {
    const { publisher, injector } = setup();
    const ticket = publishName(publisher, 'a');
    publishName(publisher, 'b');
    expect(sent(injector)).toEqual(['a', 'b']);
    ticket.cancel();
    expect(sentInto(injector, 3)).toEqual([['b'], ['b'], []]);
    expect((await ticket.injected).copies).toHaveLength(1);
  });

  it.each(['cancel', 'clear'] as const)('stops a layer that joined when the others were done: %s', (how) => {
    const { publisher, injector } = setup({ oversize: 'split', maxMessagesPerFrame: 4, maxBytesPerFrame: 4096 });
    sent(injector);
    const short = publishName(publisher, 'a');
    const split = publishName(publisher, 'x'.repeat(1000));
    sentInto(injector, 5);
    expect(publisher.stats.injected).toBe(2);
    const late = new SeiInjector({ publisher });
    expect(late.inject(pictures.p)).not.toBe(pictures.p);
    if (how === 'clear') publisher.clearQueue();
    else expect([short.cancel(), split.cancel(), short.cancel()]).toEqual([true, true, false]);
    expect(late.stats.pending).toBe(0);
    expect(late.inject(pictures.p)).toBe(pictures.p);
    expect(publisher.stats).toMatchObject({ injected: 2, cancelled: 0 });
  });

  it('of all fragments, wherever they are', () => {
    const { publisher, injector } = setup({ oversize: 'split', maxMessagesPerFrame: 2 });
    const ticket = publisher.publishBytes(new Uint8Array(4000));
    publishName(publisher, 'b');
    expect(sent(injector)).toHaveLength(2);
    ticket.cancel();
    expect(injector.stats.pending).toBe(1);
    expect(sentInto(injector, 4)).toEqual([['b'], ['b'], ['b'], []]);
  });

  it('leaves nothing behind, however often and however blocked the track is', () => {
    const { publisher, injector } = setup();
    sent(injector);
    publishName(publisher, 'held up');
    for (let i = 0; i < 1000; i++) {
      publishName(publisher, `${i}`).cancel();
      injector.inject(pictures.none);
    }
    expect([publisher.getQueueSize(), injector.stats.pending]).toEqual([1, 1]);
    expect(sentInto(injector, 4)).toEqual([['held up'], ['held up'], ['held up'], []]);
  });

  it('ends what is retained', () => {
    const { publisher, injector } = setup({ repeatCount: 1 });
    const ticket = publishName(publisher, 'a', { retain: 'key' });
    expect(sent(injector, pictures.idr)).toHaveLength(1);
    expect(sent(injector, pictures.idr)).toHaveLength(1);
    expect(ticket.cancel()).toBe(true);
    expect(ticket.cancel()).toBe(false);
    expect(injector.inject(pictures.idr)).toBe(pictures.idr);
  });
});

describe('clearQueue', () => {
  it('takes everything back, retained messages included', async () => {
    const { publisher, injector } = setup();
    const tickets = ['a', 'b'].map((name) => publishName(publisher, name));
    const done = publishName(publisher, 'c', { repeatCount: 1, priority: 1 });
    publishName(publisher, 'd', { retain: 'd' });
    expect(sent(injector)).toHaveLength(4);
    expect(publisher.getQueueSize()).toBe(3);
    expect(publisher.clearQueue()).toBe(3);
    expect(publisher.clearQueue()).toBe(0);
    for (const ticket of tickets) expect((await ticket.injected).outcome).toBe('cleared');
    expect((await done.injected).outcome).toBe('injected');
    expect(publisher.getQueueSize()).toBe(0);
    expect(injector.inject(pictures.idr)).toBe(pictures.idr);
    // A late joiner gets nothing of it.
    const late = new SeiInjector({ publisher });
    expect(late.inject(pictures.idr)).toBe(pictures.idr);
    publishName(publisher, 'e', { repeatCount: 1 });
    expect([sent(injector), sent(late)]).toEqual([['e'], ['e']]);
  });
});

describe('expiry without frames', () => {
  it('is seen at once where a track was there a moment ago', () => {
    const { clock, publisher, injector } = setup();
    sent(injector);
    publishName(publisher, 'a', { expiresInMs: 100 });
    clock.advance(99);
    expect(publisher.getQueueSize()).toBe(1);
    clock.advance(1);
    expect(publisher.getQueueSize()).toBe(0);
    expect(injector.stats.pending).toBe(0);
  });

  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is seen by whoever asks for the size of the queue', async () => {
    const { clock, publisher } = setup();
    const ticket = publishName(publisher, 'a');
    clock.advance(9_999);
    expect(publisher.getQueueSize()).toBe(1);
    clock.advance(1);
    expect(publisher.getQueueSize()).toBe(0);
    expect(await ticket.injected).toEqual({ outcome: 'expired', copies: [] });
    expect(publisher.stats.expired).toBe(1);
  });

  it('settles a receipt that is awaited, by a timer that ends with it', async () => {
    const { clock, publisher } = setup();
    publishName(publisher, 'nobody waits');
    expect(vi.getTimerCount()).toBe(0);
    const { injected } = publishName(publisher, 'a', { expiresInMs: 3000 });
    expect(vi.getTimerCount()).toBe(1);
    for (let second = 0; second < 4; second++) {
      clock.advance(1000);
      vi.advanceTimersByTime(1000);
    }
    expect((await injected).outcome).toBe('expired');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('settles it where a track has stopped, with timestamps or without', async () => {
    for (const options of [{}, { timestamp: 5_000 }]) {
      const { clock, publisher, injector } = setup();
      injector.inject(pictures.p, options);
      const { injected } = publishName(publisher, 'a');
      injector.inject(pictures.p, options);
      for (let second = 0; second < 15; second++) {
        clock.advance(1000);
        vi.advanceTimersByTime(1000);
      }
      const { outcome, copies } = await injected;
      expect([outcome, copies.length]).toEqual(['expired', 1]);
      expect(publisher.stats.liveInjectors).toBe(0);
    }
  });

  it.each([
    ['hold no picture', pictures.none],
    ['are no H.264', notVideo],
  ])('settles it where all frames %s', async (_, frame) => {
    for (const timestamped of [false, true]) {
      const { clock, publisher, injector } = setup();
      const next = () => {
        clock.advance(40);
        injector.inject(frame, timestamped ? { timestamp: clock.time } : {});
        vi.advanceTimersByTime(40);
      };
      next();
      const { injected } = publishName(publisher, 'a');
      for (let i = 0; i < 240; i++) next();
      expect(await isSettled(injected)).toBe(false);
      for (let i = 0; i < 40; i++) next();
      expect((await injected).outcome).toBe('expired');
      expect([publisher.getQueueSize(), injector.stats.pending]).toEqual([0, 0]);
    }
  });

  it('settles it where higher priorities take all the room', async () => {
    const { clock, publisher, injector } = setup({ maxMessagesPerFrame: 1, repeatCount: 1 });
    sent(injector);
    const { injected } = publishName(publisher, 'low');
    for (let i = 0; i < 300; i++) {
      publishName(publisher, 'high', { priority: 1 });
      expect(sent(injector)).toEqual(['high']);
      clock.advance(40);
      vi.advanceTimersByTime(40);
    }
    expect(await isSettled(injected)).toBe(true);
    expect(publisher.getQueueSize()).toBe(0);
  });
});

describe('the bounded queue', () => {
  const fill = (setupOptions: Parameters<typeof setup>[0]) => {
    const all = setup({ maxQueueSize: 3, repeatCount: 1, ...setupOptions });
    const tickets = Object.entries({ a: 1, b: 0, c: 0 }).map(([name, priority]) =>
      publishName(all.publisher, name, { priority }),
    );
    return { ...all, tickets };
  };

  it('rejects when it is full, and takes messages again when there is room', () => {
    const { publisher, injector } = fill({});
    expect(codeOf(() => publishName(publisher, 'd'))).toBe('ERR_SEI_QUEUE_FULL');
    expect(publisher.stats).toMatchObject({ published: 3, queued: 3, dropped: 0 });
    expect(sent(injector)).toEqual(['a', 'b', 'c']);
    publishName(publisher, 'd');
    expect(sent(injector)).toEqual(['d']);
  });

  it('drops the oldest', async () => {
    const { publisher, injector, tickets } = fill({ whenFull: 'drop-oldest' });
    publishName(publisher, 'd');
    expect(await tickets[0].injected).toEqual({ outcome: 'dropped', copies: [] });
    expect(publisher.stats).toMatchObject({ published: 4, queued: 3, dropped: 1 });
    expect(sent(injector)).toEqual(['b', 'c', 'd']);
  });

  it('drops the oldest of the lowest priority, which may be the new one', async () => {
    const { publisher, injector, tickets } = fill({ whenFull: 'drop-lowest-priority' });
    // b and c have the lowest priority.
    publishName(publisher, 'd', { priority: 0 });
    expect((await tickets[1].injected).outcome).toBe('dropped');
    publishName(publisher, 'e', { priority: 1 });
    expect((await tickets[2].injected).outcome).toBe('dropped');
    const lowest = publishName(publisher, 'f', { priority: -1 });
    expect(await lowest.injected).toEqual({ outcome: 'dropped', copies: [] });
    expect(lowest.cancel()).toBe(false);
    expect(publisher.stats).toMatchObject({ published: 6, dropped: 3, queued: 3 });
    expect(sent(injector)).toEqual(['a', 'e', 'd']);
    expect(publisher.stats).toMatchObject({ dropped: 3, injected: 3, queued: 0 });
  });

  it('drops what is retained last, and then does not retain it', async () => {
    for (const whenFull of ['drop-oldest', 'drop-lowest-priority'] as const) {
      const { publisher, injector } = setup({ maxQueueSize: 1, whenFull, repeatCount: 1 });
      const ticket = publisher.publishJson({ a: 1 }, { retain: 'key' });
      publishName(publisher, 'b');
      expect((await ticket.injected).outcome).toBe('dropped');
      expect(sent(injector, pictures.idr)).toEqual(['b']);
      expect(publisher.release('key')).toBe(false);
    }
    const { publisher, injector } = setup({ maxQueueSize: 2, whenFull: 'drop-oldest', repeatCount: 1 });
    publisher.publishJson({ timestamp: 1 }, { retain: 'key' });
    for (const name of 'bcd') publishName(publisher, name);
    expect(sent(injector, pictures.idr)).toEqual(['{"timestamp":1}', 'd']);
  });

  it('retains nothing of a message that is dropped at once', () => {
    const { publisher, injector } = setup({ maxQueueSize: 1, whenFull: 'drop-lowest-priority', repeatCount: 1 });
    publishName(publisher, 'a');
    publisher.publishJson({ b: 1 }, { retain: 'key', priority: -1 });
    expect(sent(injector, pictures.idr)).toEqual(['a']);
    expect(injector.inject(pictures.idr)).toBe(pictures.idr);
  });

  it('makes room by what has expired before it drops or rejects', () => {
    for (const whenFull of ['reject', 'drop-oldest', 'drop-lowest-priority'] as const) {
      const { clock, publisher } = fill({ whenFull });
      clock.advance(10_000);
      publishName(publisher, 'd');
      expect(publisher.stats).toMatchObject({ expired: 3, dropped: 0, queued: 1 });
    }
  });

  it.each([
    ['hold no picture', pictures.none],
    ['are no H.264', notVideo],
  ])('grows nothing behind a track whose frames %s', (_, frame) => {
    const { clock, publisher, injector } = setup({ maxQueueSize: 10, whenFull: 'drop-oldest' });
    for (let i = 0; i < 2000; i++) {
      publishName(publisher, `${i}`);
      injector.inject(frame);
      clock.advance(10);
      expect(injector.stats.pending).toBeLessThanOrEqual(10);
    }
    expect(sent(injector)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => `${1990 + i}`));
  });

  it('forgets keys of retained messages that have expired', () => {
    const { clock, publisher, injector } = setup();
    for (let i = 0; i < 5 * MAX_RETAINED_KEYS; i++) {
      publishName(publisher, 'a', { retain: `${i}`, expiresInMs: 1000 });
      sentInto(injector, 3);
      clock.advance(100);
    }
    clock.advance(1000);
    publisher.getQueueSize();
    expect(sent(injector, pictures.idr)).toEqual([]);
    expect(injector.inject(pictures.idr)).toBe(pictures.idr);
  });
});

describe('stats', () => {
  it('add up', () => {
    const { clock, publisher, injector } = setup({ maxQueueSize: 4, whenFull: 'drop-oldest' });
    sent(injector);
    for (let i = 0; i < 6; i++) publishName(publisher, `${i}`);
    publishName(publisher, 'x').cancel();
    sentInto(injector, 3);
    publishName(publisher, 'late', { expiresInMs: 5 });
    clock.advance(STALL_TIMEOUT_MS);
    const { published, queued, injected, expired, dropped, cancelled } = publisher.stats;
    expect({ published, queued, injected, expired, dropped, cancelled }).toEqual({
      published: 8,
      queued: 0,
      injected: 3,
      expired: 1,
      dropped: 3,
      cancelled: 1,
    });
  });
});

describe('whoever hears that a message is lost', () => {
  it('may publish at once', () => {
    const again: string[] = [];
    const { clock, publisher, injector } = setup({
      expiresInMs: 1000,
      repeatCount: 1,
      onDiagnostic: ({ event }) => {
        if (event === 'message-expired' && again.length < 4) {
          again.push(`again ${again.length}`);
          publishName(publisher, again.at(-1)!);
        }
      },
    });
    sent(injector);
    for (const name of 'abcd') publishName(publisher, name);
    clock.advance(1000);
    // It is the frame that finds out; what is published meanwhile goes into the next.
    expect([sent(injector), sent(injector)].flat()).toEqual(['again 0', 'again 1', 'again 2', 'again 3']);
    for (const name of 'abcd') publishName(publisher, name);
    again.length = 0;
    clock.advance(1000);
    expect(publisher.getQueueSize()).toBe(4);
    expect(sent(injector)).toEqual(['again 0', 'again 1', 'again 2', 'again 3']);
    expect([publisher.getQueueSize(), injector.stats.pending]).toEqual([0, 0]);
  });

  it('may clear everything', () => {
    const { clock, publisher, injector } = setup({
      expiresInMs: 1000,
      onDiagnostic: () => {
        publisher.clearQueue();
      },
    });
    sent(injector);
    for (const name of 'abcd') publishName(publisher, name);
    clock.advance(999);
    expect(sent(injector)).toHaveLength(4);
    publishName(publisher, 'e');
    clock.advance(1);
    sent(injector);
    expect([publisher.getQueueSize(), injector.stats.pending]).toEqual([0, 0]);
    publishName(publisher, 'f');
    expect(sentInto(injector, 4)).toEqual([['f'], ['f'], ['f'], []]);
  });
});

describe('whatever is published, cancelled and injected', () => {
  const kinds = [pictures.p, pictures.p, pictures.idr, pictures.disposable, pictures.none, notVideo];

  it.each(Array.from({ length: 30 }, (_, seed) => seed))(
    'each message gets its copies on each track, or says why not: seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const below = (limit: number) => Math.floor(random() * limit);
      const { clock, publisher, injector } = setup({
        oversize: 'split',
        maxMessagesPerFrame: 1 + below(8),
        maxBytesPerFrame: 1200,
        maxQueueSize: 30,
        whenFull: (['drop-oldest', 'drop-lowest-priority', 'reject'] as const)[below(3)],
      });
      const injectors = [injector, new SeiInjector({ publisher }), new SeiInjector({ publisher })];
      const frames = injectors.map((): Uint8Array[] => []);
      const inject = (i: number, frame: Uint8Array) => {
        injectors[i].inject(frame);
        frames[i].push(frame);
      };
      injectors.forEach((_, i) => {
        inject(i, pictures.p);
      });
      const published: { ticket: ReturnType<typeof publishName>; repeatCount: number; isUrgent: boolean }[] = [];
      for (let step = 0; step < 250; step++) {
        if (random() < 0.5) {
          const repeatCount = 1 + below(4);
          const isUrgent = random() < 0.2;
          const payload = new Uint8Array(1 + below(random() < 0.1 ? 2000 : 100)).fill(step);
          try {
            const ticket = publisher.publishBytes(payload, {
              repeatCount,
              repeatInterval: 1 + below(3),
              priority: below(3),
              expiresInMs: isUrgent ? below(500) : 60_000,
            });
            published.push({ ticket, repeatCount, isUrgent });
          } catch (error) {
            expect((error as { code: string }).code).toBe('ERR_SEI_QUEUE_FULL');
          }
        }
        if (published.length > 0 && random() < 0.1) published[below(published.length)].ticket.cancel();
        if (random() < 0.005) publisher.clearQueue();
        for (let i = 0; i < injectors.length; i++) inject(i, kinds[below(kinds.length)]);
        clock.advance(below(30));
        for (const each of injectors) expect(each.stats.pending).toBeGreaterThanOrEqual(0);
        expect(publisher.getQueueSize()).toBeLessThanOrEqual(30);
      }
      for (let step = 0; step < 700; step++) for (let i = 0; i < injectors.length; i++) inject(i, pictures.p);
      const { published: taken, queued, injected, expired, dropped, cancelled } = publisher.stats;
      expect([taken, queued]).toEqual([published.length, 0]);
      expect(injected + expired + dropped + cancelled).toBe(taken);
      expect(injected).toBeGreaterThan(10);
      for (const each of injectors) {
        expect(each.stats.pending).toBe(0);
        expect(each.inject(pictures.p)).toBe(pictures.p);
      }
      for (const { ticket, repeatCount, isUrgent } of published) {
        const { outcome, copies } = await ticket.injected;
        const fragments = 1 + Math.max(-1, ...copies.map(({ fragment }) => fragment));
        injectors.forEach(({ track: id }, i) => {
          for (let fragment = 0; fragment < fragments; fragment++) {
            const here = copies.filter((copy) => copy.track === id && copy.fragment === fragment);
            expect(here.length).toBeLessThanOrEqual(repeatCount);
            if (outcome !== 'injected') continue;
            expect(here.length).toBe(repeatCount);
            // What is about to expire does not wait for a picture that is kept.
            if (!isUrgent)
              expect(here.some(({ frameIndex: frame }) => frames[i][frame] !== pictures.disposable)).toBe(true);
            expect(here.some(({ frameIndex: frame }) => [pictures.none, notVideo].includes(frames[i][frame]))).toBe(
              false,
            );
            expect(new Set(here.map(({ frameIndex: frame }) => frame)).size).toBe(repeatCount);
          }
        });
      }
    },
  );
});
