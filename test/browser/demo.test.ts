/** The example as a user sees it: two pages, and a caption in the picture. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chromiumTool } from '../support/chromium.js';
import { networkNamespaceTool, runInNetworkNamespace } from '../support/network-namespace.js';
import { describeWith } from '../support/skip.js';
import type { DemoResult } from './results.js';

describeWith([chromiumTool, networkNamespaceTool], 'examples/browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'h264-sei-demo-'));
  let result: DemoResult;

  beforeAll(async () => {
    result = await runInNetworkNamespace('test/browser/scenarios/demo.ts', folder);
  }, 200_000);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows the latest caption, with its frame or the first one behind it that is shown', () => {
    expect(result.caption.text).toBe('Goal for the home team');
    expect(result.caption.late).toBeGreaterThanOrEqual(0);
  });

  it('draws it in the picture', () => {
    const [before, after] = result.captionPixels;
    expect(before).toBe(0);
    expect(after).toBeGreaterThan(300);
    expect(result.colors).toBeGreaterThan(100);
  });

  it('shows every line of chat once, in order', () => {
    expect(result.chat.map((line) => line.split('\n')[0])).toEqual(['Hello from the studio', 'こんにちは 👋']);
  });

  it('tells the publisher what became of each message', () => {
    expect(result.sent).toHaveLength(4);
    for (const line of result.sent) expect(line).toMatch(/(chat|caption): injected, in \d+ frames/);
  });
});
