import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const REPOSITORY = join(__dirname, '..', '..');
const FRAMES = 3000;
const TIMEOUT_MS = 300_000;

// The whole hour is `npm run soak`; what it has said is in docs/hardening.md.
it(`keeps nothing of ${FRAMES} hostile frames`, { timeout: TIMEOUT_MS }, () => {
  const script = join(REPOSITORY, 'scripts', 'soak.ts');
  const args = ['--expose-gc', '--require', 'tsx/cjs', script, '--frames', String(FRAMES)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: REPOSITORY, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`${FRAMES} frames in`);
});
