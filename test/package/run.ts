import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const TIMEOUT_MS = 150_000;

/** What the environment says of backends and kernels is about the tests, not about the programs that they start. */
function neutralEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(H264_SEI_|VITEST|NODE_OPTIONS$)/.test(name)),
  );
}

/**
 * Runs a command and answers its standard output.
 *
 * @throws where it ends with anything but 0, with what it has written to standard error
 */
export async function run(command: string, args: readonly string[], directory: string): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    cwd: directory,
    env: neutralEnvironment(),
    // npm and what it puts into node_modules/.bin are batch files there.
    shell: process.platform === 'win32',
    timeout: TIMEOUT_MS,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}
