import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { injectIntoFile, readPackets, stripFile } from '../../src/files/index.js';
import { ffmpegTool, ffprobeTool } from '../support/ffmpeg-cli.js';
import { TONE, VIDEO, X264, ffmpeg } from '../support/media.js';
import { describeWith } from '../support/skip.js';
import { bash, collect, parseLines, runInProcess, spawnCli, useFolder } from './run.js';

const folder = useFolder();

/** The times of the packets of the first video track, in milliseconds, as ffprobe says them. */
async function probedTimes(path: string): Promise<number[]> {
  const args = ['-v', 'quiet', '-select_streams', 'v:0', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', path];
  const { stdout } = await promisify(execFile)('ffprobe', args);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => 1000 * Number.parseFloat(line));
}

const FILES = ['in.mp4', 'fragmented.mp4', 'in.mov', 'in.mkv', 'in.ts'];

/** What is in a folder besides what was there, to see that nothing half-written stays. */
async function leftovers(path: string): Promise<string[]> {
  return (await readdir(dirname(path))).filter((name) => name.includes(basename(path)) && name !== basename(path));
}

describeWith([ffmpegTool, ffprobeTool], 'containers', () => {
  beforeAll(async () => {
    const run = (...args: string[]) => ffmpeg(args, folder.root);
    await run(...VIDEO, ...TONE, ...X264, '-c:a', 'aac', 'in.mp4');
    await run('-i', 'in.mp4', '-c', 'copy', '-movflags', '+frag_keyframe+empty_moov', 'fragmented.mp4');
    for (const name of ['in.mov', 'in.mkv', 'in.ts']) await run('-i', 'in.mp4', '-c', 'copy', name);
    await run(...VIDEO, '-c:v', 'mpeg2video', 'mpeg2.ts');
    await run(...VIDEO, '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', 'vp9.webm');
    await run(...VIDEO, '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none', 'hevc.mp4');
    await run('-i', 'hevc.mp4', '-c', 'copy', 'hevc.mkv');
    await run('-i', 'hevc.mp4', '-c', 'copy', 'hevc.ts');
    await run(...TONE, '-c:a', 'aac', 'audio.mp4');
    await run('-i', 'in.mp4', '-c', 'copy', 'in.flv');
    await run('-f', 'lavfi', '-i', 'testsrc2=s=160x120', '-frames:v', '1', 'picture.png');
  }, 240_000);

  it.each(FILES)('%s: messages go in by time and by number, come out with their times, and go away', async (name) => {
    const [input, output, stripped] = [folder.path(name), folder.path(`out-${name}`), folder.path(`stripped-${name}`)];
    const lines = [
      { at: 0, message: 'first' },
      { at: 0.5, message: { score: [1, 2] } },
      { frame: 3, message: 'third' },
      { at: '20f', base64: '/wAB' },
    ];
    await writeFile(folder.path('cues.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
    const injected = await runInProcess(['inject', '--messages', folder.path('cues.jsonl'), input, output]);
    expect(injected).toMatchObject({ code: 0, stderr: 'injected 4 messages into 4 of 40 access units\n' });

    const extracted = parseLines((await runInProcess(['extract', '--ours', output])).stdout);
    const byTime = [...extracted].sort((a, b) => Number(a['presentationTimeMs']) - Number(b['presentationTimeMs']));
    expect(byTime[0]).toMatchObject({ text: 'first', accessUnit: 0 });
    const start = Number(byTime[0]['presentationTimeMs']);
    const scored = extracted.find(({ json }) => typeof json === 'object');
    expect(scored).toMatchObject({ json: { score: [1, 2] } });
    const timeline = name === 'in.ts' ? Number(scored?.['presentationTimeMs']) - start : scored?.['presentationTimeMs'];
    expect(timeline).toBeGreaterThanOrEqual(500);
    expect(timeline).toBeLessThan(540.001);
    expect(extracted).toContainEqual(expect.objectContaining({ accessUnit: 3, text: 'third' }));
    expect(extracted).toContainEqual(expect.objectContaining({ accessUnit: 20, base64: '/wAB' }));

    const inspected = parseLines((await runInProcess(['inspect', '--json', output])).stdout);
    expect(inspected.filter(({ nalUnitType }) => nalUnitType === 6).length).toBeGreaterThanOrEqual(4);
    expect(inspected.at(-1)).toMatchObject({ accessUnit: 39 });
    expect(await runInProcess(['strip', output, stripped])).toMatchObject({ code: 0 });
    expect((await readFile(stripped)).equals(await readFile(input))).toBe(true);
    expect(await leftovers(output)).toEqual([]);
  });

  it.each(FILES)('%s: what extract has told goes in again where it was', async (name) => {
    const output = folder.path(`again-${name}`);
    const first = await runInProcess(['inject', '-m', 'hi', '--every', '7', folder.path(name)]);
    const extracted = parseLines((await runInProcess(['extract', '--ours', '-'], { stdin: [first.stdout] })).stdout);
    expect(extracted).toHaveLength(6);
    const cues = extracted.map(({ presentationTimeMs, text }) => JSON.stringify({ presentationTimeMs, message: text }));
    await writeFile(folder.path('again.jsonl'), cues.join('\n'));
    const args = ['inject', '--messages', folder.path('again.jsonl'), folder.path(name), output];
    expect(await runInProcess(args)).toMatchObject({ code: 0 });
    expect((await readFile(output)).equals(first.stdout)).toBe(true);
  });

  it('a live transport stream goes through a pipe', async () => {
    const line = 'cat in.ts | $CLI inject -q -m hi --every 10 - | $CLI extract -q --ours -';
    const { code, stdout } = await bash(`set -o pipefail; ${line}`, folder.root);
    expect(code).toBe(0);
    expect(parseLines(stdout).map(({ accessUnit }) => accessUnit)).toEqual([0, 10, 20, 30]);
  });

  describe('an output in another container', () => {
    const pictures = async (name: string) => ffmpeg(['-i', name, '-map', '0:v', '-f', 'md5', '-'], folder.root);

    it.each([
      ['in.mp4', 'to.mkv'],
      ['in.mp4', "it's to.ts"],
      ['in.mkv', '-to:1.mp4'],
      ['in.ts', 'to.mov'],
      ['in.mp4', 'to.h264'],
    ])('%s to %s: is refused with the line of FFmpeg that does it', async (from, to) => {
      await rm(folder.path(to), { force: true });
      for (const command of ['inject -m hi', 'strip']) {
        const path = to.startsWith('-') ? `-- ${from} ${to}` : `${from} "${to}"`;
        const run = await bash(`$CLI ${command} ${path} 2>&1 || echo "code $?"`, folder.root);
        const [, line] = /Use: (ffmpeg .*)\ncode 1\n$/.exec(run.stdout.toString()) ?? [];
        expect(line).toBeDefined();
        expect(existsSync(folder.path(to))).toBe(false);
        expect(await bash(`${line} -v error -y`, folder.root)).toMatchObject({ code: 0 });
        expect(await pictures(`./${to}`)).toBe(await pictures(from));
        await rm(folder.path(to));
      }
    });

    it('is refused by injectIntoFile and stripFile as well', async () => {
      const to = folder.path('to.mkv');
      const refusal = { code: 'ERR_SEI_UNSUPPORTED_FILE', message: expect.stringMatching(/Use: ffmpeg -i /) as string };
      await expect(injectIntoFile(folder.path('in.mp4'), to, { messages: [] })).rejects.toMatchObject(refusal);
      await expect(stripFile(await readFile(folder.path('in.ts')), to)).rejects.toMatchObject(refusal);
      expect(existsSync(to)).toBe(false);
    });

    it.each(['.webm', '.FLV', '.avi'])(
      'is refused under the name of one that is not written: %s',
      async (extension) => {
        const to = folder.path(`to${extension}`);
        const run = await runInProcess(['inject', '-m', 'hi', folder.path('in.mp4'), to]);
        expect(run).toMatchObject({ code: 1 });
        expect(run.stderr).toMatch(/in\.mp4 is MP4, and .* has the name of a container that is not written here/);
        expect(existsSync(to)).toBe(false);
      },
    );

    it('is refused from or to a byte stream', async () => {
      const run = await runInProcess(['strip', folder.path('in.mp4'), folder.path('to.h264')]);
      expect(run.code).toBe(1);
      expect(run.stderr).toContain('Use: ffmpeg -i ');
    });
  });

  it('the input may be the output', async () => {
    const path = folder.path('same.mp4');
    await writeFile(path, await readFile(folder.path('in.mp4')));
    expect(await runInProcess(['inject', '-m', 'hi', path, path])).toMatchObject({ code: 0 });
    expect(parseLines((await runInProcess(['extract', '--ours', path])).stdout)).toHaveLength(1);
  });

  it('says which messages lie past the end', async () => {
    await writeFile(folder.path('late.jsonl'), '{"at":99,"message":"late"}');
    const run = await runInProcess(['inject', '--messages', folder.path('late.jsonl'), folder.path('in.mp4')]);
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('1 message not injected');
  });

  describe('what is no H.264', () => {
    it.each([
      ['mpeg2.ts', /MPEG-2 video/],
      ['vp9.webm', /VP9 video/],
      ['hevc.mp4', /H\.265 \(HEVC\) video/],
      ['hevc.mkv', /H\.265 \(HEVC\) video/],
      ['hevc.ts', /H\.265 \(HEVC\) video/],
      ['audio.mp4', /no H\.264 video: track 1 is mp4a audio/],
      ['in.flv', /an FLV file; .*ffmpeg -i /],
      ['picture.png', /a PNG image/],
    ])('%s', async (name, what) => {
      for (const command of [['inject', '-m', 'hi'], ['extract'], ['inspect'], ['strip']]) {
        const output = folder.path(`none-${name}.out`);
        const run = await runInProcess([...command, folder.path(name), output]);
        expect(run.code).toBe(1);
        expect(run.stderr).toMatch(what);
        expect(run.stderr.trim().split('\n')).toHaveLength(1);
        expect(existsSync(output)).toBe(false);
        expect(await leftovers(output)).toEqual([]);
      }
    });
  });

  describe('what is cut short', () => {
    it.each(['in.mp4', 'fragmented.mp4', 'in.mov', 'in.mkv'])('%s is refused', async (name) => {
      const whole = await readFile(folder.path(name));
      for (const part of [0.1, 0.5, 0.97]) {
        const [input, output] = [folder.path(`cut-${name}`), folder.path(`cut-out-${name}`)];
        await writeFile(input, whole.subarray(0, Math.floor(whole.length * part)));
        const run = await runInProcess(['inject', '-m', 'hi', input, output]);
        expect(run.stderr).toMatch(/damaged or cut short/);
        expect(run.code).toBe(1);
        expect(existsSync(output)).toBe(false);
        expect(await leftovers(output)).toEqual([]);
      }
    });

    it.each(['fast.mp4', 'fragmented.mp4', 'in.mkv'])('%s is read as far as it is whole', async (name) => {
      await ffmpeg(['-i', 'in.mp4', '-c', 'copy', '-y', '-movflags', '+faststart', 'fast.mp4'], folder.root);
      const whole = await readFile(folder.path(name));
      const input = folder.path(`cut-read-${name}`);
      for (const part of [0.4, 0.7, 0.93]) {
        await writeFile(input, whole.subarray(0, Math.floor(whole.length * part)));
        let truncations = 0;
        const times: number[] = [];
        const onTruncated = () => truncations++;
        for await (const { presentationTimeMs } of readPackets(input, { onTruncated }))
          times.push(presentationTimeMs ?? 0);
        expect(truncations).toBe(1);
        const probed = await probedTimes(input);
        // FFmpeg hands out the beginning of a packet that is cut, too.
        expect(times.length).toBeGreaterThanOrEqual(probed.length - 1);
        expect(times.length).toBeGreaterThan(0);
        for (const [i, time] of times.entries()) expect(Math.abs(time - probed[i])).toBeLessThan(0.01);
        for (const command of [['extract'], ['inspect', '--json']]) {
          const run = await runInProcess([...command, input]);
          expect(run.code).toBe(4);
          expect(run.stderr).toMatch(/is cut short/);
          expect(parseLines(run.stdout).at(-1)).toEqual({ truncated: true });
        }
      }
    });

    it('a transport stream goes on as far as it is there', async () => {
      const whole = await readFile(folder.path('in.ts'));
      const cut = whole.subarray(0, Math.floor(whole.length / 2) + 77);
      const injected = await runInProcess(['inject', '-m', 'hi', '-'], { stdin: [cut] });
      expect(injected.code).toBe(0);
      const stripped = await runInProcess(['strip', '-'], { stdin: [injected.stdout] });
      expect(stripped.stdout.equals(cut)).toBe(true);
    });
  });

  it('an interrupted run leaves no file', async () => {
    const output = folder.path('interrupted.mkv');
    const controller = new AbortController();
    const run = runInProcess(['inject', '-m', 'hi', folder.path('in.mkv'), output], { signal: controller.signal });
    controller.abort();
    expect((await run).code).toBe(1);
    expect(existsSync(output)).toBe(false);
    expect(await leftovers(output)).toEqual([]);
  });

  it.each(FILES)(
    '%s with bytes that are wrong ends in a message or in a file',
    async (name) => {
      const whole = await readFile(folder.path(name));
      let state = 12345;
      const random = (below: number) => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const { size } = await stat(folder.path(name));
      for (let i = 0; i < 60; i++) {
        const bytes = Buffer.from(whole);
        // Where the structure is: at the beginning, at the end, anywhere.
        for (let n = 1 + random(8); n > 0; n--) {
          const at = [random(600), size - 1 - random(3000), random(size)][random(3)];
          bytes[Math.max(0, at)] = random(256);
        }
        const input = folder.path(`wrong-${name}`);
        await writeFile(input, bytes);
        for (const command of [['inject', '-m', 'hi', '--every', '2'], ['extract']]) {
          const run = await runInProcess([...command, input]);
          expect([0, 1, 4]).toContain(run.code);
          expect(run.stderr).not.toMatch(/^\s+at /m);
          if (run.code === 1) expect(run.stderr).toMatch(/^h264-sei: .*wrong-.*\n$/);
        }
      }
    },
    120_000,
  );
});

describe('an Annex B input', () => {
  it('does not load the reader of containers', async () => {
    // What is loaded is told as the process ends.
    const hook = folder.path('loaded.cjs');
    await writeFile(
      hook,
      "process.on('exit', () => require('fs').writeSync(2, Object.keys(require.cache).join('\\n')));",
    );
    const env = { ...process.env, NODE_OPTIONS: `--require ${hook}` };
    const child = spawnCli(['inject', '-q', '-m', 'hi', '-'], { env, stdio: ['pipe', 'ignore', 'pipe'] });
    child.stdin?.end(Buffer.from([0, 0, 0, 1, 0x65, 0x88, 0x84, 0, 0x10]));
    const { code, stderr } = await collect(child);
    expect(stderr).toMatch(/cli.inject\.js/);
    expect(stderr).not.toMatch(/bunny|media-file/);
    expect(code).toBe(0);
  });
});
