// Builds the references that the benchmarks measure against. Where that fails, they say so and do without.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const addon = join(here, 'build', 'Release', 'references.node');
const sources = ['references.cc', 'binding.gyp'].map((name) => join(here, name));

const changed = (file) => statSync(file).mtimeMs;
if (!existsSync(addon) || sources.some((source) => changed(source) > changed(addon))) {
  const prefix = process.platform === 'win32' ? dirname(process.execPath) : dirname(dirname(process.execPath));
  // Headers beside the running Node, so that nothing has to be downloaded.
  const headers = existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
  const nodeGyp = fileURLToPath(import.meta.resolve('node-gyp/bin/node-gyp.js'));
  const { status, stderr } = spawnSync(process.execPath, [nodeGyp, 'rebuild', '--release', ...headers], {
    cwd: here,
    encoding: 'utf8',
  });
  if (status !== 0) console.error(`the references of the benchmarks are not built: ${stderr.trim().split('\n')[0]}`);
}
