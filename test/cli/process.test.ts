import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fixtureClip } from '../support/streams.js';
import { type Tool, describeWith } from '../support/skip.js';
import { bash, collect, parseLines, spawnCli, useFolder } from './run.js';

const folder = useFolder();
const clip = fixtureClip('1080p.h264');

/** A stream of about so many bytes. */
async function writeLong(name: string, length: number): Promise<string> {
  const bytes = clip.read();
  await writeFile(
    folder.path(name),
    Array.from({ length: Math.ceil(length / bytes.length) }, () => bytes),
  );
  return folder.path(name);
}

async function emptyFolder(name: string): Promise<string> {
  await mkdir(folder.path(name));
  return folder.path(name);
}

describe('the command as a process', () => {
  it('works in a pipe, and what comes out is what went in', async () => {
    await writeFile(folder.path('in.h264'), clip.read());
    const line =
      'set -o pipefail; cat in.h264 | $CLI inject --every 1 -m "p í p e" - | tee out.h264 | $CLI strip - | cmp - in.h264';
    expect(await bash(line, folder.root)).toMatchObject({ code: 0, stdout: Buffer.alloc(0) });
    const { stdout } = await bash('$CLI extract -q --ours - < out.h264', folder.root);
    expect(parseLines(stdout).map(({ text }) => text)).toEqual(Array(20).fill('p í p e'));
  });

  it('passes on what a live pipe has, and does not wait for more', async () => {
    const child = spawnCli(['inject', '--every', '1', '-m', 'x', '-'], { stdio: 'pipe' });
    const [first = 0, second = 0] = clip.accessUnitSizes;
    let length = 0;
    child.stdout!.on('data', (chunk: Buffer) => (length += chunk.length));
    // The beginning of the third access unit shows that the second is complete.
    child.stdin!.write(clip.read().subarray(0, first + second + 100));
    while (length < first + second) await delay(10);
    child.stdin!.end();
    expect((await once(child, 'close'))[0]).toBe(0);
  });

  it.each(['extract -q', 'inspect -q', 'strip -q', 'inject -q -m x'])(
    '%s: ends quietly where the reader has seen enough',
    async (command) => {
      const long = await writeLong('long.h264', 5_000_000);
      const injected = folder.path('long-injected.h264');
      await bash(
        `$CLI inject -q --every 1 -m "$(head -c 500 /dev/zero | tr '\\0' x)" ${long} ${injected}`,
        folder.root,
      );
      const line = `$CLI ${command} ${injected} | head -c 100 >/dev/null; echo "\${PIPESTATUS[0]}"`;
      expect(await bash(line, folder.root)).toMatchObject({ stdout: Buffer.from('0\n'), stderr: '' });
    },
  );

  it('has its exit codes', async () => {
    await writeFile(folder.path('in.h264'), clip.read());
    await writeFile(folder.path('late.jsonl'), '{"frame":1000,"message":"late"}\n');
    const cases = [
      ['$CLI detect in.h264', 0],
      ['$CLI detect late.jsonl', 1],
      ['$CLI strip nothing.h264', 1],
      ['$CLI strip', 2],
      ['$CLI inject --messages late.jsonl in.h264 out.h264', 3],
    ] as const;
    for (const [line, code] of cases) expect(await bash(line, folder.root)).toMatchObject({ code });
  });

  it('tells in one line that a backend that is forced cannot be had', async () => {
    const run = await bash(`H264_SEI_BACKEND=quantum $CLI detect ${clip.path}`, folder.root);
    expect(run).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    expect(run.stderr).toMatch(/^h264-sei: H264_SEI_BACKEND=quantum [^\n]*\n$/);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)(
    'leaves no file behind on %s, and ends by it',
    async (signal) => {
      const directory = await emptyFolder(signal);
      const child = spawnCli(['inject', '-m', 'x', '-', `${directory}/out.h264`], { stdio: 'pipe' });
      const run = collect(child);
      child.stdin!.on('error', () => {});
      child.stdin!.write(clip.read());
      while ((await readdir(directory)).length === 0) await delay(10);
      expect(await readdir(directory)).toHaveLength(1);
      child.kill(signal);
      expect(await run).toMatchObject({ code: null, signal, stderr: '' });
      expect(await readdir(directory)).toEqual([]);
    },
  );
});

it('can be interrupted while it waits for messages or for a pipe that nobody writes', async () => {
  const directory = await emptyFolder('waiting');
  for (const args of [
    ['--messages', '-', clip.path],
    ['-m', 'x', '-'],
  ]) {
    const child = spawnCli(['inject', ...args, `${directory}/out.h264`], { stdio: 'pipe' });
    const run = collect(child);
    await delay(500);
    child.kill('SIGINT');
    expect(await run).toMatchObject({ signal: 'SIGINT', stderr: '' });
  }
  expect(await readdir(directory)).toEqual([]);
});

const linux: Tool = {
  name: 'Linux',
  missing: () => (process.platform === 'linux' ? undefined : `this is ${process.platform}`),
};

describeWith(linux, 'a full disk', () => {
  it('is told, and leaves no file behind and the old one as it was', async () => {
    const long = await writeLong('long.h264', 5_000_000);
    const directory = await emptyFolder('full');
    await writeFile(`${directory}/old.h264`, 'old');
    for (const output of ['old.h264', 'new.h264']) {
      const run = await bash(`ulimit -f 1000; $CLI strip ${long} ${output}`, directory);
      expect(run).toMatchObject({ code: 1, stderr: `h264-sei: cannot write ${output}: file too large\n` });
    }
    expect(await readdir(directory)).toEqual(['old.h264']);
    expect(await readFile(`${directory}/old.h264`, 'utf8')).toBe('old');
  });

  it('is told where the output is a device or stdout', async () => {
    const long = await writeLong('long.h264', 5_000_000);
    for (const output of ['/dev/full', '> /dev/full']) {
      for (const command of ['strip', 'inspect']) {
        const run = await bash(`$CLI ${command} ${long} ${output}`, folder.root);
        expect(run.code).toBe(1);
        expect(run.stderr).toMatch(/^h264-sei: cannot write (\/dev\/full|stdout): no space left on device\n$/);
      }
    }
  });
});

/** The peak of a process's memory so far, in bytes. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

/**
 * Sends a stream of `length` bytes through the command, by repeating `bytes`; answers the bytes received, and by how
 * much the peak of its memory has grown since the first tenth.
 */
async function pump(command: string, bytes: Uint8Array, length: number): Promise<{ received: number; growth: number }> {
  const child = spawnCli(command.split(' '), { stdio: ['pipe', 'pipe', 'inherit'] });
  let received = 0;
  child.stdout!.on('data', (chunk: Buffer) => (received += chunk.length));
  const closed = once(child, 'close');
  let early = 0;
  for (let sent = 0; sent < length; sent += bytes.length) {
    if (!child.stdin!.write(bytes)) await once(child.stdin!, 'drain');
    if (early === 0 && sent >= length / 10) early = await peakOf(child.pid!);
  }
  // Read while the process is still there, waiting for the end of its input.
  const growth = (await peakOf(child.pid!)) - early;
  expect(early).toBeGreaterThan(10e6);
  child.stdin!.end();
  expect((await closed)[0]).toBe(0);
  return { received, growth };
}

describeWith(linux, 'memory', () => {
  it.each([
    ['inject -q --every 1 -m x -', 200e6],
    ['strip -q -', 198e6],
    ['extract -q -', 2e5],
    ['inspect -q --json -', 2e5],
  ])('%s of 200 MB through a pipe keeps less than half of it', async (command, minimum) => {
    const { received, growth } = await pump(command, clip.read(), 200e6);
    expect(received).toBeGreaterThan(minimum);
    expect(growth).toBeLessThan(100e6);
  });

  it.each(['inject -q --every 1 -m x -', 'strip -q -', 'extract -q -', 'inspect -q -'])(
    '%s of two million access units of nine bytes keeps less than 100 bytes of each',
    async (command) => {
      const accessUnits = Buffer.alloc(900_000);
      accessUnits.fill(Uint8Array.of(0, 0, 1, 9, 0, 0, 1, 0x41, 0x9a));
      const { growth } = await pump(command, accessUnits, 18e6);
      expect(growth).toBeLessThan(180e6);
    },
  );
});

const scriptTool: Tool = {
  name: 'script',
  missing: () =>
    linux.missing() ??
    (spawnSync('bash', ['-c', 'command -v script']).status === 0 ? undefined : 'there is no such command'),
};

describeWith(scriptTool, 'a terminal', () => {
  it('gets no video', async () => {
    const run = await bash(`script -qec "$CLI strip ${clip.path}" /dev/null`, folder.root);
    expect(run.code).toBe(2);
    expect(run.stdout.toString()).toMatch(/^h264-sei: will not write video to a terminal; [^\n]*\n$/);
  });

  it('gets the table and the report', async () => {
    const run = await bash(`script -qec "$CLI inspect ${clip.path}" /dev/null`, folder.root);
    expect(run.code).toBe(0);
    expect(run.stdout.toString()).toMatch(/^access unit[^]*20 access units, \d+ NAL units, \d+ SEI message/);
  });
});
