/** Limits of publishing and receiving, each below, at and above it. */
import { describe, expect, it } from 'vitest';
import { type SeiDiagnostic, type SeiPublisher, SeiSubscriber, createSei, createSeiNalUnit } from '../../src/index.js';
import { ReceptionClock } from '../../src/time/reception-clock.js';
import { Timeline } from '../../src/time/timeline.js';
import { MAX_TIMESTAMP_SOURCES, TimestampSources } from '../../src/time/timestamp-sources.js';
import { CLOCK_RESTART_MS, MAX_CLOCK_STEP_MS, TrackClock } from '../../src/time/track-clock.js';
import { pictures, publishName, setup } from '../support/messages.js';
import { MAX_CONTENT_REPEAT_MS, MAX_REPEAT_GAP_MS } from '../../src/publish/track.js';
import { MAX_RECEIPT_COPIES } from '../../src/publish/queued-message.js';
import { SeiInjector } from '../../src/publish/injector.js';
import { MAX_MESSAGES_PER_FRAME } from '../../src/receive/subscriber.js';
import { annexB, bytes, nal } from '../contract/frames.js';

const FRAME_MS = 40;

/** The clock of a track whose first frame has had this timestamp. */
function trackClock(timestamp: number): TrackClock {
  const clock = new TrackClock(new Timeline(() => 0));
  clock.start(0);
  clock.tick(timestamp);
  return clock;
}

describe('MAX_CLOCK_STEP_MS', () => {
  it.each([
    [MAX_CLOCK_STEP_MS - 1, MAX_CLOCK_STEP_MS - 1],
    [MAX_CLOCK_STEP_MS, MAX_CLOCK_STEP_MS],
    [MAX_CLOCK_STEP_MS + 1, MAX_CLOCK_STEP_MS],
  ])('is what a timestamp that goes forward counts at most: %i counts %i', (step, counted) => {
    const track = trackClock(5000);
    track.tick(5000 + step);
    expect(track.position).toBe(counted);
    track.tick(5000 + step + FRAME_MS);
    expect(track.position).toBe(counted + FRAME_MS);

    const reception = new ReceptionClock();
    reception.advance(0, 5000);
    expect(reception.advance(0, 5000 + step)).toBe(counted);
    expect(reception.advance(0, 5000 + step + FRAME_MS)).toBe(counted + FRAME_MS);
  });
});

describe('CLOCK_RESTART_MS', () => {
  it.each([
    [CLOCK_RESTART_MS - 1, 0],
    [CLOCK_RESTART_MS, FRAME_MS],
    [CLOCK_RESTART_MS + 1, FRAME_MS],
  ])('is how far back timestamps begin anew: from %i the next frame counts %i', (back, counted) => {
    const track = trackClock(90_000);
    track.tick(90_000 - back);
    track.tick(90_000 - back + FRAME_MS);
    expect(track.position).toBe(counted);
  });
});

describe('MAX_TIMESTAMP_SOURCES', () => {
  it.each([
    [MAX_TIMESTAMP_SOURCES - 1, true],
    [MAX_TIMESTAMP_SOURCES, true],
    [MAX_TIMESTAMP_SOURCES + 1, false],
  ])('are told apart by their timestamps: of %i, the first one goes on where it was is %s', (count, isKnown) => {
    const sources = new TimestampSources();
    const origin = 1e9;
    for (let i = 0; i < count; i++) expect(sources.advance(origin - i * 1e6, 0, 0)).toBe(0);
    // Were it forgotten, it would be the next one of them after a pause.
    expect(sources.advance(origin + FRAME_MS, 0, 0)).toBe(isKnown ? FRAME_MS : 1e6 + FRAME_MS);
  });
});

describe('further copies of a message', () => {
  type Publish = (publisher: SeiPublisher) => unknown;
  const options = { repeatCount: 2, repeatInterval: 1, expiresInMs: 10 * MAX_REPEAT_GAP_MS };
  const bare: Publish = (publisher) => publishName(publisher, 'bare', options);
  const identified: Publish = (publisher) => publisher.publishText('identified', options);

  /** How many SEI NAL units go into a second frame that comes so long after the first. */
  function copiesAfter(publish: Publish, milliseconds: number, hasTimestamps: boolean): number {
    const { clock, publisher, injector } = setup();
    const frame = () => {
      const time = hasTimestamps ? { timestamp: clock.time } : {};
      return injector.inject(pictures.p, time) === pictures.p ? 0 : 1;
    };
    frame();
    publish(publisher);
    expect(frame()).toBe(1);
    clock.advance(milliseconds);
    return frame();
  }

  it.each<[string, number, Publish]>([
    ['MAX_CONTENT_REPEAT_MS, of bare bytes', MAX_CONTENT_REPEAT_MS, bare],
    ['MAX_REPEAT_GAP_MS, of a text', MAX_REPEAT_GAP_MS, identified],
  ])('go no later than %s', (_, limit, publish) => {
    const copies = (hasTimestamps: boolean) =>
      [limit - 1, limit, limit + 1].map((after) => copiesAfter(publish, after, hasTimestamps));
    expect(copies(true)).toEqual([1, 1, 0]);
    expect(copies(false)).toEqual([1, 1, 0]);
  });
});

describe('MAX_RECEIPT_COPIES', () => {
  it.each([
    [MAX_RECEIPT_COPIES - 1, MAX_RECEIPT_COPIES - 1],
    [MAX_RECEIPT_COPIES, MAX_RECEIPT_COPIES],
    [MAX_RECEIPT_COPIES + 1, MAX_RECEIPT_COPIES],
  ])('are listed of a retained message while another track carries no pictures: of %i, %i', async (sent, listed) => {
    const { clock, publisher, injector } = setup({ repeatCount: 1 });
    const other = new SeiInjector({ publisher });
    const ticket = publishName(publisher, 'state', { retain: 'state' });
    for (let i = 0; i < sent; i++) {
      injector.inject(pictures.idr);
      other.inject(pictures.none);
      clock.advance(40);
    }
    expect(injector.stats.copies).toBe(sent);
    expect(ticket.cancel()).toBe(true);
    expect((await ticket.injected).copies).toHaveLength(listed);
  });
});

describe('MAX_MESSAGES_PER_FRAME', () => {
  it.each([
    [MAX_MESSAGES_PER_FRAME, 0],
    [MAX_MESSAGES_PER_FRAME + 1, 1],
    [16_000, 16_000 - MAX_MESSAGES_PER_FRAME],
  ])('are read from one frame: of %i, %i are dropped and counted', (count, dropped) => {
    const heard: SeiDiagnostic[] = [];
    const subscriber = new SeiSubscriber({ onDiagnostic: (diagnostic) => heard.push(diagnostic) });
    const foreign = createSei({ payloadType: 4, payload: bytes(0xb5) });
    const own = Array.from({ length: count }, (_, i) => createSeiNalUnit(`{"id":${i}}`));
    const received = subscriber.processFrame(annexB(foreign, ...own, nal.p));
    expect(received.map((message) => message.json<{ id: number }>().id)).toEqual(
      Array.from({ length: count - dropped }, (_, i) => i),
    );
    expect(subscriber.stats).toMatchObject({ messagesFound: count - dropped, droppedFromFrame: dropped });
    const full = heard.filter(({ event }) => event === 'frame-full').map(({ details }) => details);
    expect(full).toEqual(dropped > 0 ? [{ dropped }] : []);
    expect(subscriber.processFrame(annexB(createSeiNalUnit('{"id":"next"}'), nal.p))).toHaveLength(1);
  });
});
