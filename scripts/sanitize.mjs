// Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer and runs tests with it, under Node as it is:
//
//     npm run sanitize [-- <files of tests, for vitest>]
//
// All is done in a copy of the project, build/sanitize, so that the addon that is built stays. What the sanitizers find
// ends the process that finds it, with a report. Leaks are looked for by a script that ends as a program does: Node
// leaves much allocated at its end, so of the report only what the addon has allocated counts.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeDirectoryOption } from './node-directory.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'build', 'sanitize');
const copied = [
  'src',
  'test',
  'native',
  'scripts',
  'binding.gyp',
  'package.json',
  'tsconfig.json',
  'vitest.config.mts',
];
const tests = process.argv.slice(2);
const compiler = process.env['CXX'] || 'g++';
const flags = '-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g';

// Under the sanitizers everything takes several times as long.
const TEST_TIMEOUT_MS = 600_000;

/** A line of a stack that names a function of the addon, by its file or its library. */
const ADDON_FRAME = /^ +#\d+ .*(native\/(addon\.cc|codec\/|simd\/)|h264_sei\.node)/m;

function run(command, args, env = {}, stdio = 'inherit') {
  return spawnSync(command, args, { cwd: folder, stdio, encoding: 'utf8', env: { ...process.env, ...env } });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function copyProject() {
  mkdirSync(folder, { recursive: true });
  for (const name of copied) {
    rmSync(join(folder, name), { recursive: true, force: true });
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  rmSync(join(folder, 'node_modules'), { force: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
}

function buildAddon() {
  const nodeGyp = fileURLToPath(import.meta.resolve('node-gyp/bin/node-gyp.js'));
  const args = [nodeGyp, 'configure', 'build', '--release', '--jobs=max', ...nodeDirectoryOption()];
  const { status, stdout, stderr } = run(process.execPath, args, { CXXFLAGS: flags, LDFLAGS: flags }, 'pipe');
  if (status !== 0) fail(`the addon cannot be built with sanitizers:\n${stdout}${stderr}`);
}

/** The runtime library of the sanitizer, which has to be the first that a process loads. */
function preload() {
  const { status, stdout } = run(compiler, ['-print-file-name=libasan.so'], {}, 'pipe');
  const file = stdout?.trim();
  if (status !== 0 || !file?.startsWith('/')) fail(`${compiler} has no libasan.so, which comes with GCC`);
  return file;
}

function leakOfAddon(log) {
  const reports = readdirSync(folder).filter((name) => name.startsWith(log));
  const text = reports.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  return text.split('\n\n').find((report) => report.includes('leak of') && ADDON_FRAME.test(report));
}

copyProject();
console.log(`sanitize: building the addon by ${compiler} ${flags}`);
buildAddon();
const libraries = { LD_PRELOAD: preload(), H264_SEI_EXPECT_NATIVE: '1' };

const vitest = join('node_modules', 'vitest', 'vitest.mjs');
const files =
  tests.length > 0 ? tests : ['test/contract', 'test/backend', 'test/property', 'test/conformance', 'test/fuzz'];
const { status } = run(process.execPath, [vitest, 'run', `--testTimeout=${TEST_TIMEOUT_MS}`, ...files], {
  ...libraries,
  ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1',
});
if (status !== 0) fail('sanitize: the tests have failed');

const log = 'leaks';
for (const name of readdirSync(folder)) if (name.startsWith(log)) rmSync(join(folder, name));
const calls = [join('scripts', 'addon-calls.mjs'), join('build', 'Release', 'h264_sei.node'), '2000'];
const checked = run(process.execPath, calls, {
  ...libraries,
  // The leaks of Node itself do not count, so they must not decide about the exit code.
  ASAN_OPTIONS: `detect_leaks=1:exitcode=0:log_path=${join(folder, log)}`,
});
if (checked.status !== 0) fail('sanitize: the check for leaks has failed');
const leak = leakOfAddon(log);
if (leak !== undefined) fail(`sanitize: the addon leaks\n${leak}`);
console.log('sanitize: no finding');
