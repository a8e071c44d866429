/** What an installation of the package brings with it. */
import { cp, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { execFileSync } from 'node:child_process';

const ROOT = join(__dirname, '..', '..');
const MAX_INSTALLED_SIZE = 2_300_000;

let project: string;

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly devOptional?: boolean; readonly peer?: boolean }>
  >;
}

/** The folders of the dependencies of a user, as the lock has them. */
async function dependencies(): Promise<string[]> {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  return Object.entries(packages)
    .filter(([path, { dev, devOptional, peer }]) => path !== '' && !dev && !devOptional && !peer)
    .map(([path]) => path);
}

async function sizeOf(path: string): Promise<number> {
  let size = 0;
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && !join(entry.parentPath, entry.name).includes('/h264-sei/prebuilds/'))
      size += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return size;
}

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'h264-sei-size-'));
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
    cwd: ROOT,
  });
  const [{ filename }] = JSON.parse(packed.toString()) as { filename: string }[];
  const target = join(project, 'node_modules', 'h264-sei');
  await mkdir(target, { recursive: true });
  execFileSync('tar', ['-xzf', join(project, filename), '-C', target, '--strip-components=1']);
  for (const path of await dependencies()) await cp(join(ROOT, path), join(project, path), { recursive: true });
}, 120_000);

afterAll(() => rm(project, { recursive: true, force: true }));

it('with all dependencies is small', async () => {
  expect(await sizeOf(join(project, 'node_modules'))).toBeLessThan(MAX_INSTALLED_SIZE);
});

it('adds no global types to a project, also without skipLibCheck', async () => {
  const code = [
    "import * as sei from 'h264-sei';",
    "import * as files from 'h264-sei/files';",
    'export const used = [sei, files];',
    '// @ts-expect-error: a type of WebCodecs that TypeScript has in "dom" alone',
    'export type Foreign = MediaStreamTrackProcessor;',
  ];
  await writeFile(join(project, 'index.ts'), code.join('\n'));
  const compilerOptions = {
    module: 'node16',
    target: 'es2022',
    lib: ['es2022', 'dom', 'esnext.disposable'],
    types: [],
    strict: true,
    noEmit: true,
  };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['index.ts'] }));
  const run = () =>
    execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project], {
      encoding: 'utf8',
    });
  expect(run()).toBe('');
}, 120_000);
