#!/usr/bin/env node
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import type { Context, TerminalWritable } from './context.js';
import type * as Program from './program.js';

/** How long a run that is interrupted may take to remove what it has begun, in turns of so many milliseconds. */
const GRACE_TURNS = 20;
const GRACE_TURN_MS = 100;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

// Whoever reads our output may have seen enough, as in `h264-sei inspect x | head`: that is no failure.
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
}

/** The streams of the process. Each is made when it is used: together they take a fifth of the start of Node.js. */
class ProcessContext implements Context {
  readonly #endingQuietly = new Set<TerminalWritable>();

  constructor(readonly signal: AbortSignal) {}

  get stdin(): Readable {
    return process.stdin;
  }

  get stdout(): TerminalWritable {
    return this.#endQuietly(process.stdout);
  }

  get stderr(): TerminalWritable {
    return this.#endQuietly(process.stderr);
  }

  #endQuietly(stream: TerminalWritable): TerminalWritable {
    if (!this.#endingQuietly.has(stream)) stream.on('error', endQuietly);
    this.#endingQuietly.add(stream);
    return stream;
  }
}

async function run(context: Context): Promise<number> {
  try {
    // Loaded in here, since a backend that is forced and cannot be had ends the loading of the library; and not by
    // import(), which would set up the loader of ES modules first, at a tenth of the time that a short run takes.
    const { runCli } = createRequire(__filename)('./program.js') as typeof Program;
    return await runCli(process.argv.slice(2), context);
  } catch (error) {
    context.stderr.write(`h264-sei: ${(error as Error).message}\n`);
    return 1;
  }
}

async function main(): Promise<void> {
  const interruption = new AbortController();
  let signal: NodeJS.Signals | undefined;
  for (const name of SIGNALS) {
    process.once(name, () => {
      signal = name;
      interruption.abort();
      // Opening a pipe that nobody has at its other end cannot be interrupted otherwise. Turns are counted, since time
      // also passes for a process that does not get to run.
      let turns = 0;
      setInterval(() => ++turns === GRACE_TURNS && process.kill(process.pid, name), GRACE_TURN_MS).unref();
    });
  }
  process.exitCode = await run(new ProcessContext(interruption.signal));
  if (signal === undefined) return;
  // Ends as if the signal had not been caught, which tells a shell to stop its loop.
  process.kill(process.pid, signal);
}

void main();
