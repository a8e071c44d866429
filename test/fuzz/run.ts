import { Finding, codecRound } from './codec-round.js';
import { framePathRound } from './frame-path-round.js';
import { Random } from './random.js';
import { type Side, sides } from './sides.js';

/** One in so many rounds is a session of the frame path, which takes as long as many calls. */
const SESSION_EVERY = 40;

/** What was run. */
export interface FuzzCounts {
  /** Calls of the codec, each made on every side. */
  readonly calls: number;
  /** Sessions of the frame path, each run on every side. */
  readonly sessions: number;
}

/** Runs the round of that number. */
function runRound(seed: number, round: number, compared: readonly Side[]): void {
  if (round % SESSION_EVERY === 0) framePathRound(() => new Random(seed, round), compared);
  else codecRound(new Random(seed, round), compared);
}

/**
 * Runs rounds, one after the other, until told to stop.
 *
 * @param seed of all rounds
 * @param first number of the first one
 * @param goesOn asked after each round, with how many there were
 * @returns what was run
 * @throws Error that names the seed and the round of a finding, which is the cause
 */
export function fuzzRounds(seed: number, first: number, goesOn: (rounds: number) => boolean): FuzzCounts {
  let round = first;
  let sessions = 0;
  do {
    try {
      runRound(seed, round, sides);
    } catch (error) {
      const kind = error instanceof Finding ? 'a finding' : 'an error';
      throw new Error(`seed ${seed}, round ${round}: ${kind}: ${(error as Error).message}`, { cause: error });
    }
    if (round % SESSION_EVERY === 0) sessions++;
    round++;
  } while (goesOn(round - first));
  return { calls: round - first - sessions, sessions };
}
