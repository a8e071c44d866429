/** The boxes of MP4 and QuickTime files (ISO/IEC 14496-12 4.2), as far as it takes to move bytes in such a file. */
import { concatBytes } from '../codec/bytes.js';
import type { ByteSource } from './byte-source.js';
import { damaged } from './edits.js';

/** Where a box lies in a file. */
export class BoxHeader {
  /** Its type, four characters. */
  readonly type: string;
  /** Offset of its header. */
  readonly start: number;
  /** Bytes of its header: 8, or 16 with a size of 64 bits. */
  readonly headerSize: number;
  /** Offset of the first byte after it. */
  readonly end: number;
  /** Whether its header says only that it reaches to the end of the file. */
  readonly isOpen: boolean;

  /** Takes its members in the order of their declaration. */
  constructor(type: string, start: number, headerSize: number, end: number, isOpen: boolean) {
    this.type = type;
    this.start = start;
    this.headerSize = headerSize;
    this.end = end;
    this.isOpen = isOpen;
  }
}

/** A view of bytes as numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** An unsigned number of 64 bits, as exact as JavaScript has it. */
export function readUint64(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
}

/** Writes an unsigned number of 64 bits. */
export function writeUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 4, value % 2 ** 32);
}

/** Reads the header of a box, whose size may be wrong. `bytes` begin with it; `limit` is the end of an open box. */
function readHeader(bytes: Uint8Array, start: number, limit: number): BoxHeader {
  const view = viewOf(bytes);
  const type = String.fromCharCode(...bytes.subarray(4, 8));
  const size = view.getUint32(0);
  const headerSize = size === 1 ? 16 : 8;
  if (bytes.length < headerSize) throw damaged('a box has no size');
  const end = size === 0 ? limit : start + (size === 1 ? readUint64(view, 8) : size);
  if (end < start + headerSize) throw damaged(`the box ${JSON.stringify(type)} is shorter than its header`);
  return new BoxHeader(type, start, headerSize, end, size === 0);
}

/** A box in memory. Its numbers are read at offsets in its payload; past its end they are damage. */
export class Box extends BoxHeader {
  /** The box with its header. */
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  /**
   * @param header says where the box lies in the file
   * @param bytes the box with its header
   */
  constructor(header: BoxHeader, bytes: Uint8Array) {
    super(header.type, header.start, header.headerSize, header.end, header.isOpen);
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset + this.headerSize, bytes.length - this.headerSize);
  }

  /** Bytes of its payload. */
  get size(): number {
    return this.#view.byteLength;
  }

  /** The version of a full box (4.2.2). */
  get version(): number {
    return this.uint(0, 8);
  }

  /** The flags of a full box (4.2.2). */
  get flags(): number {
    return this.uint(0) & 0xffffff;
  }

  /** Reads an unsigned number. */
  uint(at: number, bits: 8 | 16 | 32 | 64 = 32): number {
    this.require(at + bits / 8);
    if (bits === 32) return this.#view.getUint32(at);
    if (bits === 64) return readUint64(this.#view, at);
    return bits === 16 ? this.#view.getUint16(at) : this.#view.getUint8(at);
  }

  /** Throws `ERR_SEI_UNREADABLE_FILE` if its payload has fewer bytes. */
  require(size: number): void {
    if (size > this.size) throw damaged(`the box ${this.type} is too short`);
  }

  /**
   * The boxes in it, one after the other.
   *
   * @param from offset in its payload of the first one
   * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if one does not end in it
   */
  *children(from = 0): Generator<Box> {
    // QuickTime ends some lists of boxes with a zero of 32 bits.
    for (let at = from; at + 8 <= this.size && this.uint(at) !== 0;) {
      const offset = this.headerSize + at;
      const header = readHeader(this.bytes.subarray(offset), this.start + offset, this.end);
      if (header.end > this.end) throw damaged(`the box ${JSON.stringify(header.type)} does not end in ${this.type}`);
      yield new Box(header, this.bytes.subarray(offset, header.end - this.start));
      at = header.end - this.start - this.headerSize;
    }
  }

  /** The first box at a path of types. */
  find(type: string, ...path: readonly string[]): Box | undefined {
    for (const child of this.children())
      if (child.type === type) return path.length === 0 ? child : child.find(...(path as [string]));
    return undefined;
  }
}

/** A box of some pieces, with a header of 8 bytes. */
export function makeBox(type: string, pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = concatBytes([new Uint8Array(8), ...pieces]);
  viewOf(bytes).setUint32(0, bytes.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  return bytes;
}

/** Boxes that hold the boxes that change. */
const PATH = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'moof', 'traf']);

/** Writes a box with other boxes in the place of some in it, which are named by their offsets in the file. */
export function rebuild(box: Box, replacements: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const replacement = replacements.get(box.start);
  if (replacement !== undefined) return replacement;
  if (!PATH.has(box.type)) return box.bytes;
  let end = box.headerSize;
  const pieces: Uint8Array[] = [];
  for (const child of box.children()) {
    pieces.push(rebuild(child, replacements));
    end = child.end - box.start;
  }
  pieces.push(box.bytes.subarray(end));
  return makeBox(box.type, pieces);
}

/** The most boxes of a file at its top level: two for each picture in the smallest fragments, for some hours. */
export const MAX_TOP_LEVEL_BOXES = 2_000_000;

/**
 * Reads the headers of the boxes of a file. A last box that is cut is left out, unless it is an `mdat`: that ends where
 * the file ends.
 *
 * @returns the boxes, in order, and whether the last one is cut
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if a box is damaged, or if the movie box is cut
 */
export async function topLevelBoxes(source: ByteSource): Promise<{ boxes: readonly BoxHeader[]; truncated: boolean }> {
  const boxes: BoxHeader[] = [];
  // Less than a header at the end is no box, and stays.
  for (let at = 0; at + 8 <= source.size;) {
    const bytes = await source.read(at, 16);
    if (boxes.length >= MAX_TOP_LEVEL_BOXES) throw damaged('it has too many boxes');
    if (bytes.length < 16 && viewOf(bytes).getUint32(0) === 1) return { boxes, truncated: true };
    const box = readHeader(bytes, at, source.size);
    if (box.end > source.size) {
      if (box.type === 'moov') throw damaged('the box "moov" does not end in the file');
      if (box.type === 'mdat') boxes.push(new BoxHeader(box.type, at, box.headerSize, source.size, false));
      return { boxes, truncated: true };
    }
    boxes.push(box);
    at = box.end;
  }
  return { boxes, truncated: false };
}
