/** A recorded run: what `--json` prints and `benches/results` holds. */
import type { ComparisonResult, Effort } from './comparison.js';
import type { Machine } from './machine.js';

/** A run of the benchmarks. */
export interface Record {
  readonly machine: Machine;
  readonly effort: Effort;
  readonly results: readonly ComparisonResult[];
}

const SIGNIFICANT_DIGITS = 4;

/** No figure is exact beyond a few digits, and a file of noise is hard to read. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(SIGNIFICANT_DIGITS)) : value;
}

/** The run as JSON, a line for each comparison. */
export function formatRecord({ machine, effort, results }: Record): string {
  const lines = results.map((result) => `  ${JSON.stringify(result, rounded)}`);
  return [
    '{',
    `"machine": ${JSON.stringify(machine, rounded)},`,
    `"effort": ${JSON.stringify(effort)},`,
    `"results": [\n${lines.join(',\n')}\n]`,
    '}',
  ].join('\n');
}
