/** The examples of integrations, run as the README says. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ffmpegTool } from '../support/ffmpeg-cli.js';
import { nodeAvTool } from '../support/node-av.js';
import { describeWith } from '../support/skip.js';

const root = resolve(__dirname, '../..');

async function runExample(name: string): Promise<string> {
  const args = ['--require', 'tsx/cjs', join('examples', name)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 120_000 });
  return stdout;
}

describeWith(nodeAvTool, 'examples/node-av.ts', () => {
  it('encodes, decodes, and delivers every message', async () => {
    const output = await runExample('node-av.ts');
    expect(output).toContain('✓ FFmpeg decoded 75 of 75 pictures');
    expect(output).toContain('✓ 3 of 3 messages arrived, each once and in order');
  });
});

describeWith(ffmpegTool, 'examples/node-media-server.ts', () => {
  it('gives every message to both players', async () => {
    const output = await runExample('node-media-server.ts');
    expect(output).toContain('✓ by RTMP 5 of 5 messages arrived, in order');
    expect(output).toContain('✓ by HTTP-FLV 5 of 5 messages arrived, in order');
  });
});
