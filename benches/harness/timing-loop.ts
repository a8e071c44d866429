/**
 * The loop that is timed. Each task gets an instance of this module of its own, so that the call in it has one target,
 * which the compiler sees.
 */

/** Milliseconds of so many calls; `sink` takes the answers, so that none of them can be left out. */
export function timeCalls(run: () => number, calls: number, sink: { value: number }): number {
  let sum = 0;
  const since = performance.now();
  for (let call = 0; call < calls; call++) sum = (sum + run()) | 0;
  const milliseconds = performance.now() - since;
  sink.value ^= sum;
  return milliseconds;
}
