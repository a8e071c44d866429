/** Inputs that are containers: told by their first bytes, and opened. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Container, HEAD_LENGTH, containerOf } from '../containers/file-kind.js';
import type { ByteSource } from '../containers/byte-source.js';
import type { FilePacket, MediaFile, TransformOf } from '../containers/packet.js';
import type { Context } from './context.js';
import type { Input } from './input.js';
import { type Progress, startProgress } from './progress.js';

/** So many bytes are looked at again with each chunk. */
const DRIP_LENGTH = 64;

/** So many bytes show how the packets of a transport stream lie. */
const TRANSPORT_LENGTH = 1024;

/** An input of which the first bytes are known. */
export interface PeekedInput {
  /** All of its chunks, the first ones included. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** In which container it is; undefined where it is none that can be read. */
  readonly container: Container | undefined;
  /** Closes the input without reading it to its end. */
  close(): Promise<void>;
}

/** A transport stream shows its container last: five packets, perhaps behind foreign bytes. */
function containerIn(head: Uint8Array, isWhole: boolean): Container | 'none' | undefined {
  // A size of 1 and the type of a box behind it are not a start code.
  if (head.length < 8 && !isWhole) return undefined;
  const container = containerOf(head);
  const isClear = container !== undefined && (container !== 'mpegts' || head.length >= TRANSPORT_LENGTH);
  return isClear || isWhole || head.length >= HEAD_LENGTH ? (container ?? 'none') : undefined;
}

/** Looks at the first bytes of an input. */
export async function peekContainer(chunks: AsyncIterable<Uint8Array>): Promise<PeekedInput> {
  const iterator = chunks[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let container: ReturnType<typeof containerIn>;
  let isWhole = false;
  let length = 0;
  let checkedLength = 0;
  while (container === undefined) {
    // Where the last chunk lies, the next one may come.
    const last = held.length - 1;
    if (last >= 0) held[last] = Buffer.from(held[last]);
    const next = await iterator.next();
    isWhole = next.done === true;
    if (next.done !== true) {
      held.push(next.value);
      length += next.value.length;
      // Not at each of very small chunks, which would take the square of their number.
      if (length > DRIP_LENGTH && length < Math.min(2 * checkedLength, HEAD_LENGTH)) continue;
    }
    checkedLength = length;
    container = containerIn(Buffer.concat(held).subarray(0, HEAD_LENGTH), isWhole);
  }
  const close = async () => {
    await iterator.return?.();
  };
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      // As one, so that who comes next has what it takes to tell how long the packets of a transport stream are.
      if (held.length > 0) yield Buffer.concat(held.splice(0));
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await close();
    }
  }
  return { chunks: all(), container: container === 'none' || container === 'annexb' ? undefined : container, close };
}

/** A container that is open for a command. */
export interface Media extends Pick<MediaFile, 'container' | 'truncated' | 'rewrite'> {
  /** The packets of an H.264 track, by default of the first one. */
  packets(trackId: number | undefined): AsyncIterable<FilePacket>;
  /** Closes it. */
  close(): Promise<void>;
}

/** A transport stream that comes through a pipe. */
function streamedMedia(chunks: AsyncIterable<Uint8Array>, close: () => Promise<void>): Media {
  async function* packets(trackId: number | undefined): AsyncGenerator<FilePacket> {
    const { transportPackets } = await import('../containers/transport-file.js');
    yield* transportPackets(chunks, trackId);
  }
  async function* rewrite(transformOf: TransformOf): AsyncGenerator<Uint8Array> {
    const { rewriteTransportStream } = await import('../containers/transport-rewrite.js');
    yield* rewriteTransportStream(chunks, transformOf);
  }
  return { container: 'mpegts', truncated: false, packets, rewrite, close };
}

/** A source that shows how far it is read. */
function watched(source: ByteSource, progress: Progress): ByteSource {
  return {
    size: source.size,
    async read(offset, length) {
      const bytes = await source.read(offset, length);
      await progress.add(bytes.length);
      return bytes;
    },
  };
}

/** How often a file is read that is written again: for its pictures, for its structure, and to copy it. */
const PASSES: Readonly<Record<Container, number>> = { annexb: 2, mp4: 2, matroska: 3, mpegts: 1 };

/** Puts what comes through a pipe into a file, since these containers are not read from the first byte to the last. */
async function spool(chunks: AsyncIterable<Uint8Array>): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'h264-sei-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const path = join(folder, 'input');
    const file = await open(path, 'wx');
    try {
      for await (const chunk of chunks) {
        for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
      }
    } finally {
      await file.close();
    }
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Opens a container.
 *
 * @param input the input
 * @param peeked the same, with its first bytes looked at
 * @param path a file, or `-` for stdin
 * @param context of the run
 * @param options whether nothing is to be shown, and whether the input is written again
 */
export async function openMedia(
  input: Input,
  peeked: PeekedInput,
  path: string,
  context: Context,
  options: { readonly isQuiet: boolean; readonly isVideo: boolean },
): Promise<Media> {
  const container = peeked.container as Container;
  const progress = (size: number, passes: number) =>
    startProgress(size * passes, options.isQuiet ? undefined : context.stderr);
  if (container === 'mpegts' && input.size === undefined) {
    const bar = progress(Infinity, 1);
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of peeked.chunks) {
        await bar.add(chunk.length);
        yield chunk;
      }
    }
    return streamedMedia(counted(), async () => {
      bar.stop();
      await peeked.close();
    });
  }
  // Loaded here, so that a byte stream does not wait for what reads containers.
  const [{ openMediaFile }, { openSource }, { h264Track }] = await Promise.all([
    import('../files/media-file.js'),
    import('../files/node-source.js'),
    import('../containers/packet.js'),
  ]);
  const spooled = input.size === undefined ? await spool(peeked.chunks) : undefined;
  await peeked.close();
  const source = await openSource(spooled?.path ?? path);
  const bar = progress(source.bytes.size, options.isVideo ? PASSES[container] : 1);
  const bytes = watched(source.bytes, bar);
  const close = async () => {
    bar.stop();
    await source.close();
    await spooled?.remove();
  };
  try {
    const file = await openMediaFile(bytes);
    h264Track(file.tracks);
    return {
      container,
      get truncated() {
        return file.truncated;
      },
      packets: (trackId) => file.packets(new Set([h264Track(file.tracks, trackId).id])),
      rewrite: (transformOf) => file.rewrite(transformOf),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
