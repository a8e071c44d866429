import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installPackage, type InstalledPackage } from './installed-package.js';

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
  /^prebuilds\/[a-z0-9]+-[a-z0-9+]+\/h264-sei\.node$/,
];

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
    expect.arrayContaining(['package.json', 'LICENSE', 'README.md', 'dist/index.js', 'dist/index.mjs']),
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
