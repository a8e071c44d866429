import type { SingleBar } from 'cli-progress';
import type { TerminalWritable } from './context.js';

/** A run that is over before this many milliseconds shows no progress bar. */
const DELAY_MS = 1000;

/**
 * Passes chunks on and shows on a terminal how far the run is, once it has taken a second; elsewhere nothing is shown.
 *
 * @param source the chunks
 * @param size how many bytes they are
 * @param terminal where the bar goes
 */
export async function* showProgress(
  source: AsyncIterable<Uint8Array>,
  size: number,
  terminal: TerminalWritable,
): AsyncGenerator<Uint8Array> {
  if (terminal.isTTY !== true) {
    yield* source;
    return;
  }
  const startedAt = performance.now();
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  let bar: SingleBar | undefined;
  let read = 0;
  try {
    for await (const chunk of source) {
      yield chunk;
      read += chunk.length;
      if (bar !== undefined) {
        bar.update(megabytes(read));
      } else if (performance.now() - startedAt >= DELAY_MS) {
        // Loaded when it is needed: most runs are over before.
        const { SingleBar: Bar, Presets } = await import('cli-progress');
        const format = '{bar} {percentage}% | {value} of {total} MB | {eta_formatted} to go';
        bar = new Bar({ stream: terminal, format, clearOnComplete: true, hideCursor: true }, Presets.shades_classic);
        bar.start(megabytes(size), megabytes(read));
      }
    }
  } finally {
    bar?.stop();
  }
}
