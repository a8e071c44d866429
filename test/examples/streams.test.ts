/** The examples of streams, run as the README says, only shorter. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ffmpegTool } from '../support/ffmpeg-cli.js';
import { nodeAvTool } from '../support/node-av.js';
import { describeWith } from '../support/skip.js';

const root = resolve(__dirname, '../..');

async function runExample(name: string, seconds: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const args = ['--require', 'tsx/cjs', join('examples', name), seconds];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env, timeout: 120_000 });
  return stdout;
}

describeWith(nodeAvTool, 'examples/latency-meter.ts', () => {
  it('says how long messages take, of which none is lost', async () => {
    const output = await runExample('latency-meter.ts', '1');
    expect(output).toContain('30 pictures at 30 a second, 30 messages received');
    expect(output).toContain("✓ every picture's message arrived");
    const [min, median, p95] = /min ([\d.]+) ms, median ([\d.]+) ms, p95 ([\d.]+) ms/
      .exec(output)!
      .slice(1)
      .map(Number);
    expect(min).toBeGreaterThan(0);
    expect(min).toBeLessThanOrEqual(median);
    expect(median).toBeLessThanOrEqual(p95);
  });

  it('fails where there is nothing to measure', async () => {
    await expect(runExample('latency-meter.ts', '0')).rejects.toMatchObject({ code: 1 });
  });
});

describeWith([ffmpegTool, nodeAvTool], 'examples/ffmpeg-pipe.ts', () => {
  it.each([
    ['ffmpeg', process.env],
    ['node-av', { ...process.env, PATH: root }],
  ])('carries a chat with %s at both ends', async (tool, env) => {
    const output = await runExample('ffmpeg-pipe.ts', '1', env);
    expect(output).toContain(`encoder and player: ${tool}`);
    expect(output).toContain('◄ message 1\n');
    expect(output).toContain('✓ the player decoded 25 of 25 pictures');
    expect(output).toMatch(/✓ \d+ of \d+ messages arrived, each once and in order/);
  });

  it('fails where the encoder does', async () => {
    await expect(runExample('ffmpeg-pipe.ts', 'no number')).rejects.toMatchObject({ code: 1 });
  });
});
