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
  /** The file that npm would publish. */
  readonly tarball: string;
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

/** Puts into a project what its package manager needs, so that it installs the package without fetching anything. */
type Prepare = (project: string, tarball: string, folders: ReadonlyMap<string, string>) => Promise<void>;

const writeJson = (file: string, content: object) => writeFile(file, JSON.stringify(content));

/** npm takes a dependency of a dependency from the project, where it is as asked for. */
const forNpm: Prepare = async (project, tarball, folders) => {
  const dependencies = Object.fromEntries([...folders].map(([name, folder]) => [name, `file:${folder}`]));
  const consumer = {
    name: 'consumer',
    private: true,
    dependencies: { ...dependencies, 'h264-sei': `file:${tarball}` },
  };
  await writeJson(join(project, 'package.json'), consumer);
};

/** pnpm gives nobody what is not its own, but can be told where each package is. */
const forPnpm: Prepare = async (project, tarball, folders) => {
  const consumer = { name: 'consumer', private: true, dependencies: { 'h264-sei': `file:${tarball}` } };
  await writeJson(join(project, 'package.json'), consumer);
  const overrides = Object.fromEntries([...folders].map(([name, folder]) => [name, `file:${folder}`]));
  // JSON is YAML.
  await writeJson(join(project, 'pnpm-workspace.yaml'), { overrides, storeDir: join(project, 'store') });
};

async function install(prepare: Prepare, command: string, args: readonly string[]): Promise<InstalledPackage> {
  if (!existsSync(join(REPOSITORY, 'dist', 'index.js'))) throw new Error('dist/ is missing; run npm run build');
  const project = await realpath(await mkdtemp(join(tmpdir(), 'h264-sei-')));
  try {
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', project], REPOSITORY);
    const tarball = (await readdir(project)).find((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new Error('npm pack has made no tarball');
    await prepare(project, `./${tarball}`, await dependencyFolders(REPOSITORY));
    await run(command, args, project);
    const directory = join(project, 'node_modules', 'h264-sei');
    const manifest = await readManifest(directory);
    const entries = Object.entries(manifest.exports)
      .filter(([, target]) => typeof target === 'object')
      .map(([subpath]) => join(manifest.name, subpath).replaceAll('\\', '/'));
    return {
      project,
      directory,
      tarball: join(project, tarball),
      manifest,
      entries,
      remove: () => rm(project, { recursive: true, force: true }),
    };
  } catch (error) {
    await rm(project, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Packs what `npm run build` has built, and installs it into a new project in the system's folder for temporary files.
 */
export function installPackage(): Promise<InstalledPackage> {
  return install(forNpm, 'npm', ['install', '--offline', '--install-links', '--no-audit', '--no-fund']);
}

/**
 * The same by pnpm, which fails where a dependency wants to run a script.
 *
 * @param node the Node that pnpm asks for
 * @param pnpm its script
 */
export function installPackageByPnpm(node: string, pnpm: string): Promise<InstalledPackage> {
  return install(forPnpm, node, [pnpm, 'install', '--offline']);
}
