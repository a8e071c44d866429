/** Escape and unescape into memory that is there already, against memcpy of the same bytes. */
import type { Comparison, Target, Task } from '../harness/comparison.js';
import { withReferences } from '../harness/references.js';
import { atLeast, autoIsTheBetter } from '../harness/targets.js';
import { SIZES, bytesOf, isQuickSize, sizeName, targetBytes, textBytes } from '../inputs.js';

const KIB = 1024;

/** What is rewritten: text needs no escape, zeros need one at every other byte. */
const INPUTS: readonly Input[] = [
  { kind: 'text', isZeroHeavy: false, isClean: true, isQuick: true },
  { kind: 'H.264', isZeroHeavy: false, isClean: false, isQuick: true },
  { kind: 'zeros', isZeroHeavy: true, isClean: false, isQuick: true },
  { kind: '00 00 03…', isZeroHeavy: true, isClean: false, isQuick: false },
];

interface Input {
  readonly kind: string;
  readonly isZeroHeavy: boolean;
  readonly isClean: boolean;
  /** Whether `--quick` measures it. */
  readonly isQuick: boolean;
}

function rewrite(verb: 'escape' | 'unescape', { kind, isZeroHeavy, isClean, isQuick }: Input, size: number) {
  const input = () => (kind === 'text' ? textBytes(size) : bytesOf(kind, size));
  const output = () => targetBytes(2 * size + KIB);
  const targets: Target[] = [autoIsTheBetter()];
  if (isZeroHeavy && size >= KIB) targets.push(atLeast('emulation prevention', 4, 'native', 'typescript'));
  if (isClean && size >= 4 * KIB) targets.push(atLeast('emulation prevention', 0.5, 'auto', 'memcpy'));
  const comparison: Comparison = {
    name: `${verb}, ${kind}, ${sizeName(size)}`,
    bytes: size,
    quick: isQuick && isQuickSize(size),
    sides: 'all',
    tasks({ backend }): Record<string, Task> {
      const source = input();
      const target = output();
      const run = verb === 'escape' ? () => backend.escape(source, target) : () => backend.unescape(source, target);
      return { '': { run, answer: () => target.slice(0, run()) } };
    },
    references: () => ({
      memcpy: withReferences((addon) => {
        const source = input();
        const target = output();
        return { run: () => addon.memcpy(source, target) };
      }),
    }),
    targets,
  };
  return comparison;
}

function escapedLength({ kind }: Input, size: number): Comparison {
  return {
    name: `escapedLength, ${kind}, ${sizeName(size)}`,
    bytes: size,
    quick: false,
    sides: 'all',
    tasks({ backend }) {
      const source = kind === 'text' ? textBytes(size) : bytesOf(kind, size);
      const run = () => backend.escapedLength(source);
      return { '': { run, answer: run } };
    },
    targets: [autoIsTheBetter()],
  };
}

/** Both directions on every input at every size, and the length that escaping needs of the two extremes. */
export const comparisons: readonly Comparison[] = INPUTS.flatMap((input) => [
  ...SIZES.flatMap((size) => [rewrite('escape', input, size), rewrite('unescape', input, size)]),
  ...(input.isClean || input.kind === 'zeros' ? SIZES.map((size) => escapedLength(input, size)) : []),
]);
