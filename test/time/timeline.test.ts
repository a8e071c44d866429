import { describe, expect, it } from 'vitest';
import { SlidingWindow } from '../../src/publish/sliding-window.js';
import { Timeline } from '../../src/time/timeline.js';
import { SeiInjector } from '../../src/publish/injector.js';
import {
  FakeClock,
  notVideo,
  pictures,
  publishName,
  seededRandom,
  sent,
  sentInto,
  setup,
} from '../support/messages.js';

describe('Timeline', () => {
  it('goes by the clock where no frames drive it, and never back', () => {
    const clock = new FakeClock();
    const timeline = new Timeline(clock.now);
    clock.advance(100);
    expect(timeline.sync(false)).toBe(100);
    clock.advance(-5000);
    expect(timeline.sync(false)).toBe(100);
    clock.advance(30);
    expect(timeline.sync(false)).toBe(130);
    clock.advance(1000);
    expect(timeline.sync(true)).toBe(130);
    clock.advance(1);
    expect(timeline.sync(false)).toBe(131);
  });

  it('follows the track that is ahead', () => {
    const timeline = new Timeline(new FakeClock().now);
    timeline.reach(500);
    timeline.reach(400);
    expect(timeline.time).toBe(500);
  });
});

describe('the present', () => {
  it('passes once, not once by the clock and once by the frames', () => {
    const { clock, publisher, injector } = setup({ repeatCount: 1 });
    sent(injector);
    publishName(publisher, 'retained', { retain: 'key' });
    // For a minute nothing is published, and the track has something to look for in each frame.
    for (let i = 0; i < 60; i++) {
      clock.advance(1000);
      injector.inject(pictures.p);
    }
    publishName(publisher, 'a', { expiresInMs: 1000 });
    clock.advance(1500);
    expect(sent(injector)).toEqual([]);
    expect(publisher.stats.expired).toBe(1);
  });

  it('passes once where a track with timestamps ends', () => {
    const { clock, publisher, injector } = setup({ repeatCount: 1 });
    injector.inject(pictures.none, { timestamp: 0 });
    publishName(publisher, 'a', { expiresInMs: 100_000 });
    for (let i = 0; i < 60; i++) {
      clock.advance(1000);
      injector.inject(pictures.none, { timestamp: 1000 * (i + 1) });
    }
    injector.close();
    expect(publisher.getQueueSize()).toBe(1);
    clock.advance(39_000);
    expect(publisher.getQueueSize()).toBe(1);
    clock.advance(1_000);
    expect(publisher.getQueueSize()).toBe(0);
  });

  it('takes timestamps from any origin, of tracks that have different ones', () => {
    const { publisher, injector } = setup({ repeatCount: 1 });
    const other = new SeiInjector({ publisher });
    sent(injector, pictures.p, { timestamp: 1e12 });
    sent(other, pictures.p, { timestamp: -90_000 });
    publishName(publisher, 'a', { expiresInMs: 200 });
    expect(sent(injector, pictures.p, { timestamp: 1e12 + 100 })).toEqual(['a']);
    expect(sent(other, pictures.p, { timestamp: -89_900 })).toEqual(['a']);
    publishName(publisher, 'b', { expiresInMs: 200 });
    expect(sent(injector, pictures.p, { timestamp: 1e12 + 300 })).toEqual([]);
    expect(sent(other, pictures.p, { timestamp: -89_701 })).toEqual(['b']);
  });

  it('is that of the tracks with timestamps where only some have them', () => {
    const { clock, publisher, injector } = setup({ repeatCount: 1 });
    const live = new SeiInjector({ publisher });
    sent(injector, pictures.p, { timestamp: 0 });
    sent(live);
    publishName(publisher, 'a', { expiresInMs: 1000 });
    clock.advance(500);
    expect(sent(live)).toEqual(['a']);
    expect(sent(injector, pictures.p, { timestamp: 999 })).toEqual(['a']);
  });

  it('does not hurry a file that runs faster than real time', () => {
    const { clock, publisher, injector } = setup({ repeatCount: 1 });
    let expected = 0;
    for (let i = 0; i < 10_000; i++) {
      const timestamp = i * 40;
      if (i % 100 === 0) {
        publishName(publisher, `${i}`, { expiresInMs: 50 });
        expected++;
      }
      injector.inject(i % 100 < 2 ? pictures.p : notVideo, { timestamp });
      if (i % 50 === 0) clock.advance(1);
    }
    expect(injector.stats.copies).toBe(expected);
  });

  it('lets a track that is idle for an hour send at once what comes then', () => {
    const { clock, publisher, injector } = setup();
    sentInto(injector, 2);
    clock.advance(3_600_000);
    publishName(publisher, 'a', { expiresInMs: 100 });
    expect(sentInto(injector, 4)).toEqual([['a'], ['a'], ['a'], []]);
  });
});

describe('SlidingWindow', () => {
  it('agrees with a list of all that went out', () => {
    const random = seededRandom(7);
    const window = new SlidingWindow(5000);
    const out: { time: number; bytes: number }[] = [];
    let time = 0;
    for (let i = 0; i < 20_000; i++) {
      time += Math.floor(random() * 40);
      const bytes = 1 + Math.floor(random() * 400);
      const inWindow = out.filter((each) => each.time > time - 1000).reduce((sum, each) => sum + each.bytes, 0);
      const fits = inWindow + bytes <= 5000;
      expect(window.room(time)).toBe(5000 - inWindow);
      if (fits) {
        window.add(bytes, time);
        out.push({ time, bytes });
      }
      while (out.length > 0 && out[0].time <= time - 1000) out.shift();
    }
  });

  it('lets everything through without a limit', () => {
    const window = new SlidingWindow(Infinity);
    window.add(1e12, 0);
    expect(window.room(0)).toBe(Infinity);
  });
});
