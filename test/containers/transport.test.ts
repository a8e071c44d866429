/** Transport streams as receivers record them, and not as a muxer writes them. */
import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { DEFAULT_SEI_UUID, SeiPublisher } from '../../src/index.js';
import { extractMessages, injectIntoFile, readPackets, stripFile } from '../../src/files/index.js';
import { runInProcess, useFolder } from '../cli/run.js';
import { ffmpegTool, ffprobeTool } from '../support/ffmpeg-cli.js';
import { TONE, VIDEO, X264, ffmpeg, mediaReport, shownMessages } from '../support/media.js';
import { describeWith } from '../support/skip.js';
import { MAX_HELD_STREAM_SIZE } from '../../src/containers/transport-rewrite.js';

const SIZE = 188;
const PMT_PID = 0x1000;
const VIDEO_PID = 0x100;

const folder = useFolder();
let whole: Buffer;

const packetsIn = (bytes: Buffer) =>
  Array.from({ length: Math.floor(bytes.length / SIZE) }, (_, i) =>
    Buffer.from(bytes.subarray(i * SIZE, (i + 1) * SIZE)),
  );
const pidOf = (packet: Buffer) => packet.readUInt16BE(1) & 0x1fff;
const isUnitStart = (packet: Buffer) => (packet[1] & 0x40) !== 0;
const hasPayload = (packet: Buffer) => (packet[3] & 0x10) !== 0;

/** CRC_32 of Annex A of ISO/IEC 13818-1. */
function crcOf(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 || crc > 0x7fffffff ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/** The packets of a section, which count from `first` on. */
function packetsOfSection(section: Buffer, pid: number, first: number): Buffer[] {
  const payload = Buffer.concat([Buffer.of(0), section]);
  const packets: Buffer[] = [];
  for (let at = 0; at < payload.length; at += SIZE - 4) {
    const header = [0x47, (at === 0 ? 0x40 : 0) | (pid >> 8), pid & 255, 0x10 | ((first + packets.length) & 15)];
    const packet = Buffer.alloc(SIZE, 0xff);
    Buffer.from(header).copy(packet);
    payload.copy(packet, 4, at, Math.min(payload.length, at + SIZE - 4));
    packets.push(packet);
  }
  return packets;
}

/** The section of a program map table with changed content, without header length and CRC set by the caller. */
function finished(content: Buffer): Buffer {
  const section = Buffer.concat([content, Buffer.alloc(4)]);
  section.writeUInt16BE(0xb000 | (section.length - 3), 1);
  section.writeUInt32BE(crcOf(section.subarray(0, -4)), section.length - 4);
  return section;
}

function sectionOf(packet: Buffer): Buffer {
  const start = 5 + packet[4];
  return packet.subarray(start, start + 3 + (packet.readUInt16BE(start + 1) & 0xfff));
}

/** Puts a message into every picture of a stream, which has to stay what it was apart from them. */
async function check(stream: Buffer, name: string, pictures: number): Promise<Buffer> {
  const [source, target, stripped] = [name, `out-${name}`, `stripped-${name}`].map((each) => folder.path(each));
  await writeFile(source, stream);
  const messages = Array.from({ length: pictures }, (_, frame) => ({
    frameIndex: frame,
    content: `${frame} ${'x'.repeat(400)}`,
  }));
  expect(await injectIntoFile(source, target, { messages })).toMatchObject({ messages: pictures, unplaced: 0 });
  const [before, after] = [await mediaReport(source), await mediaReport(target)];
  expect(after.pictures).toEqual(before.pictures);
  expect(after.packets).toEqual(before.packets);
  expect(after.streams).toEqual(before.streams);
  const shown = await shownMessages(target, DEFAULT_SEI_UUID);
  expect(shown.map(({ text }) => Number.parseInt(text, 10)).sort((a, b) => a - b)).toEqual(
    expect.arrayContaining(Array.from({ length: pictures - 10 }, (_, i) => i + 10)),
  );
  const result = await readFile(target);
  await stripFile(target, stripped);
  expect((await readFile(stripped)).equals(stream)).toBe(true);
  return result;
}

/** Whether the numbers of the packets with a payload count one on, but for duplicates. */
function isContinuous(stream: Buffer, pid: number): boolean {
  const packets = packetsIn(stream).filter((packet) => pidOf(packet) === pid && hasPayload(packet));
  return packets.every((packet, i) => {
    if (i === 0) return true;
    const step = (packet[3] - packets[i - 1][3]) & 15;
    return step === 1 || (step === 0 && packet.subarray(4).equals(packets[i - 1].subarray(4)));
  });
}

describeWith([ffmpegTool, ffprobeTool], 'a transport stream', () => {
  beforeAll(async () => {
    await ffmpeg([...VIDEO, ...TONE, ...X264, '-c:a', 'aac', 'in.ts'], folder.root);
    whole = await readFile(folder.path('in.ts'));
  }, 120_000);

  it('that begins in the middle of a picture comes out from its first packet on', async () => {
    const packets = packetsIn(whole);
    const cut = packets.findIndex((packet) => pidOf(packet) === VIDEO_PID) + 3;
    await check(Buffer.concat(packets.slice(cut)), 'joined.ts', 37);
  }, 60_000);

  it('whose map fills several packets', async () => {
    let count = 0;
    const packets = packetsIn(whole).flatMap((packet) => {
      if (pidOf(packet) !== PMT_PID) return [packet];
      const section = sectionOf(packet);
      // The descriptors of the program are so long that its streams stand in the second and third packet.
      const descriptor = Buffer.concat([Buffer.of(0x80, 180), Buffer.alloc(180, 0x20)]);
      const content = Buffer.concat([section.subarray(0, 12), descriptor, descriptor, section.subarray(12, -4)]);
      content.writeUInt16BE(0xf000 | (2 * descriptor.length), 10);
      const pieces = packetsOfSection(finished(content), PMT_PID, count);
      count += pieces.length;
      return pieces;
    });
    await check(Buffer.concat(packets), 'long-map.ts', 40);
  }, 60_000);

  it('in which packets are sent twice', async () => {
    let count = 0;
    const packets = packetsIn(whole).flatMap((packet) =>
      pidOf(packet) === VIDEO_PID && hasPayload(packet) && count++ % 5 < 2 ? [packet, packet] : [packet],
    );
    const stream = Buffer.concat(packets);
    expect(isContinuous(stream, VIDEO_PID)).toBe(true);
    const messages = Array.from({ length: 40 }, (_, frame) => ({
      frameIndex: frame,
      content: `${frame} ${'x'.repeat(400)}`,
    }));
    const target = folder.path('out-twice.ts');
    expect(await injectIntoFile(stream, target, { messages })).toMatchObject({ messages: 40, packets: 40 });
    expect(isContinuous(await readFile(target), VIDEO_PID)).toBe(true);
    // FFmpeg takes a packet that comes again for a new one: what it reads is compared with the stream without them.
    const [before, after] = [await mediaReport(folder.path('in.ts')), await mediaReport(target)];
    expect(after.pictures).toEqual(before.pictures);
    expect(after.packets).toEqual(before.packets);
  }, 60_000);

  it('in which a clock reference comes late behind each picture: the picture does not wait for it', async () => {
    const late = Buffer.alloc(SIZE, 0xff);
    Buffer.of(0x47, VIDEO_PID >> 8, VIDEO_PID & 255, 0x20, SIZE - 5, 0x10, 0, 0, 0, 0, 0x7e, 0).copy(late);
    const packets: Buffer[] = [];
    let count = 0;
    for (const packet of packetsIn(whole)) {
      const isVideo = pidOf(packet) === VIDEO_PID;
      if (isVideo && isUnitStart(packet) && count++ > 0) {
        const reference = Buffer.from(late);
        reference[3] |= (packets.findLast((each) => pidOf(each) === VIDEO_PID)?.[3] ?? 0) & 15;
        packets.push(reference);
      }
      packets.push(packet);
    }
    const result = packetsIn(await check(Buffer.concat(packets), 'late.ts', 40)).filter(
      (packet) => pidOf(packet) === VIDEO_PID,
    );
    const starts = result.flatMap((packet, i) => (isUnitStart(packet) && i > 0 ? [i] : []));
    expect(starts).toHaveLength(39);
    for (const start of starts) expect(result[start - 1].subarray(4).equals(late.subarray(4))).toBe(true);
    for (const [i, packet] of result.entries()) {
      if (!hasPayload(packet)) expect(packet[3] & 15).toBe(result[i - 1][3] & 15);
    }
    expect(isContinuous(Buffer.concat(result), VIDEO_PID)).toBe(true);
  }, 60_000);

  it('of which a picture is scrambled in part: that one stays as it is', async () => {
    const packets = packetsIn(whole);
    const starts = packets.flatMap((packet, i) => (pidOf(packet) === VIDEO_PID && isUnitStart(packet) ? [i] : []));
    const inside = packets.findIndex((packet, i) => i > starts[11] && pidOf(packet) === VIDEO_PID);
    packets[inside][3] |= 0x80;
    const stream = Buffer.concat(packets);
    const pieces: Uint8Array[] = [];
    await injectIntoFile(stream, (piece) => pieces.push(piece), {
      messages: Array.from({ length: 39 }, (_, frame) => ({ frameIndex: frame, content: `message ${frame}` })),
    });
    const result = packetsIn(Buffer.concat(pieces));
    const scrambled = result.find((packet) => (packet[3] & 0xc0) !== 0);
    expect(scrambled?.subarray(4).equals(packets[inside].subarray(4))).toBe(true);
  });

  it('whose first program has no H.264, and whose second is named late', async () => {
    const packets = packetsIn(whole);
    const pat = packets.findIndex((packet) => pidOf(packet) === 0);
    const section = sectionOf(packets[pat]);
    const two = finished(
      Buffer.concat([section.subarray(0, 8), Buffer.of(0, 9, 0xe0 | 0x12, 0x00), section.subarray(8, -4)]),
    );
    const sound = finished(Buffer.of(2, 0, 0, 0, 9, 0xc1, 0, 0, 0xff, 0xff, 0xf0, 0, 0x0f, 0xf3, 0x33, 0xf0, 0));
    const null_ = Buffer.alloc(SIZE, 0xff);
    Buffer.of(0x47, 0x1f, 0xff, 0x10).copy(null_);
    const head = [
      ...packetsOfSection(two, 0, 0),
      ...packetsOfSection(sound, 0x1200, 0),
      ...Array.from({ length: 12_000 }, () => null_),
    ];
    const stream = Buffer.concat([...head, ...packets]);
    const pieces: Uint8Array[] = [];
    const result = await injectIntoFile(stream, (piece) => pieces.push(piece), {
      messages: [{ frameIndex: 3, content: 'x' }],
    });
    expect(result).toMatchObject({ messages: 1, packets: 40 });
    const found = [];
    for await (const { index } of extractMessages(Buffer.concat(pieces), { uuids: [DEFAULT_SEI_UUID] }))
      found.push(index);
    expect(found).toEqual([3]);
  });

  it('whose packets carry error correction is read, and not changed', async () => {
    const parity = Buffer.alloc(16, 0x5a);
    const stream = Buffer.concat(packetsIn(whole).flatMap((packet) => [packet, parity]));
    const found: number[] = [];
    for await (const { index } of readPackets(stream)) found.push(index);
    expect(found).toHaveLength(40);
    const messages = [{ frameIndex: 3, content: 'x' }];
    await expect(injectIntoFile(stream, () => undefined, { messages })).rejects.toMatchObject({
      code: 'ERR_SEI_UNSUPPORTED_FILE',
    });
  });

  it('of Blu-ray comes through a pipe in the smallest pieces', async () => {
    const stream = Buffer.concat(packetsIn(whole).flatMap((packet) => [Buffer.of(1, 2, 3, 4), packet]));
    const small = Array.from({ length: 400 }, (_, i) => stream.subarray(i * 10, (i + 1) * 10));
    const stdin = [...small, stream.subarray(4000)];
    const injected = await runInProcess(['inject', '-m', 'hi', '--every', '10', '-'], { stdin });
    expect(injected).toMatchObject({ code: 0, stderr: 'injected 4 messages into 4 of 40 access units\n' });
    const stripped = await runInProcess(['strip', '-'], { stdin: [injected.stdout] });
    expect(stripped.stdout.equals(stream)).toBe(true);
  });

  it('whose picture does not end is held up to MAX_HELD_STREAM_SIZE', async () => {
    const packets = packetsIn(whole);
    const starts = packets.flatMap((packet, i) => (pidOf(packet) === VIDEO_PID && isUnitStart(packet) ? [i] : []));
    const filler = Buffer.alloc(SIZE, 0xff);
    Buffer.of(0x47, 0x1f, 0xff, 0x10).copy(filler);
    const pause = Buffer.alloc(SIZE * Math.ceil((MAX_HELD_STREAM_SIZE * 1.3) / SIZE), filler);
    const cut = starts[20] + 1;
    const stream = Buffer.concat([...packets.slice(0, cut), pause, ...packets.slice(cut)]);
    let wasRead = 0;
    let before = 0;
    let length = 0;
    const read = (offset: number, size: number) => {
      wasRead = offset + size;
      return Promise.resolve(new Uint8Array(stream.subarray(offset, offset + size)));
    };
    const publisher = new SeiPublisher();
    publisher.publishJson({ hello: 1 });
    await injectIntoFile(
      { size: stream.length, read },
      (piece) => {
        length += piece.length;
        if (length > cut * SIZE && before === 0) before = wasRead;
      },
      { publisher },
    );
    expect(length).toBeGreaterThanOrEqual(stream.length);
    expect(before).toBeLessThan(MAX_HELD_STREAM_SIZE * 1.1);
  }, 60_000);
});
