import { afterAll, beforeAll, describe, it, vi } from 'vitest';
import { autoBackend } from '../../src/backend/auto.js';
import type { Backend } from '../../src/backend/backend.js';
import { backend, useBackend } from '../../src/backend/current.js';
import { type NativeLoad, loadNativeBackend } from '../../src/backend/native.js';
import { typescriptBackend } from '../../src/backend/typescript.js';
import * as publicSurface from '../../src/index.js';
import type { Tool } from './skip.js';
import { failsOnSkip } from './skip.js';

/** The public surface of the library. */
export type Library = typeof publicSurface;

/** A backend under test, and the library that works with it. */
export interface TestedBackend {
  /** What a report calls it, such as `native avx2`. */
  readonly name: string;
  readonly backend: Backend;
  /** The public surface; it works with this backend while {@link use} says so. */
  readonly library: Library;
  /** False for the instance that was loaded where there is no `Buffer`, as in a browser. */
  readonly hasBuffer: boolean;
  /** Puts the backend to work behind {@link library}; answers how to put the one before back. */
  use(): () => void;
}

type LoadedAddon = Extract<NativeLoad, { backend: Backend }>;

const native = loadNativeBackend();

/** The addon as something that a test may need. */
export const addonTool: Tool = {
  name: 'addon',
  missing: () => ('reason' in native ? native.reason : undefined),
};

function loadedHere(name: string, tested: Backend): TestedBackend {
  const use = () => {
    const previous = useBackend(tested);
    return () => void useBackend(previous);
  };
  return { name, backend: tested, library: publicSurface, hasBuffer: true, use };
}

/** The addon with one of its kernels, which is selected before each call: several can be at work side by side. */
function withKernel(loaded: LoadedAddon, kernel: string): Backend {
  const addon = loaded.backend;
  const selected = () => {
    if (!loaded.selectKernel(kernel)) throw new Error(`the kernel ${kernel} cannot be selected`);
    return addon;
  };
  return {
    name: addon.name,
    kernel,
    scanStartCodes: (...args) => selected().scanStartCodes(...args),
    escapedLength: (...args) => selected().escapedLength(...args),
    escape: (...args) => selected().escape(...args),
    unescape: (...args) => selected().unescape(...args),
    detect: (...args) => selected().detect(...args),
    locate: (...args) => selected().locate(...args),
    splice: (...args) => selected().splice(...args),
    inject: (...args) => selected().inject(...args),
    extractSeiRecords: (...args) => selected().extractSeiRecords(...args),
    removeSei: (...args) => selected().removeSei(...args),
    splitNalUnits: (...args) => selected().splitNalUnits(...args),
    joinNalUnits: (...args) => selected().joinNalUnits(...args),
  };
}

/**
 * TypeScript, the addon with each kernel that this CPU can run, and both together as they work where nothing is forced;
 * without the addon, TypeScript alone.
 */
export const testedBackends: readonly TestedBackend[] = [
  loadedHere('typescript', typescriptBackend),
  ...('reason' in native
    ? []
    : [
        ...native.kernels.map((kernel) => loadedHere(`native ${kernel}`, withKernel(native, kernel))),
        loadedHere('both together', autoBackend(withKernel(native, native.kernels[0]))),
      ]),
];

/**
 * A second instance of the library, loaded while there is no `Buffer`, as in a browser. It works in TypeScript.
 *
 * @returns the instance; its classes are not those of the other one, so tell errors by their `code`
 */
export async function loadWithoutBuffer(): Promise<TestedBackend> {
  vi.resetModules();
  vi.stubGlobal('Buffer', undefined);
  try {
    // The one module that asks for Buffer; it asks while it is loaded.
    await import('../../src/codec/bytes.js');
  } finally {
    vi.unstubAllGlobals();
  }
  const library = await import('../../src/index.js');
  const current = await import('../../src/backend/current.js');
  const { typescriptBackend: tested } = await import('../../src/backend/typescript.js');
  vi.resetModules();
  const use = () => {
    const previous = current.useBackend(tested);
    return () => void current.useBackend(previous);
  };
  return { name: 'typescript without Buffer', backend: tested, library, hasBuffer: false, use };
}

/** Says by name that the addon was not tested: a skipped test, or a failed one where the addon is expected. */
export function reportMissingAddon(): void {
  const reason = addonTool.missing();
  if (reason === undefined) return;
  const title = `native: not tested, ${reason}`;
  if (process.env['H264_SEI_EXPECT_NATIVE'] === '1' || failsOnSkip()) {
    it(title, () => {
      throw new Error(`${title}, and the environment expects the addon`);
    });
  } else {
    it.skip(title, () => {});
  }
}

/**
 * Declares a block of tests once for each backend and kernel of this machine, and for an instance without `Buffer`.
 *
 * @param name the name of the block
 * @param body declares the tests; while they run, the library it is given works with the backend
 */
export function describeEachBackend(name: string, body: (library: Library, tested: TestedBackend) => void): void {
  describe(name, async () => {
    for (const tested of [...testedBackends, await loadWithoutBuffer()]) {
      describe(tested.name, () => {
        let restore: () => void;
        beforeAll(() => {
          restore = tested.use();
        });
        afterAll(() => {
          restore();
        });
        it('is at work', ({ expect }) => {
          const { name: backendName, kernel } = tested.library.backendInfo();
          expect([backendName, kernel]).toEqual([tested.backend.name, tested.backend.kernel]);
          if (tested.hasBuffer) expect(backend()).toBe(tested.backend);
        });
        body(tested.library, tested);
      });
    }
    reportMissingAddon();
  });
}
