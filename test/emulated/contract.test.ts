// The addon for AArch64 as it is published, in a Node of that processor, in an emulator: the contract suite on NEON.
// H264_SEI_EMULATED=all runs all of it, and H264_SEI_EMULATED=framing,hostile those files; else those below are run.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { expect, it } from 'vitest';
import { npmTool } from '../../scripts/npm-tool.js';
import { npmToolAsTool } from '../support/npm-tool.js';
import { layOutPackage, plainJavaScript, writeInto } from '../support/plain-package.js';
import { describeWith, type Tool } from '../support/skip.js';
import type { RunResult } from '../support/standalone-vitest.js';

const repository = resolve(__dirname, '../..');
const ADDON = join('prebuilds', 'linux-arm64', 'h264-sei.glibc.node');
const addon = join(repository, ADDON);
const EMULATOR = 'qemu-aarch64-static';
const SYSROOT = '/usr/aarch64-linux-gnu';
const TIMEOUT_MS = 3 * 60 * 60_000;

/** What touches every function of the addon, and takes little time. */
const QUICK = ['insertion-point', 'rtp', 'sei-nal-unit', 'strip'];
/** Fewer in a file would mean that a part of it is not there. */
const LEAST_TESTS = 50;
const asked = process.env['H264_SEI_EMULATED'] || QUICK.join();

const emulator: Tool = {
  name: 'AArch64 emulator',
  missing: () => {
    if (spawnSync(EMULATOR, ['--version']).status !== 0) return `there is no ${EMULATOR}`;
    return existsSync(join(SYSROOT, 'lib', 'libstdc++.so.6')) ? undefined : `there are no libraries in ${SYSROOT}`;
  },
};

const prebuilt: Tool = {
  name: 'prebuilt addon for linux-arm64',
  missing: () => (existsSync(addon) ? undefined : 'npm run prebuild has not made it'),
};

/** The library, its published addon and the tests as plain JavaScript: what one can run where only Node runs. */
function install(folder: string): void {
  const folders = ['src', 'test/contract', 'test/fuzz', 'test/support'];
  layOutPackage(folder, {
    modules: Object.fromEntries(folders.map((name) => [name, name])),
    addon: { path: ADDON, bytes: readFileSync(addon) },
  });
  buildSync({
    ...plainJavaScript,
    bundle: true,
    entryPoints: [join(repository, 'test', 'emulated', 'vitest.ts')],
    outfile: join(folder, 'vitest.js'),
  });
  writeInto(folder, 'node_modules/vitest/index.js', "module.exports = require('../../vitest.js');");
  symlinkSync(join(repository, 'test', 'fixtures'), join(folder, 'test', 'fixtures'));
}

async function runEmulated(folder: string, files: readonly string[]): Promise<RunResult & { info: unknown }> {
  const script = `
    const { runTestFiles } = require('vitest');
    const { backendInfo } = require('./src/index.js');
    // Before the tests choose kernels.
    const info = backendInfo();
    runTestFiles(${JSON.stringify(files)}).then((result) => console.log(JSON.stringify({ ...result, info })));`;
  writeFileSync(join(folder, 'run.js'), script);
  const { stdout } = await promisify(execFile)(
    EMULATOR,
    ['-L', SYSROOT, npmTool('node-20-arm64'), join(folder, 'run.js')],
    { cwd: folder, timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: 256 * 1024 * 1024 },
  );
  return JSON.parse(stdout) as RunResult & { info: unknown };
}

describeWith(
  [emulator, prebuilt, npmToolAsTool('node-20-arm64')],
  'the published addon for AArch64, in an emulator',
  () => {
    it('keeps the contract, on NEON', { timeout: TIMEOUT_MS }, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'h264-sei-emulated-'));
      try {
        install(folder);
        const names = readdirSync(join(repository, 'test', 'contract')).filter((name) => name.endsWith('.test.ts'));
        const chosen = names.filter(
          (name) => asked === 'all' || asked.split(',').includes(name.replace('.test.ts', '')),
        );
        const files = chosen.map((name) => join(folder, 'test', 'contract', name.replace(/ts$/, 'js')));
        const { passed, skipped, failed, info } = await runEmulated(folder, files);
        console.log(
          `in the emulator, of ${asked}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped`,
        );
        expect(failed).toEqual([]);
        expect(skipped.filter((name) => !name.includes('needs conformance streams'))).toEqual([]);
        expect(info).toEqual({ name: 'native', kernel: 'neon' });
        expect(passed).toBeGreaterThan(LEAST_TESTS * files.length);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  },
);
