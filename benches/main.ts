/**
 * Native against TypeScript: `npm run bench`, `npm run bench -- --quick`, `npm run bench -- --json`.
 *
 * The answers of all sides are compared before anything is timed. The sides then take turns, round after round, so that
 * what else the machine does hits all alike; a figure is the median of the rounds, with the distance of the quartiles.
 */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { Bench } from 'tinybench';
import type { Backend } from '../src/backend/backend.js';
import { loadNativeBackend } from '../src/backend/native.js';
import { typescriptBackend } from '../src/backend/typescript.js';
import { type Case, cases } from './cases.js';

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'boolean' } } });
const ROUNDS = options.quick ? 3 : 9;
const MILLISECONDS_PER_ROUND = options.quick ? 20 : 60;
/** One sample is at least this long, so that the clock does not count. */
const MILLISECONDS_PER_SAMPLE = 0.05;

interface Side {
  readonly name: string;
  /** Puts the side to work, and answers it. */
  readonly select: () => Backend;
}

function sides(): Side[] {
  const typescript = { name: 'typescript', select: () => typescriptBackend };
  const native = loadNativeBackend();
  if ('reason' in native) {
    console.error(`no native side: ${native.reason}`);
    return [typescript];
  }
  const kernels = native.kernels.map((name) => ({
    name: `native ${name}`,
    select: () => {
      native.selectKernel(name);
      return native.backend;
    },
  }));
  return [...kernels, typescript];
}

function quantile(values: readonly number[], q: number): number {
  return [...values].sort((a, b) => a - b)[Math.round((values.length - 1) * q)];
}

/** How many calls make a sample. */
function batchSize(run: () => unknown): number {
  for (let calls = 1; ; calls *= 2) {
    const since = performance.now();
    for (let i = 0; i < calls; i++) run();
    if (performance.now() - since >= MILLISECONDS_PER_SAMPLE) return calls;
  }
}

/** Nanoseconds per call of each side, in each round. */
async function measure({ run }: Case, contenders: readonly Side[]): Promise<number[][]> {
  const bench = new Bench({ time: MILLISECONDS_PER_ROUND, warmupTime: 5, warmupIterations: 1, iterations: 3 });
  const batches = contenders.map(({ name, select }) => {
    const backend = select();
    const calls = batchSize(() => run(backend));
    bench.add(name, () => {
      for (let i = 0; i < calls; i++) run(backend);
    });
    return calls;
  });
  const rounds: number[][] = contenders.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { select }] of contenders.entries()) {
      select();
      // A task that has run keeps its samples and runs no more.
      bench.tasks[i].reset();
      const { result } = await bench.tasks[i].run();
      if (!('latency' in result)) throw new Error(`${bench.tasks[i].name} did not finish: ${result.state}`);
      rounds[i].push((result.latency.p50 * 1e6) / batches[i]);
    }
  }
  return rounds;
}

function checkAnswers({ name, run }: Case, contenders: readonly Side[]): void {
  const answers = contenders.map((side) => run(side.select()));
  if (new Set(answers).size > 1) throw new Error(`${name}: the sides answer ${answers.join(', ')}`);
}

async function main(): Promise<void> {
  const contenders = sides();
  const machine = { cpu: cpus()[0].model, cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30) };
  const versions = { node: process.version, platform: `${process.platform}-${process.arch}` };
  if (!options.json) {
    console.log(`${machine.cpu}, ${machine.cores} cores; Node ${versions.node} on ${versions.platform}`);
    console.log(
      `${ROUNDS} rounds; ns per call, ± half the distance of the quartiles in percent; GB/s; times faster than TypeScript\n`,
    );
  }
  for (const item of cases) checkAnswers(item, contenders);

  const results = [];
  for (const item of cases) {
    const rounds = await measure(item, contenders);
    const medians = rounds.map((values) => quantile(values, 0.5));
    const typescript = medians[medians.length - 1];
    const rows = contenders.map((side, i) => ({
      side: side.name,
      nanoseconds: medians[i],
      spread: (quantile(rounds[i], 0.75) - quantile(rounds[i], 0.25)) / 2,
      gigabytesPerSecond: item.bytes / medians[i],
      timesTypescript: typescript / medians[i],
    }));
    results.push({ name: item.name, bytes: item.bytes, sides: rows });
    if (options.json) continue;
    console.log(item.name);
    for (const { side, nanoseconds, spread, gigabytesPerSecond, timesTypescript } of rows) {
      console.log(
        `  ${side.padEnd(16)}${nanoseconds.toFixed(0).padStart(9)} ns ±${`${((spread / nanoseconds) * 100).toFixed(1)} %`.padEnd(7)}` +
          `${gigabytesPerSecond.toFixed(2).padStart(9)} GB/s${timesTypescript.toFixed(2).padStart(8)} x`,
      );
    }
  }
  if (options.json) console.log(JSON.stringify({ machine, ...versions, rounds: ROUNDS, results }, undefined, 2));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
