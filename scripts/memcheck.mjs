// Runs Valgrind's memcheck, which finds what the sanitizers do not: that something depends on memory that was never
// written.
//
//     npm run memcheck [-- <rounds>]
//
// First on the test of the native side by itself, then on the addon that is built, in Node as it is, which calls every
// function. Of what is found there only that counts which has the addon in its stack: Node may have some of its own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const addon = join(root, 'build', 'Release', 'h264_sei.node');
const [rounds = '150'] = process.argv.slice(2);

const VALGRIND = [
  '--quiet',
  // V8 writes code where it has written code before.
  '--smc-check=all-non-file',
  '--partial-loads-ok=no',
  '--redzone-size=128',
  '--track-origins=yes',
  '--leak-check=full',
  '--show-leak-kinds=definite,possible',
  '--num-callers=30',
];

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** The reports in which the addon has a part: at its place, or where the memory is from. */
function reportsOf(log) {
  // Each line begins with ==<pid>==, and one without more is between two reports.
  const reports = log.replace(/^[=-]{2}\d+[=-]{2} ?/gm, '').split(/\n\s*\n/);
  return reports.filter((report) => /h264_sei\.node|addon\.cc/.test(report));
}

if (spawnSync('valgrind', ['--version']).status !== 0) fail('memcheck: there is no valgrind');

const native = spawnSync('sh', [join(root, 'native', 'test', 'run.sh'), 'memcheck'], { stdio: 'inherit' });
if (native.status !== 0) fail('memcheck: the native side has an error');

const folder = mkdtempSync(join(tmpdir(), 'h264-sei-memcheck-'));
try {
  const calls = join(root, 'scripts', 'addon-calls.mjs');
  const args = [...VALGRIND, `--log-file=${join(folder, '%p')}`, process.execPath, calls, addon, rounds];
  const { status, signal } = spawnSync('valgrind', args, { stdio: 'inherit' });
  if (status !== 0) fail(`memcheck: the calls of the addon ended with ${signal ?? status}`);
  const reports = readdirSync(folder).flatMap((name) => reportsOf(readFileSync(join(folder, name), 'utf8')));
  if (reports.length > 0) fail(`memcheck: the addon has an error\n${reports.join('\n\n')}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log('memcheck: no finding');
