/** The boxes of MP4 and QuickTime files (ISO/IEC 14496-12 4.2), as far as it takes to move bytes in such a file. */
import type { ByteSource } from './byte-source.js';
import { damaged } from './edits.js';

/** A box and where it lies. */
export interface Box {
  /** Its type, four characters. */
  readonly type: string;
  /** Offset of its header. */
  readonly start: number;
  /** Bytes of its header: 8, or 16 with a size of 64 bits. */
  readonly headerSize: number;
  /** Offset behind it. */
  readonly end: number;
  /** Whether its header says only that it reaches to the end of the file. */
  readonly isOpen: boolean;
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

/**
 * Reads the header of a box.
 *
 * @param bytes begin with it; 16 are enough
 * @param start offset of the header
 * @param limit where the box that holds it, or the file, ends
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE` where the box reaches past that
 */
export function readBoxHeader(bytes: Uint8Array, start: number, limit: number): Box {
  if (bytes.length < 8) throw damaged('a box has no header');
  const view = viewOf(bytes);
  const type = String.fromCharCode(...bytes.subarray(4, 8));
  let size = view.getUint32(0);
  let headerSize = 8;
  const isOpen = size === 0;
  if (size === 1) {
    if (bytes.length < 16) throw damaged('a box has no size');
    headerSize = 16;
    size = readUint64(view, 8);
  } else if (isOpen) {
    size = limit - start;
  }
  if (size < headerSize || start + size > limit)
    throw damaged(`the box ${JSON.stringify(type)} does not end in the file`);
  return { type, start, headerSize, end: start + size, isOpen };
}

/** The boxes in the payload `[start, end)` of another, all of which is in memory. */
export function boxesIn(bytes: Uint8Array, start: number, end: number): Box[] {
  const boxes: Box[] = [];
  for (let at = start; at + 8 <= end;) {
    // QuickTime ends some lists of boxes with a zero of 32 bits.
    if (viewOf(bytes).getUint32(at) === 0) break;
    const box = readBoxHeader(bytes.subarray(at, end), at, end);
    boxes.push(box);
    at = box.end;
  }
  return boxes;
}

/** The first box of a type in the payload `[start, end)` of another. A damaged box behind it is not looked at. */
export function findBoxIn(bytes: Uint8Array, start: number, end: number, type: string): Box | undefined {
  for (let at = start; at + 8 <= end;) {
    if (viewOf(bytes).getUint32(at) === 0) return undefined;
    const box = readBoxHeader(bytes.subarray(at, Math.min(at + 16, end)), at, Infinity);
    if (box.end > end || box.type === type) return box.end > end ? undefined : box;
    at = box.end;
  }
  return undefined;
}

/** The most boxes of a file at its top level: two for each picture in the smallest fragments, for some hours. */
export const MAX_TOP_LEVEL_BOXES = 2_000_000;

/** So many bytes are read where a header is: small boxes do not cost a read each. */
const WINDOW_SIZE = 4096;

/** The boxes of a file at its top level. */
export interface TopLevel {
  /** The boxes, in order. The last one may be an `mdat` that is cut: then it ends where the file ends. */
  readonly boxes: readonly Box[];
  /** Whether the last box does not end in the file. */
  readonly truncated: boolean;
}

/**
 * Reads the headers of the boxes of a file. A last box that is cut is left out, unless it is an `mdat`.
 *
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if a box is damaged, or if the movie box is cut
 */
export async function topLevelBoxes(source: ByteSource): Promise<TopLevel> {
  const boxes: Box[] = [];
  // Less than a header at the end is no box, and stays.
  let window: Uint8Array = new Uint8Array(0);
  let windowStart = 0;
  for (let at = 0; at + 8 <= source.size;) {
    if (at + 16 > windowStart + window.length) {
      windowStart = at;
      window = await source.read(at, WINDOW_SIZE);
    }
    const header = window.subarray(at - windowStart, at - windowStart + 16);
    if (boxes.length >= MAX_TOP_LEVEL_BOXES) throw damaged('it has too many boxes');
    if (header.length < 16 && viewOf(header).getUint32(0) === 1) return { boxes, truncated: true };
    const box = readBoxHeader(header, at, Infinity);
    if (box.isOpen) {
      boxes.push({ ...box, end: source.size });
      break;
    }
    if (box.end > source.size) {
      if (box.type === 'moov') throw damaged('the box "moov" does not end in the file');
      if (box.type === 'mdat') boxes.push({ ...box, end: source.size });
      return { boxes, truncated: true };
    }
    boxes.push(box);
    at = box.end;
  }
  return { boxes, truncated: false };
}
