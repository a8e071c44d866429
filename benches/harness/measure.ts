/** Times tasks in turns. */
import { join } from 'node:path';
import type { Effort, Task } from './comparison.js';
import { loadAnew } from './sides.js';
import type * as TimingLoop from './timing-loop.js';

/** Nanoseconds per call of one task, one figure for each round. */
export type Rounds = readonly number[];

/** The value below which the share `q` of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * q)];
}

/** A task with a timing loop of its own, and how many calls go into one timing. */
class TimedTask {
  private readonly timeCalls: typeof TimingLoop.timeCalls;
  private readonly sink = { value: 0 };
  private calls: number;

  constructor(private readonly task: Task) {
    ({ timeCalls: this.timeCalls } = loadAnew(join(__dirname, 'timing-loop.ts')) as typeof TimingLoop);
    this.calls = task.calls ?? 1;
  }

  /** Milliseconds of one timing. */
  private time(): number {
    this.task.before?.();
    return this.timeCalls(this.task.run, this.calls, this.sink);
  }

  /**
   * Lets the compiler do its work, and finds out how many calls fill half a round. It goes by the fastest timing so far,
   * so that a pause of the whole process is not taken for work that was done.
   */
  warmUp({ warmUpMilliseconds, millisecondsPerRound }: Effort): void {
    const enough = this.task.calls === undefined ? millisecondsPerRound / 2 : 0;
    let perCall = Infinity;
    let total = 0;
    do {
      perCall = Math.min(perCall, this.time() / this.calls);
      total += perCall * this.calls;
      if (perCall * this.calls < enough) this.calls *= 2;
    } while (total < warmUpMilliseconds || perCall * this.calls < enough);
  }

  /**
   * Nanoseconds per call. What the calls leave behind is collected while they are timed, as it would be in a server;
   * what others have left behind lately is collected before.
   */
  round({ millisecondsPerRound }: Effort): number {
    // The second time ends what the first has left to another thread: the memory of dead ArrayBuffers, whose release
    // would slow down the allocations of whoever comes next.
    globalThis.gc?.({ type: 'minor' });
    globalThis.gc?.({ type: 'minor' });
    let calls = 0;
    let milliseconds = 0;
    do {
      milliseconds += this.time();
      calls += this.calls;
    } while (milliseconds < millisecondsPerRound / 2);
    return (milliseconds * 1e6) / calls;
  }
}

/** The numbers below `count`, in an order of chance. */
function shuffled(count: number): number[] {
  const numbers = Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [numbers[last], numbers[other]] = [numbers[other], numbers[last]];
  }
  return numbers;
}

/**
 * Times tasks, round after round, each once in a round, so that whatever else the machine does hits all alike. The order
 * is another one in each round, so that none always comes behind the same other one.
 */
export function measure(tasks: readonly Task[], effort: Effort): Rounds[] {
  const timed = tasks.map((task) => new TimedTask(task));
  for (const task of timed) task.warmUp(effort);
  const rounds = timed.map((): number[] => []);
  for (let round = 0; round < effort.rounds; round++) {
    for (const index of shuffled(timed.length)) rounds[index].push(timed[index].round(effort));
  }
  return rounds;
}
