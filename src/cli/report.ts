import type { Context } from './context.js';
import type { StreamOptions } from './transform.js';

/** A number with what it counts: `1 message`, `2 messages`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Tells on stderr what was done, unless the run is to be quiet. */
export function report(text: string, context: Context, { quiet }: StreamOptions): void {
  if (quiet !== true) context.stderr.write(`${text}\n`);
}
