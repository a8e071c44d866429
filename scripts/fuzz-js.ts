/**
 * Fuzzes the library as JavaScript sees it: each call and each session on TypeScript, on the addon with each of its
 * kernels, and on both together; all have to do the same, and none may throw on the frame path.
 *
 *     npm run fuzz:js -- --seconds 60 [--seed 1] [--round 0]
 *
 * A round depends on nothing but the seed and its number, so that what a finding prints brings it back. The exit code is
 * 0 where there is none, 1 where there is one, and 2 where nothing could be run.
 */
import { parseArgs } from 'node:util';
import { fuzzRounds } from '../test/fuzz/run.js';
import { missingAddon, sides } from '../test/fuzz/sides.js';
import { wholeNumber } from './fuzz/options.js';

function main(): number {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' }, round: { type: 'string' } },
  });
  const seconds = wholeNumber('seconds', values.seconds, 1);
  const seed = wholeNumber('seed', values.seed ?? String(Date.now() % 0x7fff_ffff), 0);
  const isOneRound = values.round !== undefined;
  const first = wholeNumber('round', values.round ?? '0', 0);
  const names = sides.map(({ name }) => name).join(', ');
  console.log(`seed ${seed}: ${names}${missingAddon === undefined ? '' : ` (no addon: ${missingAddon})`}`);
  const begin = performance.now();
  try {
    const end = begin + seconds * 1000;
    const { calls, sessions } = fuzzRounds(seed, first, () => !isOneRound && performance.now() < end);
    const elapsed = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(`${calls} calls and ${sessions} sessions on ${sides.length} sides in ${elapsed} s, no finding`);
    return 0;
  } catch (error) {
    console.error(error);
    return 1;
  }
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
