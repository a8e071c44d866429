/**
 * Runs a command and prints the most memory that its process held, in bytes: `node --require tsx/cjs peak-memory.ts
 * <command> <arguments>`. Linux says so while the process lives, so it is asked again and again; what it takes in its
 * last milliseconds is not seen.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const MILLISECONDS_BETWEEN_LOOKS = 5;

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: 'ignore' });
let kibibytes = 0;

function look(): void {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    kibibytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? kibibytes);
  } catch {
    // The process has ended, or this is not Linux.
  }
}

const timer = setInterval(look, MILLISECONDS_BETWEEN_LOOKS);
child.on('exit', (code) => {
  clearInterval(timer);
  console.log(kibibytes * 1024);
  process.exitCode = code ?? 1;
});
