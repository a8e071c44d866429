/**
 * The command on a file, against FFmpeg's filter for the same purpose and against a plain copy by Node's streams. Each
 * call is a whole process, from its start to its end.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync, openSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Comparison, Missing, Task } from '../harness/comparison.js';
import { atMost, atMostMegabytes } from '../harness/targets.js';
import { annexBFrame } from '../inputs.js';

const MEGABYTE = 1e6;
const ROUNDS = 7;
const TEXT = 'a caption of some length';
const UUID = 'b16d7d56-892e-419c-8d82-e069cd3aa5c1';
const root = resolve(__dirname, '../..');

/** What the harness sets for its own allocations is not for these processes. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MALLOC_')));

const clip = (name: string) => readFileSync(join(root, 'test/fixtures/clips', name));

/** What the file consists of, over and over. */
const CONTENTS: Readonly<Record<string, () => Uint8Array>> = {
  'pictures of 6 kB': () => clip('1080p.h264'),
  'pictures of 700 bytes': () => clip('cabac.h264'),
  'pictures of 100 kB': () => annexBFrame(100_000),
};

let folder: string | undefined;

/** A folder of this process, which goes with it. */
function temporaryFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'h264-sei-bench-'));
    process.on('exit', () => {
      rmSync(made, { recursive: true, force: true });
    });
    folder = made;
  }
  return folder;
}

function inputFile(content: string, megabytes: number): string {
  const file = join(temporaryFolder(), 'input.h264');
  if (existsSync(file)) return file;
  const piece = CONTENTS[content]();
  const block = Buffer.concat(Array<Uint8Array>(Math.ceil((8 * MEGABYTE) / piece.length)).fill(piece));
  const descriptor = openSync(file, 'w');
  for (let written = 0; written < megabytes * MEGABYTE; written += block.length) writeSync(descriptor, block);
  closeSync(descriptor);
  return file;
}

function processTask(command: string, args: readonly string[], input: string, output: string): Task {
  return {
    // A file of that name would have to be given up first, which is work of the file system and not of the command.
    before() {
      rmSync(output, { force: true });
    },
    run() {
      const { status, stderr, error } = spawnSync(command, args, {
        env: environment,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      if (status !== 0) throw error ?? new Error(`${command} ended with ${status}: ${stderr.toString()}`);
      return statSync(output).size;
    },
    bytes: statSync(input).size,
    calls: 1,
    peakMemory() {
      const script = [...process.execArgv, join(__dirname, 'peak-memory.ts'), command, ...args];
      const bytes = Number(execFileSync(process.execPath, script, { encoding: 'utf8', env: environment }));
      return bytes > 0 ? bytes : undefined;
    },
  };
}

function h264Sei(content: string, megabytes: number): Task {
  const input = inputFile(content, megabytes);
  const output = join(temporaryFolder(), 'h264-sei.h264');
  const command = join(root, 'dist/cli/main.js');
  return processTask(
    process.execPath,
    [command, 'inject', '--every', '1', '--message', TEXT, input, output],
    input,
    output,
  );
}

function streamCopy(content: string, megabytes: number): Task {
  const input = inputFile(content, megabytes);
  const output = join(temporaryFolder(), 'copy.h264');
  return processTask(process.execPath, [join(__dirname, 'stream-copy.mjs'), input, output], input, output);
}

function ffmpeg(content: string, megabytes: number, filter: readonly string[]): Task | Missing {
  if (spawnSync('ffmpeg', ['-version']).status !== 0) return { missing: 'ffmpeg is not installed' };
  const input = inputFile(content, megabytes);
  const output = join(temporaryFolder(), 'ffmpeg.h264');
  const args = [
    '-nostdin',
    '-y',
    '-loglevel',
    'error',
    '-f',
    'h264',
    '-i',
    input,
    '-c',
    'copy',
    ...filter,
    '-f',
    'h264',
    output,
  ];
  return processTask('ffmpeg', args, input, output);
}

const COMMAND = 'h264-sei inject';
const FILTER = 'ffmpeg h264_metadata';
const STREAM_COPY = 'Node stream copy';

function commands(content: string, megabytes: number, quick: boolean): Comparison {
  return {
    name: `h264-sei inject --every 1, ${megabytes} MB, ${content}`,
    quick,
    rounds: ROUNDS,
    sides: 'none',
    references: () => ({
      [COMMAND]: h264Sei(content, megabytes),
      [FILTER]: ffmpeg(content, megabytes, ['-bsf:v', `h264_metadata=sei_user_data=${UUID}+${TEXT}`]),
      'ffmpeg copy': ffmpeg(content, megabytes, []),
      [STREAM_COPY]: streamCopy(content, megabytes),
    }),
    targets: [
      atMost('command line', 0.6, COMMAND, FILTER),
      atMost('command line', 1.5, COMMAND, STREAM_COPY),
      atMostMegabytes('command line', 150, COMMAND),
    ],
  };
}

function memory(content: string, megabytes: number): Comparison {
  return {
    name: `h264-sei inject --every 1, ${megabytes} MB, ${content}`,
    quick: false,
    rounds: 1,
    sides: 'none',
    references: () => ({ [COMMAND]: h264Sei(content, megabytes) }),
    targets: [atMostMegabytes('command line', 150, COMMAND)],
  };
}

/** A file of 100 MB of each kind, and a large one whose memory is looked at. */
export const comparisons: readonly Comparison[] = [
  ...Object.keys(CONTENTS).map((content, i) => commands(content, 100, i === 0)),
  memory('pictures of 6 kB', 1000),
];
