import type { Readable, Writable } from 'node:stream';

/** A stream that may lead to a terminal. */
export type TerminalWritable = Writable & {
  /** Whether it does. */
  readonly isTTY?: boolean;
};

/** What a command has of its process; a test gives it streams of its own. A stream that is not used is not touched. */
export interface Context {
  /** What `-` reads. */
  readonly stdin: Readable;
  /** What `-` writes. */
  readonly stdout: TerminalWritable;
  /** Takes reports, errors and the progress bar. */
  readonly stderr: TerminalWritable;
  /** Aborted when the run is to end early; no half-written file is left then. */
  readonly signal: AbortSignal;
}
