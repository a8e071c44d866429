// A file that a full disk or an interrupted copy has cut short: the dynamic linker would end the process over it.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/skip.js';
import { type Installation, builtAddon, builtAddonTool, install } from './installation.js';

const PAGE_SIZE = 4096;

/** Around every page, as a mapping ends with one, and around what the header holds; the longest first. */
function lengthsBelow(size: number): number[] {
  const pages = Array.from({ length: Math.ceil(size / PAGE_SIZE) }, (_, index) => index * PAGE_SIZE);
  const around = [...pages, 4, 16, 48, 52, 64, 1024, size].flatMap((length) => [length - 1, length, length + 1]);
  return [...new Set(around)].filter((length) => length >= 0 && length < size).sort((a, b) => b - a);
}

describeWith(builtAddonTool, 'an addon that is cut short', () => {
  let whole: Buffer;
  let installation: Installation;
  beforeAll(() => {
    whole = readFileSync(builtAddon);
    installation = install(whole);
  });
  afterAll(() => {
    installation.remove();
  });

  it('is left alone at whatever length, and the reason says why', { timeout: 300_000 }, async () => {
    const lengths = lengthsBelow(whole.length);
    expect(lengths.length).toBeGreaterThan(100);
    // The library comes without the addon; then the choice is made anew for each length.
    const script = `
      const { truncateSync, writeSync } = require('node:fs');
      delete process.env.H264_SEI_BACKEND;
      const modules = ['select', 'native'].map((name) => require.resolve('./dist/backend/' + name + '.js'));
      for (const length of ${JSON.stringify(lengths)}) {
        truncateSync('build/Release/h264_sei.node', length);
        for (const module of modules) delete require.cache[module];
        // At once, so that it is known where the process has ended.
        writeSync(1, length + ' ');
        const { name, reason } = require(modules[0]).backendInfo();
        if (name !== 'typescript' || !/cut short|ERR_DLOPEN_FAILED/.test(reason)) writeSync(2, length + name + reason);
      }
      writeSync(1, 'survived');`;
    const { status, stdout, stderr } = await installation.run(script, { H264_SEI_BACKEND: 'typescript' });
    expect([status, stderr, stdout.split(' ').at(-1)]).toEqual([0, '', 'survived']);
  });

  it('fails loudly where the addon is forced', async () => {
    const half = install(whole.subarray(0, whole.length / 2));
    try {
      const { status, stdout, stderr } = await half.run('', { H264_SEI_BACKEND: 'native' });
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/ERR_SEI_BACKEND_UNAVAILABLE/);
      expect(stderr).toMatch(/H264_SEI_BACKEND=native cannot be had: the addon is cut short: .*h264_sei\.node/);
    } finally {
      half.remove();
    }
  });
});
