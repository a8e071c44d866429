/** The glossary leads to files that are there, and to each of the syntax. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY, linesOf } from './documents.js';

/** The paths of a cell; a name without a folder is in that of the one before it. */
function pathsIn(cell: string): string[] {
  let folder = '';
  return [...cell.matchAll(/`([^`]+\.(?:cc|dict|h|ts))`/g)].map(([, name]) => {
    const path = /^(src|native|scripts|test)\//.test(name) ? name : `${folder}/${name}`;
    folder = dirname(path);
    return path;
  });
}

const rows = linesOf('docs/glossary.md').filter((line) => line.startsWith('| ') && !line.startsWith('| --'));
const paths = rows.slice(1).flatMap((row) => row.split('|').flatMap(pathsIn));

describe('docs/glossary.md', () => {
  it('names files that exist', () => {
    expect(paths.length).toBeGreaterThan(70);
    expect(paths.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
  });

  it('leads to a file in each row', () => {
    expect(rows.slice(1).filter((row) => !row.split('|').some((cell) => pathsIn(cell).length > 0))).toEqual([]);
  });

  it.each([
    ['src/codec', ['bytes.ts', 'limits.ts', 'zero-pair-search.ts']],
    ['src/rtp', ['index.ts', 'options.ts']],
  ])('knows all of %s but helpers', (folder, helpers) => {
    const names = readdirSync(join(REPOSITORY, folder)).filter((name) => name.endsWith('.ts'));
    const missing = names.filter((name) => !paths.includes(`${folder}/${name}`) && !helpers.includes(name));
    expect(missing).toEqual([]);
  });
});
