import type { SingleBar } from 'cli-progress';
import type { TerminalWritable } from './context.js';

/** A run that is over before this many milliseconds shows no progress bar. */
const DELAY_MS = 1000;

const megabytes = (bytes: number) => Math.round(bytes / 1e6);

/** A progress bar, which is there once the run has taken a second. */
export interface Progress {
  /** Tells that so many more bytes are done; done itself when the bar is there. */
  add(bytes: number): Promise<void>;
  /** Takes the bar away. */
  stop(): void;
}

/**
 * Begins to show how far a run is.
 *
 * @param size how many bytes it will be; `Infinity` where that is not known, and nothing is shown
 * @param terminal where the bar goes; nothing is shown where it is none
 */
export function startProgress(size: number, terminal: TerminalWritable | undefined): Progress {
  if (terminal?.isTTY !== true || size === Infinity) return { add: () => Promise.resolve(), stop: () => undefined };
  const startedAt = performance.now();
  let bar: SingleBar | undefined;
  let isLoading = false;
  let isOver = false;
  let done = 0;
  const load = async () => {
    // Loaded when it is needed: most runs are over before.
    const { SingleBar: Bar, Presets } = await import('cli-progress');
    if (isOver) return;
    const format = '{bar} {percentage}% | {value} of {total} MB | {eta_formatted} to go';
    bar = new Bar({ stream: terminal, format, clearOnComplete: true, hideCursor: true }, Presets.shades_classic);
    bar.start(megabytes(size), megabytes(done));
  };
  return {
    async add(bytes) {
      done = Math.min(size, done + bytes);
      if (bar !== undefined) {
        bar.update(megabytes(done));
      } else if (!isLoading && performance.now() - startedAt >= DELAY_MS) {
        isLoading = true;
        await load();
      }
    },
    stop() {
      isOver = true;
      bar?.stop();
    },
  };
}

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
  const progress = startProgress(size, terminal);
  try {
    for await (const chunk of source) {
      yield chunk;
      await progress.add(chunk.length);
    }
  } finally {
    progress.stop();
  }
}
