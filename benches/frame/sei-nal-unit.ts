/** What makes a SEI NAL unit, and what takes emulation prevention out and puts it in, with memory of its own. */
import type { Comparison, Task } from '../harness/comparison.js';
import { autoIsTheBetter } from '../harness/targets.js';
import { bytesOf, sizeName, textBytes } from '../inputs.js';

const KIB = 1024;
/** A word, a caption, what most receivers take at most, a packet's fill, more than any receiver should be sent. */
const SIZES = [16, 64, 500, 4 * KIB, 64 * KIB, KIB * KIB];

function make(kind: 'text' | 'zeros', size: number): Comparison {
  return {
    name: `SEI NAL unit, ${kind}, ${sizeName(size)}`,
    bytes: size,
    quick: size === 500,
    sides: 'all',
    tasks({ library }): Record<string, Task> {
      const data = kind === 'text' ? textBytes(size) : bytesOf(kind, size);
      const create = () => library.createSeiNalUnit(data);
      const escape = () => library.escapeRbsp(data);
      const unescape = () => library.unescapeRbsp(data);
      return {
        createSeiNalUnit: { run: () => create().length, answer: create },
        escapeRbsp: { run: () => escape().length, answer: escape },
        unescapeRbsp: { run: () => unescape().length, answer: unescape },
      };
    },
    targets: [autoIsTheBetter(['createSeiNalUnit', 'escapeRbsp', 'unescapeRbsp'])],
  };
}

/** Text, and bytes that need an escape every other byte. */
export const comparisons: readonly Comparison[] = (['text', 'zeros'] as const).flatMap((kind) =>
  SIZES.map((size) => make(kind, size)),
);
