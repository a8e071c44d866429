// Builds the native addon with node-gyp, if a source is newer than it. A machine that cannot build it is told why and
// gets the TypeScript backend: exit code 0, unless `--required` or H264_SEI_BACKEND=native asks for the addon.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeDirectoryOption } from './node-directory.mjs';

const BUILD_TIMEOUT_MS = 10 * 60_000;
const LOAD_TIMEOUT_MS = 30_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const addon = join(root, 'build', 'Release', 'h264_sei.node');
const log = join(root, 'build', 'build-native.log');
const required = process.argv.includes('--required') || process.env['H264_SEI_BACKEND'] === 'native';

/** When the newest of these was changed. A folder counts too: its time tells of a file that was added or removed. */
function newestChange(...paths) {
  return Math.max(
    ...paths.map((path) => {
      const stat = statSync(path);
      if (!stat.isDirectory()) return stat.mtimeMs;
      return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestChange(join(path, name))));
    }),
  );
}

/** Why the built file cannot be loaded, or undefined if it can. In a process of its own, which it may crash. */
function loadFailure() {
  const code = `try { require(${JSON.stringify(addon)}) } catch (error) { console.error(error.message); process.exit(1) }`;
  const child = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', timeout: LOAD_TIMEOUT_MS });
  if (child.status === 0) return undefined;
  return child.stderr.trim().split('\n')[0] || `loading it ended with ${child.signal ?? child.error ?? child.status}`;
}

function isFresh() {
  if (!existsSync(addon)) return false;
  const sources = ['addon.cc', 'codec', 'simd'].map((name) => join(root, 'native', name));
  const rules = [join(root, 'binding.gyp'), fileURLToPath(import.meta.url)];
  return statSync(addon).mtimeMs >= newestChange(...sources, ...rules) && loadFailure() === undefined;
}

/** Runs node-gyp and writes its log. Answers why there is no addon, or undefined if there is one. */
function build() {
  let nodeGyp;
  try {
    nodeGyp = fileURLToPath(import.meta.resolve('node-gyp/bin/node-gyp.js'));
  } catch {
    return 'node-gyp is not installed (run npm ci)';
  }
  const child = spawnSync(
    process.execPath,
    [nodeGyp, 'configure', 'build', '--release', '--jobs=max', ...nodeDirectoryOption()],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      timeout: BUILD_TIMEOUT_MS,
    },
  );
  const output = `${child.stdout ?? ''}${child.stderr ?? ''}`;
  mkdirSync(dirname(log), { recursive: true });
  writeFileSync(log, output);
  if (child.error) return `node-gyp did not finish: ${child.error.message}`;
  if (child.status !== 0) return reasonIn(output);
  return loadFailure();
}

/** The line of node-gyp's log that tells most: the first error of the compiler, of a missing tool, or of node-gyp. */
function reasonIn(output) {
  const lines = output.split('\n').map((line) => line.trim());
  const telling = [/error:/, /not found|No such file or directory/i, /gyp ERR! stack Error/, /gyp ERR!/];
  for (const pattern of telling) {
    const line = lines.find((candidate) => pattern.test(candidate));
    if (line !== undefined) return line.replace(/^gyp ERR! (stack Error: )?/, '');
  }
  return 'node-gyp failed without a word';
}

if (isFresh()) {
  console.log('native addon: up to date');
} else {
  console.log('native addon: building ...');
  const reason = build();
  if (reason === undefined) {
    console.log('native addon: built');
  } else {
    // An addon of older sources must not pass for this one.
    rmSync(addon, { force: true });
    console.error(`native addon not built: ${reason}; the TypeScript backend is used. The full log is in ${log}`);
    if (required) process.exitCode = 1;
  }
}
