/**
 * The contract suite in a real browser, on `h264-sei/browser` as it is published: the files of `test/contract` are
 * bundled as they are, with the runner and the assertions of vitest.
 */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Plugin } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import { chromiumTool } from '../support/chromium.js';
import { describeWith } from '../support/skip.js';
import type { RunResult } from '../support/standalone-vitest.js';
import { fixtureClips } from '../support/streams.js';
import { withPage } from './with-page.js';

/** Fewer would mean that a part of the suite is not there. */
const LEAST_TESTS = 1000;

const ROOT = resolve(__dirname, '../..');
const SUITE = join(ROOT, 'test', 'contract');
const SHIMS = join(__dirname, 'pages', 'contract');
/** A test that has to fail, to show that one which does is seen. */
const FAILING = 'a test that fails';

const VITEST = join(ROOT, 'test', 'support', 'standalone-vitest.ts');
const shim = (name: string) => () => ({ path: join(SHIMS, `${name}.ts`) });

const contract: Plugin = {
  name: 'contract',
  setup(build) {
    build.onResolve({ filter: /^vitest$/ }, () => ({ path: VITEST }));
    build.onResolve({ filter: /^node:(vm|worker_threads)$/ }, shim('node'));
    build.onResolve({ filter: /\/support\/backends\.js$/ }, shim('backends'));
    build.onResolve({ filter: /\/src\/index\.js$/ }, () => ({ path: join(ROOT, 'dist', 'browser', 'index.mjs') }));
    build.onResolve({ filter: /\/support\/streams\.js$/ }, ({ path }) => ({ path, namespace: 'streams' }));
    build.onLoad({ filter: /.*/, namespace: 'streams' }, () => ({
      resolveDir: ROOT,
      contents: `
        ${fixtureClips.map(({ path }, index) => `import clip${index} from ${JSON.stringify(path)};`).join('\n')}
        export const fixtureClips = [
          ${fixtureClips
            .map((clip, index) => `{ ...${JSON.stringify(clip)}, read: () => Uint8Array.from(clip${index}) }`)
            .join(',\n')}
        ];`,
    }));
    build.onResolve({ filter: /\/suites\.js$/ }, ({ path }) => ({ path, namespace: 'suites' }));
    build.onLoad({ filter: /.*/, namespace: 'suites' }, () => ({
      resolveDir: SUITE,
      contents: `
        export const suites = {
          ${readdirSync(SUITE)
            .filter((name) => name.endsWith('.test.ts'))
            .map((name) => `'${name}': () => import('./${name}')`)
            .join(',\n')},
        };
        import { expect, it } from 'vitest';
        Object.defineProperty(suites, '${FAILING}', {
          enumerable: false,
          value: () => Promise.resolve(it('is seen', () => { expect([1, 2]).toEqual([1, 3]); })),
        });`,
    }));
  },
};

describeWith(chromiumTool, 'the contract suite in Chromium', () => {
  let result: RunResult;
  let failing: RunResult;

  beforeAll(async () => {
    const act = async (page: { evaluate(expression: string): Promise<unknown> }): Promise<void> => {
      result = (await page.evaluate('runContract()')) as RunResult;
      failing = (await page.evaluate(`runContract(['${FAILING}'])`)) as RunResult;
    };
    await withPage('contract/run', act, [], {
      plugins: [contract],
      inject: [join(SHIMS, 'buffer.ts')],
      loader: { '.h264': 'binary' },
    });
  }, 120_000);

  it('passes', () => {
    console.log(`the contract suite in Chromium: ${result.passed} passed, ${result.failed.length} failed`);
    expect([...result.failed, ...result.skipped]).toEqual([]);
    expect(result.passed).toBeGreaterThan(LEAST_TESTS);
  });

  it('would not pass with a test that fails', () => {
    expect(failing).toEqual({ passed: 0, skipped: [], failed: [expect.stringContaining('to deeply equal') as string] });
  });
});
