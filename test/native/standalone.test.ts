import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith, type Tool } from '../support/skip.js';

const NATIVE = join(__dirname, '..', '..', 'native');
const COMPILERS = process.env['CXX'] === undefined ? ['clang++', 'clang++-14', 'g++'] : [process.env['CXX']];
const FLAGS = ['-std=c++17', '-fsanitize=address,undefined', '-x', 'c++', '-', '-o', '/dev/null'];

/** A compiler that can build a sanitized program, which is more than being there. */
const compiler = COMPILERS.find((name) => spawnSync(name, FLAGS, { input: 'int main() {}' }).status === 0);
const sanitizers: Tool = {
  name: 'C++ compiler with sanitizers',
  missing: () => (compiler === undefined ? `none of ${COMPILERS.join(', ')} builds a sanitized program` : undefined),
};

describeWith(sanitizers, 'native/codec without Node', () => {
  it('compiles alone, agrees with the reference on every kernel, and stays within bounds', { timeout: 300_000 }, () => {
    const env = { ...process.env, CXX: compiler };
    const { status, stdout, stderr } = spawnSync('sh', [join(NATIVE, 'test', 'run.sh')], { env, encoding: 'utf8' });
    expect(`${stderr}${status}`).toBe('0');
    expect(stdout).toMatch(/^scalar: \d+ inputs agree with the reference$/m);
    expect(stdout).toMatch(/all kernels agree/);
  });
});
