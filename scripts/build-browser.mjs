// Bundles h264-sei/browser into one ES module, dist/browser/index.mjs, with the TypeScript backend in place of the choice
// between it and the addon. It stays readable; whoever builds a page minifies it.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'dist', 'browser');

/** In a browser there is no addon to choose, and nothing of Node.js that could load it. */
const typescriptBackendOnly = {
  name: 'typescript-backend-only',
  setup({ onResolve }) {
    onResolve({ filter: /\/backend\/select\.js$/ }, () => ({ path: join(root, 'src', 'browser', 'backend-info.ts') }));
  },
};

await build({
  absWorkingDir: root,
  entryPoints: [join('src', 'browser', 'index.ts')],
  outfile: join(folder, 'index.mjs'),
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  // So that branches for Node.js go.
  minifySyntax: true,
  define: { 'globalThis.Buffer': 'undefined', 'globalThis.process': 'undefined' },
  // What stands at the top of a module and only makes something: where nobody needs it, it goes.
  pure: [
    ...['Array.from', 'Uint8Array.from', 'Uint8Array.of', 'Math.ceil', 'Math.floor', 'Math.random'],
    ...['FinalizationRegistry', 'TextDecoder', 'TextEncoder', 'Uint8Array', 'Uint32Array'],
  ],
  plugins: [typescriptBackendOnly],
  logLevel: 'warning',
});

// What the compiler has made of the single files is in the bundle; their declarations are needed.
for (const name of readdirSync(folder)) {
  if (name.endsWith('.js')) rmSync(join(folder, name));
}
