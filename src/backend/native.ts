/** Loads the addon and adapts it to the interface of a backend. */
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import type { Backend } from './backend.js';
import { isCutShort } from './elf.js';
import { detectLibc } from './libc.js';

/** A list of one NAL unit as that NAL unit: reading a list from C++ takes a third of the call. */
function unlisted(nalUnits: readonly Uint8Array[]): readonly Uint8Array[] | Uint8Array {
  return nalUnits.length === 1 ? nalUnits[0] : nalUnits;
}

/**
 * What the addon exports; native/addon.cc. Its functions throw a `TypeError` for arguments of the wrong type, and
 * nothing else. Where they take NAL units, a single one may come without its list.
 */
interface Addon extends Omit<Backend, 'name' | 'kernel' | 'splice' | 'inject'> {
  readonly splice: (
    frame: Uint8Array,
    nalUnits: readonly Uint8Array[] | Uint8Array,
    target: Uint8Array,
    location: number,
  ) => number;
  readonly inject: (
    frame: Uint8Array,
    nalUnits: readonly Uint8Array[] | Uint8Array,
    target: Uint8Array,
    hint: number,
    maxPacketSize: number,
  ) => number;
  /** The kernels that this CPU can run, best first. */
  kernels(): string[];
  /** The kernel in use, in this thread. */
  kernel(): string;
  /** Switches this thread to a kernel; false where this CPU cannot run it. */
  selectKernel(name: string): boolean;
}

/** A native backend whose kernel can be chosen, or the reason why there is none. */
export type NativeLoad =
  | { readonly backend: Backend; readonly kernels: readonly string[]; selectKernel(name: string): boolean }
  | { readonly reason: string };

const ADDON_FILE = 'h264_sei.node';

/** What {@link Addon} promises, as an addon of another version would not have it. */
const FUNCTIONS: readonly (keyof Addon)[] = [
  'kernels',
  'kernel',
  'selectKernel',
  'scanStartCodes',
  'escapedLength',
  'escape',
  'unescape',
  'detect',
  'locate',
  'splice',
  'inject',
  'extractSeiRecords',
  'removeSei',
  'splitNalUnits',
  'joinNalUnits',
];

/** The addon that comes with the package, by the names that prebuildify gives. */
function prebuiltFile(): string {
  return process.platform === 'linux' ? `h264-sei.${detectLibc()}.node` : 'h264-sei.node';
}

/** Where the addon is: the first of its places that holds a file. */
function findAddon(): string {
  const bindings = createRequire(__filename)('bindings') as (options: object) => string;
  return bindings({
    bindings: ADDON_FILE,
    path: true,
    module_root: join(__dirname, '..', '..'),
    try: [
      ['module_root', 'build', 'Release', 'bindings'],
      ['module_root', 'build', 'Debug', 'bindings'],
      ['module_root', 'prebuilds', `${process.platform}-${process.arch}`, prebuiltFile()],
    ],
  });
}

/** Whether a bundler has put this code elsewhere, which leaves the addon behind; in an ES module it has no path at all. */
function isBundled(): boolean {
  return typeof __dirname === 'undefined' || basename(__dirname) !== 'backend';
}

function loadAddon(): Addon {
  if (isBundled()) throw new Error('h264-sei is part of a bundle, which an addon cannot be: make it external');
  const file = findAddon();
  if (isCutShort(file)) throw new Error(`the addon is cut short: ${file}`);
  const addon = createRequire(__filename)(file) as Addon;
  const missing = FUNCTIONS.find((name) => typeof addon[name] !== 'function');
  if (missing !== undefined) throw new Error(`the addon is of another version: it has no ${missing}`);
  return addon;
}

function reasonOf(error: unknown): string {
  const { code, message, tries } = error as { code?: string; message?: string; tries?: string[] };
  // What `bindings` throws when none of its places holds a file.
  if (tries !== undefined) {
    return `there is no addon for ${process.platform}-${process.arch}: none was built, and none is in prebuilds/`;
  }
  const firstLine = (message ?? String(error)).split('\n')[0];
  return code === undefined || firstLine.includes(code) ? firstLine : `${code}: ${firstLine}`;
}

/** Loads the addon; where that is not possible, whatever the reason, the answer says why and nothing is thrown. */
export function loadNativeBackend(): NativeLoad {
  let addon: Addon;
  try {
    addon = loadAddon();
  } catch (error) {
    return { reason: reasonOf(error) };
  }
  const { splice, inject, ...others } = addon;
  return {
    backend: {
      ...others,
      name: 'native',
      get kernel() {
        return addon.kernel();
      },
      splice: (frame, nalUnits, target, location) => splice(frame, unlisted(nalUnits), target, location),
      inject: (frame, nalUnits, target, hint, maxPacketSize) =>
        inject(frame, unlisted(nalUnits), target, hint, maxPacketSize),
    },
    kernels: addon.kernels(),
    selectKernel: (name) => addon.selectKernel(name),
  };
}
