/** Where a file is written to. */
import { lstat, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { injectIntoFile } from '../../src/files/index.js';
import { useFolder } from '../cli/run.js';
import { fixtureClip } from '../support/streams.js';

const folder = useFolder();
const source = fixtureClip('cabac.h264').read();
const messages = [{ frameIndex: 1, content: 'x' }];

describe('where there is no file system', () => {
  afterEach(() => vi.restoreAllMocks());

  it('a path is refused by the name of the argument', async () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
    const code = 'ERR_INVALID_ARG_TYPE';
    const ofSource = /^source must be bytes or a Blob where there is no file system, but is 'in'$/;
    const ofTarget = /^target must be a stream or a function where there is no file system, but is 'out'$/;
    await expect(injectIntoFile('in', () => undefined, { messages })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(ofSource) as unknown,
    });
    await expect(injectIntoFile(source, 'out', { messages })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(ofTarget) as unknown,
    });
  });
});

describe('a path', () => {
  it('that is a link is followed, and the mode of the file stays', async () => {
    await writeFile(folder.path('real'), 'before', { mode: 0o640 });
    await symlink('real', folder.path('link'));
    await injectIntoFile(source, folder.path('link'), { messages });
    expect((await lstat(folder.path('link'))).isSymbolicLink()).toBe(true);
    expect((await readFile(folder.path('real'))).length).toBeGreaterThan(source.length);
    expect((await stat(folder.path('real'))).mode & 0o777).toBe(0o640);
  });

  it.skipIf(process.platform === 'win32')('that is a device is written, and stays one', async () => {
    await symlink('/dev/null', folder.path('null'));
    await injectIntoFile(source, folder.path('null'), { messages });
    expect((await lstat(folder.path('null'))).isSymbolicLink()).toBe(true);
    expect((await stat(folder.path('null'))).isCharacterDevice()).toBe(true);
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  it('that is a folder is refused, and what cannot be read leaves nothing', async () => {
    await expect(injectIntoFile(source, folder.root, { messages })).rejects.toMatchObject({ code: 'EISDIR' });
    const before = await readdir(folder.root);
    await writeFile(folder.path('kept'), 'before');
    const cut = Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isom\0\0\0\0');
    await expect(injectIntoFile(cut, folder.path('kept'), { messages })).rejects.toMatchObject({
      code: 'ERR_SEI_UNREADABLE_FILE',
    });
    expect(await readFile(folder.path('kept'), 'utf8')).toBe('before');
    expect((await readdir(folder.root)).sort()).toEqual([...before, 'kept'].sort());
  });
});
