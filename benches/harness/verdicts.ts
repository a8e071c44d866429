/** Holds times against targets, and puts the times of several processes together. */
import type { Comparison, ComparisonResult, PeakMemory, TargetResult, TaskResult, Times } from './comparison.js';
import { quantile } from './measure.js';
import { nativeKernels } from './sides.js';

/** What becomes of the targets of a comparison whose tasks have taken so long. */
export function judged({ targets = [] }: Comparison, results: readonly TaskResult[]): TargetResult[] {
  const native = nativeKernels();
  const best = 'reason' in native ? '' : native.kernels[0];
  const times: Times = (task) => {
    const wanted = task.replace(/^native(?=,|$)/, `native ${best}`);
    return results.find((result) => result.task === wanted)?.nanoseconds;
  };
  const peaks: PeakMemory = (task) => results.find((result) => result.task === task)?.peakMemory;
  return targets.map(({ goal, claim, unit, judge }) => {
    const verdict = judge(times, peaks);
    return { goal, claim, unit, ...(verdict !== undefined && { verdict }) };
  });
}

/** Whether a comparison has missed a target. */
export function missesTarget({ targets }: ComparisonResult): boolean {
  return targets.some(({ verdict }) => verdict?.passes === false);
}

/**
 * Puts the same comparison of several processes together: of every task, whatever side it is of, the median of the
 * processes.
 */
export function medianOf(comparison: Comparison, processes: readonly ComparisonResult[]): ComparisonResult {
  const [first] = processes;
  const tasks = first.tasks.map((task, i): TaskResult => {
    const same = processes.map((process) => process.tasks[i]);
    const peaks = same.flatMap(({ peakMemory }) => (peakMemory === undefined ? [] : [peakMemory]));
    const median = (values: readonly number[]) => quantile(values, 0.5);
    return {
      ...task,
      nanoseconds: median(same.map(({ nanoseconds }) => nanoseconds)),
      spread: median(same.map(({ spread }) => spread)),
      ...(peaks.length > 0 && { peakMemory: Math.max(...peaks) }),
    };
  });
  return { ...first, processes: processes.length, tasks, targets: judged(comparison, tasks) };
}
