/**
 * Loads the library as an application would, from dist/, once for each side, each time as a fresh instance: so no
 * function of one side has seen the arguments of another, and each side is what `H264_SEI_BACKEND` and
 * `H264_SEI_KERNEL` give a user.
 */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type * as Current from '../../src/backend/current.js';
import type * as Index from '../../src/index.js';
import type * as Native from '../../src/backend/native.js';
import type * as Rtp from '../../src/rtp/index.js';
import type { Side, Sides } from './comparison.js';

const root = resolve(__dirname, '../..');
const dist = join(root, 'dist');
const nodeRequire = createRequire(__filename);

/** The folder of another version of the package, built, to compare with; its side is called {@link BEFORE}. */
const against = process.env['H264_SEI_BENCH_AGAINST'];

/** The side of the version that `--against` names, with its own choice of a backend. */
export const BEFORE = 'before';

const PACKAGES = against === undefined ? [root] : [root, resolve(against)];
const PARTS = ['dist', 'build', 'prebuilds'];

function forget(isForgotten: (file: string) => boolean): void {
  for (const loaded of Object.keys(nodeRequire.cache)) {
    // tsx adds a query to the names of some modules.
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- that is how CommonJS forgets a module
    if (isForgotten(loaded.split('?', 1)[0])) delete nodeRequire.cache[loaded];
  }
}

/** Loads a module as an instance of its own, whose functions nobody else has called. */
export function loadAnew(file: string): unknown {
  forget((loaded) => loaded === file);
  return nodeRequire(file);
}

type Environment = Partial<Record<'H264_SEI_BACKEND' | 'H264_SEI_KERNEL', string>>;

/** Loads the library while the environment says just this. */
function loadLibrary(name: string, environment: Environment, prepare?: () => void, folder = dist): Side {
  for (const variable of ['H264_SEI_BACKEND', 'H264_SEI_KERNEL'] as const) {
    const value = environment[variable];
    if (value === undefined) Reflect.deleteProperty(process.env, variable);
    else process.env[variable] = value;
  }
  prepare?.();
  const library = nodeRequire(join(folder, 'index.js')) as typeof Index;
  const { backend } = nodeRequire(join(folder, 'backend/current.js')) as typeof Current;
  const rtp = nodeRequire(join(folder, 'rtp/index.js')) as typeof Rtp;
  return { name, library, rtp, backend: backend() };
}

/** Forgets every instance of the library, with its addon. */
function forgetLibrary(): void {
  const folders = PACKAGES.flatMap((folder) => PARTS.map((part) => join(folder, part)));
  forget((file) => folders.some((folder) => file.startsWith(folder)));
}

/** Loads the module that asks for `Buffer` while there is none. */
function hideBuffer(): void {
  const { Buffer } = globalThis;
  Reflect.deleteProperty(globalThis, 'Buffer');
  try {
    nodeRequire(join(dist, 'codec/bytes.js'));
  } finally {
    globalThis.Buffer = Buffer;
  }
}

/** The kernels of the addon that this CPU can run, best first, or why there are none. */
export function nativeKernels(): { readonly kernels: readonly string[] } | { readonly reason: string } {
  const { loadNativeBackend } = nodeRequire(join(dist, 'backend/native.js')) as typeof Native;
  return loadNativeBackend();
}

/** How each side is loaded; those of the addon only where there is one. */
export function sideLoaders(
  which: Sides,
  everyKernel: boolean,
): { readonly name: string; readonly load: () => Side }[] {
  if (which === 'none') return [];
  const loader = (name: string, environment: Environment, prepare?: () => void) => ({
    name,
    load() {
      forgetLibrary();
      return loadLibrary(name, environment, prepare);
    },
  });
  const before = {
    name: BEFORE,
    load() {
      forgetLibrary();
      return loadLibrary(BEFORE, {}, undefined, join(resolve(against ?? root), 'dist'));
    },
  };
  // Side by side, so that what changes over a run changes both.
  const auto = [...(against === undefined ? [] : [before]), loader('auto', {})];
  if (which === 'auto') return auto;
  const native = nativeKernels();
  const usable = 'reason' in native ? [] : native.kernels;
  const kernels = which === 'kernels' || everyKernel ? usable : usable.slice(0, 1);
  return [
    ...kernels.map((kernel) => loader(`native ${kernel}`, { H264_SEI_BACKEND: 'native', H264_SEI_KERNEL: kernel })),
    loader('typescript', { H264_SEI_BACKEND: 'typescript' }),
    loader('typescript without Buffer', { H264_SEI_BACKEND: 'typescript' }, hideBuffer),
    ...auto,
  ];
}

/**
 * An instance of the library as `auto` gives it, with an addon that counts the calls: what `auto` picks is seen, not
 * asked for.
 */
export function loadWatched(): { readonly side: Side; readonly nativeCalls: () => number } {
  forgetLibrary();
  loadLibrary('auto', {});
  let calls = 0;
  const addon = Object.entries(nodeRequire.cache).find(([file]) => file.endsWith('h264_sei.node'))?.[1];
  if (addon !== undefined) {
    const counted = Object.entries(addon.exports as Record<string, (...args: unknown[]) => unknown>).map(
      ([name, call]): [string, typeof call] => [
        name,
        (...args) => {
          calls++;
          return call(...args);
        },
      ],
    );
    addon.exports = Object.fromEntries(counted);
  }
  forget((file) => file.startsWith(dist));
  const side = loadLibrary('auto', {});
  calls = 0;
  return { side, nativeCalls: () => calls };
}
