import { expect } from 'vitest';

/** How much larger the large input is than the small one. */
const FACTOR = 100;
/**
 * Work that grows with the square takes {@link FACTOR} times as long as work that grows with the size, which takes up to
 * six times as long as it should: a small input stays in the caches, a large one makes garbage.
 */
const TOLERANCE = 20;
const WARM_UP_RUNS = 3;
const ROUNDS = 30;

function millisecondsOf(act: () => unknown): number {
  const since = performance.now();
  act();
  return performance.now() - since;
}

/**
 * Expects that the time of some work grows with the size of its input and not with the square of it. What counts is how
 * much longer a large input takes than one that is 100 times smaller, the quickest of several runs each: so neither a
 * slow machine nor one with other things to do makes a difference.
 *
 * @param size the large size
 * @param prepare makes the input of a size; answers the work on it, which may be done more than once
 */
export function expectLinearTime(size: number, prepare: (size: number) => () => unknown): void {
  const [small, large] = [prepare(Math.round(size / FACTOR)), prepare(size)];
  for (let run = 0; run < WARM_UP_RUNS; run++) small();
  let [quickestSmall, quickestLarge] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    quickestSmall = Math.min(quickestSmall, millisecondsOf(small));
    quickestLarge = Math.min(quickestLarge, millisecondsOf(large));
    if (round > 0 && quickestLarge < FACTOR * TOLERANCE * quickestSmall) return;
  }
  expect.fail(`${size / FACTOR}: ${quickestSmall} ms, ${size}: ${quickestLarge} ms, which is out of proportion`);
}
