import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { detectLibc } from '../../src/backend/libc.js';
import type { Tool } from '../support/skip.js';
import { REPOSITORY } from './installed-package.js';

const platform = `${process.platform}-${process.arch}`;

/** Where the package has the addon for this machine. */
export const prebuiltAddon = join(
  'prebuilds',
  platform,
  process.platform === 'linux' ? `h264-sei.${detectLibc()}.node` : 'h264-sei.node',
);

/** The addon for this machine as it is published. */
export const prebuiltAddonTool: Tool = {
  name: `prebuilt addon for ${platform}`,
  missing: () => (existsSync(join(REPOSITORY, prebuiltAddon)) ? undefined : 'npm run prebuild has not made it'),
};
