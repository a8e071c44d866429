import { describe, expect, it } from 'vitest';
import { SourceClock, TIMESTAMP_JUMP_MS } from '../../src/rtp/source-clock.js';

/** The times after each of these pictures, given as what the clock of the machine says and their RTP timestamp. */
function times(pictures: readonly (readonly [now: number, timestamp: number])[]): number[] {
  let now = 0;
  const clock = new SourceClock(() => now);
  return pictures.map(([machine, timestamp]) => {
    now = machine;
    clock.advance(timestamp);
    return clock.time;
  });
}

const JUMP = 90 * TIMESTAMP_JUMP_MS;

describe('the time of a source', () => {
  it('goes by the timestamps, back and forth, and where they wrap', () => {
    expect(times([[0, 9000], [1, 12_600], [2, 10_800], [3, 18_000]])).toEqual([100, 140, 120, 200]); // prettier-ignore
    const [first, second] = times([[0, 2 ** 32 - 900], [0, 900]]); // prettier-ignore
    expect(second - first).toBeCloseTo(20, 5);
    expect(times([[0, 0], [0, JUMP], [0, 0]])).toEqual([0, 10_000, 0]); // prettier-ignore
  });

  it('does not jump with them', () => {
    expect(times([[0, 0], [40, JUMP + 90], [80, JUMP + 3690]])).toEqual([0, 40, 80]); // prettier-ignore
    expect(times([[0, 2 * JUMP], [40, 0], [80, 3600]])).toEqual([20_000, 20_040, 20_080]); // prettier-ignore
  });

  it('goes on by as much as they say where there was a pause, and by no more', () => {
    expect(times([[0, 0], [60_010, 90 * 60_000], [60_050, 90 * 60_040]])).toEqual([0, 60_000, 60_040]); // prettier-ignore
    expect(times([[0, 0], [30_000, 90 * 60_000]])).toEqual([0, 30_000]); // prettier-ignore
  });

  it('stands still across a jump where the clock of the machine goes back, or shows no time', () => {
    expect(times([[1000, 0], [0, 2 * JUMP]])).toEqual([0, 0]); // prettier-ignore
    expect(times([[Number.NaN, 0], [0, 2 * JUMP], [Number.NaN, 4 * JUMP]])).toEqual([0, 0, 0]); // prettier-ignore
  });
});
