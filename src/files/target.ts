import type { FileHandle } from 'node:fs/promises';
import { invalidType } from '../errors.js';
import { fileSystem } from './node-source.js';

/**
 * Where a file is written to: a path (in Node.js), a web stream, or a function that is called with each piece and waited
 * for. A path is written under another name beside it first, so that it is there as a whole or not at all, and may be
 * the source as well; a device or pipe is written as it is.
 */
export type FileTarget = string | WritableStream<Uint8Array> | ((bytes: Uint8Array) => unknown);

async function writeAll(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
    }
  } finally {
    await file.close();
  }
}

async function writeFile(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const { open, realpath, rename, rm, stat } = fileSystem('target', path, 'a stream or a function');
  const stats = await stat(path).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  });
  // A device or pipe is written as it is: to take its name would be to remove it.
  if (stats?.isFile() === false) {
    await writeAll(await open(path, 'w'), chunks);
    return;
  }
  const target = stats === undefined ? path : await realpath(path);
  const temporary = `${target}.${Math.random().toString(36).slice(2)}.tmp`;
  const file = await open(temporary, 'wx');
  try {
    if (stats !== undefined) await file.chmod(stats.mode & 0o7777);
    await writeAll(file, chunks);
    await rename(temporary, target);
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeStream(stream: WritableStream<Uint8Array>, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const writer = stream.getWriter();
  try {
    for await (const chunk of chunks) {
      await writer.ready;
      await writer.write(chunk);
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
}

/**
 * Writes the pieces of a file.
 *
 * @throws `TypeError` where the target is none; what writing or making the pieces throws, and then there is no file, or
 *   the one that was there; a stream is aborted
 */
export async function writeTo(target: FileTarget, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  if (typeof target === 'string') await writeFile(target, chunks);
  else if (typeof target === 'function') for await (const chunk of chunks) await target(chunk);
  else if (typeof (target as Partial<WritableStream> | null)?.getWriter === 'function')
    await writeStream(target, chunks);
  else throw invalidType('target', 'a path, a WritableStream or a function', target);
}
