/** Detection of the framing: of frames, and of bytes that are no video. */
import type { Comparison } from '../harness/comparison.js';
import { autoIsTheBetter } from '../harness/targets.js';
import { HOSTILE_KINDS, bytesOf, sizeName } from '../inputs.js';
import { GIVEN_FRAMES } from './frames.js';

const KIB = 1024;

function detect(name: string, data: () => Uint8Array, isQuick: boolean): Comparison {
  return {
    name: `detectH264Format, ${name}`,
    quick: isQuick,
    sides: 'all',
    tasks({ library }) {
      const bytes = data();
      const run = () => (library.detectH264Format(bytes).isH264 ? 1 : 0);
      return { '': { run, answer: () => library.detectH264Format(bytes) } };
    },
    targets: [autoIsTheBetter()],
  };
}

const detected = GIVEN_FRAMES.filter(({ name }) => name.endsWith('detected'));

/** Frames at every size, hostile bytes at one. */
export const comparisons: readonly Comparison[] = [
  ...detected.flatMap(({ name, frame, sizes }) =>
    sizes.map((size) => detect(`${name}, ${sizeName(size)}`, () => frame(size), size === 64 * KIB)),
  ),
  ...HOSTILE_KINDS.map((kind) => detect(`${kind}, 64 KiB`, () => bytesOf(kind, 64 * KIB), false)),
];
