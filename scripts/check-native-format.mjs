// Checks that the C++ sources are formatted as .clang-format says; `--write` formats them.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const files = readdirSync(join(root, 'native'), { recursive: true })
  .filter((name) => /\.(cc|h)$/.test(name))
  .map((name) => join('native', name));
const clangFormat = fileURLToPath(import.meta.resolve('clang-format-node/build/cli.js'));
const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '-Werror'];
const child = spawnSync(process.execPath, [clangFormat, ...mode, ...files], { cwd: root, stdio: 'inherit' });
process.exitCode = child.status ?? 1;
