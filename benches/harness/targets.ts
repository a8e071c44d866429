/** The claims that comparisons are held to. */
import type { Goal, Target, Times } from './comparison.js';

function ratio(times: Times, numerator: string, denominator: string): number | undefined {
  const above = times(numerator);
  const below = times(denominator);
  return above === undefined || below === undefined ? undefined : above / below;
}

/** `task` runs at no less than `least` times the speed of `reference`. */
export function atLeast(goal: Goal, least: number, task: string, reference: string): Target {
  return {
    goal,
    claim: `${task} at least ${least} x as fast as ${reference}`,
    unit: 'x',
    judge(times) {
      const value = ratio(times, reference, task);
      return value === undefined ? undefined : { value, passes: value >= least };
    },
  };
}

/** A call of `task` costs no more than `most` times a call of `reference`; per item where both count `items`. */
export function atMost(
  goal: Goal,
  most: number,
  task: string,
  reference: string,
  items = 1,
  referenceItems = 1,
): Target {
  const each = items === referenceItems ? '' : ', each';
  return {
    goal,
    claim: `${task} at most ${most} x the cost of ${reference}${each}`,
    unit: 'x',
    judge(times) {
      const value = ratio(times, task, reference);
      if (value === undefined) return undefined;
      const perItem = (value * referenceItems) / items;
      return { value: perItem, passes: perItem <= most };
    },
  };
}

/** The slowest of `tasks` costs no more than `most` times the fastest. */
export function within(goal: Goal, most: number, tasks: readonly string[]): Target {
  return {
    goal,
    claim: `${tasks[0]} to ${tasks[tasks.length - 1]} within ${most} x`,
    unit: 'x',
    judge(times) {
      const all = tasks.map(times);
      const slowest = greatest(all);
      const fastest = greatest(all.map((time) => time && -time));
      if (slowest === undefined || fastest === undefined) return undefined;
      return { value: slowest / -fastest, passes: slowest <= -fastest * most };
    },
  };
}

/** The greatest of some figures; undefined where one is missing. */
function greatest(values: readonly (number | undefined)[]): number | undefined {
  return values.every((value) => value !== undefined) ? Math.max(...values) : undefined;
}

/** No call of any of `tasks` takes more than so many nanoseconds. An absolute figure: it belongs to its machine. */
export function atMostNanoseconds(goal: Goal, most: number, ...tasks: readonly string[]): Target {
  return {
    goal,
    claim: `${tasks.length > 1 ? `${tasks[0]} to ${tasks[tasks.length - 1]}` : tasks[0]} in at most ${most} ns`,
    unit: 'ns',
    judge(times) {
      const value = greatest(tasks.map(times));
      return value === undefined ? undefined : { value, passes: value <= most };
    },
  };
}

/** `task` does at least so many items a second, of which a call does `items`. An absolute figure, as above. */
export function atLeastPerSecond(goal: Goal, least: number, unit: string, task: string, items = 1): Target {
  return {
    goal,
    claim: `${task} at least ${least.toLocaleString('en')} ${unit}/s`,
    unit: `${unit}/s`,
    judge(times) {
      const nanoseconds = times(task);
      if (nanoseconds === undefined) return undefined;
      const value = (items * 1e9) / nanoseconds;
      return { value, passes: value >= least };
    },
  };
}

/** `task` goes over at least so many gigabytes a second. An absolute figure, as above. */
export function atLeastGigabytes(goal: Goal, least: number, task: string, bytes: number): Target {
  return {
    goal,
    claim: `${task} at least ${least} GB/s`,
    unit: 'GB/s',
    judge(times) {
      const nanoseconds = times(task);
      if (nanoseconds === undefined) return undefined;
      const value = bytes / nanoseconds;
      return { value, passes: value >= least };
    },
  };
}

const AUTO_RATIO = 1.25;
const AUTO_NANOSECONDS = 20;

/**
 * `auto` is never more than 1.25 x, or 20 ns, slower than the better of native and TypeScript; in none of the tasks of
 * a side, where there are several.
 */
export function autoIsTheBetter(keys: readonly string[] = ['']): Target {
  return {
    goal: 'auto',
    claim: `auto at most ${AUTO_RATIO} x or ${AUTO_NANOSECONDS} ns above the better of native and typescript`,
    unit: 'x',
    judge(times) {
      let value = 0;
      let passes = true;
      for (const key of keys) {
        const [auto, native, typescript] = ['auto', 'native', 'typescript'].map((side) =>
          times(key === '' ? side : `${side}, ${key}`),
        );
        if (auto === undefined || typescript === undefined || native === undefined) return undefined;
        const best = Math.min(native, typescript);
        value = Math.max(value, auto / best);
        passes &&= auto <= best * AUTO_RATIO || auto - best <= AUTO_NANOSECONDS;
      }
      return { value, passes };
    },
  };
}

const MEGABYTE = 1e6;

/** The process of `task` never holds more than so many megabytes. */
export function atMostMegabytes(goal: Goal, most: number, task: string): Target {
  return {
    goal,
    claim: `${task} in at most ${most} MB of memory`,
    unit: 'MB',
    judge(_times, peaks) {
      const peak = peaks(task);
      return peak === undefined ? undefined : { value: peak / MEGABYTE, passes: peak <= most * MEGABYTE };
    },
  };
}
