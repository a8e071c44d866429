/** Three layers of one picture, each with an injector and a receiver of its own. */
import { describe, expect, it } from 'vitest';
import { SeiInjector } from '../../src/publish/injector.js';
import { STALL_TIMEOUT_MS } from '../../src/publish/message-queue.js';
import type { SeiPublisher } from '../../src/publish/publisher.js';
import { SeiSubscriber } from '../../src/receive/subscriber.js';
import {
  isSettled,
  pictures,
  publishName,
  seededRandom,
  sent,
  sentInto,
  setup,
  type FakeClock,
} from '../support/messages.js';

/** A layer with a receiver behind it that loses nothing. */
class Layer {
  readonly injector: SeiInjector;
  readonly subscriber: SeiSubscriber;
  readonly received: string[] = [];

  constructor(publisher: SeiPublisher, clock: FakeClock, id: string) {
    this.injector = new SeiInjector({ publisher, track: id });
    this.subscriber = new SeiSubscriber({ now: clock.now, onMessage: (message) => this.received.push(message.text()) });
  }

  next(timestamp?: number): void {
    this.subscriber.processFrame(this.injector.inject(pictures.p, { timestamp }));
  }
}

const setupLayers = () => {
  const { clock, publisher, injector } = setup();
  injector.close();
  const layers = ['q', 'h', 'f'].map((id) => new Layer(publisher, clock, id));
  return { clock, publisher, layers: layers as [Layer, Layer, Layer] };
};

const names = (count: number) => Array.from({ length: count }, (_, i) => `message ${i}`);

describe('three layers', () => {
  it('each carry every copy, and every receiver gets each message once', () => {
    const { clock, publisher, layers } = setupLayers();
    for (let i = 0; i < 400; i++) {
      if (i % 4 === 0 && i < 380) publishName(publisher, `message ${i / 4}`);
      for (const layer of layers) layer.next();
      clock.advance(33);
    }
    for (const { received, subscriber, injector } of layers) {
      expect(received).toEqual(names(95));
      expect(subscriber.stats).toMatchObject({ messagesFound: 285, messagesProcessed: 95, duplicates: 190 });
      expect(injector.stats.copies).toBe(285);
    }
    expect(publisher.stats).toMatchObject({ injected: 95, queued: 0, expired: 0, liveInjectors: 3 });
  });

  it('at different frame rates and with timestamps of different origins', () => {
    const { publisher, layers } = setupLayers();
    for (let i = 0; i < 1200; i++) {
      if (i % 40 === 0 && i < 1000) publishName(publisher, `message ${i / 40}`);
      layers[0].next(90_000_000 + i * 10);
      if (i % 2 === 0) layers[1].next(i * 10);
      if (i % 5 === 0) layers[2].next(-7_000 + i * 10);
    }
    for (const { received } of layers) expect(received).toEqual(names(25));
  });

  it('do not wait for one that stalls, and it gets what has not expired when it comes back', async () => {
    const { clock, publisher, layers } = setupLayers();
    const [low, middle, high] = layers;
    for (const layer of layers) layer.next();
    const tickets = [];
    for (let i = 0; i < 600; i++) {
      if (i % 10 === 0) tickets.push(publishName(publisher, `message ${i / 10}`));
      low.next();
      middle.next();
      expect(high.injector.stats.pending).toBeLessThanOrEqual(STALL_TIMEOUT_MS / 330 + 2);
      clock.advance(33);
    }
    expect(low.received).toEqual(names(60));
    expect(middle.received).toEqual(names(60));
    const settled = await Promise.all(tickets.map((ticket) => isSettled(ticket.injected)));
    expect(settled.slice(0, 59)).toEqual(Array(59).fill(true));
    expect(publisher.stats).toMatchObject({ liveInjectors: 2, expired: 0 });
    for (let i = 0; i < 200; i++) {
      high.next();
      clock.advance(33);
    }
    // The last ten seconds of messages, each once and in order.
    expect(high.received).toEqual(names(60).slice(-high.received.length));
    expect(high.received.length).toBeGreaterThanOrEqual(29);
    expect(high.received.length).toBeLessThanOrEqual(31);
  });

  it('of which one joins late begin there with what has not expired, in the order of publication', () => {
    const { clock, publisher, injector } = setup({ repeatCount: 1 });
    sent(injector);
    publishName(publisher, 'expires', { expiresInMs: 1000 });
    publishName(publisher, 'slow', { repeatCount: 10 });
    publishName(publisher, 'quick');
    sentInto(injector, 3);
    clock.advance(1500);
    const late = new SeiInjector({ publisher });
    expect(sent(late)).toEqual(['slow', 'quick']);
    clock.advance(10_000);
    expect(sent(new SeiInjector({ publisher }))).toEqual([]);
  });

  it('of which one closes do not wait for it', async () => {
    const { clock, publisher, layers } = setupLayers();
    for (const layer of layers) layer.next();
    const ticket = publishName(publisher, 'message 0');
    layers[0].next();
    layers[1].next();
    layers[0].next();
    layers[1].next();
    layers[0].next();
    layers[1].next();
    expect(await isSettled(ticket.injected)).toBe(false);
    layers[2].injector.close();
    const { outcome, copies } = await ticket.injected;
    expect([outcome, copies.length]).toEqual(['injected', 6]);
    for (let i = 1; i < 20; i++) {
      publishName(publisher, `message ${i}`);
      for (const layer of layers) for (let frame = 0; frame < 3; frame++) layer.next();
      clock.advance(100);
    }
    expect(layers[0].received).toEqual(names(20));
    expect(layers[1].received).toEqual(names(20));
    expect(layers[2].received).toEqual([]);
  });
});

describe('layers that come, stall and go at random', () => {
  it.each(Array.from({ length: 15 }, (_, seed) => seed))('no receiver gets a message twice: seed %i', (seed) => {
    const random = seededRandom(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const { clock, publisher } = setup({
      oversize: 'split',
      maxMessagesPerFrame: 2 + below(6),
      maxQueueSize: 20,
      whenFull: 'drop-oldest',
    });
    const layers: Layer[] = [];
    const stalledUntil = new Map<Layer, number>();
    let published = 0;
    for (let step = 0; step < 1500; step++) {
      if (random() < 0.3) {
        const name = `message ${published++}`;
        publishName(publisher, random() < 0.1 ? name.padEnd(900) : name, {
          priority: below(2),
          repeatCount: 1 + below(4),
          expiresInMs: 200 + below(20_000),
          ...(random() < 0.05 && { retain: `key ${below(4)}` }),
        });
      }
      if (layers.length < 4 && random() < 0.02) layers.push(new Layer(publisher, clock, `layer ${step}`));
      if (layers.length > 1 && random() < 0.01) layers.splice(below(layers.length), 1)[0].injector.close();
      // This one is forgotten without being closed.
      if (layers.length > 1 && random() < 0.01) layers.splice(below(layers.length), 1);
      for (const layer of layers) {
        if (random() < 0.005) stalledUntil.set(layer, step + below(150));
        if ((stalledUntil.get(layer) ?? 0) > step) continue;
        layer.next();
        expect(layer.injector.stats.pending).toBeGreaterThanOrEqual(0);
        expect(new Set(layer.received).size).toBe(layer.received.length);
      }
      clock.advance(33);
    }
    for (let step = 0; step < 1500; step++) {
      for (const layer of layers) layer.next();
      clock.advance(33);
    }
    const { queued, injected, expired, dropped, cancelled, liveInjectors } = publisher.stats;
    expect(queued).toBe(0);
    expect(injected + expired + dropped + cancelled).toBe(published);
    expect(liveInjectors).toBeLessThanOrEqual(layers.length);
    for (const { injector } of layers) expect(injector.stats.pending).toBe(0);
  });
});
