import { type FileHandle, open, readFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { RecycledMemory } from '../../src/cli/chunk-memory.js';
import { FileWriter } from '../../src/cli/file-writer.js';
import { useFolder } from './run.js';

const folder = useFolder();

/** A file of which a write takes no more than `most` bytes, as the operating system may decide. */
function shortWrites(file: FileHandle, most: number): FileHandle {
  const write = (chunk: Uint8Array, at: number) => file.write(chunk, at, Math.min(most, chunk.length - at));
  return { write, close: () => file.close() } as unknown as FileHandle;
}

describe('FileWriter', () => {
  it('writes on where a write has ended early', async () => {
    const path = folder.path('short');
    const writer = new FileWriter(shortWrites(await open(path, 'w'), 3), new RecycledMemory());
    writer.write('one ');
    writer.end('two three');
    await finished(writer);
    expect(await readFile(path, 'utf8')).toBe('one two three');
  });

  it('gives memory back when its bytes are written, and not before', async () => {
    const path = folder.path('memory');
    const memory = new RecycledMemory();
    const writer = new FileWriter(await open(path, 'w'), memory);
    const written: boolean[] = [];
    const buffers = new Set<ArrayBufferLike>();
    for (let i = 0; i < 100; i++) {
      const chunk = memory.take();
      buffers.add(chunk.buffer);
      chunk.fill(i, 0, 1000);
      await new Promise<void>((resolve) => {
        if (writer.write(chunk.subarray(0, 1000), () => written.push(true))) resolve();
        else writer.once('drain', resolve);
      });
    }
    writer.end();
    await finished(writer);
    expect(written).toHaveLength(100);
    const expected = Buffer.concat(Array.from({ length: 100 }, (_, i) => Buffer.alloc(1000, i)));
    expect((await readFile(path)).equals(expected)).toBe(true);
    const again = memory.take();
    expect(buffers.has(again.buffer)).toBe(true);
  });

  it('closes its file when it is destroyed, and tells a write that fails', async () => {
    const path = folder.path('read-only');
    await (await open(path, 'w')).close();
    const file = await open(path, 'r');
    const writer = new FileWriter(file, new RecycledMemory());
    writer.write('x');
    await expect(finished(writer)).rejects.toThrow('EBADF');
    expect(file.fd).toBe(-1);
  });
});
