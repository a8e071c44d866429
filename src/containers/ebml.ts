/** EBML (RFC 8794): elements of Matroska and WebM, as far as it takes to move bytes in such a file. */
import { type ByteSource, READ_SIZE } from './byte-source.js';
import { damaged } from './edits.js';

/** The ids of the elements of Matroska that matter here (RFC 9559). */
export const Id = {
  ebml: 0x1a45dfa3,
  segment: 0x18538067,
  seekHead: 0x114d9b74,
  seek: 0x4dbb,
  seekPosition: 0x53ac,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackType: 0x83,
  trackTimestampScale: 0x23314f,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  codecDelay: 0x56aa,
  defaultDuration: 0x23e383,
  contentEncodings: 0x6d80,
  contentEncoding: 0x6240,
  contentEncodingScope: 0x5032,
  contentEncodingType: 0x5033,
  contentCompression: 0x5034,
  contentCompAlgo: 0x4254,
  contentCompSettings: 0x4255,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
  blockDuration: 0x9b,
  referenceBlock: 0xfb,
  position: 0xa7,
  prevSize: 0xab,
  cues: 0x1c53bb6b,
  cuePoint: 0xbb,
  cueTrackPositions: 0xb7,
  cueClusterPosition: 0xf1,
  cueRelativePosition: 0xf0,
  crc32: 0xbf,
  void: 0xec,
} as const;

/**
 * Whether an element stands in a segment or beside it, and so ends a cluster that does not say where it ends: such ids
 * have four bytes, and those in clusters fewer.
 */
export function isTopLevel(id: number): boolean {
  return id >= 2 ** 24;
}

/** An element and where it lies. */
export interface Element {
  /** Its id with the marker of its length. */
  readonly id: number;
  /** Offset of its id. */
  readonly start: number;
  /** Offset of its size. */
  readonly sizeAt: number;
  /** Offset of its data. */
  readonly data: number;
  /** Offset behind it; that behind what holds it where its size is unknown. */
  readonly end: number;
  /** Whether its size is unknown, as of a live stream. */
  readonly isOpen: boolean;
  /** Whether the file ends in it: then its end is that of the file. */
  readonly isCut: boolean;
}

/** Reads a number of variable length at `at`; answers it and its length. */
export function readVint(
  bytes: Uint8Array,
  at: number,
  keepsMarker: boolean,
): { value: number; length: number; isOpen: boolean } | undefined {
  const first = bytes[at];
  if (first === undefined || first === 0) return undefined;
  const length = Math.clz32(first) - 23;
  if (at + length > bytes.length) return undefined;
  let value = keepsMarker ? first : first & ((1 << (8 - length)) - 1);
  let isOpen = (first | ((0xff << (8 - length)) & 0xff)) === 0xff;
  for (let i = 1; i < length; i++) {
    value = value * 256 + bytes[at + i];
    isOpen &&= bytes[at + i] === 0xff;
  }
  return { value, length, isOpen };
}

function bigEndian(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = length - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  return bytes;
}

/**
 * The size of an element that had another: in as many bytes as before, or more where it needs them. One that shrinks and
 * was as short as it could be stays so; what has made a size longer is then undone when it goes.
 */
export function writeSize(value: number, before: number, lengthBefore: number): Uint8Array {
  const wasShortest = before >= 2 ** (7 * (lengthBefore - 1)) - 1;
  let length = value < before && wasShortest ? 1 : lengthBefore;
  while (length < 8 && value >= 2 ** (7 * length) - 1) length++;
  const bytes = bigEndian(value, length);
  bytes[0] |= 0x80 >> (length - 1);
  return bytes;
}

/** An unsigned number in the place of another; as long as {@link writeSize} would have it. */
export function writeUint(value: number, before: Uint8Array): Uint8Array {
  const old = readUint(before);
  const wasShortest = old >= 2 ** (8 * (before.length - 1));
  let length = value < old && wasShortest ? 1 : Math.max(1, before.length);
  while (length < 8 && value >= 2 ** (8 * length)) length++;
  return bigEndian(value, length);
}

/** Reads an unsigned number. */
export function readUint(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xedb88320;
  return crc;
});

/** The checksum of a CRC-32 element (RFC 8794 11.3.1), over pieces that come one after the other. */
export class Crc32 {
  #crc = 0xffffffff;

  /** Takes the next piece. */
  update(bytes: Uint8Array): this {
    let crc = this.#crc;
    for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ bytes[i]) & 0xff];
    this.#crc = crc;
    return this;
  }

  /** Writes the checksum of what came so far into four bytes. */
  writeTo(target: Uint8Array): void {
    for (let i = 0; i < 4; i++) target[i] = (~this.#crc >>> (8 * i)) & 0xff;
  }
}

/** The longest header of an element: an id of 4 bytes and a size of 8. */
const MAX_HEADER_LENGTH = 12;

/** Reads the elements of a file through a window, so that small ones do not cost a read each. */
export class ElementReader {
  readonly #source: ByteSource;
  #window: Uint8Array = new Uint8Array(0);
  #windowStart = 0;
  /** Whether an element that was read does not end in the file. */
  isCut = false;

  /** @param source the file */
  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Whether bytes that begin at an offset are in the window, as far as the file has them. */
  has(at: number, length = MAX_HEADER_LENGTH): boolean {
    const end = Math.min(at + length, this.#source.size);
    return at >= this.#windowStart && end <= this.#windowStart + this.#window.length;
  }

  /** Moves the window so that it {@link ElementReader.has} bytes. */
  async load(at: number, length = MAX_HEADER_LENGTH): Promise<void> {
    this.#windowStart = at;
    this.#window = await this.#source.read(at, Math.max(READ_SIZE, length));
    if (!this.has(at, length)) throw damaged('it has become shorter');
  }

  /** Bytes in the window; fewer at the end of the file. */
  bytes(at: number, length: number): Uint8Array {
    return this.#window.subarray(at - this.#windowStart, at - this.#windowStart + length);
  }

  /**
   * Reads the header of an element that is in the window.
   *
   * @param limit where what holds it ends
   * @returns undefined if the file ends in the header
   * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if there is no element, or if it does not end in what holds it
   */
  element(at: number, limit: number): Element | undefined {
    const bytes = this.bytes(at, Math.min(MAX_HEADER_LENGTH, limit - at));
    const isAtEnd = limit === this.#source.size;
    const id = readVint(bytes, 0, true);
    const size = id && id.length <= 4 ? readVint(bytes, id.length, false) : undefined;
    if (id === undefined || size === undefined) {
      const isHeaderCut = isAtEnd && bytes.length < MAX_HEADER_LENGTH && bytes[id?.length ?? 0] !== 0;
      if (!isHeaderCut || (id !== undefined && id.length > 4)) throw damaged(`there is no element at ${at}`);
      this.isCut = true;
      return undefined;
    }
    const sizeAt = at + id.length;
    const data = sizeAt + size.length;
    const end = size.isOpen ? limit : data + size.value;
    const isCut = end > limit;
    if (isCut && !isAtEnd) throw damaged(`the element at ${at} does not end in what holds it`);
    this.isCut ||= isCut;
    return { id: id.value, start: at, sizeAt, data, isOpen: size.isOpen, end: isCut ? limit : end, isCut };
  }
}

/** An element in memory. */
export interface ElementData {
  /** Its id with the marker of its length. */
  readonly id: number;
  /** The same as it is written. */
  readonly idBytes: Uint8Array;
  /** Bytes of its size. */
  readonly sizeLength: number;
  /** What is in it. */
  readonly data: Uint8Array;
}

/**
 * The elements in another, all of which is in memory.
 *
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE`
 */
export function* elementsIn(bytes: Uint8Array): Generator<ElementData> {
  for (let at = 0; at < bytes.length;) {
    const id = readVint(bytes, at, true);
    const size = id && readVint(bytes, at + id.length, false);
    if (id === undefined || size === undefined) throw damaged('its index is broken');
    const start = at + id.length + size.length;
    if (start + size.value > bytes.length) throw damaged('its index is broken');
    const data = bytes.subarray(start, start + size.value);
    yield { id: id.value, idBytes: bytes.subarray(at, at + id.length), sizeLength: size.length, data };
    at = start + size.value;
  }
}
