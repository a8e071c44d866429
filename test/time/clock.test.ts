import { afterEach, describe, expect, it, vi } from 'vitest';
import { clockOption } from '../../src/time/clock.js';
import { SeiInjector } from '../../src/publish/injector.js';
import { SeiPublisher } from '../../src/publish/publisher.js';
import { SeiSubscriber } from '../../src/receive/subscriber.js';
import { START, pictures } from '../support/messages.js';

const noTimes = [NaN, Infinity, -Infinity, 1e300, '5', undefined, null, 5n] as number[];

describe('the clock of an option', () => {
  it('is the one that is given, or that of the machine', () => {
    expect(clockOption(() => 5)()).toBe(5);
    const before = Date.now();
    expect(clockOption(undefined)()).toBeGreaterThanOrEqual(before);
    expect(clockOption(undefined)()).toBeLessThanOrEqual(Date.now());
  });

  it.each([...noTimes, -1e300])('is refused where it answers %s', (time) => {
    for (const make of [
      () => clockOption(() => time),
      () => new SeiPublisher({ now: () => time }),
      () => new SeiSubscriber({ now: () => time }),
    ]) {
      expect(make).toThrow(TypeError);
    }
  });

  it('stands still where it answers no time later on', () => {
    const answers = [1, 2, ...noTimes, 3];
    const clock = clockOption(() => answers.shift());
    expect(Array.from({ length: answers.length }, clock)).toEqual([2, ...noTimes.map(() => 2), 3]);
  });

  it('leaves no number out of what is sent and received', () => {
    for (const noTime of noTimes) {
      let time = START;
      const publisher = new SeiPublisher({ now: () => time });
      const injector = new SeiInjector({ publisher });
      const subscriber = new SeiSubscriber({ now: () => time });
      const received = [START, noTime, START + 40, noTime].flatMap((now) => {
        time = now;
        publisher.publishText('a', { repeatCount: 1 });
        return subscriber.processFrame(injector.inject(pictures.p));
      });
      expect(received.map(({ timestamp }) => timestamp)).toEqual([START, START, START + 40, START + 40]);
      const timestamps = received.map((message) => message.json<{ timestamp: number }>().timestamp * 1000 - START);
      expect(timestamps.map(Math.round)).toEqual([0, 0, 40, 40]);
    }
  });
});

describe('without an option', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('the clock is the wall clock, also where it is faked or set later', () => {
    const publisher = new SeiPublisher();
    const injector = new SeiInjector({ publisher });
    const subscriber = new SeiSubscriber();
    vi.useFakeTimers();
    for (const time of ['2030-01-01T00:00:00Z', '2030-01-01T01:00:00Z', '2031-01-01T00:00:00Z']) {
      vi.setSystemTime(new Date(time));
      publisher.publishText(time, { repeatCount: 1 });
      const [message] = subscriber.processFrame(injector.inject(pictures.p));
      expect(message.timestamp).toBe(Date.parse(time));
      expect(message.json()).toEqual({ text: time, timestamp: Date.parse(time) / 1000, type: 'text_content' });
    }
  });

  it('time that is faked passes, a step forward too, and a step back does not', async () => {
    const publisher = new SeiPublisher();
    vi.useFakeTimers();
    const outcomes: string[] = [];
    const publish = () => void publisher.publishText('a').injected.then(({ outcome }) => outcomes.push(outcome));
    publish();
    await vi.advanceTimersByTimeAsync(9_900);
    expect(outcomes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(outcomes).toEqual(['expired']);
    publish();
    vi.setSystemTime(Date.now() - 3_600_000);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(outcomes).toEqual(['expired']);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(publisher.getQueueSize()).toBe(0);
  });
});
