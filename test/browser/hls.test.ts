/** hls.js, which knows nothing of this library, reads the messages out of MPEG-TS and fragmented MP4 in a browser. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { injectIntoFile } from '../../src/files/index.js';
import { AccessUnitSplitter, DEFAULT_SEI_UUID, SeiInjector, SeiPublisher } from '../../src/index.js';
import { type ServedFile, chromiumTool } from '../support/chromium.js';
import { ffmpegTool } from '../support/ffmpeg-cli.js';
import { describeWith } from '../support/skip.js';
import { fixtureClip } from '../support/streams.js';
import type { HlsResult } from './results.js';
import { withPage } from './with-page.js';

const clip = fixtureClip('cabac.h264');
/** As ffmpeg calls them: MPEG-TS and fragmented MP4. */
const containers = ['mpegts', 'fmp4'] as const;
type Container = (typeof containers)[number];

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

/** Cuts a stream into segments with ffmpeg; the files by their name. */
function segments(stream: Uint8Array, container: Container): Map<string, Buffer> {
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
    return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts a message into the first and the third picture of each segment; those of fragmented MP4 begin elsewhere. */
async function tagFiles(files: Map<string, Buffer>, texts: string[]): Promise<void> {
  const beginning = files.get('init.mp4') ?? Buffer.alloc(0);
  const names = [...files.keys()].filter((name) => /\d+\.(ts|m4s)$/.test(name));
  names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  for (const name of names) {
    const contents = [0, 2].map((frame) => `picture ${frame} of ${name}`);
    const pieces: Uint8Array[] = [];
    const file = Buffer.concat([beginning, files.get(name)!]);
    const messages = contents.map((content, i) => ({ frameIndex: 2 * i, content }));
    const { messages: count } = await injectIntoFile(file, (piece) => pieces.push(piece), { messages });
    expect(count).toBe(contents.length);
    const tagged = Buffer.concat(pieces);
    expect(tagged.subarray(0, beginning.length)).toEqual(beginning);
    files.set(name, tagged.subarray(beginning.length));
    texts.push(...contents);
  }
}

/** Files as a server sends them. */
function served(folder: string, files: ReadonlyMap<string, Buffer>): [string, ServedFile][] {
  return [...files].map(([name, body]) => [
    `/${folder}/${name}`,
    { type: TYPES[name.split('.').at(-1) ?? ''] ?? '', body },
  ]);
}

describeWith([chromiumTool, ffmpegTool], 'hls.js in Chromium', () => {
  const ways = ['SeiInjector', 'injectIntoFile'] as const;
  const cases = containers.flatMap((container) => ways.map((way) => ({ container, way, name: `${container}-${way}` })));
  const texts = new Map<string, readonly string[]>();
  const results = new Map<string, HlsResult>();

  beforeAll(async () => {
    const files: [string, ServedFile][] = [];
    for (const { container, way, name } of cases) {
      if (way === 'SeiInjector') {
        const { stream, texts: sent } = tagged();
        texts.set(name, sent);
        files.push(...served(name, segments(stream, container)));
      } else {
        const sent: string[] = [];
        const plain = segments(clip.read(), container);
        await tagFiles(plain, sent);
        texts.set(name, sent);
        files.push(...served(name, plain));
      }
    }
    await withPage(
      'hls',
      async (page) => {
        for (const { name } of cases) results.set(name, await page.evaluate(`playHls('/${name}/index.m3u8')`));
      },
      files,
    );
  }, 120_000);

  describe.each(cases)('$container, tagged by $way', ({ name }) => {
    const result = () => results.get(name)!;

    it('tells every message, with its UUID and its text', () => {
      const ours = result().messages.filter(([uuid]) => uuid === DEFAULT_SEI_UUID);
      expect(ours.length).toBeGreaterThan(3);
      expect(ours.map(([, text]) => text)).toEqual(texts.get(name));
    });

    it('plays the video to its end', () => {
      expect(result().errors).toEqual([]);
      expect(result().position).toBeGreaterThan(1);
      expect(result().frames).toBeGreaterThanOrEqual(clip.frames - 1);
    });
  });
});
