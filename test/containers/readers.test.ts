/** The readers, beside ffprobe and mediabunny, and on small files as others write them. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { beforeAll, describe, expect, it } from 'vitest';
import { injectIntoFile, readPackets, stripFile } from '../../src/files/index.js';
import { useFolder } from '../cli/run.js';
import { BASE, CASES, writeTexts } from '../files/media-files.js';
import { ffmpegTool, ffprobeTool } from '../support/ffmpeg-cli.js';
import { VIDEO, X264, ffmpeg } from '../support/media.js';
import { describeWith } from '../support/skip.js';

const folder = useFolder();

interface Told {
  readonly time: number;
  readonly size: number;
}

async function ours(source: string | Uint8Array): Promise<Told[]> {
  const told: Told[] = [];
  for await (const { presentationTimeMs = NaN, data } of readPackets(source))
    told.push({ time: presentationTimeMs, size: data.length });
  return told;
}

async function probed(path: string): Promise<Told[]> {
  const entries = ['-show_entries', 'packet=pts_time,size', '-of', 'json'];
  const { stdout } = await promisify(execFile)('ffprobe', ['-v', 'quiet', '-select_streams', 'v:0', ...entries, path]);
  const { packets } = JSON.parse(stdout) as { packets: { pts_time: string; size: string }[] };
  return packets.map(({ pts_time, size }) => ({ time: 1000 * Number(pts_time), size: Number(size) }));
}

async function bunnys(path: string): Promise<Told[]> {
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(await readFile(path)) });
  const track = await input.getPrimaryVideoTrack();
  const [first] = (await input.getVideoTracks()).sort((a, b) => a.id - b.id);
  const told: Told[] = [];
  const sink = new EncodedPacketSink(first ?? track);
  for (let packet = await sink.getFirstPacket(); packet !== null; packet = await sink.getNextPacket(packet))
    told.push({ time: packet.timestamp * 1000, size: packet.data.length });
  return told;
}

/** ffprobe says microseconds. */
function expectSame(found: readonly Told[], expected: readonly Told[], shift = 0): void {
  expect(found.map(({ size }) => size)).toEqual(expected.map(({ size }) => size));
  for (const [i, { time }] of found.entries()) expect(Math.abs(time + shift - expected[i].time)).toBeLessThan(0.002);
}

describeWith([ffmpegTool, ffprobeTool], 'every time and size', () => {
  beforeAll(async () => {
    await writeTexts(folder.root);
    for (const { name, args } of [BASE, ...CASES]) await ffmpeg([...args, name], folder.root);
  }, 240_000);

  it.each([BASE, ...CASES])('of $name is what ffprobe and mediabunny say', async ({ name, ffmpegShiftMs = 0 }) => {
    const path = folder.path(name);
    const found = await ours(path);
    expect(found.length).toBeGreaterThan(10);
    // A transport stream has other packets in ffprobe, and other ones in mediabunny: delimiters count differently.
    if (name.endsWith('ts')) {
      const expected = await probed(path);
      expect(found.map(({ time }) => time.toFixed(2))).toEqual(expected.map(({ time }) => time.toFixed(2)));
      return;
    }
    expectSame(found, await probed(path), ffmpegShiftMs);
    const told = await bunnys(path);
    // mediabunny reads the sample table of a file, or its fragments; ffprobe has both.
    expectSame(name === 'fragmented-absolute.mp4' ? found.slice(0, told.length) : found, told);
  });
});

function changed(bytes: Buffer, from: string, to: string): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf(from, 0, 'latin1'); at >= 0; at = copy.indexOf(from, at + 4, 'latin1'))
    copy.write(to, at, 'latin1');
  return copy;
}

/** Messages go in and come out again, and the file is the same bytes. */
async function expectRoundTrip(source: Uint8Array, count: number): Promise<void> {
  expect(await ours(source)).toHaveLength(count);
  const messages = Array.from({ length: count }, (_, frame) => ({ frameIndex: frame, content: `message ${frame}` }));
  const pieces: Uint8Array[] = [];
  expect(await injectIntoFile(source, (piece: Uint8Array) => pieces.push(piece), { messages })).toMatchObject({
    messages: count,
  });
  const stripped: Uint8Array[] = [];
  await stripFile(Buffer.concat(pieces), (piece: Uint8Array) => stripped.push(piece));
  expect(Buffer.concat(stripped).equals(source)).toBe(true);
}

describeWith([ffmpegTool], 'a file as others write it', () => {
  const make = async (name: string, ...args: string[]) => {
    await ffmpeg([...VIDEO, ...X264, ...args, '-y', name], folder.root);
    return readFile(folder.path(name));
  };

  it('with a sample table and fragments is read with both', async () => {
    await expectRoundTrip(await make('hybrid.mp4', '-g', '10', '-movflags', '+frag_keyframe'), 40);
  });

  it('whose fragments do not say their decoding times goes on with the sum of the durations', async () => {
    const source = await make('tfdt.mp4', '-g', '10', '-movflags', '+frag_keyframe+empty_moov');
    const before = await ours(source);
    const without = changed(source, 'tfdt', 'free');
    expect(await ours(without)).toEqual(before);
    await expectRoundTrip(without, 40);
  });

  it('that begins with a mdat of 64 bits, and without ftyp, is MP4', async () => {
    const source = await make('first.mov');
    const mdat = source.indexOf('mdat') - 4;
    const size = source.readUInt32BE(mdat);
    // The 8 bytes in front of it are free: they become the long header, and ftyp becomes its first payload.
    const head = Buffer.alloc(16);
    head.writeUInt32BE(1);
    head.write('mdat', 4, 'latin1');
    head.writeUInt32BE(mdat + size, 12);
    const moved = Buffer.concat([head, source.subarray(16)]);
    await expectRoundTrip(moved, 40);
  });

  it('with sample entries dva1 is H.264', async () => {
    await expectRoundTrip(changed(await make('dolby.mp4'), 'avc1', 'dva1'), 40);
  });

  it('as a transport stream behind foreign bytes, or from the middle of a packet on', async () => {
    const source = await make('lead.ts');
    await expectRoundTrip(Buffer.concat([Buffer.alloc(50, 0xa5), source]), 40);
    await expectRoundTrip(source.subarray(100), 40);
  });

  describe('as Matroska', () => {
    const unknown = Buffer.from('1a2b3c4d83aabbcc', 'hex');
    it.each([['-live', '1'], []])('with an unknown element at its end %j ends', async (...args) => {
      const source = await make('unknown.mkv', ...args);
      const longer = Buffer.concat([source, unknown]);
      const size = longer.indexOf(Buffer.from('18538067', 'hex')) + 4;
      if (args.length === 0) longer.writeUIntBE(longer.readUIntBE(size + 2, 6) + unknown.length, size + 2, 6);
      await expectRoundTrip(longer, 40);
    });

    it('with several segments is refused by name', async () => {
      const source = await make('one.mkv');
      const refusal = {
        code: 'ERR_SEI_UNSUPPORTED_FILE',
        message: expect.stringMatching(/several segments/) as string,
      };
      await expect(ours(Buffer.concat([source, source]))).rejects.toMatchObject(refusal);
    });

    it('under the codec of Video for Windows is H.264', async () => {
      const source = await make('vfw.mkv', '-allow_raw_vfw', '1', '-bsf:v', 'h264_mp4toannexb');
      expect(await ours(source)).toHaveLength(40);
    });
  });
});
