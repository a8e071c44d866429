import { expect, it } from 'vitest';
import { fuzzRounds } from './run.js';

const SEED = 20_260_101;
const ROUNDS = 2000;
const TIMEOUT_MS = 300_000;

it(`finds nothing in ${ROUNDS} rounds of seed ${SEED}`, { timeout: TIMEOUT_MS }, () => {
  const { calls, sessions } = fuzzRounds(SEED, 0, (rounds) => rounds < ROUNDS);
  expect(calls + sessions).toBe(ROUNDS);
  expect(sessions).toBeGreaterThan(0);
});
