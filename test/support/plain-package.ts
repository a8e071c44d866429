import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';

const repository = resolve(__dirname, '../..');

/** How TypeScript becomes what Node runs as it is. */
export const plainJavaScript = {
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  logLevel: 'silent',
} as const satisfies BuildOptions;

/** What is laid out. */
export interface PackageContents {
  /** Folders of the repository whose modules are compiled, each with the folder of the package that they go to. */
  readonly modules: Readonly<Record<string, string>>;
  /** The addon: its place in the package, and its bytes. None where absent. */
  readonly addon?: { readonly path: string; readonly bytes: Uint8Array } | undefined;
  /** The source of a module in the place of `bindings`, which finds and loads the addon. */
  readonly bindings?: string | undefined;
}

function compile(source: string, target: string): void {
  const names = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const entryPoints = names.map((name) => join(source, name));
  buildSync({ ...plainJavaScript, entryPoints, outbase: source, outdir: target });
}

/** Writes a file into a folder, and the folders that it lies in. */
export function writeInto(folder: string, path: string, content: string | Uint8Array): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/**
 * Lays the package out as its sources are now, as plain JavaScript beside what it depends on: Node needs nothing else to
 * run it.
 *
 * @param folder an empty folder
 */
export function layOutPackage(folder: string, { modules, addon, bindings }: PackageContents): void {
  for (const [source, target] of Object.entries(modules)) compile(join(repository, source), join(folder, target));
  writeInto(folder, 'package.json', '{"type":"commonjs"}');
  if (addon !== undefined) writeInto(folder, addon.path, addon.bytes);
  const packages = join(folder, 'node_modules');
  if (bindings !== undefined) {
    writeInto(packages, join('bindings', 'index.js'), bindings);
    return;
  }
  mkdirSync(packages, { recursive: true });
  for (const name of ['bindings', 'file-uri-to-path']) {
    symlinkSync(join(repository, 'node_modules', name), join(packages, name), 'junction');
  }
}
