import { type ByteSource, chunksOf } from '../containers/byte-source.js';
import { ElementaryStream, type LocatedAccessUnit, isIdr } from '../containers/elementary-stream.js';
import { type Container, containerOf, fileKindOf } from '../containers/file-kind.js';
import { IsobmffFile } from '../containers/isobmff-file.js';
import { MatroskaFile } from '../containers/matroska-file.js';
import type { ContainerReader, FilePacket, FileTrack } from '../containers/packet.js';
import { TransportFile, TransportReader } from '../containers/transport-file.js';
import { SeiError } from '../errors.js';
import { holdsPicture } from '../streams/access-unit-reader.js';
import { PictureClock } from '../streams/picture-clock.js';

/** The bytes at the beginning of a file that tell what it is. */
const HEAD_LENGTH = 64 * 1024;

const ANNEX_B = { format: 'annexb' } as const;

/** An access unit of a byte stream. */
export interface ByteStreamPacket extends FilePacket {
  /** Offset of its first byte in the file. */
  readonly offset: number;
}

/** The access units of a byte stream; of one that is too large nothing behind its first piece. */
export async function* byteStreamPackets(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ByteStreamPacket> {
  const stream = new ElementaryStream();
  const clock = new PictureClock();
  const packetOf = ({ index, offset, data }: LocatedAccessUnit): ByteStreamPacket => {
    const seconds = holdsPicture(data) ? clock.next(data) : undefined;
    const time = seconds !== undefined && { decodeTimeMs: seconds * 1000 };
    const isKey = isIdr(data);
    return { trackId: 1, index, offset, presentationTimeMs: undefined, ...time, isKey, data, framing: ANNEX_B };
  };
  const isWhole = ({ isContinuation }: LocatedAccessUnit) => !isContinuation;
  for await (const chunk of chunks) yield* stream.push(chunk).filter(isWhole).map(packetOf);
  yield* stream.flush().filter(isWhole).map(packetOf);
}

/** A bare byte stream, which has one track. */
class ByteStreamFile implements ContainerReader {
  readonly tracks: readonly FileTrack[] = [{ id: 1, type: 'video', codec: 'avc', isH264: true }];
  readonly truncated = false;

  constructor(readonly source: ByteSource) {}

  packets(): AsyncGenerator<FilePacket> {
    return byteStreamPackets(chunksOf(this.source));
  }
}

function unreadableFile(what: string): SeiError {
  return new SeiError('ERR_SEI_UNREADABLE_FILE', what);
}

/** What codecs are called by people. */
const CODEC_NAMES: Readonly<Record<string, string>> = {
  avc: 'H.264',
  hevc: 'H.265 (HEVC)',
  vp8: 'VP8',
  vp9: 'VP9',
  av1: 'AV1',
  mpeg2: 'MPEG-2 video',
  mpeg1: 'MPEG-1 video',
};

/** A {@link SeiError} that says that there is no H.264, and what there is. */
export function noH264(tracks: readonly FileTrack[], id?: number): SeiError {
  const nameOf = ({ codec, type }: FileTrack) =>
    `${CODEC_NAMES[codec ?? ''] ?? codec ?? 'unknown'} ${type === 'video' ? 'video' : type}`;
  const list = tracks
    .map((track) => `track ${track.id} is ${nameOf(track).replace('video video', 'video')}`)
    .join(', ');
  const has = list === '' ? 'no track in it can be read' : list;
  return unreadableFile(`the file has no H.264 video${id === undefined ? '' : ` in a track ${id}`}: ${has}`);
}

/**
 * The access units of one stream of a transport stream that comes in chunks.
 *
 * @param trackId Default: the first H.264 stream.
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if the stream ends without H.264
 */
export async function* transportPackets(
  chunks: AsyncIterable<Uint8Array>,
  trackId?: number,
): AsyncGenerator<FilePacket> {
  let id = trackId;
  let reader: TransportReader | undefined;
  for await (const chunk of chunks) {
    const streams: TransportReader = (reader ??= new TransportReader(
      chunk,
      (pid) => pid === (id ??= streams.tracks.find(({ isH264 }) => isH264)?.id),
    ));
    yield* streams.push(chunk);
  }
  if (reader !== undefined) yield* reader.flush();
  if (id === undefined) throw noH264(reader?.tracks ?? [], trackId);
}

/** The reader of a file, by its container. */
export type OpenContainer =
  | { readonly container: 'annexb'; readonly reader: ContainerReader }
  | { readonly container: 'mpegts'; readonly reader: TransportFile }
  | { readonly container: 'mp4'; readonly reader: IsobmffFile }
  | { readonly container: 'matroska'; readonly reader: MatroskaFile };

async function openContainer(source: ByteSource): Promise<OpenContainer> {
  const head = await source.read(0, Math.min(HEAD_LENGTH, source.size));
  if (head.length === 0) throw unreadableFile('the file is empty');
  const container = containerOf(head);
  switch (container) {
    case 'annexb':
      return { container, reader: new ByteStreamFile(source) };
    case 'mpegts':
      return { container, reader: await TransportFile.open(source, head) };
    case 'mp4':
      return { container, reader: await IsobmffFile.open(source) };
    case 'matroska':
      return { container, reader: await MatroskaFile.open(source) };
    case undefined: {
      const what = fileKindOf(head)?.what ?? 'neither MP4, Matroska, MPEG-TS nor an H.264 byte stream';
      throw unreadableFile(`the file is ${what}`);
    }
  }
}

/** A media file that is open for reading. */
export class MediaFile {
  /** Its bytes. */
  readonly source: ByteSource;
  /** Its container and what reads that. */
  readonly opened: OpenContainer;

  private constructor(source: ByteSource, opened: OpenContainer) {
    this.source = source;
    this.opened = opened;
  }

  /**
   * Opens a file.
   *
   * @throws {SeiError} ERR_SEI_UNREADABLE_FILE, ERR_SEI_UNSUPPORTED_FILE
   */
  static async open(source: ByteSource): Promise<MediaFile> {
    return new MediaFile(source, await openContainer(source));
  }

  /** In which container its tracks are; `annexb` for a bare byte stream. */
  get container(): Container {
    return this.opened.container;
  }

  /** Its tracks, in the order of the file. */
  get tracks(): readonly FileTrack[] {
    return this.opened.reader.tracks;
  }

  /** Whether the file ends before its container says. Final after all packets are read. */
  get truncated(): boolean {
    return this.opened.reader.truncated;
  }

  /**
   * The H.264 track with an id.
   *
   * @param id Default: the first one.
   * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if there is no such track; the message says what there is
   */
  h264Track(id?: number): FileTrack {
    const found = this.tracks.find((track) => track.isH264 && (id === undefined || track.id === id));
    if (found !== undefined) return found;
    throw noH264(this.tracks, id);
  }

  /**
   * The packets of an H.264 track in decoding order.
   *
   * @param trackId Default: the first one.
   * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if the file is damaged or has no such track
   */
  packets(trackId?: number): AsyncGenerator<FilePacket> {
    return this.opened.reader.packets(new Set([this.h264Track(trackId).id]));
  }
}
