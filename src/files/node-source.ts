/** Paths, where there is a file system. Node.js is asked for it when a path comes, so that browsers can load this. */
import type * as FileSystem from 'node:fs/promises';
import { invalidType } from '../errors.js';
import { type BytesInput, type ByteSource, byteSourceOf } from './byte-source.js';

/** What a file can be read from: a path (in Node.js), its bytes, a `Blob` or `File`, or something that reads them. */
export type FileSource = string | BytesInput;

/** A source that is to be closed. */
export interface OpenSource {
  /** Its bytes. */
  readonly bytes: ByteSource;
  /** Closes what was opened here; what the caller has opened stays open. */
  close(): Promise<void>;
}

/** The file system of Node.js. */
export function fileSystem(): typeof FileSystem {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  const found = process?.getBuiltinModule?.('node:fs/promises');
  if (found !== undefined) return found as typeof FileSystem;
  throw invalidType('source', 'bytes or a Blob where there is no file system', 'a path');
}

/** The bytes of an open file. */
export function byteSourceOfHandle(handle: FileSystem.FileHandle, size: number): ByteSource {
  const read = async (offset: number, length: number) => {
    const memory = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    let filled = 0;
    while (filled < memory.length) {
      const { bytesRead } = await handle.read(memory, filled, memory.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return memory.subarray(0, filled);
  };
  return { size, read };
}

/**
 * Opens a source.
 *
 * @throws `TypeError`; what the file system says of a path
 */
export async function openSource(source: FileSource): Promise<OpenSource> {
  if (typeof source !== 'string') return { bytes: byteSourceOf(source), close: () => Promise.resolve() };
  const handle = await fileSystem().open(source);
  const { size } = await handle.stat();
  return { bytes: byteSourceOfHandle(handle, size), close: () => handle.close() };
}
