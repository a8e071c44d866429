/** Files that make a reader hang, or do work twice: each ends, and is read a bounded number of times. */
import { describe, expect, it } from 'vitest';
import { type ByteSource, injectIntoFile, readPackets, stripFile } from '../../src/files/index.js';
import { box, element, words } from '../support/containers.js';

/** One IDR slice behind a length of four bytes. */
const FRAME = Buffer.of(0, 0, 0, 5, 0x65, 0x88, 0x84, 0, 1);
const CONFIGURATION = Buffer.from('0142c01effe10004' + '6742c01e' + '010004' + '68ce3c80', 'hex');

function filled(piece: Uint8Array, count: number): Buffer {
  return Buffer.concat(Array<Uint8Array>(count).fill(piece));
}

/** How many times the size of a file is read in all. */
async function cost(file: Buffer, work: (source: ByteSource) => Promise<unknown>): Promise<number> {
  let read = 0;
  const source: ByteSource = {
    size: file.length,
    read(offset, length) {
      const bytes = file.subarray(offset, offset + length);
      read += bytes.length;
      return Promise.resolve(bytes);
    },
  };
  await work(source);
  return read / file.length;
}

async function countOf(source: ByteSource | Buffer): Promise<number> {
  let count = 0;
  for await (const packet of readPackets(source)) count += Math.sign(packet.data.length);
  return count;
}

async function inject(source: ByteSource | Buffer): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  await injectIntoFile(source, (piece) => pieces.push(piece), { messages: [{ frameIndex: 0, content: 'hostile' }] });
  return Buffer.concat(pieces);
}

/** Reads the file, puts a message in and takes it out again. */
async function expectBounded(file: Buffer, pictures: number): Promise<void> {
  expect(
    await cost(file, async (source) => {
      expect(await countOf(source)).toBe(pictures);
    }),
  ).toBeLessThan(8);
  let changed: Buffer = Buffer.alloc(0);
  expect(await cost(file, async (source) => (changed = await inject(source)))).toBeLessThan(16);
  expect(await countOf(changed)).toBe(pictures);
  const pieces: Uint8Array[] = [];
  expect(await stripFile(changed, (piece) => pieces.push(piece))).toMatchObject({ messages: 1 });
  expect(await countOf(Buffer.concat(pieces))).toBe(pictures);
}

describe('Matroska', () => {
  const id = (hex: string) => Buffer.from(hex, 'hex');
  const head = element(id('1a45dfa3'), element(id('4282'), Buffer.from('matroska')));
  const codec = element(id('86'), Buffer.from('V_MPEG4/ISO/AVC'));
  const entry = element(id('ae'), element(id('d7'), id('01')), element(id('83'), id('01')), codec);
  const tracks = element(id('1654ae6b'), entry);
  const block = (flags: number, ...payload: readonly Uint8Array[]) =>
    element(id('a3'), Buffer.of(0x81, 0, 0, flags), ...payload);
  const cluster = (...content: readonly Uint8Array[]) =>
    element(id('1f43b675'), element(id('e7'), id('00')), ...content);
  const file = (...content: readonly Uint8Array[]) =>
    Buffer.concat([head, element(id('18538067'), tracks, ...content)]);
  const picture = block(0x80, FRAME);
  const voids = filled(id('ec80'), 1 << 19);

  it.each([
    ['in the segment', file(voids, cluster(picture))],
    ['in a cluster', file(cluster(voids, picture))],
    ['in front of the segment', Buffer.concat([head, voids, file(cluster(picture)).subarray(head.length)])],
  ])('of 1 MB of the smallest elements, %s', (_where, source) => expectBounded(source, 1), 60_000);

  it.each([
    ['clusters', file(filled(cluster(picture), 20_000)), 20_000],
    ['checksums in a cluster', file(cluster(filled(element(id('bf'), words(0)), 50_000), picture)), 1],
    ['clusters with checksums', file(filled(cluster(element(id('bf'), words(0)), picture), 5000)), 5000],
  ])('of very many %s', (_what, source, pictures) => expectBounded(source, pictures), 60_000);

  it('with an unknown element of unknown size at its end is refused, and does not hang', async () => {
    const open = Buffer.concat([head, id('18538067ff'), tracks, cluster(picture), id('1fffff01ff')]);
    await expect(countOf(open)).rejects.toMatchObject({ code: 'ERR_SEI_UNREADABLE_FILE' });
  });

  it.each([
    ['Xiph', 1, Buffer.of(2, FRAME.length, FRAME.length)],
    ['fixed-size', 2, Buffer.of(2)],
    ['EBML', 3, Buffer.of(2, 0x80 | FRAME.length, 0x80 | 63)],
  ])('with %s lacing is read, and not changed', async (_name, lacing, sizes) => {
    const source = file(cluster(block(0x80 | (lacing << 1), sizes, FRAME, FRAME, FRAME), picture));
    const found: Buffer[] = [];
    for await (const { data } of readPackets(source)) found.push(Buffer.from(data));
    expect(found).toEqual([FRAME, FRAME, FRAME, FRAME]);
    await expect(inject(source)).rejects.toMatchObject({ code: 'ERR_SEI_UNSUPPORTED_FILE' });
    const wrong = file(cluster(block(0x80 | (lacing << 1), Buffer.of(3, 0xff), FRAME)));
    await expect(countOf(wrong)).rejects.toMatchObject({ code: 'ERR_SEI_UNREADABLE_FILE' });
  });
});

describe('MP4', () => {
  const entry = box('avc1', Buffer.alloc(78), box('avcC', CONFIGURATION));
  const track = (id: number, ...tables: readonly Uint8Array[]) => {
    const table = box('stbl', box('stsd', words(0, 1), entry), ...tables);
    const handler = box('hdlr', words(0, 0), Buffer.from('vide'), Buffer.alloc(13));
    const media = box('mdia', box('mdhd', words(0, 0, 0, 1000, 0, 0)), handler, box('minf', table));
    return box('trak', box('tkhd', words(0, 0, 0, id), Buffer.alloc(68)), media);
  };
  const type = box('ftyp', Buffer.from('isom'), words(0));
  const movie = (...content: readonly Uint8Array[]) => box('moov', box('mvhd', Buffer.alloc(100)), ...content);
  const tables = (offset: number) => [
    box('stts', words(0, 1, 1, 40)),
    box('stsc', words(0, 1, 1, 1, 1)),
    box('stsz', words(0, 0, 1, FRAME.length)),
    box('stco', words(0, 1, offset)),
  ];
  const data = box('mdat', FRAME);
  const first = type.length + 8;
  const fragmented = movie(track(1), box('mvex', box('trex', words(0, 1, 1, 40, FRAME.length, 0))));
  const header = box('tfhd', words(0x020000, 1));
  const fragment = box('moof', box('traf', header, box('trun', words(1, 1, 60))));

  it.each([
    [
      'tracks',
      Buffer.concat([
        type,
        box('mdat', filled(FRAME, 4000)),
        movie(...Array.from({ length: 4000 }, (_, i) => track(i + 1, ...tables(first + FRAME.length * i)))),
      ]),
      1,
    ],
    ['boxes', Buffer.concat([type, data, movie(track(1, ...tables(first)), filled(box('free'), 100_000))]), 1],
    ['fragments', Buffer.concat([type, fragmented, filled(Buffer.concat([fragment, data]), 20_000)]), 20_000],
  ])('of very many %s', (_what, source, pictures) => expectBounded(source, pictures), 60_000);

  it('of very many tracks in a fragment', async () => {
    const empty = filled(box('traf', header, box('trun', words(0, 0))), 20_000);
    const last = (offset: number) => box('traf', header, box('trun', words(1, 1, offset)));
    const moof = box('moof', empty, last(0));
    await expectBounded(Buffer.concat([type, fragmented, box('moof', empty, last(moof.length + 8)), data]), 1);
  }, 60_000);

  it('with tables that do not fit each other is refused', async () => {
    const [stts, stsc, stsz, stco] = tables(first);
    const refused = { code: 'ERR_SEI_UNREADABLE_FILE' };
    const open = (...each: readonly Uint8Array[]) => countOf(Buffer.concat([type, data, movie(track(1, ...each))]));
    await expect(open(stts, stsc, box('stsz', words(0, 0, 2, 4, 5)), stco)).rejects.toMatchObject(refused);
    await expect(open(stts, stsc, box('stsz', words(0, 0, 2, 4)), stco)).rejects.toMatchObject(refused);
    await expect(open(stts, stsc, box('stsz', words(0, 1, 0xffffffff)), stco)).rejects.toMatchObject(refused);
    await expect(open(stts, box('stsc', words(0, 2, 1, 1, 1, 1, 1, 1)), stsz, stco)).rejects.toMatchObject(refused);
    await expect(open(stts, stsc, box('stz2', words(0, 3, 1, 0)), stco)).rejects.toMatchObject(refused);
  });
});
