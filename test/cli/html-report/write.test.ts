import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { byteStreamFrames } from '../../../src/cli/html-report/frame-source.js';
import { REPORT_LIMITS, type ReportLimits } from '../../../src/cli/html-report/limits.js';
import { Encoding, NAL_UNIT_LENGTH, Picture } from '../../../src/cli/html-report/model.js';
import { writeHtmlReport } from '../../../src/cli/html-report/write.js';
import { createSeiNalUnit, injectSei, splitNalUnits } from '../../../src/index.js';
import { ffmpegTool, ffprobeTool } from '../../support/ffmpeg-cli.js';
import { describeWith } from '../../support/skip.js';
import { fixtureClip, fixtureClips } from '../../support/streams.js';
import { collect, pieces, runInProcess, spawnCli, useFolder } from '../run.js';
import { parseReport } from './parse.js';

const START_CODE = Uint8Array.of(0, 0, 0, 1);
/** An I slice of no IDR picture: first_mb_in_slice 0, slice_type 7. */
const I_SLICE = Uint8Array.of(...START_CODE, 0x41, 0x88, 0x84, 0x21, 0xa0);

const folder = useFolder();

function concat(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

/** The report of bytes, by the command as it is. */
async function reportOf(bytes: Uint8Array, args: readonly string[] = []) {
  const run = await runInProcess(['inspect', '--force', '--html', '-', ...args, '-'], { stdin: pieces(bytes, 10_000) });
  expect(run.code).toBe(0);
  const html = run.stdout.toString();
  return { html, ...parseReport(html) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** The report of bytes with other limits. */
async function reportWithin(bytes: Uint8Array, limits: Partial<ReportLimits>) {
  const counts = { accessUnits: 0, nalUnits: 0, messages: 0, size: 0, seiBytes: 0, cut: 0, overfull: 0 };
  let html = '';
  const origin = { name: 'x', generator: 'y' };
  const source = byteStreamFrames(once(bytes), 25, counts);
  for await (const text of writeHtmlReport(source, origin, counts, { ...REPORT_LIMITS, ...limits })) html += text;
  return parseReport(html);
}

function userData(text: string | Uint8Array): Uint8Array {
  return createSeiNalUnit(typeof text === 'string' ? new TextEncoder().encode(text) : text);
}

describe('inspect --html', () => {
  it.each(fixtureClips)('$name: has every access unit and NAL unit, where it is and how large', async (clip) => {
    const data = clip.read();
    const { frames, summary } = await reportOf(data);
    expect(frames.map(([, size]) => size)).toEqual(clip.accessUnitSizes);
    let offset = 0;
    for (const [frameOffset, size] of frames) {
      expect(frameOffset).toBe(offset);
      offset += size;
    }
    const nalUnits = frames.flatMap(([frameOffset, , , , numbers]) =>
      Array.from({ length: numbers.length / NAL_UNIT_LENGTH }, (_, i) => {
        const [at, size, header] = numbers.slice(NAL_UNIT_LENGTH * i);
        return [(frameOffset ?? NaN) + at, size, header];
      }),
    );
    const expected = splitNalUnits(data, 'annexb').map((each) => [
      each.byteOffset - data.byteOffset,
      each.length,
      each[0],
    ]);
    expect(nalUnits).toEqual(expected);
    const seiBytes = expected.reduce((sum, [, size, header]) => sum + ((header & 0x1f) === 6 ? size : 0), 0);
    expect(summary).toMatchObject({
      name: 'stdin',
      size: data.length,
      frames: clip.accessUnitSizes.length,
      listedFrames: clip.accessUnitSizes.length,
      nalUnits: expected.length,
      seiBytes,
    });
  });

  it('says when each frame is, from what the stream says or from --fps', async () => {
    const clip = fixtureClip('b-pyramid.h264').read();
    const said = await reportOf(clip);
    expect(said.frames.slice(0, 3).map(([, , , milliseconds]) => milliseconds)).toEqual([0, 40, 80]);
    expect(said.summary).toMatchObject({ milliseconds: 1600, timeKind: 'decoding' });
    const given = await reportOf(clip, ['--fps', '30000/1001']);
    expect(given.frames[3][3]).toBe(100.1);
    const unknown = await reportOf(concat(I_SLICE, I_SLICE));
    expect(unknown.frames.map(([, , , milliseconds]) => milliseconds)).toEqual([null, null]);
    expect(unknown.summary.milliseconds).toBeNull();
  });

  it('holds messages as they are, in text or in base64', async () => {
    const hostile = '</script><!-- <script> \u2028\u2029 \u202e مرحبا 👋 \u0000 "\\';
    const binary = Uint8Array.of(0xff, 0, 1, 2, 0xfe);
    const frame = injectSei(I_SLICE, [userData(hostile), userData(binary), userData('')]);
    const { html, frames } = await reportOf(frame);
    const [[, , picture, , numbers, messages]] = frames;
    expect(picture).toBe(Picture.i);
    expect(numbers).toHaveLength(4 * NAL_UNIT_LENGTH);
    const uuid = 'b16d7d56-892e-419c-8d82-e069cd3aa5c1';
    expect(messages).toEqual([
      [0, 5, Buffer.byteLength(hostile), uuid, Encoding.text, hostile],
      [1, 5, 5, uuid, Encoding.base64, Buffer.from(binary).toString('base64')],
      [2, 5, 0, uuid, Encoding.text, ''],
    ]);
    // Each end tag belongs to an element of the page; nothing that ends a line is in the data.
    const page = readFileSync('dist/cli/html-report/page.html', 'utf8');
    const count = (text: string, what: RegExp) => text.match(what)?.length ?? 0;
    expect(count(html, /<\/script/gi)).toBe(count(page, /<\/script/gi) + 2);
    expect(count(html, /<!--/g)).toBe(count(page, /<!--/g) - 1);
    expect(html).not.toMatch(/[\u2028\u2029]/);
  });

  it('cuts long payloads, between two characters', async () => {
    const text = `a${'é'.repeat(5000)}`;
    const bytes = new Uint8Array(5000).fill(0xff);
    const { frames } = await reportOf(injectSei(I_SLICE, [userData(text), userData(bytes)]));
    const [, , , , , [first, second]] = frames[0];
    expect(first.slice(2)).toMatchObject([10_001, expect.any(String), Encoding.text, `a${'é'.repeat(2047)}`]);
    expect(Buffer.from(second[5], 'base64')).toEqual(Buffer.alloc(4096, 0xff));
    expect(second[2]).toBe(5000);
  });

  it('lists of hostile frames no more than the limits say, and counts the rest', async () => {
    const messages = Array.from({ length: 100 }, (_, i) => userData(`message ${i}`));
    const slices = Array.from({ length: 300 }, () => I_SLICE.slice()).map((slice, i) => {
      // A slice that begins with another macroblock goes on with the picture.
      if (i > 0) slice.set([0x42, 0x30], 5);
      return slice;
    });
    const { frames, summary } = await reportOf(injectSei(concat(...slices), messages));
    expect(summary).toMatchObject({ frames: 1, nalUnits: 400, messages: 100 });
    const [, , , , numbers, listed, unlistedNalUnits, unlistedMessages] = frames[0];
    expect([numbers.length / NAL_UNIT_LENGTH, unlistedNalUnits]).toEqual([256, 144]);
    expect([listed.length, unlistedMessages]).toEqual([64, 36]);
  });

  it('leaves payloads out, and then frames, where the page is full', async () => {
    const frame = injectSei(I_SLICE, [userData('0123456789')]);
    const stream = concat(...Array.from({ length: 10 }, () => frame));
    const withoutPayloads = await reportWithin(stream, { payloads: 25 });
    expect(withoutPayloads.frames.map(([, , , , , [message]]) => message[5].length)).toEqual([
      ...[10, 10, 10],
      ...new Array<number>(7).fill(0),
    ]);
    const cut = await reportWithin(stream, { rows: 400 });
    expect(cut.frames.length).toBeGreaterThan(1);
    expect(cut.frames.length).toBeLessThan(10);
    expect(cut.summary).toMatchObject({ frames: 10, listedFrames: cut.frames.length, messages: 10, milliseconds: 400 });
  });

  it('joins an access unit that comes in pieces', async () => {
    const slice = Buffer.alloc(17 * 1024 * 1024, 0x55);
    slice.set(I_SLICE);
    const { frames } = await reportOf(concat(slice, I_SLICE));
    expect(frames.map(([offset, size, picture]) => [offset, size, picture])).toEqual([
      [0, slice.length, Picture.i],
      [slice.length, I_SLICE.length, Picture.i],
    ]);
  });

  it('writes a file as a whole or not at all', async () => {
    const [report, png] = [folder.path('report.html'), folder.path('picture.png')];
    writeFileSync(png, Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13));
    const failed = await runInProcess(['inspect', '--html', report, png]);
    expect(failed.code).toBe(1);
    expect(existsSync(report)).toBe(false);
    const done = await runInProcess(['inspect', '--html', report, fixtureClip('cabac.h264').path]);
    expect(done).toMatchObject({ code: 0, stdout: Buffer.alloc(0) });
    expect(done.stderr).toContain('30 access units');
    expect(parseReport(readFileSync(report, 'utf8')).summary.name).toBe('cabac.h264');
  });

  it.each([
    [['--html', 'r.html', '--json', 'in.h264'], '--json and --html'],
    [['--html', 'r.html', 'in.h264', 'out.txt'], 'leave out.txt out'],
    [['--fps', '25', 'in.h264'], 'give --html'],
  ])('refuses %j', async (args, problem) => {
    const { code, stderr } = await runInProcess(['inspect', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(problem);
  });
});

describeWith(ffprobeTool, 'inspect --html and ffprobe', () => {
  it.each(fixtureClips)('$name: the pictures are of the same types', async (clip) => {
    const args = ['-v', 'error', '-show_entries', 'frame=pict_type', '-of', 'csv=p=0', '-f', 'h264', clip.path];
    const { stdout } = await promisify(execFile)('ffprobe', args, { timeout: 60_000 });
    const count = (types: readonly string[]) =>
      ['I', 'P', 'B'].map((type) => types.filter((each) => each === type).length);
    const { frames } = await reportOf(clip.read());
    const letters = { [Picture.none]: '', [Picture.b]: 'B', [Picture.p]: 'P', [Picture.i]: 'I', [Picture.idr]: 'I' };
    const types = frames.map(([, , picture]) => letters[picture as keyof typeof letters]);
    expect(count(types)).toEqual(count(stdout.split('\n').map((line) => line.replace(',', ''))));
  });
});

describeWith([ffmpegTool, ffprobeTool], 'inspect --html of a container', () => {
  it.each(['mp4', 'mkv', 'ts'])('%s: frames have the sizes and the times that ffprobe sees', async (extension) => {
    const [file, report] = [folder.path(`clip.${extension}`), folder.path(`${extension}.html`)];
    // Only the muxer of MP4 takes a byte stream with B frames, which says no times; the others take it from there.
    const mp4 = folder.path(`for-${extension}.mp4`);
    const mux = (...args: readonly string[]) =>
      promisify(execFile)('ffmpeg', ['-v', 'error', ...args], { timeout: 60_000 });
    await mux('-fflags', '+genpts', '-r', '25', '-i', fixtureClip('b-pyramid.h264').path, '-c', 'copy', mp4);
    await mux('-i', mp4, '-c', 'copy', file);
    expect((await runInProcess(['inspect', '--html', report, file])).code).toBe(0);
    const { frames, summary } = parseReport(readFileSync(report, 'utf8'));
    const probing = ['-v', 'error', '-show_entries', 'packet=pts_time,size', '-of', 'json', file];
    const { stdout } = await promisify(execFile)('ffprobe', probing, { timeout: 60_000 });
    const { packets } = JSON.parse(stdout) as { packets: { pts_time: string; size: string }[] };
    expect(frames.map(([, size]) => size)).toEqual(packets.map(({ size }) => Number(size)));
    frames.forEach(([, , , milliseconds], i) => {
      expect(milliseconds).toBeCloseTo(1000 * Number(packets[i].pts_time), 0);
    });
    expect(summary).toMatchObject({ frames: 40, timeKind: 'presentation', messages: 1 });
    expect(summary.milliseconds).toBeCloseTo(1600, 0);
  });
});

it('is made by the command as it is installed', async () => {
  const report = folder.path('installed.html');
  const clip = fixtureClip('cabac.h264');
  const run = await collect(spawnCli(['inspect', '--html', report, clip.path]));
  expect(run).toMatchObject({ code: 0, signal: null });
  expect(parseReport(readFileSync(report, 'utf8')).frames).toHaveLength(30);
});
