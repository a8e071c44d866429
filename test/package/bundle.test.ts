import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWith } from '../support/skip.js';
import { installPackage, type InstalledPackage } from './installed-package.js';
import { prebuiltAddonTool } from './prebuilt-addon.js';
import { run } from './run.js';

const TIMEOUT_MS = 180_000;

const SOURCE = `
  import { backendInfo, createSeiNalUnit, extractSei, injectSei } from 'h264-sei';
  import { RtpSeiInjector } from 'h264-sei/rtp';
  import { createSeiInjectStream } from 'h264-sei/streams';
  const frame = Uint8Array.of(0, 0, 0, 1, 0x65, 0x88, 0x84, 0x21);
  const [message] = extractSei(injectSei(frame, [createSeiNalUnit(Uint8Array.of(1, 2, 3))]));
  const entries = [typeof RtpSeiInjector, typeof createSeiInjectStream].join();
  console.log(JSON.stringify({ payload: message.payload.join(), entries, ...backendInfo() }));`;

const WORKS = { payload: '1,2,3', entries: 'function,function' };

/** How programs for Node are bundled, and the file's name. */
const formats: readonly [format: string, file: string, options: BuildOptions][] = [
  ['CommonJS', 'bundle.cjs', { format: 'cjs' }],
  [
    'an ES module that has a `require`, as CommonJS in it needs',
    'bundle.mjs',
    {
      format: 'esm',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    },
  ],
];

describe('a program of one file', () => {
  let installed: InstalledPackage;
  beforeAll(async () => {
    installed = await installPackage();
    await writeFile(join(installed.project, 'entry.mjs'), SOURCE);
  }, TIMEOUT_MS);
  afterAll(() => installed.remove());

  /** What the program says, bundled into a folder of the project. */
  async function answerOf(folder: string, file: string, options: BuildOptions): Promise<unknown> {
    await mkdir(join(installed.project, folder), { recursive: true });
    await build({
      absWorkingDir: installed.project,
      bundle: true,
      entryPoints: ['entry.mjs'],
      logLevel: 'silent',
      outfile: join(folder, file),
      platform: 'node',
      ...options,
    });
    return JSON.parse(await run(process.execPath, [join(folder, file)], installed.project));
  }

  describe.each(formats)('%s', (_format, file, options) => {
    it('works with the library inside, in TypeScript, and says why', { timeout: TIMEOUT_MS }, async () => {
      const reason: unknown = expect.stringMatching(/part of a bundle.*external/);
      const expected = { ...WORKS, name: 'typescript', kernel: 'typescript', reason };
      expect(await answerOf('inside', file, options)).toEqual(expected);
      // So deep that the places of an addon would be in the project.
      expect(await answerOf(join('inside', 'deeper'), file, { ...options, minify: true })).toEqual(expected);
    });

    describeWith(prebuiltAddonTool, 'and the library outside', () => {
      it('uses the addon', { timeout: TIMEOUT_MS }, async () => {
        const external = { ...options, external: ['h264-sei'] };
        expect(await answerOf('outside', file, external)).toMatchObject({ ...WORKS, name: 'native' });
      });
    });
  });
});
