import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './run.js';

export const REPOSITORY = join(__dirname, '..', '..');

/** What these tests read of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly gypfile?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** The package as its users get it: packed, and installed by npm into an empty project. */
export interface InstalledPackage {
  /** The project that has installed it. */
  readonly project: string;
  /** The package in that project's node_modules. */
  readonly directory: string;
  readonly manifest: Manifest;
  /** Every entry of `exports` that holds code, as one imports it: `h264-sei`, `h264-sei/rtp`. */
  readonly entries: readonly string[];
  remove(): Promise<void>;
}

async function readManifest(directory: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Manifest;
}

/** Where Node finds a package that `from` depends on. */
function findPackage(name: string, from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', name);
    if (existsSync(candidate)) return candidate;
    if (directory === dirname(directory)) throw new Error(`${name} is not installed; run npm ci`);
  }
}

/** The folders of all packages that a user's npm would fetch, by name: with them at hand nothing has to be fetched. */
async function dependencyFolders(directory: string, found = new Map<string, string>()): Promise<Map<string, string>> {
  for (const name of Object.keys((await readManifest(directory)).dependencies ?? {})) {
    if (found.has(name)) continue;
    const folder = findPackage(name, directory);
    found.set(name, folder);
    await dependencyFolders(folder, found);
  }
  return found;
}

/**
 * Packs what `npm run build` has built, and installs it into a new project in the system's folder for temporary files.
 */
export async function installPackage(): Promise<InstalledPackage> {
  if (!existsSync(join(REPOSITORY, 'dist', 'index.js'))) throw new Error('dist/ is missing; run npm run build');
  const project = await realpath(await mkdtemp(join(tmpdir(), 'h264-sei-')));
  try {
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', project], REPOSITORY);
    const tarball = (await readdir(project)).find((name) => name.endsWith('.tgz'));
    const folders = [...(await dependencyFolders(REPOSITORY))].map(([name, folder]) => [name, `file:${folder}`]);
    const dependencies = { 'h264-sei': `file:./${tarball}`, ...Object.fromEntries(folders) } as Record<string, string>;
    await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, dependencies }));
    await run('npm', ['install', '--offline', '--install-links', '--no-audit', '--no-fund'], project);
    const directory = join(project, 'node_modules', 'h264-sei');
    const manifest = await readManifest(directory);
    const entries = Object.entries(manifest.exports)
      .filter(([, target]) => typeof target === 'object')
      .map(([subpath]) => join(manifest.name, subpath).replaceAll('\\', '/'));
    return { project, directory, manifest, entries, remove: () => rm(project, { recursive: true, force: true }) };
  } catch (error) {
    await rm(project, { recursive: true, force: true });
    throw error;
  }
}
