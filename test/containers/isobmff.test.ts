/** MP4 files as other writers make them, and as nobody should. */
import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_SEI_UUID } from '../../src/index.js';
import { extractMessages, injectIntoFile, readPackets, stripFile } from '../../src/files/index.js';
import { useFolder } from '../cli/run.js';
import { ffmpegTool, ffprobeTool } from '../support/ffmpeg-cli.js';
import { TONE, VIDEO, X264, ffmpeg, mediaReport } from '../support/media.js';
import { box, words } from '../support/containers.js';
import { describeWith } from '../support/skip.js';
import { MAX_FILE_SAMPLES } from '../../src/containers/isobmff-movie.js';
import { MAX_TOP_LEVEL_BOXES } from '../../src/containers/isobmff-boxes.js';

const folder = useFolder();
let whole: Buffer;

interface Part {
  readonly type: string;
  readonly bytes: Buffer;
}

function partsOf(bytes: Buffer): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < bytes.length; at += parts[parts.length - 1].bytes.length) {
    const size = bytes.readUInt32BE(at);
    parts.push({ type: bytes.toString('latin1', at + 4, at + 8), bytes: bytes.subarray(at, at + size) });
  }
  return parts;
}

/** Changes the first box at a path; what is behind it in the file moves. */
function change(bytes: Buffer, path: readonly string[], to: (box: Buffer) => Buffer): Buffer {
  const [type, ...rest] = path;
  let isDone = false;
  return Buffer.concat(
    partsOf(bytes).map((part) => {
      if (isDone || part.type !== type) return part.bytes;
      isDone = true;
      return rest.length === 0 ? to(part.bytes) : box(type, change(part.bytes.subarray(8), rest, to));
    }),
  );
}

const STBL = ['moov', 'trak', 'mdia', 'minf', 'stbl'];

async function inject(source: Uint8Array): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const messages = [2, 7, 30].map((frame) => ({ frameIndex: frame, content: `message ${frame}` }));
  await injectIntoFile(source, (piece) => pieces.push(piece), { messages });
  return Buffer.concat(pieces);
}

/** Puts messages in and takes them out, and compares what FFmpeg reads. */
async function check(source: Buffer, name: string): Promise<Buffer> {
  const target = await inject(source);
  await writeFile(folder.path(name), source);
  await writeFile(folder.path(`out-${name}`), target);
  expect(await mediaReport(folder.path(`out-${name}`))).toEqual(await mediaReport(folder.path(name)));
  const found: string[] = [];
  for await (const { index, payload } of extractMessages(target, { uuids: [DEFAULT_SEI_UUID] }))
    found.push(`${index}: ${Buffer.from(payload).toString()}`);
  expect(found).toEqual(['2: message 2', '7: message 7', '30: message 30']);
  const pieces: Uint8Array[] = [];
  await stripFile(target, (piece) => pieces.push(piece));
  expect(Buffer.concat(pieces).equals(source)).toBe(true);
  return target;
}

describeWith([ffmpegTool, ffprobeTool], 'MP4', () => {
  beforeAll(async () => {
    await ffmpeg([...VIDEO, ...TONE, ...X264, '-c:a', 'aac', 'in.mp4'], folder.root);
    whole = await readFile(folder.path('in.mp4'));
  }, 120_000);

  describe('is changed', () => {
    it('where the size of its mdat has 64 bits', async () => {
      // FFmpeg leaves a box of 8 bytes in front of mdat for that.
      const at = whole.indexOf('mdat') - 4;
      const source = Buffer.from(whole);
      const size = source.readUInt32BE(at);
      words(1).copy(source, at - 8);
      source.write('mdat', at - 4, 'latin1');
      words(0, size + 8).copy(source, at);
      await check(source, 'long-size.mp4');
    }, 60_000);

    it('where its mdat reaches to the end of the file', async () => {
      await ffmpeg(['-i', 'in.mp4', '-map', '0', '-c', 'copy', '-movflags', '+faststart', 'fast.mp4'], folder.root);
      const source = await readFile(folder.path('fast.mp4'));
      source.writeUInt32BE(0, source.indexOf('mdat') - 4);
      const target = await check(source, 'open.mp4');
      expect(target.readUInt32BE(target.indexOf('mdat') - 4)).toBe(0);
    }, 60_000);

    it('where its parameter sets are in the samples (avc3)', async () => {
      await ffmpeg(['-i', 'in.mp4', '-c', 'copy', 'in.ts'], folder.root);
      await ffmpeg(['-i', 'in.ts', '-c', 'copy', '-tag:v', 'avc3', 'avc3.mp4'], folder.root);
      await check(await readFile(folder.path('avc3.mp4')), 'in-band.mp4');
    }, 60_000);

    it('not at all where there is nothing to do', async () => {
      const pieces: Uint8Array[] = [];
      expect(await stripFile(whole, (piece) => pieces.push(piece))).toMatchObject({ messages: 0 });
      expect(Buffer.concat(pieces).equals(whole)).toBe(true);
    });
  });

  describe('is refused', () => {
    const refused = (source: Buffer, message: RegExp, code = 'ERR_SEI_UNSUPPORTED_FILE') =>
      expect(inject(source)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });

    it('where its edit list shows several stretches', async () => {
      const source = change(whole, ['moov', 'trak', 'edts', 'elst'], () =>
        box('elst', words(0, 2, 400, 1024, 0x10000, 400, 10_240, 0x10000)),
      );
      await refused(source, /cut into several stretches/);
      const reading = async () => {
        for await (const packet of readPackets(source)) return packet;
        return undefined;
      };
      await expect(reading()).rejects.toMatchObject({ code: 'ERR_SEI_UNSUPPORTED_FILE' });
      const slow = change(whole, ['moov', 'trak', 'edts', 'elst'], () => box('elst', words(0, 1, 400, 1024, 0x8000)));
      await refused(slow, /cut into several stretches/);
      // A stretch of nothing in front is none.
      const late = change(whole, ['moov', 'trak', 'edts', 'elst'], () =>
        box('elst', words(0, 2, 400, -1, 0x10000, 400, 1024, 0x10000)),
      );
      expect((await inject(late)).length).toBeGreaterThan(late.length);
    });

    it('where its samples are framed in more than one way', async () => {
      const twice = (second: (entry: Buffer) => void) =>
        change(whole, [...STBL, 'stsd'], (stsd) => {
          const entry = Buffer.from(stsd.subarray(16));
          second(entry);
          return box('stsd', words(0, 2), stsd.subarray(16), entry);
        });
      await refused(
        twice((entry) => {
          entry[entry.indexOf('avcC') + 8] = 0xfd;
        }),
        /samples of more than one kind/,
      );
      await refused(
        twice((entry) => entry.write('hvc1', 4, 'latin1')),
        /samples of more than one kind/,
      );
      expect((await inject(twice(() => undefined))).length).toBeGreaterThan(whole.length);
    });

    it.each([[[]], [['-movflags', '+frag_keyframe+empty_moov']]])(
      'where it is encrypted %j, and says so',
      async (more) => {
        const key = ['-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', '76a6c65c5ea762046bd749a2e632ccbb'];
        const args = [...key, '-encryption_kid', 'a7e61c373e219033c21091fa607bf3b8', ...more];
        await ffmpeg(['-i', 'in.mp4', '-map', '0', '-c', 'copy', ...args, 'encrypted.mp4'], folder.root);
        const source = await readFile(folder.path('encrypted.mp4'));
        await refused(source, /the file is encrypted; decrypt it first/);
        await expect(readPackets(source).next()).rejects.toMatchObject({ code: 'ERR_SEI_UNSUPPORTED_FILE' });
      },
    );

    it('where two samples share their bytes', async () => {
      const trak = partsOf(
        partsOf(whole)
          .find(({ type }) => type === 'moov')
          ?.bytes.subarray(8) as Buffer,
      ).find(({ type }) => type === 'trak')?.bytes as Buffer;
      const copy = Buffer.from(trak);
      copy.writeUInt32BE(9, copy.indexOf('tkhd') + 16);
      await refused(
        change(whole, ['moov'], (moov) => box('moov', moov.subarray(8), copy)),
        /lie over each other/,
      );
    });

    it('where the sizes of parts of its samples are said, or they lie elsewhere', async () => {
      const subs = box('subs', words(0, 0));
      await refused(
        change(whole, STBL, (stbl) => box('stbl', stbl.subarray(8), subs)),
        /parts of its samples/,
      );
      await refused(
        change(whole, [...STBL.slice(0, -1), 'dinf', 'dref'], () => box('dref', words(0, 1), box('url ', words(0)))),
        /lie in another file/,
      );
    });

    it('where it is a segment without the movie box of its initialization segment', async () => {
      const segment = Buffer.concat([
        box('styp', Buffer.from('msdh')),
        box('moof', box('mfhd', words(0, 1))),
        box('mdat'),
      ]);
      const message = expect.stringMatching(/a segment of a fragmented MP4, .* in front of it/) as unknown;
      const refusal = { code: 'ERR_SEI_UNREADABLE_FILE', message };
      await expect(injectIntoFile(segment, () => undefined, { messages: [] })).rejects.toMatchObject(refusal);
      await expect(readPackets(segment).next()).rejects.toMatchObject(refusal);
    });

    it('where runs of samples without fields say that there are more than bytes', async () => {
      await ffmpeg(
        ['-i', 'in.mp4', '-c', 'copy', '-movflags', '+frag_keyframe+empty_moov', 'fragments.mp4'],
        folder.root,
      );
      const fragmented = await readFile(folder.path('fragments.mp4'));
      const run = box('trun', words(0, 1_000_000));
      const traf = box('traf', box('tfhd', words(0x20000, 1)), ...Array.from({ length: 100 }, () => run));
      const head = fragmented.subarray(0, fragmented.indexOf('moof') - 4);
      const source = Buffer.concat([head, box('moof', box('mfhd', words(0, 1)), traf), box('mdat', words(0))]);
      await refused(source, /more samples than there can be/, 'ERR_SEI_UNREADABLE_FILE');
    });

    it('where it has more boxes than MAX_TOP_LEVEL_BOXES', async () => {
      await refused(
        Buffer.alloc(8 * (MAX_TOP_LEVEL_BOXES + 1), box('free')),
        /too many boxes/,
        'ERR_SEI_UNREADABLE_FILE',
      );
    });

    it('where its fragments say more samples than MAX_FILE_SAMPLES, large as it is', async () => {
      const run = box('trun', words(0, MAX_FILE_SAMPLES + 1));
      const fragment = box('moof', box('mfhd', words(0, 1)), box('traf', box('tfhd', words(0x20000, 1)), run));
      const head = Buffer.concat([whole.subarray(whole.indexOf('moov') - 4), fragment, words(0, 0x6d646174)]);
      const source = {
        size: 2 * MAX_FILE_SAMPLES,
        read: (offset: number, length: number) => Promise.resolve(head.subarray(offset, offset + length)),
      };
      await expect(readPackets(source).next()).rejects.toMatchObject({
        code: 'ERR_SEI_UNREADABLE_FILE',
        message: expect.stringMatching(/more samples than there can be/) as string,
      });
    });
  });
});
