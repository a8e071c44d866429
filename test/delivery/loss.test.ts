/** What reaches a receiver that loses frames; the losses are the same in every run. */
import { describe, expect, it } from 'vitest';
import type { SeiPublisherOptions } from '../../src/publish/publisher-options.js';
import type { SeiPublisher } from '../../src/publish/publisher.js';
import { SeiSubscriber } from '../../src/receive/subscriber.js';
import { pictures, publishName, seededRandom, setup } from '../support/messages.js';

interface Result {
  /** The share of the messages that arrived. */
  readonly delivered: number;
  /** Messages that arrived more than once. */
  readonly twice: number;
  /** The share of the frames that were lost. */
  readonly lost: number;
}

interface Scenario {
  readonly messages: number;
  readonly framesPerMessage: number;
  readonly options: SeiPublisherOptions;
  readonly publish: (publisher: SeiPublisher, number: number) => void;
  /** Says of each frame in turn whether it is lost. */
  readonly loses: () => boolean;
}

/** Publishes messages into a stream of 30 frames a second, and receives it through losses. */
function simulate({ messages, framesPerMessage, options, publish, loses }: Scenario): Result {
  const { clock, publisher, injector } = setup(options);
  const arrivals = new Map<string, number>();
  const subscriber = new SeiSubscriber({ now: clock.now });
  let lost = 0;
  const frames = messages * framesPerMessage + 60;
  for (let i = 0; i < frames; i++) {
    if (i % framesPerMessage === 0 && i / framesPerMessage < messages) publish(publisher, i / framesPerMessage);
    const frame = injector.inject(i % 60 === 0 ? pictures.idr : pictures.p);
    clock.advance(1000 / 30);
    if (loses()) {
      lost++;
      continue;
    }
    for (const message of subscriber.processFrame(frame)) {
      const name = message.text().trim();
      arrivals.set(name, (arrivals.get(name) ?? 0) + 1);
    }
  }
  expect(publisher.stats).toMatchObject({ published: messages, injected: messages, expired: 0, dropped: 0 });
  const twice = [...arrivals.values()].filter((count) => count > 1).length;
  return { delivered: arrivals.size / messages, twice, lost: lost / frames };
}

const byChance = (rate: number, seed: number) => {
  const random = seededRandom(seed);
  return () => random() < rate;
};

/** Losses in bursts of `length` frames, such that the rate is `rate`. */
const inBursts = (rate: number, length: number, seed: number) => {
  const random = seededRandom(seed);
  const start = rate / (length - rate * (length - 1));
  let left = 0;
  return () => {
    if (left === 0 && random() < start) left = length;
    if (left === 0) return false;
    left--;
    return true;
  };
};

const short = (publisher: SeiPublisher, number: number) => void publishName(publisher, `message ${number}`);

describe('10,000 messages', () => {
  const scenario = { messages: 10_000, framesPerMessage: 2, publish: short };

  it('in three copies: 97 % arrive where 30 % of the frames are lost, and none twice', () => {
    const { delivered, twice, lost } = simulate({ ...scenario, options: {}, loses: byChance(0.3, 1) });
    expect(lost).toBeGreaterThan(0.29);
    expect(twice).toBe(0);
    // All three are lost with a probability of 0.027.
    expect(delivered).toBeGreaterThanOrEqual(0.97);
    expect(delivered).toBeLessThan(0.98);
  });

  it('in JSON as in bytes', () => {
    const publish = (publisher: SeiPublisher, number: number) =>
      void publisher.publishJson({ number, timestamp: number });
    const { delivered, twice } = simulate({ ...scenario, publish, options: {}, loses: byChance(0.3, 2) });
    expect(twice).toBe(0);
    expect(delivered).toBeGreaterThanOrEqual(0.97);
  });

  it('with losses in bursts of three frames: four frames between copies are better than one', () => {
    const apart = simulate({ ...scenario, options: { repeatInterval: 4 }, loses: inBursts(0.3, 3, 4) });
    const together = simulate({ ...scenario, options: { repeatInterval: 1 }, loses: inBursts(0.3, 3, 4) });
    expect([apart.twice, together.twice]).toEqual([0, 0]);
    expect(apart.lost).toBeGreaterThan(0.27);
    expect(apart.delivered).toBeGreaterThan(together.delivered + 0.05);
    expect(apart.delivered).toBeGreaterThan(0.95);
  });

  it('without loss: all arrive, once', () => {
    const { delivered, twice } = simulate({ ...scenario, options: { repeatCount: 1 }, loses: () => false });
    expect([delivered, twice]).toEqual([1, 0]);
  });
});

describe('split messages of 4 KiB', () => {
  it('97 % arrive where 10 % of the frames are lost', () => {
    const publish = (publisher: SeiPublisher, number: number) =>
      void publishName(publisher, `message ${number}`.padEnd(4096));
    const { delivered, twice } = simulate({
      messages: 1000,
      framesPerMessage: 12,
      options: { oversize: 'split' },
      publish,
      loses: byChance(0.1, 5),
    });
    expect(twice).toBe(0);
    expect(delivered).toBeGreaterThanOrEqual(0.97);
  });
});
