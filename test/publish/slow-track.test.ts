/** Tracks with more than {@link STALL_TIMEOUT_MS} from one frame to the next: a shared slide, a time lapse. */
import { describe, expect, it, vi } from 'vitest';
import { SeiInjector } from '../../src/publish/injector.js';
import { STALL_TIMEOUT_MS } from '../../src/publish/message-queue.js';
import { SeiPublisher } from '../../src/publish/publisher.js';
import { SeiSubscriber } from '../../src/receive/subscriber.js';
import { isSettled, pictures, publishName, sent, setup } from '../support/messages.js';

const GAP = 2500;

describe.each([
  ['with timestamps', true],
  ['without timestamps', false],
])('a track %s with 2.5 seconds between frames', (_, hasTimestamps) => {
  const frameOptions = (frame: number) => (hasTimestamps ? { timestamp: 7_000_000 + frame * GAP } : {});

  it.each([1, 5])('carries every message, looked after %i times a frame', async (looks) => {
    const { clock, publisher, injector } = setup();
    const subscriber = new SeiSubscriber({ now: clock.now });
    const received: unknown[] = [];
    const receipts: Promise<{ outcome: string; copies: readonly unknown[] }>[] = [];
    sent(injector, pictures.p, frameOptions(0));
    for (let frame = 1; frame <= 1500; frame++) {
      const { injected } = publisher.publishJson({ frame });
      receipts.push(injected);
      for (let look = 0; look < looks; look++) {
        clock.advance(GAP / looks);
        expect(publisher.getQueueSize()).toBeLessThanOrEqual(4);
      }
      const options = frameOptions(frame);
      for (const message of subscriber.processFrame(injector.inject(pictures.p, options), options)) {
        received.push(message.json<{ frame: number }>().frame);
      }
    }
    expect(received).toEqual(Array.from({ length: 1500 }, (_, i) => i + 1));
    expect(publisher.stats).toMatchObject({ injected: 1498, expired: 0, dropped: 0, queued: 2 });
    expect(injector.stats.copies).toBe(3 * 1498 + 3);
    for (const receipt of receipts.slice(0, 1498)) {
      const { outcome, copies } = await receipt;
      expect([outcome, copies.length]).toEqual(['injected', 3]);
    }
  });

  it('lets messages expire, and the window of bytes slide', async () => {
    const { clock, publisher, injector } = setup({ maxBytesPerSecond: 500, repeatCount: 1 });
    sent(injector, pictures.p, frameOptions(0));
    const ticket = publisher.publishText('late', { expiresInMs: 6000, repeatCount: 9 });
    for (let frame = 1; frame <= 20; frame++) {
      const bytes = publishName(publisher, 'x'.repeat(250));
      clock.advance(GAP);
      publisher.getQueueSize();
      const messages = sent(injector, pictures.p, frameOptions(frame));
      expect(messages).toHaveLength(frame <= 2 ? 2 : 1);
      expect(await isSettled(bytes.injected)).toBe(true);
    }
    const { outcome, copies } = await ticket.injected;
    expect([outcome, copies.length]).toEqual(['expired', 2]);
  });

  it('is given nothing new while it stalls, and goes on where it was', async () => {
    const { clock, publisher, injector } = setup();
    const fast = new SeiInjector({ publisher });
    const frame = (i: number) => sent(injector, pictures.p, frameOptions(i)).map((text) => text.slice(0, 9));
    frame(0);
    sent(fast, pictures.p);
    const ticket = publisher.publishJson({ a: 1 }, { expiresInMs: 60_000 });
    expect(frame(0)).toEqual(['{"a":1,"t']);
    const carry = () => {
      for (let i = 0; i < 80; i++) {
        clock.advance(33);
        sent(fast, pictures.p);
        publisher.getQueueSize();
      }
    };
    carry();
    expect((await ticket.injected).outcome).toBe('injected');
    expect(injector.stats.pending).toBe(1);
    publisher.publishJson({ b: 1 }, { expiresInMs: 60_000 });
    const cancelled = publisher.publishJson({ c: 1 }, { expiresInMs: 60_000 });
    expect(injector.stats.pending).toBe(1);
    cancelled.cancel();
    carry();
    expect([frame(2), frame(3), frame(4), frame(5)]).toEqual([
      ['{"a":1,"t', '{"b":1,"t'],
      ['{"a":1,"t', '{"b":1,"t'],
      ['{"b":1,"t'],
      [],
    ]);
    expect(publisher.getQueueSize()).toBe(0);
  });

  it('sends nothing on that was taken back while it stalled', () => {
    const { clock, publisher, injector } = setup();
    sent(injector, pictures.p, frameOptions(0));
    const cancelled = publisher.publishText('a');
    publisher.publishText('b');
    sent(injector, pictures.p, frameOptions(0));
    expect(publisher.getQueueSize()).toBe(2);
    clock.advance(STALL_TIMEOUT_MS);
    expect(publisher.getQueueSize()).toBe(2);
    expect(publisher.stats.liveInjectors).toBe(0);
    cancelled.cancel();
    publisher.clearQueue();
    expect(injector.inject(pictures.p, frameOptions(1))).toBe(pictures.p);
    expect(injector.stats.pending).toBe(0);
  });
});

describe('a track that stalls', () => {
  it('gives the same, whether its receipt is awaited or not', async () => {
    vi.useFakeTimers();
    const copies = [];
    for (const isAwaited of [false, true]) {
      const publisher = new SeiPublisher();
      const injector = new SeiInjector({ publisher });
      sent(injector);
      const ticket = publisher.publishText('a', { expiresInMs: 60_000 });
      if (isAwaited) void ticket.injected;
      let count = 0;
      for (let frame = 0; frame < 20; frame++) {
        await vi.advanceTimersByTimeAsync(3500);
        count += sent(injector).length;
      }
      copies.push([count, (await ticket.injected).outcome]);
    }
    vi.useRealTimers();
    expect(copies).toEqual([
      [3, 'injected'],
      [3, 'injected'],
    ]);
  });

  it('does not wait twice for what has passed: its time is that of its frames', async () => {
    const { clock, publisher, injector } = setup();
    sent(injector, pictures.p, { timestamp: 0 });
    const ticket = publishName(publisher, 'a', { expiresInMs: 60_000, repeatCount: 1 });
    for (let frame = 1; frame <= 23; frame++) {
      clock.advance(GAP);
      publisher.getQueueSize();
      injector.inject(pictures.none, { timestamp: frame * GAP });
    }
    clock.advance(GAP - 1);
    expect(publisher.getQueueSize()).toBe(1);
    expect(sent(injector, pictures.p, { timestamp: 24 * GAP - 1 })).toEqual(['a']);
    expect((await ticket.injected).outcome).toBe('injected');
  });
});

describe('an injector', () => {
  it('is waited for from its construction on, for as long as one without a frame', async () => {
    const { clock, publisher, injector } = setup();
    const other = new SeiInjector({ publisher, track: 'other' });
    expect(publisher.stats.liveInjectors).toBe(2);
    const ticket = publishName(publisher, 'a');
    for (let i = 0; i < 4; i++) sent(injector);
    expect(publisher.getQueueSize()).toBe(1);
    expect(await isSettled(ticket.injected)).toBe(false);
    for (let i = 0; i < 3; i++) expect(sent(other)).toEqual(['a']);
    expect((await ticket.injected).copies).toHaveLength(6);

    const silent = new SeiInjector({ publisher });
    const second = publishName(publisher, 'b');
    for (let i = 0; i < 3; i++) for (const each of [injector, other]) sent(each);
    clock.advance(STALL_TIMEOUT_MS - 1);
    expect(publisher.getQueueSize()).toBe(1);
    clock.advance(1);
    expect(publisher.getQueueSize()).toBe(0);
    expect((await second.injected).outcome).toBe('injected');
    expect(sent(silent)).toEqual(['a', 'b']);
  });
});
