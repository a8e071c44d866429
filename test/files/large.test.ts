/** MP4 files of 4 GiB, which are not there: of most of their bytes only the number is kept. */
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { DEFAULT_SEI_UUID } from '../../src/index.js';
import { type ByteSource, extractMessages, injectIntoFile, readPackets, stripFile } from '../../src/files/index.js';
import { useFolder } from '../cli/run.js';
import { ffmpegTool } from '../support/ffmpeg-cli.js';
import { TONE, VIDEO, X264, ffmpeg } from '../support/media.js';
import { describeWith } from '../support/skip.js';

const LIMIT = 2 ** 32;
const ZEROS = new Uint8Array(4 * 1024 * 1024);

const folder = useFolder();
let small: Buffer;

/** A file put together from stretches; those of zeros are not in memory. */
class SparseFile implements ByteSource {
  readonly #stretches: { readonly start: number; readonly end: number; readonly bytes: Uint8Array | undefined }[] = [];
  size = 0;

  /** Adds bytes; none of them are kept where they are a part of {@link ZEROS}. */
  add(bytes: Uint8Array): void {
    this.#append(bytes.length, bytes.buffer === ZEROS.buffer ? undefined : bytes);
  }

  addZeros(length: number): void {
    this.#append(length, undefined);
  }

  #append(length: number, bytes: Uint8Array | undefined): void {
    const last = this.#stretches.at(-1);
    const start = last !== undefined && last.bytes === undefined && bytes === undefined ? last.start : this.size;
    if (start < this.size) this.#stretches.pop();
    this.size += length;
    this.#stretches.push({ start, end: this.size, bytes });
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(offset + length, this.size);
    const found = this.#stretches.filter((stretch) => stretch.start < end && stretch.end > offset);
    if (found.every(({ bytes }) => bytes === undefined)) return Promise.resolve(ZEROS.subarray(0, end - offset));
    const result = new Uint8Array(end - offset);
    for (const { start, end: behind, bytes } of found) {
      const from = Math.max(offset, start);
      if (bytes !== undefined) result.set(bytes.subarray(from - start, Math.min(end, behind) - start), from - offset);
    }
    return Promise.resolve(result);
  }
}

/** The movie in front, then a mdat whose size and offsets have 32 bits and that ends so many bytes in front of 4 GiB. */
function largeFile(room: number): SparseFile {
  const mdat = small.indexOf('mdat') - 4;
  const samples = small.subarray(mdat + 8);
  const gap = LIMIT - room - small.length;
  const head = Buffer.from(small.subarray(0, mdat + 8));
  head.writeUInt32BE(8 + gap + samples.length, mdat);
  for (let stco = head.indexOf('stco'); stco >= 0; stco = head.indexOf('stco', stco + 4)) {
    const count = head.readUInt32BE(stco + 8);
    for (let at = stco + 12; at < stco + 12 + 4 * count; at += 4) head.writeUInt32BE(head.readUInt32BE(at) + gap, at);
  }
  const file = new SparseFile();
  file.add(head);
  file.addZeros(gap);
  file.add(samples);
  return file;
}

async function packetsOf(source: ByteSource): Promise<{ time: number | undefined; data: Buffer }[]> {
  const packets = [];
  for await (const { presentationTimeMs, data } of readPackets(source))
    packets.push({ time: presentationTimeMs, data: Buffer.from(data) });
  return packets;
}

async function injected(source: ByteSource, size: number): Promise<SparseFile> {
  const target = new SparseFile();
  const messages = Array.from({ length: 40 }, (_, frame) => ({
    frameIndex: frame,
    content: `${frame} ${'x'.repeat(size)}`,
  }));
  await injectIntoFile(
    source,
    (piece: Uint8Array) => {
      target.add(piece);
    },
    { messages },
  );
  return target;
}

describeWith([ffmpegTool], 'MP4 of 4 GiB', () => {
  beforeAll(async () => {
    await ffmpeg([...VIDEO, ...TONE, ...X264, '-c:a', 'aac', '-movflags', '+faststart', 'in.mp4'], folder.root);
    small = await readFile(folder.path('in.mp4'));
  }, 120_000);

  it.each([
    { what: 'grows past it: its offsets and the size of its mdat get 64 bits', room: 1, size: 3000, isLong: true },
    { what: 'does not quite reach it: they keep 32 bits', room: 200_000, size: 3000, isLong: false },
  ])(
    '$what',
    async ({ room, size, isLong }) => {
      const source = largeFile(room);
      expect(source.size).toBe(LIMIT - room);
      const before = await packetsOf(source);
      const target = await injected(source, size);
      expect(target.size > LIMIT).toBe(isLong);
      const head = Buffer.from(await target.read(0, 64 * 1024));
      expect(head.includes('co64')).toBe(isLong);
      expect(head.readUInt32BE(head.indexOf('mdat') - 4) === 1).toBe(isLong);
      const found: string[] = [];
      for await (const { index, payload } of extractMessages(target, { uuids: [DEFAULT_SEI_UUID] }))
        found.push(`${index} ${Number.parseInt(Buffer.from(payload).toString(), 10)}`);
      expect(found).toEqual(before.map((_, i) => `${i} ${i}`));
      const stripped = new SparseFile();
      await stripFile(target, (piece: Uint8Array) => {
        stripped.add(piece);
      });
      expect(await packetsOf(stripped)).toEqual(before);
      if (isLong) return;
      expect(stripped.size).toBe(source.size);
      for (const at of [0, source.size - small.length])
        expect(await stripped.read(at, small.length)).toEqual(await source.read(at, small.length));
    },
    120_000,
  );
});
