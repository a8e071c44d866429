/** The place of a track in the messages, as someone uses it who splices by himself. */
import { describe, expect, it } from 'vitest';
import { SeiPublisher } from '../../src/publish/publisher.js';
import type { TrackCursor, TrackCursorOptions } from '../../src/publish/track-cursor.js';
import type { Picture, Selection } from '../../src/publish/picture-selection.js';
import { FakeClock, messagesIn, publishName } from '../support/messages.js';

const picture: Picture = {
  isIdr: false,
  isKept: true,
  maxNalUnitLength: Infinity,
  maxGrowth: Infinity,
  framingLength: 4,
};

function setup(options?: TrackCursorOptions) {
  const clock = new FakeClock();
  const publisher = new SeiPublisher({ now: clock.now });
  return { clock, publisher, cursor: publisher.openTrack(options) };
}

const names = (selection: Selection | undefined) =>
  selection?.nalUnits.flatMap((nalUnit) => messagesIn(nalUnit, { format: 'rtp' }));

/** What goes into the next frame. */
function sent(cursor: TrackCursor, timestamp?: number): string[] | undefined {
  if (!cursor.next(timestamp)) return undefined;
  const selection = cursor.select(picture);
  if (selection !== undefined) cursor.commit(selection);
  return names(selection);
}

describe('openTrack', () => {
  it('offers a message again that no NAL unit could hold, as soon as one can, also where it is the only one', () => {
    const { publisher, cursor } = setup();
    publishName(publisher, 'a');
    cursor.next();
    expect(cursor.select({ ...picture, maxNalUnitLength: 10 })).toBeUndefined();
    expect(sent(cursor)).toEqual(['a']);
  });

  it('answers a track with the name that is told, or one of its own', () => {
    const { publisher, cursor } = setup({ track: 'high' });
    expect(cursor.track).toBe('high');
    const [a, b] = [publisher.openTrack(), publisher.openTrack()];
    expect(a.track).not.toBe(b.track);
  });

  it('refuses options that are none', () => {
    const { publisher } = setup();
    expect(() => publisher.openTrack(null as never)).toThrow(TypeError);
    expect(() => publisher.openTrack({ track: 7 as never })).toThrow(/options\.track/);
  });
});

describe('a cursor', () => {
  it('is true for next only where something may go out', () => {
    const { publisher, cursor } = setup();
    expect(cursor.next()).toBe(false);
    expect(cursor.next(40)).toBe(false);
    publishName(publisher, 'a', { repeatCount: 1 });
    expect(sent(cursor)).toEqual(['a']);
    expect(cursor.next()).toBe(false);
  });

  it('sends every copy, in frames of its own', async () => {
    const { publisher, cursor } = setup({ track: 'low' });
    cursor.next(0);
    const ticket = publishName(publisher, 'a', { repeatCount: 2 });
    expect([40, 80, 120].map((timestamp) => sent(cursor, timestamp))).toEqual([['a'], ['a'], undefined]);
    expect(await ticket.injected).toEqual({
      outcome: 'injected',
      copies: [
        { track: 'low', frameIndex: 1, timestamp: 40, fragment: 0 },
        { track: 'low', frameIndex: 2, timestamp: 80, fragment: 0 },
      ],
    });
    expect(cursor.stats).toMatchObject({ frames: 4, framesInjected: 2, copies: 2, pending: 0 });
    expect(cursor.stats.bytes).toBeGreaterThan(2 * 18);
  });

  it('counts nothing that is not committed', () => {
    const { publisher, cursor } = setup();
    publishName(publisher, 'a', { repeatCount: 1 });
    for (let i = 0; i < 3; i++) {
      expect(cursor.next()).toBe(true);
      expect(names(cursor.select(picture))).toEqual(['a']);
    }
    expect(cursor.stats).toMatchObject({ framesInjected: 0, copies: 0, bytes: 0, pending: 1 });
    expect(publisher.getQueueSize()).toBe(1);
    expect(sent(cursor)).toEqual(['a']);
    expect(publisher.getQueueSize()).toBe(0);
  });

  it('selects nothing where the picture has no room', () => {
    const { publisher, cursor } = setup();
    publishName(publisher, 'a');
    cursor.next();
    expect(cursor.select({ ...picture, maxGrowth: 20 })).toBeUndefined();
    expect(sent(cursor)).toEqual(['a']);
  });

  it('commits the selection of the latest frame, once', () => {
    const { publisher, cursor } = setup();
    publishName(publisher, 'a');
    cursor.next();
    const selection = cursor.select(picture) as Selection;
    expect(() => {
      cursor.commit({ ...selection });
    }).toThrow(TypeError);
    cursor.commit(selection);
    expect(() => {
      cursor.commit(selection);
    }).toThrow(TypeError);
    cursor.next();
    const stale = cursor.select(picture) as Selection;
    cursor.next();
    expect(() => {
      cursor.commit(stale);
    }).toThrow(TypeError);
    expect(cursor.stats.copies).toBe(1);
  });

  it('may be committed after its messages were taken back, or after it was closed', () => {
    for (const isClosed of [false, true]) {
      const { publisher, cursor } = setup();
      publishName(publisher, 'a', { repeatCount: 1 });
      cursor.next();
      const selection = cursor.select(picture) as Selection;
      if (isClosed) cursor.close();
      else publisher.clearQueue();
      cursor.commit(selection);
      expect(cursor.stats).toMatchObject({ copies: 1, pending: 0 });
      expect(publisher.stats).toMatchObject({ injected: 0, cancelled: isClosed ? 0 : 1, queued: isClosed ? 1 : 0 });
      expect(cursor.next()).toBe(false);
    }
  });

  it('refuses a timestamp that is none', () => {
    const { cursor } = setup();
    for (const timestamp of [NaN, Infinity, '40' as never]) {
      expect(() => cursor.next(timestamp)).toThrow(TypeError);
      expect(() => cursor.next(40, timestamp)).toThrow(TypeError);
    }
    expect(cursor.stats.frames).toBe(0);
  });

  it('says nothing to send from its end on, and is not waited for', async () => {
    const { publisher, cursor } = setup();
    cursor.next();
    const other = publisher.openTrack();
    other.next();
    const ticket = publishName(publisher, 'a', { repeatCount: 1 });
    sent(other);
    cursor.close();
    cursor.close();
    expect((await ticket.injected).outcome).toBe('injected');
    publishName(publisher, 'b');
    expect(cursor.next()).toBe(false);
    expect(cursor.select(picture)).toBeUndefined();
    expect(publisher.stats.liveInjectors).toBe(1);
  });

  it('reports under its name', () => {
    const heard: object[] = [];
    const { cursor } = setup({ track: 'x', onDiagnostic: (diagnostic) => heard.push(diagnostic) });
    cursor.report('unknown-frame', { length: 3 });
    expect(heard).toEqual([{ source: 'injector', event: 'unknown-frame', details: { track: 'x', length: 3 } }]);
  });
});
