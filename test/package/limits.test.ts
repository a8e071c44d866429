/** The table of limits in the documentation says what is exported, all of it and nothing else; each limit has a test. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as browser from '../../src/browser/index.js';
import * as core from '../../src/index.js';
import * as files from '../../src/files/index.js';
import * as rtp from '../../src/rtp/index.js';
import * as streams from '../../src/streams/index.js';

const docs = join(__dirname, '..', '..', 'docs');
const read = (name: string) => readFileSync(join(docs, name), 'utf8');

/** Numbers that are syntax and no limits. */
const SYNTAX = ['RTP_HEADER_LENGTH', 'MAX_CSRC_COUNT'];

const exported = Object.entries({ ...core, ...browser, ...files, ...rtp, ...streams })
  .filter(([name, value]) => typeof value === 'number' && !SYNTAX.includes(name))
  .map(([name, value]) => [name, value as number] as const)
  .sort(([a], [b]) => (a < b ? -1 : 1));

describe('docs/hardening.md', () => {
  it('names every limit with its value', () => {
    const rows = [...read('hardening.md').matchAll(/^\| `([A-Z_]+)` +\| +([\d,]+) \|$/gm)];
    expect(rows.map(([, name, value]) => [name, Number(value.replaceAll(',', ''))])).toEqual(exported);
  });

  it('is not alone: docs/architecture.md says what happens beyond each', () => {
    const text = read('architecture.md');
    expect(exported.map(([name]) => name).filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('the tests', () => {
  it('name every limit', () => {
    const folder = join(__dirname, '..');
    const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts') && basename(name) !== basename(__filename))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
    const words = new Set(tests.flatMap((text) => text.match(/\b[A-Z_]+\b/g) ?? []));
    expect(exported.map(([name]) => name).filter((name) => !words.has(name))).toEqual([]);
  });
});
