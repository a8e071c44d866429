/** Results as the tables of a Markdown page. */
import type { ComparisonResult, TargetResult, TaskResult } from './harness/comparison.js';
import { duration, figure, mark, speed } from './harness/print.js';

type Row = readonly string[];

/** So many comparisons that miss a target are named; the record has them all. */
const MOST_NAMED = 3;

/** What is faster by less than this is as fast. */
const NOTABLE_RATIO = 1.1;

/** From so many bytes on, speed says more than time. */
const LARGE = 65_536;

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function bestKernel(results: readonly ComparisonResult[]): string | undefined {
  return results.flatMap(({ tasks }) => tasks).find(({ task }) => task.startsWith('native '))?.task;
}

/** What a task name says besides its side: `native avx2, 1 KiB` is `1 KiB` of `native avx2`. */
function sideAndKey(task: string): readonly [side: string, key: string] {
  const [side, ...rest] = task.split(', ');
  return [side, rest.join(', ')];
}

const isSide = (name: string): boolean => /^(native |typescript|auto)/.test(name);

function cell(result: TaskResult | undefined, bytes: number | undefined): string {
  if (result === undefined) return '';
  const time = duration(result.nanoseconds);
  return bytes === undefined || bytes < LARGE ? time : `${time} (${speed(bytes, result.nanoseconds)})`;
}

/** A row for each comparison, or for each task key of a comparison that has several; a column for each side. */
export function comparisonTable(results: readonly ComparisonResult[]): string {
  const columns = [...new Set(results.flatMap(({ tasks }) => tasks.map(({ task }) => sideOf(task))))];
  const rows = results.flatMap(({ name, tasks }) => {
    const keys = [...new Set(tasks.filter(({ task }) => isSide(task)).map(({ task }) => sideAndKey(task)[1]))];
    return (keys.length === 0 ? [''] : keys).map((key) => [
      key === '' ? name : `${name}: ${key}`,
      ...columns.map((column) => {
        const task = tasks.find((each) => each.task === (key === '' || !isSide(column) ? column : `${column}, ${key}`));
        return cell(task, task?.bytes);
      }),
    ]);
  });
  return table(['', ...columns], rows);
}

function sideOf(task: string): string {
  return isSide(task) ? sideAndKey(task)[0] : task;
}

/** Commands: whole processes with their memory. */
export function commandTable(results: readonly ComparisonResult[]): string {
  const rows = results.flatMap(({ name, tasks }) =>
    tasks.map(({ task, nanoseconds, spread, peakMemory }) => [
      name,
      task,
      duration(nanoseconds),
      `± ${((spread / nanoseconds) * 100).toFixed(0)} %`,
      peakMemory === undefined ? '' : `${(peakMemory / 1e6).toFixed(0)} MB`,
    ]),
  );
  return table(['file', 'command', 'time', 'spread', 'memory at most'], rows);
}

/** Every goal and claim: how often it was met, and the worst figure. */
export function goalTable(results: readonly ComparisonResult[]): string {
  const targets = results.flatMap(({ name, targets: all }) => all.map((target) => ({ name, target })));
  const claims = groupBy(targets, ({ target }) => `${target.goal}\0${target.claim}`);
  const rows = [...claims.values()].map((group) => {
    const { goal, claim } = group[0].target;
    const met = group.filter(({ target }) => target.verdict?.passes === true).length;
    const missed = group.filter(({ target }) => mark(target) !== '✓');
    const named = missed.slice(0, MOST_NAMED).map(({ name, target }) => `${name}: ${figure(target)}`);
    if (missed.length > MOST_NAMED) named.push(`and ${missed.length - MOST_NAMED} more`);
    const where = named.join('; ');
    return [goal, claim, `${met} of ${group.length}`, range(group.map(({ target }) => target)), where];
  });
  return table(['goal', 'target', 'met', 'figures', 'missed by'], rows);
}

function range(targets: readonly TargetResult[]): string {
  const judged = targets.filter(({ verdict }) => verdict !== undefined);
  judged.sort((a, b) => (a.verdict?.value ?? 0) - (b.verdict?.value ?? 0));
  if (judged.length === 0) return 'not measured';
  const [least, most] = [figure(judged[0]), figure(judged[judged.length - 1])];
  return least === most ? least : `${least} to ${most}`;
}

/** Where the fallback is the faster one. */
export function typescriptWins(results: readonly ComparisonResult[]): string {
  const native = bestKernel(results);
  const rows = results.flatMap(({ name, tasks }) =>
    tasks.flatMap(({ task, nanoseconds }) => {
      const [side, key] = sideAndKey(task);
      const typescript = tasks.find((each) => each.task === (key === '' ? 'typescript' : `typescript, ${key}`));
      if (side !== native || typescript === undefined) return [];
      const ratio = nanoseconds / typescript.nanoseconds;
      if (ratio < NOTABLE_RATIO) return [];
      const call = key === '' ? name : `${name}: ${key}`;
      return [[call, duration(nanoseconds), duration(typescript.nanoseconds), `${ratio.toFixed(2)} x`]];
    }),
  );
  return table(['call', native ?? 'native', 'typescript', 'times faster'], rows);
}

/** Which side `auto` picks: a row for each call, a column for each size. */
export function autoTable(results: readonly ComparisonResult[]): string {
  const cells = results.flatMap(({ name, tasks }) =>
    tasks.flatMap(({ task, picks }) => {
      const key = task === 'auto' ? '' : `, ${sideAndKey(task)[1]}`;
      const [, call, size] = /^(.*), (\d+ (?:B|KiB|MiB))$/.exec(`${name.replace(', by frame size', '')}${key}`) ?? [];
      return picks === undefined || call === undefined ? [] : [{ call, size, picks }];
    }),
  );
  const sizes = [...new Set(cells.map(({ size }) => size))].sort((a, b) => bytesOfName(a) - bytesOfName(b));
  const rows = [...groupBy(cells, ({ call }) => call)].map(([call, group]) => [
    call,
    ...sizes.map((size) => group.find((each) => each.size === size)?.picks ?? ''),
  ]);
  return table(['', ...sizes], rows);
}

function bytesOfName(size: string): number {
  const [count, unit] = size.split(' ');
  return Number(count) * { B: 1, KiB: 1024, MiB: 1024 * 1024 }[unit as 'B' | 'KiB' | 'MiB'];
}
