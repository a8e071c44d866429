/**
 * Fuzzes the native side by libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer, one target after the other:
 *
 *     npm run fuzz -- --seconds 60 [--target splice]... [--seed 1]
 *
 * Everything is in build/fuzz: the programs, the seeds made from the test clips, the corpus, which the next run goes on
 * with, and the inputs that are findings. The exit code is 0 where there is none, 1 where there is one, and 2 where
 * nothing could be run.
 */
import { rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type FuzzFolders, MAX_INPUT_SIZE, build, fuzz, fuzzingCompiler, targets } from './fuzz/libfuzzer.js';
import { wholeNumber } from './fuzz/options.js';
import { writeSeeds } from './fuzz/seeds.js';

const NO_COMPILER = `no compiler with libFuzzer and sanitizers: install clang and its runtime libraries (on Debian the
packages clang and libclang-rt-14-dev), or name one by $CXX`;

interface Options {
  readonly seconds: number;
  readonly names: readonly string[];
  readonly seed?: number;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      target: { type: 'string', multiple: true },
      seed: { type: 'string' },
    },
  });
  const known = targets();
  const unknown = values.target?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`no target ${unknown}; there are ${known.join(', ')}`);
  return {
    seconds: wholeNumber('seconds', values.seconds, 1),
    names: values.target ?? known,
    ...(values.seed !== undefined && { seed: wholeNumber('seed', values.seed, 1) }),
  };
}

const column = (value: string | number, width: number) =>
  typeof value === 'number' ? value.toLocaleString('en-US').padStart(width) : value.padEnd(width);

/** Answers the number of targets with a finding. */
async function fuzzAll({ seconds, names, seed }: Options, folders: FuzzFolders): Promise<number> {
  const each = Math.max(1, Math.floor(seconds / names.length));
  let executions = 0;
  let failures = 0;
  console.log(`${column('target', 22)}${column('  executions      exec/s    coverage      corpus', 48)}`);
  for (const name of names) {
    const begin = performance.now();
    const result = await fuzz(name, each, folders, seed);
    const rate = Math.round(result.executions / ((performance.now() - begin) / 1000));
    const numbers = [result.executions, rate, result.coverage, result.corpus];
    console.log(`${column(name, 22)}${numbers.map((value) => column(value, 12)).join('')}`);
    executions += result.executions;
    if (result.failure === undefined) continue;
    failures++;
    console.error(`${name}: a finding\n${result.failure}`);
    console.error(`again: ${relative('.', join(folders.programs, name))} <the test unit named above>`);
  }
  console.log(
    `${executions.toLocaleString('en-US')} executions, ${failures} of ${names.length} targets with a finding`,
  );
  return failures;
}

async function main(): Promise<number> {
  const options = readOptions();
  const compiler = fuzzingCompiler();
  if (compiler === undefined) throw new Error(NO_COMPILER);
  const root = resolve(__dirname, '../build/fuzz');
  const folders: FuzzFolders = {
    programs: join(root, 'programs'),
    seeds: join(root, 'seeds'),
    corpus: join(root, 'corpus'),
    findings: join(root, 'findings'),
  };
  rmSync(folders.seeds, { recursive: true, force: true });
  console.log(`${writeSeeds(folders.seeds, MAX_INPUT_SIZE)} seeds; building by ${compiler} ...`);
  await build(compiler, options.names, folders.programs);
  return (await fuzzAll(options, folders)) === 0 ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
