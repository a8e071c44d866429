import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { chunksOf } from '../files/byte-source.js';
import type { Container } from '../files/file-kind.js';
import { openSource } from '../files/node-source.js';
import { remuxFile } from '../files/remux.js';
import type { Context } from './context.js';
import { spool } from './media.js';

/**
 * Converts a file from one container into another, by way of temporary files, since neither is written from its first
 * byte to its last.
 *
 * @param file the bytes of the file
 * @param container into which
 * @param outputPath whose extension tells MOV from MP4
 * @param dropsTracks whether tracks that cannot be carried over may be left out
 * @param context takes warnings
 */
export async function* convert(
  file: AsyncIterable<Uint8Array | string>,
  container: Container,
  outputPath: string,
  dropsTracks: boolean,
  context: Context,
): AsyncGenerator<Uint8Array> {
  const before = await spool(file as AsyncIterable<Uint8Array>);
  try {
    const source = await openSource(before.path);
    const path = `${before.path}-converted`;
    const target = await open(path, 'wx');
    try {
      const isQuickTime = ['.mov', '.qt'].includes(extname(outputPath).toLowerCase());
      const options = { container, isQuickTime, dropsTracks };
      const { shift, dropped } = await remuxFile(source.bytes, options, async (bytes, position) => {
        for (let at = 0; at < bytes.length;) {
          at += (await target.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
        }
      });
      const warn = (text: string) => context.stderr.write(`h264-sei: warning: ${text}\n`);
      if (shift > 0) warn(`all times are ${(shift * 1000).toFixed(1)} ms later: the container has none in front of 0`);
      if (dropped > 0) warn(`tracks left out: ${dropped}`);
    } finally {
      await source.close();
      await target.close();
    }
    const converted = await openSource(path);
    try {
      yield* chunksOf(converted.bytes);
    } finally {
      await converted.close();
    }
  } finally {
    await before.remove();
  }
}
