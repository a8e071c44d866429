import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith, type Tool } from '../support/skip.js';

const NATIVE = join(__dirname, '..', '..', 'native');
const COMPILERS = process.env['CXX'] === undefined ? ['clang++', 'clang++-14', 'g++'] : [process.env['CXX']];
const FLAGS = ['-std=c++17', '-x', 'c++', '-', '-o', '/dev/null'];
const SANITIZERS = '-fsanitize=address,undefined';
const TIMEOUT_MS = 300_000;

const builds = (compiler: string, ...flags: string[]) =>
  spawnSync(compiler, [...flags, ...FLAGS], { input: 'int main() {}' }).status === 0;

/** A compiler that can build a sanitized program, which is more than being there. */
const compiler = COMPILERS.find((name) => builds(name, SANITIZERS));
const sanitizers: Tool = {
  name: 'C++ compiler with sanitizers',
  missing: () => (compiler === undefined ? `none of ${COMPILERS.join(', ')} builds a sanitized program` : undefined),
};

const emulator: Tool = {
  name: 'AArch64 compiler and emulator',
  missing: () => {
    if (!builds('aarch64-linux-gnu-g++', '-fsanitize=undefined')) return 'there is no aarch64-linux-gnu-g++';
    const { status } = spawnSync('qemu-aarch64-static', ['--version']);
    return status === 0 ? undefined : 'there is no qemu-aarch64-static';
  },
};

/** The kernels that an output of run.sh says were tested; every other line has to be one that it is meant to have. */
function testedKernels(...args: string[]): string[] {
  const env = { ...process.env, CXX: compiler };
  const { status, stdout, stderr } = spawnSync('sh', [join(NATIVE, 'test', 'run.sh'), ...args], {
    env,
    encoding: 'utf8',
  });
  expect(`${stderr}${status}`).toBe('0');
  expect(stdout).toMatch(/all kernels agree/);
  return [...stdout.matchAll(/^(\w+): \d+ inputs agree with the reference$/gm)].map(([, name]) => name);
}

describeWith(sanitizers, 'native/codec without Node', () => {
  it('compiles alone, agrees with the reference on every kernel, and stays within bounds', { timeout: TIMEOUT_MS }, () => {
    const tested = testedKernels();
    expect(tested).toContain('scalar');
    if (process.arch === 'x64') expect(tested).toContain('sse2');
    if (process.arch === 'arm64') expect(tested).toContain('neon');
  });
});

describeWith(emulator, 'native/codec without Node on AArch64', () => {
  it('agrees with the reference on every kernel, and stays within bounds', { timeout: TIMEOUT_MS }, () => {
    expect(testedKernels('aarch64')).toEqual(['neon', 'scalar']);
  });
});
