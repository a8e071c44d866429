import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { addonTool } from '../support/backends.js';
import type { Tool } from '../support/skip.js';

const repository = resolve(__dirname, '../..');
const TIMEOUT_MS = 180_000;

/** The addon as the build leaves it. */
export const builtAddon = join(repository, 'build', 'Release', 'h264_sei.node');

/** The addon, freshly built: what is copied into an installation. */
export const builtAddonTool: Tool = {
  name: 'built addon',
  missing: () => addonTool.missing() ?? (existsSync(builtAddon) ? undefined : `there is no ${builtAddon}`),
};

/** What a child process has said. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The library in a folder of its own, as an application would have it. */
export interface Installation {
  /** Where it is. */
  readonly folder: string;
  /**
   * Runs a script in which `library` is the library, or nothing where it is not to be loaded; answers when it has
   * ended.
   */
  run(script: string, env?: Record<string, string>, flags?: readonly string[]): Promise<Outcome>;
  /** Takes the folder away. */
  remove(): void;
}

function sourceFiles(): string[] {
  const names = readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => join(repository, 'src', name));
}

/**
 * Makes an installation from the sources as they are.
 *
 * @param addon `built`, or the bytes of a file in its place; none where absent
 * @param bindings the source of a module in the place of `bindings`, which finds and loads the addon
 */
export function install(addon?: 'built' | Uint8Array, bindings?: string): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'h264-sei-installation-'));
  buildSync({
    entryPoints: sourceFiles(),
    outdir: join(folder, 'dist'),
    outbase: join(repository, 'src'),
    format: 'cjs',
    platform: 'node',
    target: 'node20',
  });
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}');
  mkdirSync(join(folder, 'node_modules', 'bindings'), { recursive: true });
  if (bindings === undefined) {
    for (const name of ['bindings', 'file-uri-to-path']) {
      rmSync(join(folder, 'node_modules', name), { recursive: true, force: true });
      symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
    }
  } else {
    writeFileSync(join(folder, 'node_modules', 'bindings', 'index.js'), bindings);
  }
  if (addon !== undefined) {
    const release = join(folder, 'build', 'Release');
    mkdirSync(release, { recursive: true });
    const file = join(release, 'h264_sei.node');
    if (addon === 'built') copyFileSync(builtAddon, file);
    else writeFileSync(file, addon);
  }
  return {
    folder,
    run: (script, env = {}, flags = []) => runIn(folder, script, env, flags),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function runIn(
  folder: string,
  script: string,
  env: Record<string, string>,
  flags: readonly string[],
): Promise<Outcome> {
  const file = join(folder, 'script.js');
  writeFileSync(file, `const library = require('./dist/index.js');\n${script}`);
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('H264_SEI_') && name !== 'NODE_OPTIONS',
  );
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [...flags, file], {
      cwd: folder,
      env: { ...Object.fromEntries(inherited), ...env },
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', failed);
    child.on('close', (status) => {
      done({ status, stdout, stderr });
    });
  });
}
