import { spawn } from 'node:child_process';

const TIMEOUT_MS = 120_000;

/** What a process has written. */
export interface Written {
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs a command that reads its standard input to the end.
 *
 * @throws Error with the end of what it has written to standard error, where it ends with anything but 0
 */
export function runPiped(command: string, args: readonly string[], input: Uint8Array): Promise<Written> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (status, signal) => {
      const errors = Buffer.concat(stderr).toString();
      if (status === 0) resolve({ stdout: Buffer.concat(stdout), stderr: errors });
      else reject(new Error(`${command} ended with ${signal ?? `status ${status}`}: ${errors.slice(-2000)}`));
    });
    // A child that ends early closes the pipe; its status tells why, the broken pipe does not.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
