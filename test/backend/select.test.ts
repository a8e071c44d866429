import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NativeLoad } from '../../src/backend/native.js';
import { selectBackend } from '../../src/backend/select.js';
import { typescriptBackend } from '../../src/backend/typescript.js';
import { codeOf } from '../contract/frames.js';
import { describeWith } from '../support/skip.js';
import { type Installation, type Outcome, builtAddonTool, install } from './installation.js';

const INFO = 'console.log(JSON.stringify(library.backendInfo()))';

function infoOf({ status, stdout, stderr }: Outcome): unknown {
  expect([status, stderr.replace(/^.*ExperimentalWarning.*\n.*\n/m, '')]).toEqual([0, '']);
  return JSON.parse(stdout);
}

describe('selectBackend', () => {
  const fake = { ...typescriptBackend, name: 'native', kernel: 'first' } as const;
  const selected: string[] = [];
  const there = (): NativeLoad => ({
    backend: fake,
    kernels: ['first', 'second'],
    selectKernel: (name) => selected.push(name) > 0 && ['first', 'second'].includes(name),
  });
  const missing = (): NativeLoad => ({ reason: 'the disk is full' });
  const never = (): NativeLoad => {
    throw new Error('the addon was loaded');
  };
  const messageOf = (env: Record<string, string>, load: () => NativeLoad) => {
    try {
      selectBackend(env, load);
    } catch (error) {
      expect(error).toMatchObject({ name: 'SeiError', code: 'ERR_SEI_BACKEND_UNAVAILABLE' });
      return (error as Error).message;
    }
    return 'nothing was thrown';
  };

  it('takes the addon where it is there, together with TypeScript unless it is forced', () => {
    const { backend, reason } = selectBackend({}, there);
    expect([backend.name, backend.kernel, reason]).toEqual(['native', 'first', undefined]);
    expect(backend).not.toBe(fake);
    expect(selectBackend({ H264_SEI_BACKEND: 'native' }, there)).toEqual({ backend: fake });
  });

  it('falls back to TypeScript and keeps the reason', () => {
    expect(selectBackend({}, missing)).toEqual({ backend: typescriptBackend, reason: 'the disk is full' });
  });

  it('takes an empty variable for one that is not set', () => {
    const env = { H264_SEI_BACKEND: '', H264_SEI_KERNEL: '' };
    expect(selectBackend(env, missing).backend).toBe(typescriptBackend);
    expect(selectBackend(env, there).backend.name).toBe('native');
  });

  it('does not even load the addon where TypeScript is forced', () => {
    const selection = selectBackend({ H264_SEI_BACKEND: 'typescript' }, never);
    expect(selection).toEqual({ backend: typescriptBackend, reason: 'H264_SEI_BACKEND=typescript' });
  });

  it('selects the kernel that is forced, and none otherwise', () => {
    selected.length = 0;
    selectBackend({}, there);
    expect(selected).toEqual([]);
    expect(selectBackend({ H264_SEI_KERNEL: 'second' }, there).backend).toBe(fake);
    expect(selectBackend({ H264_SEI_KERNEL: 'second', H264_SEI_BACKEND: 'native' }, there).backend).toBe(fake);
    expect(selected).toEqual(['second', 'second']);
  });

  it('throws where the addon is forced and not there', () => {
    expect(messageOf({ H264_SEI_BACKEND: 'native' }, missing)).toMatch(/H264_SEI_BACKEND=native.*the disk is full/);
    expect(messageOf({ H264_SEI_KERNEL: 'avx2' }, missing)).toMatch(/H264_SEI_KERNEL=avx2.*the disk is full/);
  });

  it('throws where a kernel is forced that is not there, and names those that are', () => {
    expect(messageOf({ H264_SEI_KERNEL: 'third' }, there)).toMatch(/H264_SEI_KERNEL=third.*first, second/);
    expect(messageOf({ H264_SEI_KERNEL: 'first', H264_SEI_BACKEND: 'typescript' }, never)).toMatch(/no kernels/);
  });

  it('throws for a backend that does not exist', () => {
    for (const name of ['wasm', 'Native', 'typescript ', '0']) {
      expect(messageOf({ H264_SEI_BACKEND: name }, never)).toContain(`H264_SEI_BACKEND=${name}`);
    }
    expect(codeOf(() => selectBackend({ H264_SEI_BACKEND: 'wasm' }, never))).toBe('ERR_SEI_BACKEND_UNAVAILABLE');
  });
});

/** Without an addon, or with one that cannot be loaded: what is in its place, and what the reason says. */
const unusable: [string, () => Installation, RegExp][] = [
  ['no addon', () => install(), /^there is no addon for \w+-\w+: none was built/],
  ['an addon that is garbage', () => install(Buffer.from('this is no shared library')), /ERR_DLOPEN_FAILED/],
  ['an addon that is empty', () => install(new Uint8Array(0)), /ERR_DLOPEN_FAILED/],
  [
    'an addon of another version, which lacks functions',
    () => install(undefined, 'module.exports = () => __filename; module.exports.kernels = () => [];'),
    /another version: it has no kernel$/,
  ],
  [
    'a loader that throws what is no error',
    () => install(undefined, "module.exports = () => { throw 'no such thing'; }"),
    /no such thing/,
  ],
];

for (const [what, make, reason] of unusable) {
  describe(`an installation with ${what}`, () => {
    let installation: Installation;
    beforeAll(() => {
      installation = make();
    });
    afterAll(() => {
      installation.remove();
    });

    it('works in TypeScript and says why', async () => {
      const info = infoOf(await installation.run(INFO));
      expect(info).toMatchObject({ name: 'typescript', kernel: 'typescript' });
      expect((info as { reason: string }).reason).toMatch(reason);
    });

    it('fails loudly where the addon is forced', async () => {
      const { status, stdout, stderr } = await installation.run(INFO, { H264_SEI_BACKEND: 'native' });
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toContain('ERR_SEI_BACKEND_UNAVAILABLE');
      expect(stderr).toContain('H264_SEI_BACKEND=native');
    });

    it('fails loudly where a kernel is forced', async () => {
      const { status, stderr } = await installation.run(INFO, { H264_SEI_KERNEL: 'scalar' });
      expect(status).toBe(1);
      expect(stderr).toContain('H264_SEI_KERNEL=scalar');
    });

    it('works where TypeScript is forced', async () => {
      expect(infoOf(await installation.run(INFO, { H264_SEI_BACKEND: 'typescript' }))).toEqual({
        name: 'typescript',
        kernel: 'typescript',
        reason: 'H264_SEI_BACKEND=typescript',
      });
    });
  });
}

describeWith(builtAddonTool, 'an installation with the addon', () => {
  let installation: Installation;
  beforeAll(() => {
    installation = install('built');
  });
  afterAll(() => {
    installation.remove();
  });

  it('works with the addon and has no reason not to', async () => {
    const info = infoOf(await installation.run(INFO)) as { kernel: string };
    expect(info).toEqual({ name: 'native', kernel: info.kernel });
    expect(infoOf(await installation.run(INFO, { H264_SEI_BACKEND: 'native' }))).toEqual(info);
  });

  it('works with the kernel that is forced', async () => {
    expect(infoOf(await installation.run(INFO, { H264_SEI_KERNEL: 'scalar' }))).toEqual({
      name: 'native',
      kernel: 'scalar',
    });
    const { status, stderr } = await installation.run(INFO, { H264_SEI_KERNEL: 'altivec' });
    expect(status).toBe(1);
    expect(stderr).toContain('ERR_SEI_BACKEND_UNAVAILABLE');
    expect(stderr).toMatch(/H264_SEI_KERNEL=altivec.*scalar/);
  });

  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  const forbidding: [string, string[]][] = [
    ['--no-addons', ['--no-addons']],
    ['the permission model', [permission, '--allow-fs-read=*']],
  ];
  for (const [what, flags] of forbidding) {
    it(`falls back under ${what} and says why`, async () => {
      const info = infoOf(await installation.run(INFO, {}, flags)) as { reason: string };
      expect(info).toMatchObject({ name: 'typescript', kernel: 'typescript' });
      expect(info.reason).toContain('ERR_DLOPEN_DISABLED');
    });

    it(`fails loudly under ${what} where the addon is forced`, async () => {
      const { status, stderr } = await installation.run(INFO, { H264_SEI_BACKEND: 'native' }, flags);
      expect(status).toBe(1);
      expect(stderr).toContain('ERR_DLOPEN_DISABLED');
    });
  }

  it('can be loaded twice in one thread', async () => {
    const script = `
      for (const file of Object.keys(require.cache)) if (file.includes('dist')) delete require.cache[file];
      const again = require('./dist/index.js');
      if (again.injectSei === library.injectSei) throw new Error('loaded once');
      console.log(JSON.stringify([library, again].map((each) => each.backendInfo().name)));`;
    expect(infoOf(await installation.run(script))).toEqual(['native', 'native']);
  });
});
