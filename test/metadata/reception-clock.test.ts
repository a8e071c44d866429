import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceptionClock, TIMESTAMP_RESTART_MS } from '../../src/metadata/reception-clock.js';

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

  it('stands still while the machine goes back, or the timestamps for a while', () => {
    expect(times([[1000], [400], [450]])).toEqual([0, 0, 50]);
    expect(times([[0, 9000], [1, 100], [2, 200], [3, 9001]])).toEqual([0, 0, 0, 1]); // prettier-ignore
  });

  it('goes on with timestamps that have started anew', () => {
    const restart = TIMESTAMP_RESTART_MS;
    expect(times([[0, 90_000], [restart - 1, 100], [restart, 200], [restart, 240]])).toEqual([0, 0, restart, restart + 40]); // prettier-ignore
  });

  it('never goes back, whatever it is given', () => {
    const frame = fc.tuple(fc.integer({ min: 0, max: 1e6 }), fc.option(fc.integer({ min: -1e6, max: 1e6 })));
    fc.assert(
      fc.property(fc.array(frame), (frames) => {
        const seen = times(frames.map(([now, timestamp]) => [now, timestamp ?? undefined]));
        expect(seen).toEqual([...seen].sort((a, b) => a - b));
        expect(seen[0] ?? 0).toBe(0);
      }),
    );
  });
});
