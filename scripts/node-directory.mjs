import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The option by which node-gyp takes the headers beside the running Node, so that nothing has to be downloaded. */
export function nodeDirectoryOption() {
  const prefix = process.platform === 'win32' ? dirname(process.execPath) : dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}
