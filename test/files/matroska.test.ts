/** Matroska files as other writers make them. */
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { injectIntoFile, stripFile } from '../../src/files/index.js';
import { useFolder } from '../cli/run.js';
import { ffmpegTool } from '../support/ffmpeg-cli.js';
import { VIDEO, X264, ffmpeg } from '../support/media.js';
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
  const messages = Array.from({ length: 40 }, (_, frame) => ({ frame, content: 'x'.repeat(1 + frame * 9) }));
  await injectIntoFile(source, (piece) => pieces.push(piece), { messages });
  return Buffer.concat(pieces);
}

async function strip(source: Uint8Array): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  await stripFile(source, (piece) => pieces.push(piece));
  return Buffer.concat(pieces);
}

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
