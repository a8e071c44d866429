import { chmod, mkdir, readFile, readdir, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { openInput } from '../../src/cli/input.js';
import { fixtureClip } from '../support/streams.js';
import { runInProcess, useFolder } from './run.js';

const folder = useFolder();
const clip = fixtureClip('cabac.h264');

async function emptyFolder(name: string): Promise<string> {
  await mkdir(folder.path(name));
  return folder.path(name);
}

describe('an output file', () => {
  it('may be the input', async () => {
    const directory = await emptyFolder('same');
    const file = `${directory}/video.h264`;
    await writeFile(file, clip.read());
    expect((await runInProcess(['inject', '--every', '1', '-m', 'x', file, file])).code).toBe(0);
    expect((await readFile(file)).length).toBeGreaterThan(clip.read().length);
    expect((await runInProcess(['strip', file, file])).code).toBe(0);
    expect((await readFile(file)).equals(Buffer.from(clip.read()))).toBe(true);
    expect(await readdir(directory)).toEqual(['video.h264']);
  });

  it('keeps the mode of the one it replaces, and a symbolic link to it', async () => {
    const directory = await emptyFolder('mode');
    await writeFile(`${directory}/real.h264`, 'old');
    await chmod(`${directory}/real.h264`, 0o640);
    await symlink('real.h264', `${directory}/link.h264`);
    expect((await runInProcess(['strip', clip.path, `${directory}/link.h264`])).code).toBe(0);
    expect((await stat(`${directory}/real.h264`)).mode & 0o777).toBe(0o640);
    expect(await readlink(`${directory}/link.h264`)).toBe('real.h264');
    expect((await readFile(`${directory}/real.h264`)).equals(Buffer.from(clip.read()))).toBe(true);
  });

  it('is neither there nor changed after a failure', async () => {
    const directory = await emptyFolder('failure');
    await writeFile(`${directory}/old.h264`, 'old');
    await writeFile(`${directory}/text`, 'no video');
    const failing = [
      ['strip', `${directory}/text`],
      ['strip', `${directory}/absent`],
      ['strip', directory],
      ['inject', '-m', 'x', `${directory}/text`],
      ['extract', `${directory}/text`],
    ];
    for (const args of failing) {
      for (const output of ['old.h264', 'new.h264']) {
        const run = await runInProcess([...args, `${directory}/${output}`]);
        expect(run.code).toBe(1);
        expect(run.stderr).toMatch(/^h264-sei: [^\n]*\n$/);
      }
    }
    expect((await readdir(directory)).sort()).toEqual(['old.h264', 'text']);
    expect(await readFile(`${directory}/old.h264`, 'utf8')).toBe('old');
  });

  it('is not there when the input breaks off in the middle', async () => {
    const directory = await emptyFolder('broken');
    function* breaking() {
      yield clip.read();
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', errno: -5, syscall: 'read' });
    }
    const run = await runInProcess(['strip', '-', `${directory}/new.h264`], { stdin: breaking() });
    expect(run).toMatchObject({ code: 1, stderr: 'h264-sei: cannot read stdin: i/o error\n' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('is not there when the run is interrupted', async () => {
    const directory = await emptyFolder('interrupted');
    const interruption = new AbortController();
    function* endless() {
      for (let i = 0; ; i++) {
        if (i === 50) interruption.abort();
        yield clip.read();
      }
    }
    const run = await runInProcess(['strip', '-', `${directory}/new.h264`], {
      stdin: endless(),
      signal: interruption.signal,
    });
    expect(run).toMatchObject({ code: 1, stderr: '' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('cannot be made where there is no such folder, or a folder of its name', async () => {
    expect((await runInProcess(['strip', clip.path, folder.path('none/new.h264')])).stderr).toMatch(
      /^h264-sei: cannot write .*none\/new\.h264: no such file or directory\n$/,
    );
    expect((await runInProcess(['strip', clip.path, folder.root])).stderr).toMatch(/it is a directory/);
  });
});

/** Root may write everywhere, so what it runs here it runs as `nobody`. */
async function asOrdinaryUser<T>(run: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return run();
  process.seteuid?.('nobody');
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}

it('a read-only file or folder gets no output', async () => {
  const directory = await emptyFolder('read-only');
  await writeFile(`${directory}/old.h264`, 'old', { mode: 0o444 });
  await chmod(directory, 0o555);
  await chmod(folder.root, 0o755);
  for (const name of ['old.h264', 'new.h264']) {
    const { stderr } = await asOrdinaryUser(() => runInProcess(['strip', clip.path, `${directory}/${name}`]));
    expect(stderr).toMatch(/permission denied/);
  }
  await chmod(directory, 0o755);
  expect(await readdir(directory)).toEqual(['old.h264']);
});

it('an input that is a folder is told so', async () => {
  const context = {
    stdin: Readable.from([]),
    stdout: process.stdout,
    stderr: process.stderr,
    signal: new AbortController().signal,
  };
  await expect(openInput(folder.root, context)).rejects.toThrow('it is a directory');
});
