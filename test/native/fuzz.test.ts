import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fuzzingCompiler, targets } from '../../scripts/fuzz/libfuzzer.js';
import { type Tool, describeWith } from '../support/skip.js';

const REPOSITORY = join(__dirname, '..', '..');
const SECONDS_EACH = 2;
const TIMEOUT_MS = 600_000;

const libFuzzer: Tool = {
  name: 'libFuzzer',
  missing: () => (fuzzingCompiler() === undefined ? 'no clang++ builds a target with libFuzzer and sanitizers' : undefined),
};

describeWith(libFuzzer, 'the fuzz targets', () => {
  it('are the files of native/fuzz, and find nothing in a short run', { timeout: TIMEOUT_MS }, () => {
    const names = targets();
    const files = readdirSync(join(REPOSITORY, 'native', 'fuzz')).filter((name) => name.endsWith('.cc'));
    expect(names).toHaveLength(files.length);
    const script = join(REPOSITORY, 'scripts', 'fuzz.ts');
    const args = ['--require', 'tsx/cjs', script, '--seed', '1', '--seconds', String(SECONDS_EACH * names.length)];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: REPOSITORY, encoding: 'utf8' });
    expect([stderr, status]).toEqual(['', 0]);
    for (const name of names) expect(stdout).toMatch(new RegExp(`^${name} +[1-9][\\d,]* `, 'm'));
  });
});
