import { resolve } from 'node:path';
import { type BuildOptions, build, buildSync } from 'esbuild';

const ROOT = resolve(__dirname, '../..');

/** How code is bundled for a browser: one file, with nothing of Node.js. */
export const browserBuild = {
  absWorkingDir: ROOT,
  bundle: true,
  write: false,
  platform: 'browser',
  target: 'es2022',
} as const satisfies BuildOptions;

/** A program for a vm context that has nothing but the language, and what it is made of. */
export interface VmBundle {
  readonly code: string;
  readonly warnings: readonly unknown[];
  /** Its source files, from the root of the repository. */
  readonly inputs: readonly string[];
}

/**
 * Bundles modules of `src/` into a script that leaves their exports in the global `library`.
 *
 * @param entry TypeScript that exports them, with paths from the root of the repository
 */
export function bundleForVm(entry: string): VmBundle {
  const { outputFiles, warnings, metafile } = buildSync({
    ...browserBuild,
    stdin: { contents: entry, resolveDir: ROOT, loader: 'ts' },
    metafile: true,
    format: 'iife',
    globalName: 'library',
  });
  const inputs = Object.keys(metafile.inputs).filter((path) => path !== '<stdin>');
  return { code: outputFiles[0].text, warnings, inputs };
}

/**
 * Bundles a page or a worker with `h264-sei/browser` as `npm run build` has built it.
 *
 * @param file the TypeScript of the page, from the root of the repository
 * @param options of esbuild, where they differ
 * @returns an ES module
 */
export async function bundleForPage(file: string, options: BuildOptions = {}): Promise<string> {
  const { outputFiles } = await build({ ...browserBuild, format: 'esm', entryPoints: [file], ...options });
  return outputFiles?.[0]?.text ?? '';
}
