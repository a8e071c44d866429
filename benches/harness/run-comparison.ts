/**
 * Runs one comparison in a process of its own, which begins with an empty heap and unoptimized code, whatever was
 * measured before: `node --require tsx/cjs run-comparison.ts <module> <name> <effort as JSON>`. The result goes to the
 * parent, or as JSON to standard output.
 */
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import type { Comparison, ComparisonModule, ComparisonResult, Effort, Task, TaskResult } from './comparison.js';
import { measure, quantile } from './measure.js';
import { loadAnew, loadWatched, nativeKernels, sideLoaders } from './sides.js';
import { judged } from './verdicts.js';

interface NamedTask {
  /** The side and the key. */
  readonly name: string;
  /** What tells the tasks of one side apart. */
  readonly key: string;
  readonly task: Task;
}

function loadComparison(module: string, name: string): Comparison {
  const { comparisons } = loadAnew(join(__dirname, '..', module)) as ComparisonModule;
  const comparison = comparisons.find((each) => each.name === name);
  if (comparison === undefined) throw new Error(`${module} has no comparison ${name}`);
  return comparison;
}

function taskName(side: string, task: string): string {
  return task === '' ? side : `${side}, ${task}`;
}

/** The tasks of every side, each from instances of the library and of the module that no other side uses. */
function sideTasks(module: string, name: string, everyKernel: boolean): NamedTask[] {
  return sideLoaders(loadComparison(module, name).sides, everyKernel).flatMap(({ load }) => {
    const side = load();
    const tasks = loadComparison(module, name).tasks?.(side) ?? {};
    return Object.entries(tasks).map(([key, task]) => ({ name: taskName(side.name, key), key, task }));
  });
}

/** Which side `auto` picks for each of its tasks. */
function picks(module: string, name: string): Map<string, 'native' | 'typescript'> {
  const { side, nativeCalls } = loadWatched();
  const tasks = loadComparison(module, name).tasks?.(side) ?? {};
  return new Map(
    Object.entries(tasks).map(([key, { before, run }]) => {
      before?.();
      const calls = nativeCalls();
      run();
      return [taskName(side.name, key), nativeCalls() > calls ? 'native' : 'typescript'];
    }),
  );
}

/** An answer without what may differ from side to side: where there is no `Buffer`, bytes are a plain `Uint8Array`. */
function plain(answer: unknown): unknown {
  if (answer instanceof Uint8Array) return Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
  if (Array.isArray(answer)) return answer.map(plain);
  if (typeof answer !== 'object' || answer === null || ArrayBuffer.isView(answer)) return answer;
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, plain(value)]));
}

function checkAnswers(name: string, tasks: readonly NamedTask[]): void {
  const answers = new Map<string, { readonly name: string; readonly answer: unknown }>();
  for (const { name: taskOfSide, key, task } of tasks) {
    if (task.answer === undefined) continue;
    const answer = plain(task.answer());
    const other = answers.get(key);
    if (other !== undefined && !isDeepStrictEqual(answer, other.answer)) {
      throw new Error(`${name}: ${taskOfSide} answers something else than ${other.name}`);
    }
    answers.set(key, other ?? { name: taskOfSide, answer });
  }
}

/** Measures a comparison. */
export function runComparison(module: string, name: string, effort: Effort): ComparisonResult {
  const comparison = loadComparison(module, name);
  const tasks = sideTasks(module, name, effort.everyKernel);
  const missing: { task: string; reason: string }[] = [];
  for (const [reference, task] of Object.entries(comparison.references?.() ?? {})) {
    if ('missing' in task) missing.push({ task: reference, reason: task.missing });
    else tasks.push({ name: reference, key: reference, task });
  }
  const native = nativeKernels();
  if ('reason' in native && (comparison.sides === 'all' || comparison.sides === 'kernels'))
    missing.push({ task: 'native', reason: native.reason });

  checkAnswers(name, tasks);
  const picked = comparison.sides === 'none' ? undefined : picks(module, name);
  const rounds = measure(
    tasks.map(({ task }) => task),
    { ...effort, rounds: Math.min(effort.rounds, comparison.rounds ?? Infinity) },
  );

  const results = tasks.map(({ name: taskOfSide, task }, i): TaskResult => {
    const bytes = task.bytes ?? comparison.bytes;
    const items = task.items ?? comparison.items?.count;
    const pick = picked?.get(taskOfSide);
    const peakMemory = task.peakMemory?.();
    return {
      task: taskOfSide,
      nanoseconds: quantile(rounds[i], 0.5),
      spread: (quantile(rounds[i], 0.75) - quantile(rounds[i], 0.25)) / 2,
      ...(bytes !== undefined && { bytes }),
      ...(items !== undefined && { items }),
      ...(pick !== undefined && { picks: pick }),
      ...(peakMemory !== undefined && { peakMemory }),
    };
  });
  return {
    name,
    module,
    ...(comparison.items !== undefined && { unit: comparison.items.unit }),
    tasks: results,
    missing,
    targets: judged(comparison, results),
  };
}

const [module, name, effort] = process.argv.slice(2);
const result = runComparison(module, name, JSON.parse(effort) as Effort);
if (process.send === undefined) console.log(JSON.stringify(result));
else process.send(result);
