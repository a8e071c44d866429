import type { Comparison } from '../../benches/harness/comparison.js';

/** What the benchmarks must refuse to time: sides that answer differently. */
export const comparisons: readonly Comparison[] = [
  {
    name: 'sides that disagree',
    quick: true,
    sides: 'all',
    tasks: ({ name }) => ({ '': { run: () => name.length, answer: () => name } }),
  },
];
