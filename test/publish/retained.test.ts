/** Messages that are sent again at every IDR picture, for viewers who join late. */
import { RETAINED_REFRESH_MS } from '../../src/publish/retained-schedule.js';
import { describe, expect, it } from 'vitest';
import { SeiInjector } from '../../src/publish/injector.js';
import type { SeiPublisher } from '../../src/publish/publisher.js';
import type { ReceivedSeiMessage } from '../../src/receive/received-message.js';
import { SeiSubscriber } from '../../src/receive/subscriber.js';
import {
  type FakeClock,
  messagesIn,
  pictures,
  publishName,
  seededRandom,
  sent,
  sentInto,
  setup,
} from '../support/messages.js';

/** A viewer who sees every frame from the first one on. */
class Viewer {
  readonly received: string[] = [];
  readonly subscriber: SeiSubscriber;

  constructor(clock: FakeClock) {
    const onMessage = ({ payload }: ReceivedSeiMessage) => this.received.push(Buffer.from(payload).toString('latin1'));
    this.subscriber = new SeiSubscriber({ now: clock.now, onMessage });
  }
}

const payloads: [string, (publisher: SeiPublisher) => void, RegExp][] = [
  ['a text', (p) => void p.publishText('on air', { retain: 'state' }), /^\{"text":"on air"/],
  ['JSON', (p) => void p.publishJson({ score: [1, 2] }, { retain: 'state' }), /^\{"score":\[1,2\]/],
  [
    'JSON that has an id of its own',
    (p) => void p.publishJson({ id: 7, timestamp: null }, { retain: 'state' }),
    /"id":7/,
  ],
  ['JSON that says not which it is', (p) => void p.publishJson({ timestamp: null }, { retain: 'state' }), /null/],
  ['an array', (p) => void p.publishJson([1, 2], { retain: 'state' }), /^\[1,2\]$/],
  ['bytes', (p) => void p.publishBytes(Uint8Array.of(0, 0, 1, 255), { retain: 'state' }), /^\0\0\u0001\u00ff$/],
  ['as many bytes as fit', (p) => void p.publishBytes(new Uint8Array(400).fill(65), { retain: 'state' }), /^A{400}$/],
  ['a text that was cut', (p) => void p.publishText('x'.repeat(900), { retain: 'state' }), /"truncated":true/],
];

describe.each(payloads)('retained: %s', (_, publish, expected) => {
  it('reaches a viewer who joins in the middle at the next IDR picture, and nobody twice in an hour', () => {
    const { clock, publisher, injector } = setup();
    const there = new Viewer(clock);
    publish(publisher);
    let joining: Viewer | undefined;
    let joined = 0;
    // One frame a second, an IDR picture every ten.
    for (let i = 0; i < 3600; i++) {
      const frame = injector.inject(i % 10 === 0 ? pictures.idr : pictures.p);
      if (i % 900 === 455) joining = new Viewer(clock);
      there.subscriber.processFrame(frame);
      joining?.subscriber.processFrame(frame);
      if (i % 900 === 459) expect(joining?.received).toEqual([]);
      if (i % 900 === 460) {
        expect(joining?.received).toHaveLength(1);
        expect(joining?.received[0]).toMatch(expected);
        joined++;
      }
      clock.advance(1000);
    }
    expect(joined).toBe(4);
    expect(joining?.received).toHaveLength(1);
    expect(there.received).toHaveLength(1);
    expect(there.received[0]).toMatch(expected);
    expect(injector.stats.copies).toBeGreaterThanOrEqual(360);
  });
});

describe.each([61, 150, 3600])('with an IDR picture every %i seconds', (interval) => {
  it.each(payloads)('nobody gets it twice: %s', (_, publish) => {
    const { clock, publisher, injector } = setup();
    const there = new Viewer(clock);
    publish(publisher);
    for (let i = 0; i < 3700; i++) {
      there.subscriber.processFrame(injector.inject(i % interval === 0 ? pictures.idr : pictures.p));
      clock.advance(1000);
    }
    expect(there.received).toHaveLength(1);
    // It is sent again as often as receivers need, not more.
    expect(injector.stats.framesInjected).toBeLessThan(3700 / interval + 3_700_000 / RETAINED_REFRESH_MS + 5);
  });
});

describe('retained messages', () => {
  it('are not sent again while their first copies are, nor between IDR pictures', () => {
    const { publisher, injector } = setup();
    publisher.publishJson({ timestamp: 1 }, { retain: 'a' });
    const frames = [pictures.idr, pictures.idr, pictures.p, pictures.p, pictures.idr, pictures.p];
    expect(frames.map((frame) => sent(injector, frame).length)).toEqual([1, 1, 1, 0, 1, 0]);
  });

  it('are replaced by the next under their key', () => {
    const { publisher, injector } = setup({ repeatCount: 1 });
    publisher.publishJson({ timestamp: 1 }, { retain: 'a' });
    publisher.publishJson({ timestamp: 2 }, { retain: 'b' });
    sent(injector);
    publisher.publishJson({ timestamp: 3 }, { retain: 'a' });
    sent(injector);
    expect(sent(injector, pictures.idr).sort()).toEqual(['{"timestamp":2}', '{"timestamp":3}']);
    publisher.release('a');
    expect(sent(injector, pictures.idr)).toEqual(['{"timestamp":2}']);
    publisher.release('b');
    expect(injector.inject(pictures.idr)).toBe(pictures.idr);
  });

  it('outlive the expiry of their copies, unless they have one of their own', () => {
    const { clock, publisher, injector } = setup({ repeatCount: 1, expiresInMs: 500 });
    publisher.publishJson({ timestamp: 1 }, { retain: 'a' });
    publisher.publishJson({ timestamp: 2 }, { retain: 'b', expiresInMs: 60_000 });
    sent(injector);
    clock.advance(59_000);
    expect(sent(injector, pictures.idr)).toHaveLength(2);
    clock.advance(1_000);
    expect(sent(injector, pictures.idr)).toEqual(['{"timestamp":1}']);
  });

  it('reach every track, also one that was not there when they were published', () => {
    const { clock, publisher, injector } = setup();
    publisher.publishJson({ timestamp: 1 }, { retain: 'a' });
    sentInto(injector, 3);
    clock.advance(3_600_000);
    const late = new SeiInjector({ publisher });
    expect([pictures.p, pictures.idr, pictures.p, pictures.idr].map((frame) => sent(late, frame).length)).toEqual([
      0, 1, 0, 1,
    ]);
  });

  it('go first into an IDR picture, within the budget, and the rest behind what is new', () => {
    const { publisher, injector } = setup({ repeatCount: 1, maxMessagesPerFrame: 2 });
    for (let i = 0; i < 5; i++) publisher.publishJson({ timestamp: i }, { retain: `${i}` });
    sentInto(injector, 3);
    publishName(publisher, 'new');
    const frames = [pictures.idr, pictures.p, pictures.p, pictures.p].map((frame) => sent(injector, frame));
    expect(frames.map(({ length }) => length)).toEqual([2, 2, 2, 0]);
    expect(frames[1][0]).toBe('new');
    expect(new Set(frames.flat()).size).toBe(6);
  });

  it('and new ones take turns where every picture is an IDR picture', () => {
    const { publisher, injector } = setup({ repeatCount: 1, maxMessagesPerFrame: 2 });
    for (let i = 0; i < 5; i++) publisher.publishJson({ timestamp: i }, { retain: `${i}` });
    sentInto(injector, 3);
    const found = new Map<string, number>();
    for (let i = 0; i < 20; i++) {
      publishName(publisher, `new ${i}`);
      for (const text of sent(injector, pictures.idr)) found.set(text, (found.get(text) ?? 0) + 1);
    }
    const isNew = (text: string) => text.startsWith('new');
    expect([...found.keys()].filter(isNew).length).toBeGreaterThanOrEqual(19);
    const again = [...found].filter(([text]) => !isNew(text)).map(([, count]) => count);
    expect(again).toHaveLength(5);
    expect(Math.max(...again) - Math.min(...again)).toBeLessThanOrEqual(2);
  });

  it.each([2, 30])('that are larger than a frame arrive whole, with an IDR picture every %i frames', (interval) => {
    const { clock, publisher, injector } = setup({ oversize: 'split', repeatCount: 1 });
    const text = 'a long state '.repeat(400);
    publisher.publishJson({ text }, { retain: 'state' });
    const there = new Viewer(clock);
    let late: Viewer | undefined;
    let others = 0;
    for (let i = 0; i < 600; i++) {
      if (i === 100) late = new Viewer(clock);
      if (i % 20 === 0) publishName(publisher, `${i}`);
      const frame = injector.inject(i % interval === 0 ? pictures.idr : pictures.p);
      others += messagesIn(frame).filter((message) => /^\d+$/.test(message)).length;
      there.subscriber.processFrame(frame);
      late?.subscriber.processFrame(frame);
      clock.advance(40);
    }
    const isLong = (message: string) => message.includes('a long state');
    expect(there.received.filter(isLong)).toHaveLength(1);
    expect(late?.received.filter(isLong)).toHaveLength(1);
    expect(others).toBe(30);
  });
});

describe('a message that a later one of its key overtakes', () => {
  const scene = (text: string) => (JSON.parse(text) as { scene: string }).scene;
  const scenes = (injector: SeiInjector, frame: Uint8Array = pictures.p) => sent(injector, frame).map(scene);

  it('is dropped where no copy of it has gone, also in the same frame', async () => {
    const { publisher, injector } = setup();
    const old = publisher.publishJson({ scene: 'A' }, { retain: 'scene' });
    publisher.publishJson({ scene: 'B' }, { retain: 'scene', priority: 1 });
    publisher.publishJson({ scene: 'other' }, { retain: 'other' });
    const frames = Array.from({ length: 60 }, (_, i) => scenes(injector, i % 10 === 9 ? pictures.idr : pictures.p));
    expect(frames.flat()).not.toContain('A');
    expect(frames.slice(0, 3)).toEqual([['B'], ['B', 'other'], ['B', 'other']]);
    expect(await old.injected).toEqual({ outcome: 'dropped', copies: [] });
    expect(publisher.stats).toMatchObject({ dropped: 1, injected: 2, queued: 0 });
  });

  it('is done with where copies have gone: a viewer who has lost those does not end up with it', async () => {
    const { publisher, injector } = setup({ repeatInterval: 4 });
    const old = publisher.publishJson({ scene: 'A' }, { retain: 'scene' });
    expect(scenes(injector)).toEqual(['A']);
    publisher.publishJson({ scene: 'B' }, { retain: 'scene' });
    const frames = Array.from({ length: 20 }, () => scenes(injector));
    expect(frames.flat()).toEqual(['B', 'B', 'B']);
    const { outcome, copies } = await old.injected;
    expect([outcome, copies.length]).toEqual(['injected', 1]);
  });

  it('goes first where it comes first, on every track for itself', async () => {
    const { publisher, injector } = setup();
    const other = new SeiInjector({ publisher });
    const old = publisher.publishJson({ scene: 'A' }, { retain: 'scene' });
    expect(scenes(injector)).toEqual(['A']);
    publisher.publishJson({ scene: 'B' }, { retain: 'scene', priority: 1 });
    expect(scenes(injector)).toEqual(['B']);
    expect(scenes(other)).toEqual(['B']);
    const { outcome, copies } = await old.injected;
    expect([outcome, copies.length]).toEqual(['injected', 1]);
    for (let i = 0; i < 2; i++) expect([scenes(injector), scenes(other)]).toEqual([['B'], ['B']]);
    expect(publisher.getQueueSize()).toBe(0);
  });

  it('is dropped where only some of its pieces have gone', async () => {
    const { publisher, injector } = setup({ oversize: 'split' });
    const old = publisher.publishJson({ scene: 'A', text: 'x'.repeat(8000) }, { retain: 'scene' });
    injector.inject(pictures.p);
    publisher.publishJson({ scene: 'B' }, { retain: 'scene', priority: 1 });
    for (let i = 0; i < 3; i++) expect(scenes(injector)).toEqual(['B']);
    expect((await old.injected).outcome).toBe('dropped');
    expect(injector.stats.pending).toBe(0);
  });

  it('is not sent to a viewer of a layer that joins late, however long it would be of use', () => {
    const { clock, publisher, injector } = setup();
    publisher.publishJson({ scene: 'A' }, { retain: 'scene', expiresInMs: 60_000 });
    sentInto(injector, 3);
    publisher.publishJson({ scene: 'B' }, { retain: 'scene' });
    sentInto(injector, 3);
    clock.advance(11_000);
    const late = new SeiInjector({ publisher });
    const frames = Array.from({ length: 20 }, (_, i) => scenes(late, i % 5 === 4 ? pictures.idr : pictures.p));
    expect(new Set(frames.flat())).toEqual(new Set(['B']));
    const viewer = new Viewer(clock);
    for (let i = 0; i < 40; i++) viewer.subscriber.processFrame(late.inject(i % 5 === 0 ? pictures.idr : pictures.p));
    expect(viewer.received.map(scene).at(-1)).toBe('B');
  });

  it('never is what a viewer ends with, whatever is lost', () => {
    const random = seededRandom(5);
    for (let round = 0; round < 200; round++) {
      const { clock, publisher, injector } = setup({
        maxMessagesPerFrame: 1 + (round % 3),
        repeatInterval: 1 + (round % 4),
      });
      const viewer = new Viewer(clock);
      let published = 0;
      for (let i = 0; i < 60; i++) {
        if (i < 30 && random() < 0.3)
          publisher.publishJson({ scene: `${++published}` }, { retain: 's', priority: i % 3 });
        const frame = injector.inject(i % 6 === 0 ? pictures.idr : pictures.p);
        if (i >= 45 || random() < 0.6) viewer.subscriber.processFrame(frame);
      }
      expect(viewer.received.map(scene).at(-1)).toBe(published === 0 ? undefined : `${published}`);
    }
  });
});

describe('a retained message without an expiry', () => {
  it('does not expire before the first track comes', async () => {
    const { clock, publisher, injector } = setup();
    injector.close();
    const ticket = publisher.publishJson({ a: 1 }, { retain: 'key' });
    const until = publisher.publishJson({ b: 1 }, { retain: 'other', expiresInMs: 1000 });
    clock.advance(60_000);
    expect(publisher.getQueueSize()).toBe(1);
    expect((await until.injected).outcome).toBe('expired');
    const first = new SeiInjector({ publisher });
    expect(sentInto(first, 4).map(({ length }) => length)).toEqual([1, 1, 1, 0]);
    expect((await ticket.injected).outcome).toBe('injected');
  });

  it('does once it is not retained any more', async () => {
    for (const end of ['release', 'replace'] as const) {
      const { clock, publisher } = setup();
      const ticket = publisher.publishJson({ a: 1 }, { retain: 'key' });
      clock.advance(5_000);
      if (end === 'release') publisher.release('key');
      else publisher.publishJson({ b: 1 }, { retain: 'key' });
      clock.advance(5_000);
      publisher.getQueueSize();
      expect((await ticket.injected).outcome).toBe('expired');
      expect(publisher.getQueueSize()).toBe(end === 'release' ? 0 : 1);
    }
  });
});
