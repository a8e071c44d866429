import { getSystemErrorMap } from 'node:util';

/** The exit codes of the command. */
export const ExitCode = {
  /** All that was asked for is done. */
  ok: 0,
  /** The input or the run failed; there is no output file, or the one that was there is unchanged. */
  failed: 1,
  /** The arguments are wrong; nothing was done. */
  usage: 2,
  /** The output is complete, but some messages found no picture: their time lies past the end. */
  unplaced: 3,
  /** The input ends before its container says; the output has all that is whole of it. */
  truncated: 4,
} as const;

/** A failure that the user of the command is told in one line, which says what to do. */
export class CliError extends Error {
  /** With what the process ends. */
  readonly exitCode: number;

  /**
   * @param message one line for people
   * @param exitCode a value of {@link ExitCode}
   */
  constructor(message: string, exitCode: number = ExitCode.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What an error says, in words: of a failed system call what the operating system says, without call and path. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno, syscall } = error as NodeJS.ErrnoException;
  const words = errno === undefined || syscall === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  return words ?? error.message.split('\n')[0];
}

/** The failure `what: why`; one that says everything already passes as it is, as does the end of a run by a signal. */
export function failure(what: string, error: unknown): unknown {
  if (error instanceof CliError || (error instanceof Error && error.name === 'AbortError')) return error;
  return new CliError(`${what}: ${reasonOf(error)}`);
}
