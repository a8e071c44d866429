import { describe, expect, it } from 'vitest';
import { clockOption } from '../../src/metadata/clock.js';
import { SeiInjector } from '../../src/metadata/injector.js';
import { SeiPublisher } from '../../src/metadata/publisher.js';
import { SeiSubscriber } from '../../src/metadata/subscriber.js';
import { START, pictures } from './support.js';

const noTimes = [NaN, Infinity, -Infinity, 1e300, '5', undefined, null, 5n] as number[];

describe('the clock of an option', () => {
  it('is the one that is given, or the other', () => {
    expect(clockOption(() => 5, Date.now)()).toBe(5);
    expect(clockOption(undefined, Date.now)).toBe(Date.now);
  });

  it.each([...noTimes, -1e300])('is refused where it answers %s', (time) => {
    for (const make of [
      () => clockOption(() => time, Date.now),
      () => new SeiPublisher({ now: () => time }),
      () => new SeiSubscriber({ now: () => time }),
    ]) {
      expect(make).toThrow(TypeError);
    }
  });

  it('stands still where it answers no time later on', () => {
    const answers = [1, 2, ...noTimes, 3];
    const clock = clockOption(() => answers.shift(), Date.now);
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
