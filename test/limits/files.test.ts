/** The limits of what is read of a media file as a whole, each below, at and above it. */
import { describe, expect, it } from 'vitest';
import { MAX_BOX_SIZE, IsobmffFile } from '../../src/containers/isobmff-file.js';
import { rewriteMatroska } from '../../src/containers/matroska-rewrite.js';
import { MAX_INDEX_SIZE } from '../../src/containers/matroska-walk.js';
import { MAX_PES_SIZE, MAX_TABLE_ENTRIES, TransportStreamParser } from '../../src/containers/transport-stream.js';
import { type ByteSource } from '../../src/files/index.js';
import { pictureTypeOf, MAX_SLICES_PER_PICTURE } from '../../src/frame/picture-type.js';
import { annexB, bytes, concat, nal } from '../contract/frames.js';

/** A file of which nothing is there but its first bytes; what is read of it at most, in bytes, goes to `reads`. */
function sparse(head: Uint8Array, size: number, reads: number[]): ByteSource {
  const read = (offset: number, length: number): Promise<Uint8Array> => {
    reads.push(length);
    if (length > 1 << 20) return Promise.reject(new Error('it would be read'));
    const data = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    data.set(head.subarray(offset, offset + data.length));
    return Promise.resolve(data);
  };
  return { size, read };
}

const uint32 = (value: number) => bytes(value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255);

const refused = { code: 'ERR_SEI_UNREADABLE_FILE' };
const read = { message: 'it would be read' };

describe('MAX_BOX_SIZE', () => {
  it.each([
    [MAX_BOX_SIZE - 1, read],
    [MAX_BOX_SIZE, read],
    [MAX_BOX_SIZE + 1, refused],
  ])('is the size of the largest box that is read: %i', async (size, outcome) => {
    const reads: number[] = [];
    const moov = concat(uint32(size), bytes(0x6d, 0x6f, 0x6f, 0x76));
    await expect(IsobmffFile.open(sparse(moov, size, reads))).rejects.toMatchObject(outcome);
    expect(Math.max(...reads) === size).toBe(outcome === read);
  });
});

describe('MAX_INDEX_SIZE', () => {
  it.each([
    [MAX_INDEX_SIZE - 1, read],
    [MAX_INDEX_SIZE, read],
    [MAX_INDEX_SIZE + 1, refused],
  ])('is the size of the largest index that is read: %i', async (size, outcome) => {
    const reads: number[] = [];
    // An element says its size in eight bytes (RFC 8794 4): the EBML header, a segment, and in it the cues.
    const sized = (id: Uint8Array, length: number) => concat(id, bytes(1, 0, 0, 0), uint32(length));
    const cues = sized(bytes(0x1c, 0x53, 0xbb, 0x6b), size - 12);
    const head = concat(bytes(0x1a, 0x45, 0xdf, 0xa3, 0x80), sized(bytes(0x18, 0x53, 0x80, 0x67), size), cues);
    await expect(rewriteMatroska(sparse(head, head.length - 12 + size, reads), new Map()).next()).rejects.toMatchObject(
      outcome,
    );
    expect(Math.max(...reads) === size).toBe(outcome === read);
  });
});

const PACKET_SIZE = 188;
const HEADER_SIZE = 4;
const PMT_PID = 0x20;
const VIDEO_PID = 0x21;

/** A packet with so much payload, behind an adaptation field where that is less than there is room for. */
function packet(pid: number, isUnitStart: boolean, payload: Uint8Array): Uint8Array {
  const room = PACKET_SIZE - HEADER_SIZE - payload.length;
  const header = bytes(0x47, (isUnitStart ? 0x40 : 0) | (pid >> 8), pid & 255, room > 0 ? 0x30 : 0x10);
  const field = new Uint8Array(room).fill(0xff);
  if (room > 0) field[0] = room - 1;
  if (room > 1) field[1] = 0;
  return concat(header, field, payload);
}

/** Two tables (ISO/IEC 13818-1 2.4.4.3, 2.4.4.8), whose CRC nobody looks at: one program with streams of H.264. */
const pat = bytes(0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0, PMT_PID, 0, 0, 0, 0);
const pmt = (...pids: number[]) => {
  const streams = pids.map((pid) => bytes(0x1b, 0xe0 | (pid >> 8), pid & 255, 0xf0, 0));
  const head = bytes(0, 2, 0xb0, 13 + 5 * pids.length, 0, 1, 0xc1, 0, 0, 0xe0, VIDEO_PID, 0xf0, 0);
  return concat(head, ...streams, bytes(0, 0, 0, 0));
};
const pesHeader = bytes(0, 0, 1, 0xe0, 0, 0, 0x80, 0, 0);

describe('MAX_PES_SIZE', () => {
  it.each([
    [MAX_PES_SIZE - 1, true],
    [MAX_PES_SIZE, true],
    [MAX_PES_SIZE + 1, false],
  ])('is the size of the largest PES packet that is put together: %i', (size, isWhole) => {
    const tables = concat(packet(0, true, pat), packet(PMT_PID, true, pmt(VIDEO_PID)));
    const parser = new TransportStreamParser(tables);
    parser.push(tables);
    expect(parser.tracks).toHaveLength(1);
    const most = PACKET_SIZE - HEADER_SIZE;
    const full = packet(VIDEO_PID, false, new Uint8Array(most).fill(0x55));
    const many = concat(...Array<Uint8Array>(4096).fill(full));
    // With continuity counters: what comes twice with the same one counts once (2.4.3.3).
    for (let i = 0; i < 4096; i++) many[i * PACKET_SIZE + 3] |= (i + 1) & 15;
    const [first] = parser.push(packet(VIDEO_PID, true, pesHeader)).packets;
    let left = size - pesHeader.length;
    while (left > 0) {
      const count = Math.min(4096, Math.floor(left / most));
      const next = count > 0 ? many.subarray(0, count * PACKET_SIZE) : packet(VIDEO_PID, false, full.subarray(-left));
      parser.push(next);
      left -= count > 0 ? count * most : left;
    }
    const { pesPackets } = parser.flush();
    expect([pesPackets.length, first.pes?.isLoose]).toEqual(isWhole ? [1, false] : [0, true]);
  });
});

describe('MAX_TABLE_ENTRIES', () => {
  it.each([
    [MAX_TABLE_ENTRIES - 1, MAX_TABLE_ENTRIES - 1],
    [MAX_TABLE_ENTRIES, MAX_TABLE_ENTRIES],
    [MAX_TABLE_ENTRIES + 1, MAX_TABLE_ENTRIES],
  ])('are the most streams that are looked at: of %i, %i', (count, known) => {
    const tables = packet(0, true, pat);
    const parser = new TransportStreamParser(tables);
    parser.push(tables);
    for (let i = 0; i < count; i++) parser.push(packet(PMT_PID, true, pmt(VIDEO_PID + i)));
    expect(parser.tracks).toHaveLength(known);
  });
});

describe('MAX_SLICES_PER_PICTURE', () => {
  const bSlice = nal.disposable;

  it.each([
    [MAX_SLICES_PER_PICTURE - 1, 'B'],
    [MAX_SLICES_PER_PICTURE, 'B'],
    [MAX_SLICES_PER_PICTURE + 1, 'P'],
  ])('are looked at for the type of a picture: where the slice %i is the one of B, it is %s', (place, type) => {
    const slices = [...Array<Uint8Array>(place - 1).fill(nal.p), bSlice];
    expect(pictureTypeOf(annexB(...slices), { format: 'annexb' })).toBe(type);
  });
});
