/** hls.js, which knows nothing of this library, reads the messages out of MPEG-TS and fragmented MP4 in a browser. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { AccessUnitSplitter, DEFAULT_SEI_UUID, SeiInjector, SeiPublisher } from '../../src/index.js';
import { type ServedFile, chromiumTool } from '../support/chromium.js';
import { ffmpegTool } from '../support/ffmpeg-cli.js';
import { describeWith } from '../support/skip.js';
import { fixtureClip } from '../support/streams.js';
import type { HlsResult } from './results.js';
import { withPage } from './with-page.js';

const clip = fixtureClip('cabac.h264');
const containers = { mpegts: 'MPEG-TS', fmp4: 'fragmented MP4' } as const;
type Container = keyof typeof containers;

const TYPES: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl',
  ts: 'video/mp2t',
  m4s: 'video/mp4',
  mp4: 'video/mp4',
};

/** A message in every third access unit, and what each says. */
function tagged(): { readonly stream: Uint8Array; readonly texts: readonly string[] } {
  const publisher = new SeiPublisher({ repeatCount: 1 });
  const injector = new SeiInjector({ publisher });
  const splitter = new AccessUnitSplitter();
  const accessUnits = [...splitter.push(clip.read()), ...splitter.flush()];
  const texts: string[] = [];
  const frames = accessUnits.map((accessUnit, index) => {
    if (index % 3 === 0) {
      const text = JSON.stringify({ text: `caption ${index} — ${'é'.repeat(index)}`, timestamp: index });
      publisher.publishJson(JSON.parse(text));
      texts.push(text);
    }
    return injector.inject(accessUnit);
  });
  return { stream: Buffer.concat(frames), texts };
}

/** Cuts a stream into segments with ffmpeg; the files by their path. */
function segments(stream: Uint8Array, container: Container): [string, ServedFile][] {
  const folder = mkdtempSync(join(tmpdir(), 'h264-sei-hls-'));
  try {
    const input = ['-v', 'error', '-f', 'h264', '-framerate', '25', '-i', 'pipe:0', '-c', 'copy'];
    const output = ['-f', 'hls', '-hls_time', '0.4', '-hls_playlist_type', 'vod', '-hls_segment_type', container];
    const { status, stderr } = spawnSync('ffmpeg', [...input, ...output, 'index.m3u8'], {
      cwd: folder,
      input: stream,
      timeout: 60_000,
    });
    if (status !== 0) throw new Error(`ffmpeg failed: ${stderr.toString()}`);
    return readdirSync(folder).map((name) => [
      `/${container}/${name}`,
      { type: TYPES[name.split('.').at(-1) ?? ''] ?? '', body: readFileSync(join(folder, name)) },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describeWith([chromiumTool, ffmpegTool], 'hls.js in Chromium', () => {
  const { stream, texts } = tagged();
  const results = new Map<Container, HlsResult>();

  beforeAll(async () => {
    const names = Object.keys(containers) as Container[];
    const files = names.flatMap((name) => segments(stream, name));
    await withPage(
      'hls',
      async (page) => {
        for (const name of names) results.set(name, await page.evaluate(`playHls('/${name}/index.m3u8')`));
      },
      files,
    );
  }, 90_000);

  describe.each(Object.entries(containers))('%s', (container) => {
    const result = () => results.get(container as Container)!;

    it('tells every message, with its UUID and its text', () => {
      const ours = result().messages.filter(([uuid]) => uuid === DEFAULT_SEI_UUID);
      expect(ours.map(([, text]) => text)).toEqual(texts);
    });

    it('plays the video to its end', () => {
      expect(result().errors).toEqual([]);
      expect(result().position).toBeGreaterThan(1);
      expect(result().frames).toBeGreaterThanOrEqual(clip.frames - 1);
    });
  });
});
