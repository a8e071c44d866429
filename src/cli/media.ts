/** Inputs that are containers: told by their first bytes, and opened. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { type Container, fileKindOf } from '../files/file-kind.js';
import type { ByteSource } from '../files/byte-source.js';
import type { MediaFile } from '../files/media-file.js';
import type { FilePacket, FileTrack } from '../files/packet.js';
import type { TransformOf } from '../files/rewrite.js';
import { detectH264Format } from '../frame/detect.js';
import type { Context } from './context.js';
import { CliError } from './failure.js';
import type { Input } from './input.js';
import { type Progress, startProgress } from './progress.js';

/** So many bytes show a container: five packets of a transport stream. */
const SIGNATURE_LENGTH = 1024;

/** An input of which the first bytes are known. */
export interface PeekedInput {
  /** All of its chunks, the first ones included. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** In which container it is; undefined where it is none that can be read. */
  readonly container: Container | undefined;
  /** Closes the input without reading it to its end. */
  close(): Promise<void>;
}

function containerOf(head: Uint8Array, isWhole: boolean): Container | 'none' | undefined {
  if (detectH264Format(head).format === 'annexb') return 'none';
  const container = fileKindOf(head)?.container;
  if (container === 'mp4' || container === 'matroska') return container;
  if (head.length < SIGNATURE_LENGTH && !isWhole) return undefined;
  return container ?? 'none';
}

/** Looks at the first bytes of an input. */
export async function peekContainer(chunks: AsyncIterable<Uint8Array>): Promise<PeekedInput> {
  const iterator = chunks[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let container: ReturnType<typeof containerOf>;
  let isWhole = false;
  while (container === undefined) {
    // Where the last chunk lies, the next one may come.
    const last = held.length - 1;
    if (last >= 0) held[last] = Buffer.from(held[last]);
    const next = await iterator.next();
    isWhole = next.done === true;
    if (next.done !== true) held.push(next.value);
    container = containerOf(Buffer.concat(held).subarray(0, SIGNATURE_LENGTH), isWhole);
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
  return { chunks: all(), container: container === 'none' ? undefined : container, close };
}

/** A container that is open for a command. */
export interface Media {
  /** How messages call it. */
  readonly name: string;
  /** Which it is. */
  readonly container: Container;
  /** Its tracks; none yet where it is a stream. */
  readonly tracks: readonly FileTrack[];
  /** The packets of a H.264 track, the first one where no id is given. */
  packets(trackId: number | undefined): AsyncIterable<FilePacket>;
  /** The bytes of the file with changed H.264. */
  rewrite(transformOf: TransformOf): AsyncIterable<Uint8Array>;
  /** Closes it. */
  close(): Promise<void>;
}

function streamedMedia(chunks: AsyncIterable<Uint8Array>, name: string): Media {
  async function* packets(trackId: number | undefined): AsyncGenerator<FilePacket> {
    const iterator = chunks[Symbol.asyncIterator]();
    const first = await iterator.next();
    if (first.done === true) return;
    const head = Uint8Array.from(first.value.subarray(0, SIGNATURE_LENGTH));
    async function* all(): AsyncGenerator<Uint8Array> {
      yield first.value as Uint8Array;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    }
    const { transportPackets } = await import('../files/media-file.js');
    yield* transportPackets(all(), head, trackId);
  }
  async function* rewrite(transformOf: TransformOf): AsyncGenerator<Uint8Array> {
    const { rewriteTransportStream } = await import('../files/rewrite.js');
    yield* rewriteTransportStream(chunks, transformOf);
  }
  return { name, container: 'mpegts', tracks: [], packets, rewrite, close: () => Promise.resolve() };
}

/** A source that shows how far it is read; `passes` is how often that happens. */
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

/** Puts what comes through a pipe into a file, since these containers are not read from the first byte to the last. */
export async function spool(chunks: AsyncIterable<Uint8Array>): Promise<{ path: string; remove(): Promise<void> }> {
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
 * @param options whether nothing is to be shown, and how often the input will be read
 */
export async function openMedia(
  input: Input,
  peeked: PeekedInput,
  path: string,
  context: Context,
  options: { readonly isQuiet: boolean; readonly passes: number },
): Promise<Media> {
  const container = peeked.container as Container;
  const progress = (size: number, passes: number) =>
    startProgress(size * passes, options.isQuiet ? undefined : context.stderr);
  if (container === 'mpegts') {
    const bar = progress(input.size ?? Infinity, 1);
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of peeked.chunks) {
        await bar.add(chunk.length);
        yield chunk;
      }
    }
    const media = streamedMedia(counted(), input.name);
    return {
      ...media,
      close: async () => {
        bar.stop();
        await peeked.close();
      },
    };
  }
  // Loaded here, so that a byte stream does not wait for what reads containers.
  const [{ silenceBunny }, { MediaFile }, { openSource }, { rewriteFile }] = await Promise.all([
    import('../files/bunny.js'),
    import('../files/media-file.js'),
    import('../files/node-source.js'),
    import('../files/rewrite.js'),
  ]);
  await silenceBunny();
  const spooled = input.size === undefined ? await spool(peeked.chunks) : undefined;
  await peeked.close();
  const source = await openSource(spooled?.path ?? path);
  const bar = progress(source.bytes.size, options.passes);
  const bytes = watched(source.bytes, bar);
  let file: MediaFile | undefined;
  const close = async () => {
    bar.stop();
    file?.close();
    await source.close();
    await spooled?.remove();
  };
  try {
    file = await MediaFile.open(bytes);
    file.h264Track();
    const { tracks } = file;
    const opened = file;
    return {
      name: input.name,
      container,
      tracks,
      packets: (trackId) => opened.packets(trackId),
      rewrite: (transformOf) => rewriteFile(bytes, transformOf),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const EXTENSIONS: Readonly<Record<string, Container>> = {
  '.mp4': 'mp4',
  '.m4v': 'mp4',
  '.mov': 'mp4',
  '.qt': 'mp4',
  '.cmfv': 'mp4',
  '.mkv': 'matroska',
  '.mk3d': 'matroska',
  '.ts': 'mpegts',
  '.mts': 'mpegts',
  '.m2ts': 'mpegts',
  '.h264': 'annexb',
  '.264': 'annexb',
  '.avc': 'annexb',
  '.jsv': 'annexb',
};

/** Those of containers that are not written here: what is in such a file has to be what its name says. */
const FOREIGN_EXTENSIONS = new Set([
  '.avi',
  '.flv',
  '.f4v',
  '.m3u8',
  '.mpd',
  '.mpeg',
  '.mpg',
  '.ogg',
  '.ogv',
  '.webm',
  '.wmv',
]);

const NAMES: Readonly<Record<Container, string>> = {
  annexb: 'a H.264 byte stream',
  mp4: 'MP4',
  matroska: 'Matroska',
  mpegts: 'MPEG-TS',
};

/** The container that the name of a file says; undefined where it says none. */
export function containerOfPath(path: string): Container | undefined {
  return EXTENSIONS[extname(path).toLowerCase()];
}

/**
 * The container into which an input is to be converted.
 *
 * @returns undefined where it stays what it is
 * @throws {@link CliError} that says how to convert it, where it cannot be converted here
 */
export function conversionOf(inputName: string, container: Container, outputPath: string): Container | undefined {
  if (outputPath === '-') return undefined;
  if (FOREIGN_EXTENSIONS.has(extname(outputPath).toLowerCase())) {
    throw new CliError(
      `${inputName} is ${NAMES[container]}, and ${outputPath} has the name of a container that is not written here`,
    );
  }
  const wanted = containerOfPath(outputPath);
  if (wanted === undefined || wanted === container) return undefined;
  if (wanted !== 'annexb' && container !== 'annexb') return wanted;
  const input = inputName === 'stdin' ? '-' : inputName;
  throw new CliError(
    `${inputName} is ${NAMES[container]}, and ${outputPath} is to be ${NAMES[wanted]}, between which nothing is ` +
      `converted here; use: ffmpeg -i ${input} -c copy ${outputPath}`,
  );
}
