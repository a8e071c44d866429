import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { addonTool } from '../support/backends.js';
import { layOutPackage } from '../support/plain-package.js';
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

/**
 * Makes an installation from the sources as they are.
 *
 * @param addon `built`, or the bytes of a file in its place; none where absent
 * @param bindings the source of a module in the place of `bindings`, which finds and loads the addon
 */
export function install(addon?: 'built' | Uint8Array, bindings?: string): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'h264-sei-installation-'));
  const bytes = addon === 'built' ? readFileSync(builtAddon) : addon;
  layOutPackage(folder, {
    modules: { src: 'dist' },
    addon: bytes && { path: join('build', 'Release', 'h264_sei.node'), bytes },
    bindings,
  });
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
