/** Video of pairs of fields: each field is an access unit, and a container may hold one in a sample or both. */
import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { BufferTarget, EncodedPacket, EncodedVideoPacketSource, Mp4OutputFormat, Output } from 'mediabunny';
import { extractMessages, injectIntoFile, readPackets, stripFile } from '../../src/files/index.js';
import { DEFAULT_SEI_UUID } from '../../src/index.js';
import { useFolder } from '../cli/run.js';
import { ffmpegTool, ffprobeTool } from '../support/ffmpeg-cli.js';
import { type FieldVideo, fieldVideo } from '../support/field-video.js';
import { ffmpeg, mediaReport } from '../support/media.js';
import { describeWith } from '../support/skip.js';

const FRAMES = 16;
/** Pairs of fields among them: those that are not the third of three, in two groups of eight. */
const PAIRS = 12;
const START_CODE = Uint8Array.of(0, 0, 0, 1);

const folder = useFolder();

/** An MP4 file with a frame in each sample, be it a pair of fields or not. */
async function framesInSamples({ sps, pps, frames }: FieldVideo): Promise<Uint8Array> {
  const size = ({ length }: Uint8Array) => [length >> 8, length & 255];
  const head = [1, sps[1], sps[2], sps[3], 0xff, 0xe1, ...size(sps), ...sps, 1, ...size(pps), ...pps];
  const description = Uint8Array.from(head);
  const decoderConfig = { codec: 'avc1.4d001e', codedWidth: 64, codedHeight: 64, description };
  const output = new Output({ format: new Mp4OutputFormat(), target: new BufferTarget() });
  const source = new EncodedVideoPacketSource('avc');
  output.addVideoTrack(source);
  await output.start();
  for (const [i, units] of frames.entries()) {
    const sample = Buffer.concat(units.flatMap((unit) => [Uint8Array.of(0, 0, ...size(unit)), unit]));
    const isKey = units.some((unit) => (unit[0] & 31) === 5);
    const packet = new EncodedPacket(Uint8Array.from(sample), isKey ? 'key' : 'delta', i / 25, 1 / 25);
    await source.add(packet, { decoderConfig });
  }
  await output.finalize();
  return new Uint8Array(output.target.buffer as ArrayBuffer);
}

describeWith([ffmpegTool, ffprobeTool], 'fields', () => {
  beforeAll(async () => {
    const video = fieldVideo(FRAMES);
    await writeFile(
      folder.path('fields.h264'),
      Buffer.concat(video.frames.flat().flatMap((unit) => [START_CODE, unit])),
    );
    await writeFile(folder.path('pairs.mp4'), await framesInSamples(video));
    const copy = (from: string, to: string) =>
      ffmpeg(['-r', '25', '-i', from, '-c', 'copy', to].slice(from.endsWith('.h264') ? 0 : 2), folder.root);
    for (const extension of ['mp4', 'mkv', 'ts']) await copy('fields.h264', `fields.${extension}`);
    for (const extension of ['mkv', 'ts']) await copy('pairs.mp4', `pairs.${extension}`);
  }, 120_000);

  it.each([
    { name: 'fields.h264', packets: FRAMES + PAIRS },
    { name: 'fields.mp4', packets: FRAMES + PAIRS },
    { name: 'fields.mkv', packets: FRAMES + PAIRS },
    { name: 'fields.ts', packets: FRAMES + PAIRS },
    { name: 'pairs.mp4', packets: FRAMES },
    { name: 'pairs.mkv', packets: FRAMES },
    { name: 'pairs.ts', packets: FRAMES + PAIRS },
  ])(
    'in $name',
    async ({ name, packets }) => {
      const [source, target, stripped] = [name, `injected-${name}`, `stripped-${name}`].map((each) =>
        folder.path(each),
      );
      const keys: boolean[] = [];
      for await (const { isKey } of readPackets(source)) keys.push(isKey);
      expect(keys).toHaveLength(packets);
      expect(keys.filter(Boolean)).toHaveLength(2);
      const messages = keys.map((_, frame) => ({ frameIndex: frame, content: `${frame} ${'x'.repeat(frame * 30)}` }));
      expect(await injectIntoFile(source, target, { messages })).toMatchObject({ messages: packets, unplaced: 0 });
      const [before, after] = [await mediaReport(source), await mediaReport(target)];
      expect(new Set(before.pictures).size).toBeGreaterThan(FRAMES);
      expect(after.pictures).toEqual(before.pictures);
      expect(after.packets).toEqual(before.packets);
      const found: string[] = [];
      for await (const { index, payload } of extractMessages(target, { uuids: [DEFAULT_SEI_UUID] }))
        found.push(`${index} ${Number.parseInt(Buffer.from(payload).toString(), 10)}`);
      expect(found).toEqual(keys.map((_, i) => `${i} ${i}`));
      await stripFile(target, stripped);
      expect((await readFile(stripped)).equals(await readFile(source))).toBe(true);
    },
    60_000,
  );
});
