// What the prebuilt addons ask of a machine, as binutils read it from the files.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith, type Tool } from '../support/skip.js';
import { REPOSITORY } from './installed-package.js';

const readelf: Tool = {
  name: 'readelf',
  missing: () => (spawnSync('readelf', ['--version']).status === 0 ? undefined : 'there is none'),
};

/** The oldest glibc that the package is for, which is that of Node 20 itself. */
const GLIBC = [2, 28] as const;

const targets = [
  { file: 'linux-x64/h264-sei.glibc.node', machine: 'X86-64', libraries: /^lib(c\.so\.6|pthread\.so\.0|dl\.so\.2)$/ },
  { file: 'linux-x64/h264-sei.musl.node', machine: 'X86-64', libraries: /^libc\.so$/ },
  {
    file: 'linux-arm64/h264-sei.glibc.node',
    machine: 'AArch64',
    libraries: /^(lib(c\.so\.6|pthread\.so\.0|dl\.so\.2)|ld-linux-aarch64\.so\.1)$/,
  },
  { file: 'linux-arm64/h264-sei.musl.node', machine: 'AArch64', libraries: /^libc\.so$/ },
] as const;

for (const { file, machine, libraries } of targets) {
  const path = join(REPOSITORY, 'prebuilds', file);
  const prebuilt: Tool = {
    name: `prebuilds/${file}`,
    missing: () => (existsSync(path) ? undefined : 'npm run prebuild has not made it'),
  };
  const read = (option: string) => execFileSync('readelf', ['--wide', option, path], { encoding: 'utf8' });
  const symbols = () => read('--dyn-syms').split('\n');

  describeWith([readelf, prebuilt], file, () => {
    it(`is for ${machine}`, () => {
      expect(read('--file-header')).toMatch(new RegExp(`Machine: .*${machine}`));
    });

    it('needs the C library alone: that of C++ is inside', () => {
      const needed = [...read('--dynamic').matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name);
      expect(needed.length).toBeGreaterThan(0);
      expect(needed.filter((name) => !libraries.test(name))).toEqual([]);
    });

    it(`asks for no symbol newer than glibc ${GLIBC.join('.')}`, () => {
      const versions = symbols().flatMap((line) => [...line.matchAll(/@GLIBC_(\d+)\.(\d+)/g)]);
      const isNewer = ([, major, minor]: RegExpExecArray) => Number(major) !== GLIBC[0] || Number(minor) > GLIBC[1];
      expect(versions.filter(isNewer).map(([name]) => name)).toEqual([]);
      expect(versions.length > 0).toBe(file.includes('glibc'));
    });

    it('shows Node its entry and nothing of what is inside', () => {
      const own = symbols().filter((line) => /\b(GLOBAL|WEAK) +DEFAULT +\d/.test(line));
      const names = own.map((line) => line.trim().split(/\s+/).at(-1));
      expect(names.sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
    });

    it('is stripped', () => {
      expect(read('--section-headers')).not.toContain('.symtab');
    });
  });
}
