import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Effort } from '../../benches/harness/comparison.js';
import type { Record as Run } from '../../benches/harness/record.js';
import { run } from '../package/run.js';

const root = resolve(__dirname, '../..');
const EFFORT: Effort = { rounds: 1, millisecondsPerRound: 1, warmUpMilliseconds: 1, everyKernel: false };

/** Runs a program of benches/. */
function runBenches(program: string, ...args: string[]): Promise<string> {
  return run(process.execPath, ['--require', 'tsx/cjs', join('benches', program), ...args], root);
}

describe('npm run bench', () => {
  it('times the library against its references and judges the targets', async () => {
    const only = ['--only', '^(scanNalUnits|escape), zeros, 64 KiB$'];
    const { machine, results } = JSON.parse(await runBenches('main.ts', '--quick', '--json', ...only)) as Run;
    expect(results.map(({ name }) => name)).toEqual(['scanNalUnits, zeros, 64 KiB', 'escape, zeros, 64 KiB']);
    for (const { tasks, targets } of results) {
      const names = tasks.map(({ task }) => task);
      expect(names).toEqual(expect.arrayContaining(['typescript', 'typescript without Buffer', 'auto']));
      expect(names.filter((name) => name.startsWith('native')).length > 0).toBe(machine.kernels.length > 0);
      expect(tasks.every(({ nanoseconds, spread }) => nanoseconds > 0 && spread >= 0)).toBe(true);
      expect(targets.length).toBeGreaterThan(0);
    }
    // 64 KiB of zeros are nothing that either side could do with a handful of calls.
    const times = results.flatMap(({ tasks }) => tasks.map(({ nanoseconds }) => nanoseconds));
    expect(Math.min(...times)).toBeGreaterThan(100);
  });

  it('sees which side auto picks', async () => {
    const only = ['--only', '^scanNalUnits, zeros, 64 KiB$'];
    const { machine, results } = JSON.parse(await runBenches('main.ts', '--quick', '--json', ...only)) as Run;
    const auto = results[0].tasks.find(({ task }) => task === 'auto');
    expect(auto?.picks).toBe(machine.kernels.length > 0 ? 'native' : 'typescript');
  });

  it('refuses to time sides that answer differently', async () => {
    const args = ['../test/benches/disagreeing.ts', 'sides that disagree', JSON.stringify(EFFORT)];
    await expect(runBenches('harness/run-comparison.ts', ...args)).rejects.toThrow('answers something else than');
  });

  it('lists every comparison under a name of its own', async () => {
    const names = (await runBenches('main.ts', '--list')).trim().split('\n');
    expect(names.length).toBeGreaterThan(100);
    expect(new Set(names).size).toBe(names.length);
  });
});
