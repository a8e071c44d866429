/** Results as people read them. */
import type { ComparisonResult, TargetResult, TaskResult } from './comparison.js';
import type { Machine } from './machine.js';

/** Nanoseconds with the unit that fits. */
export function duration(nanoseconds: number): string {
  if (nanoseconds < 1e4) return `${nanoseconds < 100 ? nanoseconds.toFixed(1) : nanoseconds.toFixed(0)} ns`;
  if (nanoseconds < 1e7) return `${(nanoseconds / 1e3).toFixed(1)} µs`;
  return `${(nanoseconds / 1e6).toFixed(1)} ms`;
}

/** Bytes in so many nanoseconds, as gigabytes a second. */
export function speed(bytes: number, nanoseconds: number): string {
  const gigabytes = bytes / nanoseconds;
  return `${gigabytes < 100 ? gigabytes.toPrecision(3) : gigabytes.toFixed(0)} GB/s`;
}

/** A count with few digits: `950`, `12.3 k`, `4.56 M`. */
function count(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(1)} k` : value.toFixed(0);
}

/** The figure of a verdict in its unit. */
export function figure({ unit, verdict }: TargetResult): string {
  if (verdict === undefined) return 'not measured';
  const { value } = verdict;
  if (unit === 'ns') return duration(value);
  if (unit.endsWith('/s') && unit !== 'GB/s') return `${count(value)} ${unit}`;
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ${unit}`;
}

/** `✓` or `✗`, and `?` where nothing could be said. */
export function mark({ verdict }: TargetResult): string {
  if (verdict === undefined) return '?';
  return verdict.passes ? '✓' : '✗';
}

/** The line that says where the figures come from. */
export function machineLine(machine: Machine): string {
  const { cpu, cores, memoryGiB, platform, kernel, node, libc, instructionSets, load } = machine;
  const parts = [`${cpu}, ${cores} cores, ${memoryGiB} GiB`, `${platform} ${kernel}`, `Node ${node}`];
  if (libc !== undefined) parts.push(libc);
  parts.push(instructionSets.join(' '), `load ${load.toFixed(2)}`);
  return parts.filter((part) => part !== '').join('; ');
}

function columns({ task, nanoseconds, spread, bytes, items, picks, peakMemory }: TaskResult, unit?: string): string[] {
  return [
    task,
    duration(nanoseconds),
    `± ${((spread / nanoseconds) * 100).toFixed(1)} %`,
    bytes === undefined ? '' : speed(bytes, nanoseconds),
    items === undefined || unit === undefined ? '' : `${count((items * 1e9) / nanoseconds)} ${unit}/s`,
    peakMemory === undefined ? '' : `${(peakMemory / 1e6).toFixed(0)} MB`,
    picks === undefined ? '' : `picks ${picks}`,
  ];
}

/** A table with the columns aligned: the first to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .filter((_, column) => widths[column] > 0)
      .join('  ')
      .trimEnd(),
  );
}

/** The lines of one comparison. */
export function comparisonLines({ name, unit, processes, tasks, missing, targets }: ComparisonResult): string[] {
  return [
    processes === undefined ? name : `${name} (${processes} processes)`,
    ...aligned(tasks.map((task) => columns(task, unit))).map((line) => `  ${line}`),
    ...missing.map(({ task, reason }) => `  ${task}: not measured, ${reason}`),
    ...targets.map((target) => `  ${mark(target)} ${target.claim}: ${figure(target)}`),
  ];
}

/** What became of the targets, goal by goal, with each that was missed. */
export function summaryLines(results: readonly ComparisonResult[]): string[] {
  const all = results.flatMap(({ name, targets }) => targets.map((target) => ({ name, target })));
  const goals = [...new Set(all.map(({ target }) => target.goal))];
  return goals.flatMap((goal) => {
    const ofGoal = all.filter(({ target }) => target.goal === goal);
    const judged = ofGoal.filter(({ target }) => target.verdict !== undefined);
    const missed = judged.filter(({ target }) => target.verdict?.passes === false);
    const left = ofGoal.length - judged.length;
    const unmeasured = left === 0 ? '' : `, ${left} not measured`;
    return [
      `${goal}: ${judged.length - missed.length} of ${judged.length} targets met${unmeasured}`,
      ...missed.map(({ name, target }) => `  ✗ ${name}: ${target.claim}: ${figure(target)}`),
    ];
  });
}

/** Slower than the version before by more than this is told. */
const TELLING_RATIO = 1.05;

/** This version beside the one of `--against`: the task of `auto` for each of that one, the slowest first. */
export function againstLines(results: readonly ComparisonResult[]): string[] {
  const pairs = results.flatMap(({ name, tasks }) =>
    tasks.flatMap(({ task, nanoseconds }) => {
      const before = tasks.find((other) => other.task === task.replace(/^auto/, 'before'));
      return task.startsWith('auto') && before !== undefined
        ? [{ name: `${name}${task.slice('auto'.length)}`, ratio: nanoseconds / before.nanoseconds }]
        : [];
    }),
  );
  const slower = pairs.filter(({ ratio }) => ratio > TELLING_RATIO).sort((a, b) => b.ratio - a.ratio);
  return [
    `against the version before: ${slower.length} of ${pairs.length} tasks take more than ${TELLING_RATIO} x its time`,
    ...slower.map(({ name, ratio }) => `  ${name}: ${ratio.toFixed(2)} x`),
  ];
}
