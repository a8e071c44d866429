/**
 * Puts the figures of the latest recorded run into docs/benchmarks.md: `npm run bench:report`. With `--check` it
 * changes nothing and fails where the page says something else than the record.
 *
 * The page says what it wants to show: what stands between `<!-- table: <regular expression> -->` (or another of
 * {@link BLOCKS}) and `<!-- end -->` is made here.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComparisonResult } from './harness/comparison.js';
import { machineLine } from './harness/print.js';
import type { Record as Run } from './harness/record.js';
import { autoTable, commandTable, comparisonTable, goalTable, typescriptWins } from './report-tables.js';

const PAGE = join(__dirname, '..', 'docs', 'benchmarks.md');
const RESULTS = join(__dirname, 'results');

function read(name: string): Run {
  return JSON.parse(readFileSync(join(RESULTS, name), 'utf8')) as Run;
}

/** The latest run of `npm run bench`, with what `npm run bench:peers` adds to it, if that was run the same day. */
function latestRun(): Run {
  const latest = readdirSync(RESULTS)
    .filter((name) => /^\d{4}-\d\d-\d\d\.json$/.test(name))
    .sort()
    .at(-1);
  if (latest === undefined) throw new Error(`no run in ${RESULTS}`);
  const run = read(latest);
  const peers = latest.replace('.json', '-peers.json');
  if (!existsSync(join(RESULTS, peers))) return run;
  const names = new Set(run.results.map(({ name }) => name));
  return { ...run, results: [...run.results, ...read(peers).results.filter(({ name }) => !names.has(name))] };
}

/** What a block of the page can ask for. */
const BLOCKS: Readonly<Record<string, (results: readonly ComparisonResult[], run: Run) => string>> = {
  machine: (_results, { machine, effort }) =>
    `${machineLine(machine)}; commit ${machine.commit ?? 'unknown'}; ${effort.rounds} rounds.`,
  goals: goalTable,
  table: comparisonTable,
  commands: commandTable,
  auto: autoTable,
  'typescript wins': typescriptWins,
};

function filled(page: string, run: Run): string {
  return page.replace(
    /<!-- ([a-z ]+)(?:: (.*))? -->\n[^]*?<!-- end -->/g,
    (block: string, kind: string, only?: string) => {
      const make = BLOCKS[kind];
      if (make === undefined) throw new Error(`docs/benchmarks.md asks for ${kind}, which is not known`);
      const wanted = run.results.filter(({ name }) => new RegExp(only ?? '').test(name));
      if (wanted.length === 0) throw new Error(`no comparison matches ${only}`);
      return `${block.slice(0, block.indexOf('\n'))}\n\n${make(wanted, run)}\n\n<!-- end -->`;
    },
  );
}

async function main(): Promise<void> {
  const page = readFileSync(PAGE, 'utf8');
  const { format, resolveConfig } = await import('prettier');
  const made = await format(filled(page, latestRun()), { ...(await resolveConfig(PAGE)), filepath: PAGE });
  if (!process.argv.includes('--check')) {
    writeFileSync(PAGE, made);
  } else if (made !== page) {
    console.error('docs/benchmarks.md says something else than benches/results: run npm run bench:report');
    process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
