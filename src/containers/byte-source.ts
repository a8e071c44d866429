import { isUint8Array } from '../codec/bytes.js';
import { invalidType } from '../errors.js';

/** Bytes that can be read anywhere: a file, or whatever else has a size. */
export interface ByteSource {
  /** How many bytes there are. */
  readonly size: number;
  /**
   * Reads `length` bytes from `offset` on.
   *
   * @returns fewer bytes only where the source ends before; in memory that is not written to again
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** What a file can be given as: its bytes, a `Blob` or `File`, or something that reads them. */
export type BytesInput = Uint8Array | Blob | ByteSource;

/** What a file can be read from: a path (in Node.js), its bytes, a `Blob` or `File`, or something that reads them. */
export type FileSource = string | BytesInput;

/** The same bytes as a bare Uint8Array: `slice` of a `Buffer` copies nothing. */
function bare(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function isByteSource(input: unknown): input is ByteSource {
  const { size, read } = (input ?? {}) as Partial<ByteSource>;
  return typeof size === 'number' && typeof read === 'function';
}

function isBlob(input: unknown): input is Blob {
  return typeof Blob === 'function' && input instanceof Blob;
}

/**
 * Makes a source of bytes of what a caller has.
 *
 * @param input borrowed while the source is read
 * @throws `TypeError` where it is none of them
 */
export function byteSourceOf(input: BytesInput): ByteSource {
  if (isUint8Array(input)) {
    const bytes = bare(input);
    return { size: bytes.length, read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)) };
  }
  if (isBlob(input)) {
    const read = async (offset: number, length: number) =>
      new Uint8Array(await input.slice(offset, offset + length).arrayBuffer());
    return { size: input.size, read };
  }
  if (isByteSource(input)) {
    return { size: input.size, read: async (offset, length) => bare(await input.read(offset, length)) };
  }
  throw invalidType('source', 'a path, a Uint8Array, a Blob or an object with size and read()', input);
}

/** Bytes that are read of a source at once: 1 MiB. */
export const READ_SIZE = 1024 * 1024;

/** Bytes of a chunk of what is read from its first byte to its last, 128 KiB: what is made of one stays in the caches. */
const CHUNK_SIZE = 128 * 1024;

/** The bytes `[start, end)` of a source, one piece behind the other. */
export async function* chunksOf(source: ByteSource, start = 0, end = source.size): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end;) {
    const chunk = await source.read(at, Math.min(CHUNK_SIZE, end - at));
    if (chunk.length === 0) return;
    at += chunk.length;
    yield chunk;
  }
}

/** A source that reads ahead by so many bytes, so that small reads one after the other do not cost one each. */
export function readAhead(source: ByteSource, length: number): ByteSource {
  let window: Uint8Array = new Uint8Array(0);
  let start = 0;
  const read = async (offset: number, wanted: number) => {
    const end = Math.min(offset + wanted, source.size);
    if (offset < start || end > start + window.length) {
      window = await source.read(offset, Math.max(wanted, length));
      start = offset;
    }
    return window.subarray(offset - start, offset - start + wanted);
  };
  return { size: source.size, read };
}
