/** The distance of ticks, 1, 2 or 5 times a power of ten, so that no more than `count` are within `range`. */
export function tickStep(range: number, count: number): number {
  const rough = range / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((each) => each * power >= rough) ?? 10;
  return factor * power;
}
