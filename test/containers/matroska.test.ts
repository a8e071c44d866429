/** Matroska files as other writers make them. */
import { readFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import { injectIntoFile, readPackets, stripFile } from '../../src/files/index.js';
import { useFolder } from '../cli/run.js';
import { ffmpegTool } from '../support/ffmpeg-cli.js';
import { VIDEO, X264, ffmpeg } from '../support/media.js';
import { element } from '../support/containers.js';
import { describeWith } from '../support/skip.js';

const SEGMENT = Buffer.of(0x18, 0x53, 0x80, 0x67);
const CLUSTER = Buffer.of(0x1f, 0x43, 0xb6, 0x75);
const UNKNOWN_SIZE = Buffer.of(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
/** An id of four bytes and a size of eight. */
const LONG_HEADER = 12;
/** Of a cluster in front of its Position: its header, and a Timestamp with its id, its size and two bytes at most. */
const HINTS_AT = 20;

const folder = useFolder();
let live: Buffer;

function clusterStarts(bytes: Buffer): number[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf(CLUSTER); at >= 0; at = bytes.indexOf(CLUSTER, at + 1)) starts.push(at);
  return starts;
}

function uint(id: number, value: number): Buffer {
  const bytes = Buffer.of(id, 0x84, 0, 0, 0, 0);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

/** The value behind an id near the beginning of a cluster; undefined where there is none. */
function hint(bytes: Buffer, cluster: number, id: number): number | undefined {
  const at = bytes.subarray(cluster, cluster + HINTS_AT + 12).indexOf(Buffer.of(id, 0x84), LONG_HEADER);
  return at < 0 ? undefined : bytes.readUInt32BE(cluster + at + 2);
}

/**
 * The file with where each cluster lies and how long the one before is, as some writers say it (RFC 9559 5.1.3); the sizes
 * of its clusters are unknown.
 */
function withHints(bytes: Buffer, error: number): Buffer {
  const segmentData = bytes.indexOf(SEGMENT) + LONG_HEADER;
  const starts = clusterStarts(bytes);
  let result = bytes.subarray(0, starts[0]);
  let previous = 0;
  for (const [i, start] of starts.entries()) {
    const position = uint(0xa7, result.length - segmentData + error);
    const before = i === 0 ? Buffer.alloc(0) : uint(0xab, result.length - previous + error);
    const data = start + CLUSTER.length + Math.clz32(bytes[start + CLUSTER.length]) - 23;
    // Timestamp: its id, its size in one byte, its value.
    const at = data + 2 + (bytes[data + 1] & 0x7f);
    const head = Buffer.concat([CLUSTER, UNKNOWN_SIZE, bytes.subarray(data, at)]);
    previous = result.length;
    result = Buffer.concat([result, head, position, before, bytes.subarray(at, starts[i + 1])]);
  }
  return result;
}

async function inject(source: Uint8Array): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const messages = Array.from({ length: 40 }, (_, frame) => ({
    frameIndex: frame,
    content: 'x'.repeat(1 + frame * 9),
  }));
  await injectIntoFile(source, (piece) => pieces.push(piece), { messages });
  return Buffer.concat(pieces);
}

async function strip(source: Uint8Array): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  await stripFile(source, (piece) => pieces.push(piece));
  return Buffer.concat(pieces);
}

interface Element {
  readonly id: Buffer;
  readonly data: Buffer;
}

function elementsIn(bytes: Buffer): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const idEnd = at + Math.clz32(bytes[at]) - 23;
    const dataAt = idEnd + Math.clz32(bytes[idEnd]) - 23;
    const size = bytes.subarray(idEnd, dataAt);
    const isOpen = size.equals(UNKNOWN_SIZE);
    const length = size.reduce((value, byte, i) => value * 256 + (i === 0 ? byte & (0xff >> size.length) : byte), 0);
    const end = isOpen ? bytes.length : dataAt + length;
    elements.push({ id: bytes.subarray(at, idEnd), data: bytes.subarray(dataAt, end) });
    at = end;
  }
  return elements;
}

/** The file with an encoding of the blocks of its track (RFC 9559 5.1.4.1.31). */
function encoded(bytes: Buffer, algorithm: Buffer, block: (frame: Buffer) => Buffer): Buffer {
  const compression = element(Buffer.of(0x50, 0x34), algorithm);
  const encodings = element(Buffer.of(0x6d, 0x80), element(Buffer.of(0x62, 0x40), compression));
  const rewrite = ({ id, data }: Element): Buffer => {
    const name = id.toString('hex');
    if (name === 'ae') return element(id, data, encodings);
    // Track number, time and flags stand in front of the frame.
    if (name === 'a3') return element(id, data.subarray(0, 4), block(data.subarray(4)));
    if (!['18538067', '1654ae6b', '1f43b675'].includes(name)) return element(id, data);
    return element(id, ...elementsIn(data).map(rewrite));
  };
  return Buffer.concat(elementsIn(bytes).map(rewrite));
}

async function framesOf(source: Uint8Array): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  for await (const { data } of readPackets(source)) frames.push(Buffer.from(data));
  return frames;
}

describeWith([ffmpegTool], 'blocks', () => {
  beforeAll(async () => {
    const args = ['-f', 'matroska', '-live', '1', '-write_crc32', '0', 'blocks.mkv'];
    await ffmpeg([...VIDEO, ...X264, ...args], folder.root);
    live = await readFile(folder.path('blocks.mkv'));
  }, 120_000);

  it('without the bytes that all of them begin with are read, and not changed', async () => {
    // ContentCompAlgo 3, ContentCompSettings 00 00.
    const source = encoded(live, Buffer.of(0x42, 0x54, 0x81, 3, 0x42, 0x55, 0x82, 0, 0), (frame) => frame.subarray(2));
    expect(await framesOf(source)).toEqual(await framesOf(live));
    await expect(inject(source)).rejects.toMatchObject({
      code: 'ERR_SEI_UNSUPPORTED_FILE',
      message: expect.stringMatching(/laced or compressed/) as string,
    });
  });

  it('that are compressed are not taken for those of a file without H.264', async () => {
    const source = encoded(live, Buffer.of(0x42, 0x54, 0x81, 0), (frame) => deflateSync(frame));
    const told = {
      code: 'ERR_SEI_UNSUPPORTED_FILE',
      message: expect.stringMatching(/track 1 is compressed/) as string,
    };
    await expect(framesOf(source)).rejects.toMatchObject(told);
    await expect(inject(source)).rejects.toMatchObject(told);
  });
});

describeWith([ffmpegTool], 'a cluster', () => {
  beforeAll(async () => {
    // One that is live has no index.
    const args = ['-f', 'matroska', '-live', '1', '-write_crc32', '0', '-cluster_time_limit', '200', 'live.mkv'];
    await ffmpeg([...VIDEO, ...X264, ...args], folder.root);
    live = await readFile(folder.path('live.mkv'));
  }, 120_000);

  it('that says where it lies and how long the one before is, says so of the new file', async () => {
    const source = withHints(live, 0);
    expect(clusterStarts(source).length).toBeGreaterThan(3);
    const target = await inject(source);
    const segmentData = target.indexOf(SEGMENT) + LONG_HEADER;
    const starts = clusterStarts(target);
    expect(starts.map((start) => hint(target, start, 0xa7))).toEqual(starts.map((start) => start - segmentData));
    const lengths = starts.slice(1).map((start, i) => start - starts[i]);
    expect(starts.slice(1).map((start) => hint(target, start, 0xab))).toEqual(lengths);
    expect((await strip(target)).equals(source)).toBe(true);
  });

  it('that says so wrong says nothing more', async () => {
    const target = await inject(withHints(live, 5));
    for (const start of clusterStarts(target)) {
      expect(hint(target, start, 0xa7)).toBeUndefined();
      expect(hint(target, start, 0xab)).toBeUndefined();
    }
  });
});
