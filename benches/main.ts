/**
 * Measures the library: `npm run bench`, with `-- --quick` in a minute or so, `-- --only <regular expression>` what is
 * so named, `-- --list` the names alone, `-- --json` for machines, `-- --output <file>` the same into a file besides the
 * table, `--peers` what others do instead,
 * `--against <folder>` another version of the package, built, beside this one.
 *
 * Each comparison runs in a process of its own; docs/benchmarks.md says how.
 */
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MODULES, PEER_MODULES } from './comparisons.js';
import type { Comparison, ComparisonModule, ComparisonResult, Effort } from './harness/comparison.js';
import { machine } from './harness/machine.js';
import { formatRecord } from './harness/record.js';
import { againstLines, comparisonLines, machineLine, summaryLines } from './harness/print.js';
import { medianOf, missesTarget } from './harness/verdicts.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    peers: { type: 'boolean', default: false },
    output: { type: 'string' },
    against: { type: 'string' },
  },
});

const THOROUGH: Effort = { rounds: 15, millisecondsPerRound: 10, warmUpMilliseconds: 60, everyKernel: true };
const QUICK: Effort = { rounds: 5, millisecondsPerRound: 5, warmUpMilliseconds: 20, everyKernel: false };
/**
 * In so many processes a comparison is measured that misses a target in the first: what the heap and the compiled code
 * of a process happen to be like costs one side or another as much as twofold, and stays for all its rounds.
 */
const PROCESSES_ON_MISS = 3;
/** A collection between two rounds would count as time in which a function was not used, and cost its code. */
const V8_OPTIONS = ['--expose-gc', '--no-flush-bytecode'];
/**
 * The allocator of glibc keeps what is freed. Otherwise it gives large blocks back to the kernel and gets them again, in
 * a rhythm that depends on what went before, and a call that allocates costs twice as much in one round as in the next.
 */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: String(32 * 2 ** 20), MALLOC_TRIM_THRESHOLD_: String(2 ** 30) };
// The processes of the comparisons read it.
if (options.against !== undefined) process.env['H264_SEI_BENCH_AGAINST'] = resolve(options.against);

const LOAD_THAT_DISTURBS = 0.5;

interface Selected {
  readonly module: string;
  readonly comparison: Comparison;
}

function selected(): Selected[] {
  const only = new RegExp(options.only, 'i');
  return (options.peers ? PEER_MODULES : MODULES)
    .flatMap((module) => {
      const { comparisons } = createRequire(__filename)(join(__dirname, module)) as ComparisonModule;
      return comparisons.map((comparison) => ({ module, comparison }));
    })
    .filter(({ comparison }) => only.test(comparison.name) && (comparison.quick || !options.quick));
}

function runInProcess({ module, comparison }: Selected, effort: Effort): Promise<ComparisonResult> {
  const script = join(__dirname, 'harness/run-comparison.ts');
  const child = fork(script, [module, comparison.name, JSON.stringify(effort)], {
    execArgv: [...process.execArgv, ...V8_OPTIONS],
    env: { ...process.env, ...ALLOCATOR },
  });
  return new Promise((settle, reject) => {
    child.on('message', (result) => {
      settle(result as ComparisonResult);
    });
    child.on('error', reject);
    // Where the result has come before, this is not heard.
    child.on('exit', (code, signal) => {
      reject(new Error(`${comparison.name} ended with ${signal ?? code}`));
    });
  });
}

/** Measures a comparison; in a thorough run again where it misses a target. */
async function run(each: Selected, effort: Effort): Promise<ComparisonResult> {
  const first = await runInProcess(each, effort);
  if (options.quick || !missesTarget(first)) return first;
  const processes = [first];
  while (processes.length < PROCESSES_ON_MISS) processes.push(await runInProcess(each, effort));
  return medianOf(each.comparison, processes);
}

async function main(): Promise<void> {
  const log = options.json ? console.error : console.log;
  const chosen = selected();
  if (options.list) {
    for (const { module, comparison } of chosen) console.log(`${module}: ${comparison.name}`);
    return;
  }
  const effort = options.quick ? QUICK : THOROUGH;
  const measuredOn = machine();
  log(machineLine(measuredOn));
  if (measuredOn.load > LOAD_THAT_DISTURBS) log('the machine is at work: expect noise');
  log(
    `${chosen.length} comparisons of up to ${effort.rounds} rounds: median of a call, ± half the distance of quartiles`,
  );

  const results: ComparisonResult[] = [];
  for (const each of chosen) {
    const result = await run(each, effort);
    results.push(result);
    log(`\n${comparisonLines(result).join('\n')}`);
  }
  log(`\n${summaryLines(results).join('\n')}`);
  if (options.against !== undefined) log(`\n${againstLines(results).join('\n')}`);

  const record = formatRecord({ machine: measuredOn, effort, results });
  if (options.json) console.log(record);
  if (options.output !== undefined) writeFileSync(options.output, `${record}\n`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
