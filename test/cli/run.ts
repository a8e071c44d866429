import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { afterAll, beforeAll } from 'vitest';
import { runCli } from '../../src/cli/program.js';

/** What a run of the command has left. */
export interface Run {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

class Collector extends Writable {
  readonly chunks: Buffer[] = [];
  constructor(readonly isTTY = false) {
    super();
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/** What a run in this process may be given. */
export interface RunOptions {
  readonly stdin?: Iterable<Uint8Array>;
  readonly isTerminal?: boolean;
  readonly signal?: AbortSignal;
}

/** Runs the command in this process, with streams of its own. */
export async function runInProcess(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const stdout = new Collector(options.isTerminal);
  const stderr = new Collector();
  const stdin = options.stdin === undefined ? new PassThrough() : Readable.from(options.stdin);
  const signal = options.signal ?? new AbortController().signal;
  const code = await runCli(args, { stdin, stdout, stderr, signal });
  return { code, stdout: stdout.bytes, stderr: stderr.bytes.toString() };
}

const MAIN = resolve(__dirname, '../../dist/cli/main.js');

/** Starts the command as its users have it. */
export function spawnCli(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], options);
}

/** The command as a word for a shell. */
export function shellCommand(): string {
  if (!existsSync(MAIN)) throw new Error('dist/ is missing; run npm run build');
  return `'${process.execPath}' '${MAIN}'`;
}

/** Collects what a child writes, until it ends. */
export function collect(child: ChildProcess): Promise<Run & { readonly signal: NodeJS.Signals | null }> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  return new Promise((resolvePromise, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolvePromise({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
    });
  });
}

/** Runs a line of bash in a folder; `$CLI` is the command. */
export function bash(line: string, cwd: string): Promise<Run> {
  return collect(spawn('bash', ['-c', line.replaceAll('$CLI', shellCommand())], { cwd }));
}

/** The lines of JSON Lines, parsed. */
export function parseLines(output: Buffer | string): Record<string, unknown>[] {
  const text = output.toString();
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A folder for the files of a test file, which goes with it. */
export function useFolder(): { path(name: string): string; readonly root: string } {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'h264-sei-cli-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  return {
    path: (name) => join(root, name),
    get root() {
      return root;
    },
  };
}

/** Bytes in pieces of a length. */
export function* pieces(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}
