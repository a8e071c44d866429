import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { HEAD_LENGTH } from '../../src/containers/file-kind.js';
import { toLengthPrefixed } from '../../src/index.js';
import { ffmpegTool } from '../support/ffmpeg-cli.js';
import { describeWith } from '../support/skip.js';
import { fixtureClip } from '../support/streams.js';
import { bash, parseLines, pieces, runInProcess, useFolder } from './run.js';

const folder = useFolder();
const clip = fixtureClip('1080p.h264');

const zeros = (length: number) => new Uint8Array(length);
const transportStream = Buffer.alloc(188 * 400, 0xff);
for (let at = 0; at < transportStream.length; at += 188) transportStream[at] = 0x47;

const heads: readonly [what: string, bytes: Uint8Array, advice: RegExp][] = [
  ['an FLV file', Buffer.from('FLV\x01\x05'), /ffmpeg/],
  ['an MPEG program stream', Buffer.from([0, 0, 1, 0xba, 0x44, 0, 4]), /ffmpeg/],
  ['MPEG-1 or MPEG-2 video', Buffer.from([0, 0, 1, 0xb3, 0x14, 0, 0xf0]), /H.264 only/],
  ['an HLS playlist', Buffer.from('#EXTM3U\n#EXT-X-VERSION:3\n'), /ffmpeg/],
  ['HEVC (H.265) video', Buffer.from([0, 0, 0, 1, 0x40, 1, 0x0c, 1]), /H.264 only/],
  ['HEVC (H.265) video', Buffer.from([0, 0, 0, 1, 0x46, 1, 0x50]), /H.264 only/],
  ['length-prefixed H.264 (AVCC, lengths of 4 bytes)', toLengthPrefixed(clip.read()), /toAnnexB/],
  ['length-prefixed H.264 (AVCC, lengths of 4 bytes)', toLengthPrefixed(fixtureClip('cabac.h264').read()), /toAnnexB/],
  ['no H.264 byte stream (Annex B)', Buffer.from('A text that begins like a RTP payload'), /--force/],
  ['no H.264 byte stream (Annex B)', Buffer.from('{}'), /--force/],
  ['no H.264 byte stream (Annex B)', zeros(3 * HEAD_LENGTH), /--force/],
  ['no H.264 byte stream (Annex B)', Buffer.from([0, 0, 0, 1]), /--force/],
  ['empty', zeros(0), /nothing/],
];

const containers: typeof heads = [
  ['an MP4 file', Buffer.from('\0\0\0\x20ftypisom\0\0\0\0'), /damaged or cut short/],
  ['a Matroska or WebM file', Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 1]), /damaged or cut short/],
  ['an MPEG transport stream', transportStream, /no H\.264 video/],
];

describe('a container without anything in it', () => {
  it.each(containers)('%s', async (_, bytes, message) => {
    for (const args of [['inject', '-m', 'x'], ['strip'], ['extract'], ['inspect']]) {
      const run = await runInProcess([...args, '-'], { stdin: pieces(bytes, 1 << 20) });
      expect(run).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
      expect(run.stderr).toMatch(/^h264-sei: [^\n]*\n$/);
      expect(run.stderr).toMatch(message);
    }
  });
});

describe('an input that is no byte stream', () => {
  it.each(heads)('%s', async (what, bytes, advice) => {
    for (const length of [3, 1 << 20]) {
      for (const args of [['inject', '-m', 'x'], ['strip'], ['extract'], ['inspect']]) {
        const run = await runInProcess([...args, '-'], { stdin: pieces(bytes, length) });
        expect(run).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
        expect(run.stderr).toMatch(/^h264-sei: [^\n]*\n$/);
        expect(run.stderr).toContain(`stdin is ${what}`);
        expect(run.stderr).toMatch(advice);
      }
    }
  });

  it.each(heads)('%s: is called that also where the output is to be another container', async (what, bytes) => {
    const run = await runInProcess(['strip', '-', folder.path('out.mp4')], { stdin: [bytes] });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`stdin is ${what}; `);
  });

  it('is taken for one with --force', async () => {
    const cut = clip.read().subarray(1000);
    expect((await runInProcess(['strip', '-'], { stdin: [cut] })).code).toBe(1);
    const run = await runInProcess(['inject', '--force', '--every', '1', '-m', 'x', '-'], { stdin: [cut] });
    expect(run.code).toBe(0);
    const stripped = await runInProcess(['strip', '--force', '-'], { stdin: [run.stdout] });
    expect(stripped.stdout.equals(Buffer.from(cut))).toBe(true);
  });
});

describe('a byte stream', () => {
  it('may begin with zeros', async () => {
    const stream = Buffer.concat([zeros(500), clip.read()]);
    const run = await runInProcess(['strip', '-'], { stdin: pieces(stream, 50) });
    expect(run.stdout.equals(stream)).toBe(true);
  });

  it.each([0, 2000])('is not written under the name of a container, with %i zeros in front', async (count) => {
    const stdin = [Buffer.concat([zeros(count), clip.read()])];
    const run = await runInProcess(['strip', '-', folder.path('out.mp4')], { stdin });
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/stdin is an H\.264 byte stream, and .* has the name of MP4/);
  });

  it('may be shorter than what is looked at', async () => {
    const tiny = Buffer.from([0, 0, 1, 9, 0xf0]);
    expect((await runInProcess(['strip', '-'], { stdin: pieces(tiny, 1) })).stdout.equals(tiny)).toBe(true);
  });
});

describe('detect', () => {
  it('tells a byte stream', async () => {
    const run = await runInProcess(['detect', '--json', clip.path]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(parseLines(run.stdout)).toEqual([
      {
        input: clip.path,
        isH264: true,
        format: 'annexb',
        nalUnitType: 7,
        confidence: 0.95,
        what: 'a H.264 byte stream (Annex B)',
      },
    ]);
    const text = (await runInProcess(['detect', clip.path])).stdout.toString();
    expect(text).toBe(
      `${clip.path}: a H.264 byte stream (Annex B), first NAL unit of type 7 (sequence parameter set), confidence 0.95\n`,
    );
  });

  it.each([1, 2, 4] as const)('tells length prefixes of %i bytes', async (lengthSize) => {
    // A single picture whose NAL units are short enough for each size.
    const nalUnits = Buffer.from([0, 0, 1, 0x67, 66, 0, 30, 0x8d, 0, 0, 1, 0x65, 0x88, 0x84, 0x21]);
    const sample = toLengthPrefixed(nalUnits, { lengthSize });
    const run = await runInProcess(['detect', '--json', '-'], { stdin: [sample] });
    expect(run.code).toBe(0);
    expect(parseLines(run.stdout)).toMatchObject([{ format: 'avcc', lengthSize, nalUnitType: 7 }]);
  });

  it.each([...heads, ...containers].filter(([what]) => !what.startsWith('length-prefixed')))(
    '%s ends with 1',
    async (what, bytes) => {
      const run = await runInProcess(['detect', '--json', '-'], { stdin: [bytes] });
      expect(run.code).toBe(1);
      expect(parseLines(run.stdout)).toMatchObject([{ what }]);
      expect(run.stderr).toContain(what);
    },
  );

  it.each(containers)('%s: says that the other commands read it', async (_, bytes) => {
    const [told] = parseLines((await runInProcess(['detect', '--json', '-'], { stdin: [bytes] })).stdout);
    expect(told['advice']).toBe('inject, extract, inspect and strip read it as it is');
  });
});

describeWith(ffmpegTool, 'containers that are not read', () => {
  it.each([
    ['flv', 'an FLV file'],
    ['avi', 'an AVI file'],
    ['m3u8', 'an HLS playlist'],
  ])('%s: the advice works', async (extension, what) => {
    const name = `video.${extension}`;
    await writeFile(folder.path('in.h264'), clip.read());
    const made = await bash(
      `ffmpeg -v error -y -r 25 -i in.h264 -c copy first.mp4 && ffmpeg -v error -y -i first.mp4 -c copy ${name}`,
      folder.root,
    );
    expect(made).toMatchObject({ code: 0 });
    const run = await bash(`$CLI extract ${name}`, folder.root);
    expect(run.stderr).toContain(`${name} is ${what}; `);
    const command = run.stderr.slice(run.stderr.indexOf('ffmpeg')).trim();
    expect(
      await bash(`${command.replace('ffmpeg', 'ffmpeg -v error -y')} && $CLI extract -q video.h264`, folder.root),
    ).toMatchObject({
      code: 0,
    });
  });
});
