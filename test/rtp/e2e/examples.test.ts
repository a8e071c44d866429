/** The examples that run. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const REPOSITORY = join(__dirname, '../../..');

it('examples/werift-sfu.ts carries every message over two hops', async () => {
  // Examples import the package by its name, and so what was built of it.
  if (!existsSync(join(REPOSITORY, 'dist/rtp/index.js'))) throw new Error('dist/ is missing; run npm run build');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', 'examples/werift-sfu.ts'], {
    cwd: REPOSITORY,
    timeout: 120_000,
  });
  expect(stdout).toMatch(/✓ every message arrived once, in order/);
  expect(stdout).not.toMatch(/✗/);
});
