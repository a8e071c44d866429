import { readFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BufferTarget,
  EncodedPacket,
  EncodedVideoPacketSource,
  MkvOutputFormat,
  Mp4OutputFormat,
  Output,
} from 'mediabunny';
import { DEFAULT_SEI_UUID, SeiPublisher, splitNalUnits, toLengthPrefixed } from '../../src/index.js';
import { extractMessages, injectIntoFile, readFrames, readPackets, stripFile } from '../../src/files/index.js';
import { useFolder } from '../cli/run.js';
import { ffmpegTool } from '../support/ffmpeg-cli.js';
import { VIDEO, X264, ffmpeg } from '../support/media.js';
import { type Tool, describeWith } from '../support/skip.js';
import { fixtureClip } from '../support/streams.js';

/** The clip as samples of a length size, in a container that mediabunny writes. */
async function file(format: 'mp4' | 'mkv', lengthSize: 1 | 2 | 4): Promise<Uint8Array> {
  const clip = fixtureClip('cavlc-baseline.h264');
  const data = clip.read();
  const units = splitNalUnits(data, 'annexb');
  const of = (type: number) => units.find((unit) => (unit[0] & 31) === type) as Uint8Array;
  const [sps, pps] = [of(7), of(8)];
  const size = (unit: Uint8Array) => [unit.length >> 8, unit.length & 255];
  const head = [
    1,
    sps[1],
    sps[2],
    sps[3],
    0xfc | (lengthSize - 1),
    0xe1,
    ...size(sps),
    ...sps,
    1,
    ...size(pps),
    ...pps,
  ];
  const output = new Output({
    format: format === 'mp4' ? new Mp4OutputFormat() : new MkvOutputFormat(),
    target: new BufferTarget(),
  });
  const source = new EncodedVideoPacketSource('avc');
  output.addVideoTrack(source);
  await output.start();
  let at = 0;
  for (const [i, length] of clip.accessUnitSizes.entries()) {
    const accessUnit = data.subarray(at, at + length);
    at += length;
    const isKey = splitNalUnits(accessUnit, 'annexb').some((unit) => (unit[0] & 31) === 5);
    const sample = toLengthPrefixed(accessUnit, { lengthSize });
    const decoderConfig = { codec: 'avc1.42c01e', codedWidth: 64, codedHeight: 64, description: Uint8Array.from(head) };
    await source.add(new EncodedPacket(Uint8Array.from(sample), isKey ? 'key' : 'delta', i / 25, 1 / 25), {
      decoderConfig,
    });
  }
  await output.finalize();
  return new Uint8Array(output.target.buffer as ArrayBuffer);
}

/** What is written, in one piece. */
function collector(): { readonly write: (bytes: Uint8Array) => void; readonly bytes: Buffer } {
  const pieces: Uint8Array[] = [];
  return {
    write: (bytes) => pieces.push(bytes),
    get bytes() {
      return Buffer.concat(pieces);
    },
  };
}

describe.each(['mp4', 'mkv'] as const)('lengths in %s', (format) => {
  it.each([2, 4] as const)('of %i bytes', async (lengthSize) => {
    const source = await file(format, lengthSize);
    const injected = collector();
    await injectIntoFile(source, injected.write, { messages: [{ frameIndex: 2, content: { a: 1 } }] });
    const messages = [];
    for await (const message of extractMessages(new Blob([injected.bytes]), { uuids: [DEFAULT_SEI_UUID] }))
      messages.push(message);
    expect(messages).toMatchObject([{ index: 2 }]);
    expect(Buffer.from(messages[0].payload).toString()).toBe('{"a":1}');
    for await (const { framing } of readPackets(source)) expect(framing).toEqual({ lengthSize });
    const stripped = collector();
    await stripFile(injected.bytes, stripped.write);
    expect(stripped.bytes.equals(source)).toBe(true);
  });
});

describe('a publisher', () => {
  it('sends its messages into a file at the times of the pictures', async () => {
    const publisher = new SeiPublisher();
    publisher.publishJson({ hello: 1 });
    const injected = collector();
    const result = await injectIntoFile(await file('mp4', 4), injected.write, { publisher });
    expect(result.messages).toBeGreaterThan(0);
    const indexes: number[] = [];
    for await (const { index, seiMessages } of readFrames(injected.bytes)) {
      if (seiMessages.some(({ uuid }) => uuid === DEFAULT_SEI_UUID)) indexes.push(index);
    }
    expect(indexes).toHaveLength(result.changedPackets);
  });
});

describe('a byte stream', () => {
  it('takes messages by time and by frame', async () => {
    const source = fixtureClip('cabac.h264').read();
    const injected = collector();
    const messages = [
      { timeMs: 100, content: 'timed' },
      { frameIndex: 1, content: 'first' },
    ];
    expect(await injectIntoFile(source, injected.write, { messages })).toMatchObject({ messages: 2, unplaced: 0 });
    const stripped = collector();
    expect(await stripFile(injected.bytes, stripped.write)).toMatchObject({ messages: 2 });
    expect(stripped.bytes.equals(source)).toBe(true);
  });
});

describe('what is wrong', () => {
  it('is told with a code', async () => {
    const to = () => undefined;
    const messages = [{ timeMs: 0, content: 'x' }];
    await expect(injectIntoFile(Buffer.from('some text'), to, { messages })).rejects.toMatchObject({
      code: 'ERR_SEI_UNREADABLE_FILE',
    });
    await expect(injectIntoFile(new Uint8Array(0), to, { messages })).rejects.toMatchObject({
      code: 'ERR_SEI_UNREADABLE_FILE',
    });
    await expect(injectIntoFile('/nowhere/in.mp4', to, { messages })).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(injectIntoFile(7 as never, to, { messages })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    const clip = fixtureClip('cabac.h264').read();
    await expect(injectIntoFile(clip, 7 as never, { messages })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
    const refused = async (options: object, code: string) => {
      await expect(injectIntoFile(clip, to, options as never)).rejects.toMatchObject({ code });
    };
    await refused({ messages: [{ content: 'x' }] }, 'ERR_OUT_OF_RANGE');
    await refused({ messages: [{ content: 'x', timeMs: Number.NaN }] }, 'ERR_OUT_OF_RANGE');
    await refused({ messages: [{ content: 'x', timeMs: 1, frameIndex: 1 }] }, 'ERR_INVALID_ARG_VALUE');
    await refused({ messages: [{ content: 'x', frame: 1 }] }, 'ERR_SEI_UNKNOWN_OPTION');
    await refused({}, 'ERR_INVALID_ARG_TYPE');
    await refused({ messages, publisher: new SeiPublisher() }, 'ERR_INVALID_ARG_VALUE');
    await refused({ publisher: {} }, 'ERR_INVALID_ARG_TYPE');
    await refused({ message: messages }, 'ERR_SEI_UNKNOWN_OPTION');
  });
});

const ELEMENTS = ['qtdemux', 'matroskademux', 'tsdemux', 'h264parse'];
const gstreamer: Tool = {
  name: 'GStreamer',
  missing: () => {
    const absent = ELEMENTS.find(
      (element) => spawnSync('gst-inspect-1.0', [element], { stdio: 'ignore' }).status !== 0,
    );
    return absent === undefined ? undefined : `no element ${absent}`;
  },
};

describeWith([ffmpegTool, gstreamer], 'GStreamer', () => {
  const folder = useFolder();

  beforeAll(async () => {
    await ffmpeg([...VIDEO, ...X264, 'in.mp4'], folder.root);
    await ffmpeg(
      ['-i', 'in.mp4', '-c', 'copy', '-movflags', '+frag_keyframe+empty_moov', 'fragmented.mp4'],
      folder.root,
    );
    for (const name of ['in.mkv', 'in.ts']) await ffmpeg(['-i', 'in.mp4', '-c', 'copy', name], folder.root);
  }, 120_000);

  it.each([
    ['in.mp4', 'qtdemux'],
    ['fragmented.mp4', 'qtdemux'],
    ['in.mkv', 'matroskademux'],
    ['in.ts', 'tsdemux'],
  ])('reads every message of %s', async (name, demuxer) => {
    const target = folder.path(`injected-${name}`);
    const messages = Array.from({ length: 40 }, (_, frame) => ({ frameIndex: frame, content: `message ${frame}` }));
    await injectIntoFile(folder.path(name), target, { messages });
    const video = folder.path(`${name}.h264`);
    const caps = 'video/x-h264,stream-format=byte-stream,alignment=au';
    const pipeline = `filesrc location=${target} ! ${demuxer} ! h264parse ! ${caps} ! filesink location=${video}`;
    const { status, stderr } = spawnSync('gst-launch-1.0', ['-q', ...pipeline.split(' ')], {
      timeout: 60_000,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const read: string[] = [];
    for await (const { payload } of extractMessages(await readFile(video), { uuids: [DEFAULT_SEI_UUID] })) {
      read.push(Buffer.from(payload).toString());
    }
    expect(read).toEqual(messages.map(({ content }) => content));
  });
});
