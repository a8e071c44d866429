// Makes the addons that the package carries, by prebuildify, into prebuilds/.
//
//   npm run prebuild                       on Linux x64 all four of Linux, else the one of this machine
//   npm run prebuild -- linux-arm64-musl   those that are named
//   npm run prebuild -- host               by this machine's own compiler
//
// Those of Linux are compiled by zig, which has the headers and start files of every libc: for glibc from 2.28 on
// (Debian 10, RHEL 8, what Node 20 itself asks for) and for musl, with the C++ library inside. Each is built in a folder
// of its own, so that the addon in build/ stays as it is.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import prebuildify from 'prebuildify';
import { detectLibc, type Libc } from '../src/backend/libc.js';
import { npmTool } from './npm-tool.js';

interface Target {
  readonly arch: 'x64' | 'arm64';
  readonly libc: Libc;
  /** As zig names it. */
  readonly zig: string;
}

const TARGETS: Readonly<Record<string, Target>> = {
  'linux-x64-glibc': { arch: 'x64', libc: 'glibc', zig: 'x86_64-linux-gnu.2.28' },
  'linux-x64-musl': { arch: 'x64', libc: 'musl', zig: 'x86_64-linux-musl' },
  'linux-arm64-glibc': { arch: 'arm64', libc: 'glibc', zig: 'aarch64-linux-gnu.2.28' },
  'linux-arm64-musl': { arch: 'arm64', libc: 'musl', zig: 'aarch64-linux-musl' },
};

const ROOT = join(__dirname, '..');
const NAME = 'h264-sei';

/** Where the headers of the running Node lie beside it, they are used; else prebuildify downloads those it wants. */
function useHeadersOfNode(): void {
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, 'include', 'node', 'node_api.h'))) process.env['npm_config_nodedir'] ??= prefix;
}

/** Builds one addon in a folder that holds what node-gyp needs and nothing else. */
function prebuild(label: string, options: prebuildify.Options): Promise<void> {
  const folder = join(ROOT, 'build', 'prebuild', label);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['binding.gyp', 'native']) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: NAME, private: true }));
  return new Promise((done, failed) => {
    prebuildify({ cwd: folder, name: NAME, napi: true, out: ROOT, quiet: true, ...options }, (error) => {
      if (error) failed(new Error(`${label}: ${error.message}`));
      else done();
    });
  });
}

/** Cross-compiles: prebuildify hands its environment to node-gyp, and that to make. */
async function prebuildByZig(label: string, { arch, libc, zig }: Target): Promise<void> {
  const program = npmTool('zig');
  const cache = join(dirname(program), '.zig-cache');
  Object.assign(process.env, {
    CC: `"${program}" cc -target ${zig}`,
    CXX: `"${program}" c++ -target ${zig}`,
    AR: `"${program}" ar`,
    // The linker strips: the strip of this machine may not know the other processor.
    LDFLAGS: '-Wl,-s',
    ZIG_GLOBAL_CACHE_DIR: cache,
    ZIG_LOCAL_CACHE_DIR: cache,
  });
  await prebuild(label, { platform: 'linux', arch, libc, tagLibc: libc });
}

async function prebuildHost(): Promise<void> {
  const { platform, arch } = process;
  await prebuild('host', {
    platform,
    arch,
    strip: platform !== 'win32',
    ...(platform === 'linux' && { libc: detectLibc(), tagLibc: detectLibc() }),
  });
}

async function main(asked: readonly string[]): Promise<void> {
  const unknown = asked.find((label) => label !== 'host' && !(label in TARGETS));
  if (unknown !== undefined) throw new Error(`${unknown} is none of host, ${Object.keys(TARGETS).join(', ')}`);
  const hasZig = process.platform === 'linux' && process.arch === 'x64';
  const usual = hasZig ? Object.keys(TARGETS) : ['host'];
  useHeadersOfNode();
  process.env['JOBS'] ??= 'max';
  for (const label of asked.length > 0 ? asked : usual) {
    const target = TARGETS[label];
    await (target === undefined ? prebuildHost() : prebuildByZig(label, target));
    console.log(`prebuilt ${label}`);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
