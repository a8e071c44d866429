import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const native = resolve(__dirname, '../../native');
const targetSuffix = '_fuzz.cc';

const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const FLAGS = ['-std=c++17', '-O1', '-g', '-Wall', '-Wextra', '-fno-exceptions', ...SANITIZERS];
const NEWEST_CLANG = 22;
const OLDEST_CLANG = 14;

/** The largest input; `kMaxInputSize` of native/fuzz/fuzz.h. */
export const MAX_INPUT_SIZE = 8192;

/** An input for which a target takes longer is a finding, in seconds. */
const TIMEOUT_S = 10;

/** What one target did. */
export interface FuzzResult {
  /** Inputs that were run. */
  readonly executions: number;
  /** Inputs that reach something which no other reaches. */
  readonly corpus: number;
  /** Edges of the program that were reached. */
  readonly coverage: number;
  /** The end of what libFuzzer said, where it found something or did not run; else nothing. */
  readonly failure?: string;
}

/** The names of the targets: the files native/fuzz/<name>_fuzz.cc. */
export function targets(): string[] {
  return readdirSync(join(native, 'fuzz'))
    .filter((name) => name.endsWith(targetSuffix))
    .map((name) => name.slice(0, -targetSuffix.length))
    .sort();
}

function buildsTargets(compiler: string): boolean {
  const program = 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }';
  const args = [...FLAGS, '-fsanitize=fuzzer', '-x', 'c++', '-', '-o', '/dev/null'];
  return spawnSync(compiler, args, { input: program }).status === 0;
}

/**
 * A compiler that has libFuzzer and the sanitizers, which is more than being there.
 *
 * @returns `$CXX` where it is set, else clang++ of the newest version; `undefined` where that cannot build a target
 */
export function fuzzingCompiler(): string | undefined {
  const given = process.env['CXX'];
  const versions = Array.from({ length: NEWEST_CLANG - OLDEST_CLANG + 1 }, (_, index) => NEWEST_CLANG - index);
  const candidates = given ? [given] : ['clang++', ...versions.map((version) => `clang++-${version}`)];
  return candidates.find(buildsTargets);
}

async function run(command: string, args: readonly string[], cwd: string): Promise<[code: number, output: string]> {
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, UBSAN_OPTIONS: 'print_stacktrace=1' },
  });
  const chunks: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return [code ?? -1, Buffer.concat(chunks).toString()];
}

async function compile(compiler: string, args: readonly string[], folder: string): Promise<void> {
  const [code, output] = await run(compiler, [...FLAGS, ...args], folder);
  if (code !== 0) throw new Error(`${compiler} failed:\n${output}`);
}

/**
 * Builds targets, with coverage, AddressSanitizer and UndefinedBehaviorSanitizer.
 *
 * @param compiler as {@link fuzzingCompiler} finds it
 * @param names of the targets
 * @param folder for the programs, which are called as the targets are
 * @throws Error with what the compiler said
 */
export async function build(compiler: string, names: readonly string[], folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const sources = ['codec', 'simd'].flatMap((part) =>
    readdirSync(join(native, part))
      .filter((name) => name.endsWith('.cc'))
      .map((name) => join(native, part, name)),
  );
  await compile(compiler, ['-fsanitize=fuzzer-no-link', '-c', ...sources], folder);
  const objects = sources.map((source) => basename(source).replace(/\.cc$/, '.o'));
  for (const name of names) {
    const source = join(native, 'fuzz', `${name}${targetSuffix}`);
    await compile(compiler, ['-fsanitize=fuzzer', source, ...objects, '-o', name], folder);
  }
}

/** Where a target works. */
export interface FuzzFolders {
  /** The programs. */
  readonly programs: string;
  /** What to begin with; it is only read. */
  readonly seeds: string;
  /** What was found to reach something new, a folder for each target; kept for the next run. */
  readonly corpus: string;
  /** The inputs that are findings. */
  readonly findings: string;
}

/**
 * Runs one target for some time.
 *
 * @param name of the target
 * @param seconds how long, without the time that reading the seeds takes
 * @param folders where it works
 * @param seed of libFuzzer's random numbers; absent for another one each time
 */
export async function fuzz(name: string, seconds: number, folders: FuzzFolders, seed?: number): Promise<FuzzResult> {
  const corpus = join(folders.corpus, name);
  for (const folder of [corpus, folders.findings]) mkdirSync(folder, { recursive: true });
  const [code, output] = await run(
    join(folders.programs, name),
    [
      corpus,
      folders.seeds,
      `-max_total_time=${seconds}`,
      `-max_len=${MAX_INPUT_SIZE}`,
      `-timeout=${TIMEOUT_S}`,
      `-dict=${join(native, 'fuzz', 'h264.dict')}`,
      `-artifact_prefix=${join(folders.findings, name)}-`,
      '-print_final_stats=1',
      ...(seed === undefined ? [] : [`-seed=${seed}`]),
    ],
    folders.programs,
  );
  const number = (pattern: RegExp) => Number([...output.matchAll(pattern)].at(-1)?.[1] ?? 0);
  return {
    executions: number(/^stat::number_of_executed_units:\s*(\d+)$/gm),
    corpus: number(/ corp: (\d+)/g),
    coverage: number(/ cov: (\d+)/g),
    ...(code !== 0 && { failure: output.split('\n').slice(-60).join('\n') }),
  };
}
