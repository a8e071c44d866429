import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installPackage, type InstalledPackage } from './installed-package.js';
import { run } from './run.js';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed.remove());

const PUBLISHED = [
  /^package\.json$/,
  /^(README|CHANGELOG)\.md$/,
  /^LICENSE$/,
  /^dist\/.*\.(js|mjs|d\.ts|d\.mts)$/,
  // What `inspect --html` writes, around its data.
  /^dist\/cli\/html-report\/page\.html$/,
  /^prebuilds\/(linux-(x64|arm64)\/h264-sei\.(glibc|musl)|(darwin|win32)-(x64|arm64)\/h264-sei)\.node$/,
];

interface LoadedScripts {
  readonly files: readonly string[];
  readonly size: number;
}

async function publishedFiles(): Promise<string[]> {
  const entries = await readdir(installed.directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(installed.directory.length + 1)
        .replaceAll('\\', '/'),
    );
}

it('holds the built library and nothing else: no sources, no tests, no binding.gyp', async () => {
  const files = await publishedFiles();
  expect(files.filter((file) => !PUBLISHED.some((pattern) => pattern.test(file)))).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining([
      'package.json',
      'LICENSE',
      'README.md',
      'dist/index.js',
      'dist/index.mjs',
      'dist/cli/html-report/page.html',
    ]),
  );
});

it('has a declaration file for every module', async () => {
  const files = await publishedFiles();
  const modules = files.filter((file) => /^dist\/.*\.m?js$/.test(file));
  expect(files).toEqual(expect.arrayContaining(modules.map((file) => file.replace(/\.(m?)js$/, '.d.$1ts'))));
});

it('runs nothing when it is installed', () => {
  const lifecycle = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare'];
  expect(Object.keys(installed.manifest.scripts ?? {}).filter((name) => lifecycle.includes(name))).toEqual([]);
  expect(installed.manifest.gypfile).toBe(false);
});

/** What README.md says of sizes, with room for what is to come. */
const MAX_TARBALL = 1.5e6;
const MAX_ADDON = 600e3;
const MAX_LOADED_SCRIPTS = 600e3;

it('is small', async () => {
  expect((await stat(installed.tarball)).size).toBeLessThan(MAX_TARBALL);
  for (const file of (await publishedFiles()).filter((name) => name.endsWith('.node'))) {
    expect([file, (await stat(join(installed.directory, file))).size < MAX_ADDON]).toEqual([file, true]);
  }
});

it('loads little, and nothing of what only other entries and the command need', async () => {
  const source = `
    require('h264-sei');
    const { statSync } = require('node:fs');
    const loaded = Object.keys(require.cache).filter((file) => file !== __filename && file.endsWith('.js'));
    console.log(JSON.stringify({ files: loaded, size: loaded.reduce((sum, file) => sum + statSync(file).size, 0) }));`;
  await writeFile(join(installed.project, 'loaded.cjs'), source);
  const loaded = JSON.parse(await run(process.execPath, ['loaded.cjs'], installed.project)) as LoadedScripts;
  expect(loaded.size).toBeLessThan(MAX_LOADED_SCRIPTS);
  const packages = loaded.files.map((file) => /.*node_modules[\\/]([^\\/]+)/.exec(file)?.[1]);
  expect(new Set(packages)).toEqual(new Set(['h264-sei', 'bindings', 'file-uri-to-path']));
  expect(loaded.files.filter((file) => /dist[\\/](cli|integrations|files)[\\/]/.test(file))).toEqual([]);
});
