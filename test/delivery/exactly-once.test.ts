/** Retained messages through everything that made receivers forget them: losses, pauses, floods, changes of layer. */
import { describe, expect, it } from 'vitest';
import { SeiInjector } from '../../src/publish/injector.js';
import type { SeiPublisher } from '../../src/publish/publisher.js';
import { SeiSubscriber } from '../../src/receive/subscriber.js';
import { FakeClock, pictures, seededRandom, setup } from '../support/messages.js';

const FRAME_MS = 200;
const MINUTE = 60_000;

/** Retains messages of each kind, one of them in fragments. */
function retainAll(publisher: SeiPublisher): void {
  publisher.publishText('on air', { retain: 'text' });
  publisher.publishJson({ id: 7, timestamp: null }, { retain: 'id' });
  publisher.publishBytes(Uint8Array.of(1, 2, 3), { retain: 'bytes' });
  publisher.publishJson({ text: 'long '.repeat(300) }, { retain: 'fragments' });
}
const RETAINED = 4;

/** A viewer with a count of how often each message came. */
class Viewer {
  readonly counts = new Map<string, number>();
  readonly subscriber: SeiSubscriber;

  constructor(clock: FakeClock) {
    this.subscriber = new SeiSubscriber({
      now: clock.now,
      onMessage: ({ messageId }) => this.counts.set(messageId, (this.counts.get(messageId) ?? 0) + 1),
    });
  }

  get received(): number[] {
    return [...this.counts.values()];
  }
}

const once = Array<number>(RETAINED).fill(1);

describe.each([
  ['the clock', false],
  ['the timestamps of frames', true],
])('by %s', (_, hasTimestamps) => {
  /** A stream with some layers, each frame a fifth of a second after the one before. */
  const stream = (layers = 1) => {
    const { clock, publisher, injector } = setup({ oversize: 'split' });
    const injectors = [injector, ...Array.from({ length: layers - 1 }, () => new SeiInjector({ publisher }))];
    // The clock of a reader of files hardly moves.
    const media = { time: 90_000_000 };
    const pass = (milliseconds: number) => {
      media.time += milliseconds;
      clock.advance(hasTimestamps ? milliseconds / 1000 : milliseconds);
    };
    const frame = (picture: Uint8Array = pictures.p) => {
      pass(FRAME_MS);
      const options = hasTimestamps ? { timestamp: media.time } : {};
      return injectors.map((each) => each.inject(picture, options));
    };
    const see = (viewer: Viewer, bytes: Uint8Array) => {
      viewer.subscriber.processFrame(bytes, hasTimestamps ? { timestamp: media.time } : {});
    };
    return { clock, publisher, frame, see, pass };
  };

  it.each(Array.from({ length: 12 }, (__, seed) => seed))(
    'nobody gets a message twice in an hour with 30 % of the frames lost, and who joins late gets it: seed %i',
    (seed) => {
      const random = seededRandom(seed);
      const { clock, publisher, frame, see } = stream();
      const viewers = [new Viewer(clock)];
      const group = [50, 1500, 5000, Infinity][seed % 4];
      retainAll(publisher);
      for (let i = 0; i < (60 * MINUTE) / FRAME_MS; i++) {
        const [bytes] = frame(i % group === 0 ? pictures.idr : pictures.p);
        if (i % 4000 === 3999) viewers.push(new Viewer(clock));
        for (const viewer of viewers) if (random() >= 0.3) see(viewer, bytes);
      }
      expect(viewers).toHaveLength(5);
      for (const { received } of viewers) expect(received).toEqual(once);
    },
  );

  it.each([2 * MINUTE, 5 * MINUTE, 24 * 60 * MINUTE])(
    'nobody gets a message twice behind a pause of %i ms',
    (pause) => {
      const { clock, publisher, frame, see, pass } = stream();
      const viewer = new Viewer(clock);
      retainAll(publisher);
      for (let round = 0; round < 4; round++) {
        for (let i = 0; i < 30; i++) see(viewer, frame()[0]);
        pass(pause);
        for (let i = 0; i < 30; i++) see(viewer, frame(i === 9 ? pictures.idr : pictures.p)[0]);
      }
      expect(viewer.received).toEqual(once);
    },
  );

  it('nobody gets a message twice behind 50,000 others', () => {
    const { clock, publisher, frame, see } = stream();
    const viewer = new Viewer(clock);
    const others = new FakeClock();
    const flood = new SeiPublisherOfMany(others);
    retainAll(publisher);
    for (let i = 0; i < 600; i++) {
      see(viewer, frame(i % 100 === 99 ? pictures.idr : pictures.p)[0]);
      // Before that the message has not come back: see FIRST_RETAINED_REFRESH_MS.
      if (i > 20) for (let j = 0; j < 87; j++) see(viewer, flood.next());
    }
    expect(flood.count).toBeGreaterThan(50_000);
    expect(viewer.counts.size).toBe(flood.count + RETAINED);
    expect(viewer.received.every((count) => count === 1)).toBe(true);
  });

  it.each([1, 2, 3, 4])('nobody gets a message twice who changes layers: seed %i', (seed) => {
    const random = seededRandom(seed);
    const { clock, publisher, frame, see } = stream(3);
    const viewer = new Viewer(clock);
    let layer = 0;
    retainAll(publisher);
    for (let i = 0; i < 3000; i++) {
      const frames = frame(i % 500 === 0 ? pictures.idr : pictures.p);
      if (random() < 0.02) layer = Math.floor(random() * 3);
      if (random() >= 0.2) see(viewer, frames[layer]);
    }
    expect(viewer.received).toEqual(once);
  });

  it('who joins late has a message with the next IDR picture, or when it is refreshed', () => {
    const { clock, publisher, frame, see } = stream();
    retainAll(publisher);
    for (let i = 0; i < 200; i++) frame();
    const [atIdr, between] = [new Viewer(clock), new Viewer(clock)];
    for (let i = 0; i < 3; i++) see(atIdr, frame(i === 0 ? pictures.idr : pictures.p)[0]);
    expect(atIdr.received).toEqual(once);
    for (let i = 0; i < 53; i++) see(between, frame()[0]);
    expect(between.received).toEqual(once);
  });

  it('a message is sent again soon after its first copies, and then less and less often', () => {
    const { publisher, frame } = stream();
    publisher.publishText('on air', { retain: 'text' });
    const sentAt: number[] = [];
    for (let i = 0; i < 300; i++) if (frame()[0] !== pictures.p) sentAt.push(i * FRAME_MS);
    const [, , last, ...refreshes] = sentAt;
    expect(refreshes.map((at) => at - last)).toEqual([1600, 4600, 10_600, 20_600, 30_600, 40_600, 50_600]);
  });
});

/** Frames with eight messages each that say which they are. */
class SeiPublisherOfMany {
  count = 0;
  readonly #setup;

  constructor(clock: FakeClock) {
    this.#setup = setup({ now: clock.now, repeatCount: 1 });
  }

  next(): Uint8Array {
    this.count++;
    this.#setup.publisher.publishJson({ id: `other ${this.count}` });
    return this.#setup.injector.inject(pictures.p);
  }
}
