import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RECEPTION_TRACKS, ReceptionClock } from '../../src/time/reception-clock.js';
import { MAX_SOURCE_LAG_MS, TIMESTAMP_RESTART_MS } from '../../src/time/timestamp-sources.js';
import { MAX_REORDERED_PICTURES } from '../../src/time/track-clock.js';
import { runs } from '../property/arbitraries.js';

/** The time after each of these frames, given as what the machine's clock says and the frame's timestamp. */
function times(frames: readonly (readonly [now: number, timestamp?: number | undefined])[]): number[] {
  const clock = new ReceptionClock();
  return frames.map(([now, timestamp]) => clock.advance(now, timestamp));
}

describe('the clock of a subscriber', () => {
  it('is driven by timestamps where every frame has one, from any origin', () => {
    expect(times([[1, 5000], [1, 5040], [2, 5080], [2, 9000]])).toEqual([0, 40, 80, 4000]); // prettier-ignore
    expect(times([[1, -100], [1, -60]])).toEqual([0, 40]); // prettier-ignore
  });

  it('does not run ahead of the pictures that are decoded before they are shown', () => {
    const shown = [0, 120, 40, 80, 240, 160, 200, 360];
    expect(times(shown.map((timestamp) => [1, timestamp]))).toEqual([0, 120, 120, 120, 240, 240, 240, 360]);
  });

  it('is driven by the machine where frames have none', () => {
    expect(times([[1000], [1040], [1080], [5000]])).toEqual([0, 40, 80, 4000]);
  });

  it('goes over to the machine for good at the first frame without', () => {
    expect(times([[1000, 0], [1000, 500], [1040], [1080, 90_000], [1090, 0]])).toEqual([0, 500, 540, 580, 590]); // prettier-ignore
  });

  it('stands still while the machine goes back', () => {
    expect(times([[1000], [400], [450]])).toEqual([0, 0, 50]);
  });

  it('goes on at once with timestamps that have started anew, far back', () => {
    expect(times([[1, 90_000], [1, 100], [1, 140], [1, 500]])).toEqual([0, 0, 40, 400]); // prettier-ignore
  });

  it('has gone on by what the machine says until timestamps start anew, or another track comes', () => {
    expect(times([[0, 90_000], [60_000, 100], [60_000, 140]])).toEqual([0, 60_000, 60_040]); // prettier-ignore
    const clock = new ReceptionClock();
    clock.advance(0, 90_000, 'a');
    expect(clock.advance(60_000, 5, 'b')).toBe(60_000);
    expect(clock.advance(60_040, 45, 'b')).toBe(60_040);
    expect(clock.advance(60_040, 90_040, 'a')).toBe(60_040);
  });

  it('goes on soon with timestamps that have started anew, near', () => {
    const looping = Array.from({ length: 600 }, (_, i) => [0, (i % 100) * 40] as const);
    const seen = times(looping);
    expect(seen.at(-1)).toBe(599 * 40 - 5 * (MAX_REORDERED_PICTURES + 1) * 40);
  });

  it('goes on where a track pauses, and counts no jump for more than an hour', () => {
    expect(times([[0, 0], [0, 300_000], [0, 300_040]])).toEqual([0, 300_000, 300_040]); // prettier-ignore
    expect(times([[0, 0], [0, 1e12], [0, 1e12 + 40]])).toEqual([0, 3_600_000, 3_600_040]); // prettier-ignore
  });

  it('goes on where the source ends that was ahead', () => {
    for (const names of [
      ['a', 'b'],
      [undefined, undefined],
    ]) {
      const clock = new ReceptionClock();
      clock.advance(0, 0, names[0]);
      clock.advance(0, 5_000_000, names[1]);
      const before = clock.advance(0, 5_600_000, names[1]);
      for (let i = 1; i <= 1000; i++) clock.advance(0, i * 40, names[0]);
      expect(clock.time - before).toBe(40_000 - MAX_SOURCE_LAG_MS);
    }
  });

  it('never goes back, whatever it is given', () => {
    const frame = fc.tuple(
      fc.integer({ min: 0, max: 1e6 }),
      fc.option(fc.oneof(fc.integer({ min: -1e6, max: 1e6 }), fc.double()), { freq: 1000, nil: undefined }),
      fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 100 }), (frames) => {
        const clock = new ReceptionClock();
        const seen = frames.map(([now, timestamp, track]) => clock.advance(now, timestamp, track));
        expect(seen).toEqual([...seen].sort((a, b) => a - b));
        expect(seen.every(Number.isFinite)).toBe(true);
        expect(seen[0] ?? 0).toBe(0);
      }),
      runs(100),
    );
  });
});

describe('two tracks', () => {
  /** How they come: so many frames of the one, so many of the other. */
  const burst = fc.integer({ min: 1, max: 30 });
  const turns = fc.integer({ min: 4, max: 60 });
  const bursts = fc.array(burst, { minLength: 4, maxLength: 60 });
  const origin = fc.oneof(
    fc.integer({ min: -1e9, max: 1e9 }),
    fc.integer({ min: -30_000, max: 30_000 }),
    fc.integer({ min: -100, max: 100 }).map((apart) => TIMESTAMP_RESTART_MS + apart),
    fc.constant(0),
  );

  /** What time passes, from the frame on at which both have come, and how much of it is in the frames. */
  function passed(origins: readonly number[], lengths: readonly number[], names: readonly (string | undefined)[]) {
    const clock = new ReceptionClock();
    const media = [0, 0];
    let start: { time: number; media: number } | undefined;
    lengths.forEach((length, turn) => {
      const track = turn % 2;
      for (let i = 0; i < length; i++) {
        media[track] += 40;
        clock.advance(0, origins[track] + media[track], names[track]);
        if (turn > 0) start ??= { time: clock.time, media: Math.max(...media) };
      }
    });
    const { time, media: before } = start as { time: number; media: number };
    return { time: clock.time - time, media: Math.max(...media) - before };
  }

  it('with names advance by the time of the one that is ahead, whatever their origins', () => {
    fc.assert(
      fc.property(origin, origin, bursts, (first, second, lengths) => {
        const { time, media } = passed([first, second], lengths, ['a', 'b']);
        // Each began when it first came, which is as far as one burst into the other.
        expect(Math.abs(time - media)).toBeLessThanOrEqual(lengths[0] * 40);
      }),
      runs(100),
    );
  });

  it('without names do so too, once each has come, where they take turns', () => {
    fc.assert(
      fc.property(origin, origin, fc.integer({ min: 2, max: 300 }), (first, second, length) => {
        const { time, media } = passed([first, second], Array<number>(2 * length).fill(1), [undefined, undefined]);
        expect(Math.abs(time - media)).toBeLessThanOrEqual(80);
      }),
      runs(100),
    );
  });

  it.each([-40, -1, 0, 1, 20, 40, 41, 80])('without names do so too, apart by the bound and %i ms', (more) => {
    for (const apart of [TIMESTAMP_RESTART_MS + more, -TIMESTAMP_RESTART_MS - more]) {
      const { time, media } = passed([0, apart], Array<number>(1000).fill(1), [undefined, undefined]);
      expect(Math.abs(time - media)).toBeLessThanOrEqual(80);
    }
  });

  it('without names and far apart do so too, also where they come in bursts', () => {
    const far = fc.integer({ min: 100_000, max: 1e9 });
    fc.assert(
      fc.property(far, fc.boolean(), burst, turns, (apart, isFirstAhead, length, count) => {
        const lengths = Array<number>(count).fill(length);
        const { time, media } = passed(isFirstAhead ? [apart, 0] : [0, apart], lengths, [undefined, undefined]);
        expect(Math.abs(time - media)).toBeLessThanOrEqual(length * 40);
      }),
      runs(100),
    );
  });

  it('with names leave no room for more than so many', () => {
    const clock = new ReceptionClock();
    for (let i = 0; i < 3 * MAX_RECEPTION_TRACKS; i++) clock.advance(0, 1e6 * i, `track ${i}`);
    expect(clock.time).toBe(0);
    // One that was forgotten goes on from the present.
    clock.advance(0, 500_000, 'track 0');
    expect(clock.time).toBe(0);
    clock.advance(0, 500_040, 'track 0');
    expect(clock.time).toBe(40);
  });

  it('of which one starts anew go on', () => {
    const clock = new ReceptionClock();
    for (let i = 0; i < 250; i++) {
      clock.advance(0, 70_000_000 + i * 40);
      clock.advance(0, 900_000 + i * 40);
    }
    const before = clock.time;
    for (let i = 0; i < 250; i++) {
      clock.advance(0, i * 40);
      clock.advance(0, 910_000 + i * 40);
    }
    expect(clock.time - before).toBe(10_000);
  });
});
