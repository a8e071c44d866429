import { afterEach, describe, expect, it } from 'vitest';
import {
  getGlobalSeiPublisher,
  getGlobalSeiSubscriber,
  setGlobalSeiPublisher,
  setGlobalSeiSubscriber,
} from '../../src/patch/global.js';
import { SeiPublisher } from '../../src/publish/publisher.js';
import { SeiSubscriber } from '../../src/receive/subscriber.js';
import { codeOf } from '../contract/frames.js';

afterEach(() => {
  setGlobalSeiPublisher(undefined);
  setGlobalSeiSubscriber(undefined);
});

describe('the global publisher', () => {
  it('is none until it is set, the one that was set last, and none again', () => {
    expect(getGlobalSeiPublisher()).toBeUndefined();
    const publishers = [new SeiPublisher(), new SeiPublisher()];
    for (const publisher of publishers) {
      setGlobalSeiPublisher(publisher);
      expect(getGlobalSeiPublisher()).toBe(publisher);
    }
    for (const none of [undefined, null]) {
      setGlobalSeiPublisher(publishers[0]);
      setGlobalSeiPublisher(none);
      expect(getGlobalSeiPublisher()).toBeUndefined();
    }
  });

  it.each(['publisher', 1, {}, new SeiSubscriber()])('is not %s, and stays what it was', (wrong) => {
    const publisher = new SeiPublisher();
    setGlobalSeiPublisher(publisher);
    expect(
      codeOf(() => {
        setGlobalSeiPublisher(wrong as unknown as SeiPublisher);
      }),
    ).toBe('ERR_INVALID_ARG_TYPE');
    expect(getGlobalSeiPublisher()).toBe(publisher);
  });
});

describe('the global subscriber', () => {
  it('is none until it is set, the one that was set last, and none again', () => {
    expect(getGlobalSeiSubscriber()).toBeUndefined();
    const subscribers = [new SeiSubscriber(), new SeiSubscriber()];
    for (const subscriber of subscribers) {
      setGlobalSeiSubscriber(subscriber);
      expect(getGlobalSeiSubscriber()).toBe(subscriber);
    }
    for (const none of [undefined, null]) {
      setGlobalSeiSubscriber(subscribers[0]);
      setGlobalSeiSubscriber(none);
      expect(getGlobalSeiSubscriber()).toBeUndefined();
    }
  });

  it.each(['subscriber', 1, {}, new SeiPublisher()])('is not %s, and stays what it was', (wrong) => {
    const subscriber = new SeiSubscriber();
    setGlobalSeiSubscriber(subscriber);
    expect(
      codeOf(() => {
        setGlobalSeiSubscriber(wrong as unknown as SeiSubscriber);
      }),
    ).toBe('ERR_INVALID_ARG_TYPE');
    expect(getGlobalSeiSubscriber()).toBe(subscriber);
  });
});
