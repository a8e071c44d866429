import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installPackage, type InstalledPackage } from './installed-package.js';
import { run } from './run.js';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed.remove());

it('bundles into a program of one file that runs, on the TypeScript backend if it must', async () => {
  const source = `
    import { createSeiNalUnit, extractSei, injectSei } from 'h264-sei';
    const frame = Uint8Array.of(0, 0, 0, 1, 0x65, 0x88, 0x84, 0x21);
    const [message] = extractSei(injectSei(frame, [createSeiNalUnit(Uint8Array.of(1, 2, 3))]));
    console.log(message?.payload.join());`;
  await writeFile(join(installed.project, 'entry.mjs'), source);
  await build({
    absWorkingDir: installed.project,
    bundle: true,
    entryPoints: ['entry.mjs'],
    format: 'cjs',
    logLevel: 'silent',
    outfile: 'bundle.cjs',
    platform: 'node',
  });
  expect((await run(process.execPath, ['bundle.cjs'], installed.project)).trim()).toBe('1,2,3');
});
