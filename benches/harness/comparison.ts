/** The nouns of a benchmark: a comparison times tasks against each other, in one run and on the same bytes. */
import type * as Index from '../../src/index.js';
import type * as Rtp from '../../src/rtp/index.js';
import type { Backend } from '../../src/backend/backend.js';

/** An instance of the library, as it is published, that works with one backend. */
export interface Side {
  /** `native` with the kernel, `typescript`, `typescript without Buffer`, or `auto` for the choice of the library. */
  readonly name: string;
  /** What an application imports. */
  readonly library: typeof Index;
  /** The same of `h264-sei/rtp`. */
  readonly rtp: typeof Rtp;
  /** What stands behind it. */
  readonly backend: Backend;
}

/** One call that is timed. */
export interface Task {
  /** Makes the call; answers a number of its result, which keeps the compiler from leaving the call out. */
  readonly run: () => number;
  /** The result of a call, in full: it has to be the same on every side. */
  readonly answer?: () => unknown;
  /** Prepares the next {@link calls} calls. It is not timed. */
  readonly before?: () => void;
  /** How many calls each `before` prepares. */
  readonly calls?: number;
  /** Bytes that a call goes over, where that is not the number of the comparison. */
  readonly bytes?: number;
  /** Things that a call does, such as NAL units, where that is not the number of the comparison. */
  readonly items?: number;
  /** Of a task that starts a process: runs it once more and answers the most memory it held, in bytes. */
  readonly peakMemory?: () => number | undefined;
}

/** A task that this machine does not have, and why. */
export interface Missing {
  readonly missing: string;
}

/** Nanoseconds per call of a task; undefined where the task is missing. `native` is the best kernel. */
export type Times = (task: string) => number | undefined;

/** The most memory that the process of a task held, in bytes; undefined where that is not known. */
export type PeakMemory = (task: string) => number | undefined;

/** What a target says of measured times. */
export interface Verdict {
  /** A ratio, or a figure in {@link Target.unit}. */
  readonly value: number;
  readonly passes: boolean;
}

/** A claim that a comparison bears out or not. */
export interface Target {
  /** Which goal of the project it belongs to; docs/benchmarks.md lists them. */
  readonly goal: Goal;
  /** Such as `native avx2 at least 0.6 x as fast as memchr`. */
  readonly claim: string;
  /** `x` for a ratio. */
  readonly unit: string;
  /** Undefined where a task is missing. */
  readonly judge: (times: Times, peaks: PeakMemory) => Verdict | undefined;
}

/** The goals, by the names under which the summary groups their targets. */
export type Goal =
  | 'scan'
  | 'emulation prevention'
  | 'injection'
  | 'injector'
  | 'extraction'
  | 'auto'
  | 'typescript'
  | 'linear'
  | 'command line'
  | 'rtp';

/**
 * `all`: the addon with every kernel (with the best alone in a quick run), both kinds of TypeScript, and `auto`;
 * `kernels`: the same, with every kernel in a quick run too; `auto` alone; `none` but the references.
 */
export type Sides = 'all' | 'kernels' | 'auto' | 'none';

/** Tasks that are timed in turns. */
export interface Comparison {
  /** The call and its input. */
  readonly name: string;
  /** Bytes that a call goes over. */
  readonly bytes?: number;
  /** What a call does, and how many of them. */
  readonly items?: { readonly unit: string; readonly count: number };
  /** Whether it is part of `--quick`. */
  readonly quick: boolean;
  /** Which sides take part. */
  readonly sides: Sides;
  /** The most rounds that it is measured for, where a call takes long. */
  readonly rounds?: number;
  /**
   * The tasks of a side. It is called in an instance of its module that no other side uses, so that the functions in
   * it are compiled for this side alone. A single task has the name `''`.
   */
  readonly tasks?: (side: Side) => Record<string, Task>;
  /** What the sides are held against, such as memchr. */
  readonly references?: () => Record<string, Task | Missing>;
  readonly targets?: readonly Target[];
}

/** A module of comparisons, in a folder that mirrors src/. */
export interface ComparisonModule {
  readonly comparisons: readonly Comparison[];
}

/** How long a task takes. */
export interface TaskResult {
  readonly task: string;
  /** Of one call: the median of the rounds. */
  readonly nanoseconds: number;
  /** Half the distance of the quartiles of the rounds. */
  readonly spread: number;
  readonly bytes?: number;
  readonly items?: number;
  /** The side that `auto` picks for this call. */
  readonly picks?: 'native' | 'typescript';
  /** Resident memory of a process at its highest, in bytes. */
  readonly peakMemory?: number;
}

/** What became of a target. */
export interface TargetResult {
  readonly goal: Goal;
  readonly claim: string;
  readonly unit: string;
  /** Absent where it could not be judged. */
  readonly verdict?: Verdict;
}

/** What became of a comparison. */
export interface ComparisonResult {
  readonly name: string;
  /** The module, as a path below benches/. */
  readonly module: string;
  readonly unit?: string;
  /** In how many processes it was measured, where that is more than one: the times are the medians of theirs. */
  readonly processes?: number;
  readonly tasks: readonly TaskResult[];
  readonly missing: readonly { readonly task: string; readonly reason: string }[];
  readonly targets: readonly TargetResult[];
}

/** How thoroughly to measure. */
export interface Effort {
  readonly rounds: number;
  readonly millisecondsPerRound: number;
  readonly warmUpMilliseconds: number;
  /** Whether every kernel takes part where a comparison does not ask for them. */
  readonly everyKernel: boolean;
}
