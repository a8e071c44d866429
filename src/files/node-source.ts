/** Paths, where there is a file system. Node.js is asked for it when a path comes, so that browsers can load this. */
import type * as FileSystem from 'node:fs/promises';
import { invalidType } from '../errors.js';
import { type ByteSource, type FileSource, byteSourceOf } from '../containers/byte-source.js';

/** A source that is to be closed. */
export interface OpenSource {
  /** Its bytes. */
  readonly bytes: ByteSource;
  /** Closes what was opened here; what the caller has opened stays open. */
  close(): Promise<void>;
}

/**
 * The file system of Node.js.
 *
 * @param argument the one that is a path
 * @param path the path
 * @param instead what the argument may be where there is none
 * @throws `TypeError` there
 */
export function fileSystem(argument: string, path: string, instead: string): typeof FileSystem {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  const found = process?.getBuiltinModule?.('node:fs/promises');
  if (found !== undefined) return found as typeof FileSystem;
  throw invalidType(argument, `${instead} where there is no file system`, path);
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
  const handle = await fileSystem('source', source, 'bytes or a Blob').open(source);
  const { size } = await handle.stat();
  return { bytes: byteSourceOfHandle(handle, size), close: () => handle.close() };
}
