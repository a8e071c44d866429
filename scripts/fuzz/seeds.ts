import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { frames } from '../../test/fuzz/inputs.js';

/**
 * What stands behind the data of a seed, from which a target takes its parameters: the least of each, or some in the
 * middle of their ranges.
 */
const PARAMETERS: readonly Uint8Array[] = [
  new Uint8Array(32),
  Uint8Array.from({ length: 32 }, (_, at) => (at * 37 + 11) & 0xff),
];

/**
 * Writes what fuzzing begins with: frames in every framing, each with parameters behind it.
 *
 * @param folder where a file for each is written; made where there is none
 * @param maxSize of a file; what is longer is cut
 * @returns how many there are
 */
export function writeSeeds(folder: string, maxSize: number): number {
  mkdirSync(folder, { recursive: true });
  const seeds = new Set(
    frames.map((frame, index) => {
      const parameters = PARAMETERS[index % PARAMETERS.length];
      return Buffer.concat([frame.subarray(0, maxSize - parameters.length), parameters]).toString('latin1');
    }),
  );
  let count = 0;
  for (const seed of seeds) writeFileSync(join(folder, `seed-${count++}`), seed, 'latin1');
  return count;
}
