import { invalidType } from '../errors.js';

/** The latest time that a clock may show, in milliseconds: its microseconds are still whole numbers. */
const MAX_TIME_MS = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

/** The clock of the machine. `Date.now` is looked up each time: tests put a clock of theirs in its place. */
const machineClock = (): number => Date.now();

/**
 * The clock in an option.
 *
 * It is the wall clock that goes onto the wire, and so that a publisher and a subscriber agree, and time that tests
 * fake passes in both, the same one also says how much time has passed: whoever counts takes a step back for none.
 *
 * @param now answers the time in milliseconds since the epoch; undefined for `Date.now`
 * @returns a clock that always answers a time: where `now` answers none, it stands still
 * @throws `TypeError` where it is no function, or answers no time when it is first asked, which is here
 */
export function clockOption(now: unknown): () => number {
  if (now === undefined) return machineClock;
  if (typeof now !== 'function') throw invalidType('options.now', 'a function', now);
  const clock = now as () => unknown;
  const first = clock();
  if (!isTime(first)) throw invalidType('what options.now answers', 'a time in milliseconds', first);
  let last = first;
  return () => {
    const time = clock();
    if (isTime(time)) last = time;
    return last;
  };
}

function isTime(time: unknown): time is number {
  return typeof time === 'number' && Math.abs(time) <= MAX_TIME_MS;
}
