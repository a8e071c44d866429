import type * as Bunny from 'mediabunny' with { 'resolution-mode': 'import' };
import { SeiError } from '../errors.js';
import { detectH264Format } from '../frame/detect.js';
import { holdsPicture } from '../streams/access-unit-reader.js';
import { PictureClock } from '../streams/picture-clock.js';
import { fileTrackOf, openInput, packetsOf, unreadable } from './bunny.js';
import { type ByteSource, chunksOf } from './byte-source.js';
import { ElementaryStream, type LocatedAccessUnit, isIdr } from './elementary-stream.js';
import { type Container, fileKindOf } from './file-kind.js';
import { checkIsobmff } from './isobmff-rewrite.js';
import { checkMatroska, checkNoHiddenH264 } from './matroska-rewrite.js';
import type { FilePacket, FileTrack } from './packet.js';
import { type TransportAccessUnit, TransportAccessUnits } from './transport-packets.js';
import { type TransportProgress, TransportStreamParser } from './transport-stream.js';

/** The bytes at the beginning of a file that tell what it is. */
const HEAD_LENGTH = 64 * 1024;

/** The bytes at the beginning of a transport stream in which its tables are looked for. */
const TABLES_LENGTH = 8 * 1024 * 1024;

const ANNEX_B = { format: 'annexb' } as const;

/** What reads the tracks of one kind of container. */
interface Reader {
  readonly tracks: readonly FileTrack[];
  packets(trackId: number): AsyncGenerator<FilePacket>;
  close(): void;
}

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
    return { index, offset, presentationTimeMs: undefined, ...time, isKey: isIdr(data), data, framing: ANNEX_B };
  };
  const isWhole = ({ isContinuation }: LocatedAccessUnit) => !isContinuation;
  for await (const chunk of chunks) yield* stream.push(chunk).filter(isWhole).map(packetOf);
  yield* stream.flush().filter(isWhole).map(packetOf);
}

function byteStreamReader(source: ByteSource): Reader {
  const packets = () => byteStreamPackets(chunksOf(source));
  return { tracks: [{ id: 1, type: 'video', codec: 'avc', isH264: true }], packets, close: () => undefined };
}

/** What a stream_type is, as far as people ask for it (ISO/IEC 13818-1 Table 2-34). */
const STREAM_TYPES: Readonly<Record<number, Omit<FileTrack, 'id'>>> = {
  0x01: { type: 'video', codec: 'mpeg1', isH264: false },
  0x02: { type: 'video', codec: 'mpeg2', isH264: false },
  0x03: { type: 'audio', codec: 'mp3', isH264: false },
  0x04: { type: 'audio', codec: 'mp3', isH264: false },
  0x0f: { type: 'audio', codec: 'aac', isH264: false },
  0x11: { type: 'audio', codec: 'aac', isH264: false },
  0x10: { type: 'video', codec: 'mpeg4', isH264: false },
  0x1b: { type: 'video', codec: 'avc', isH264: true },
  0x24: { type: 'video', codec: 'hevc', isH264: false },
  0x33: { type: 'video', codec: 'vvc', isH264: false },
  0x81: { type: 'audio', codec: 'ac3', isH264: false },
};

/** The tracks of a transport stream. */
export function transportTracks(parser: Pick<TransportStreamParser, 'tracks'>): FileTrack[] {
  return parser.tracks.map(({ pid, streamType }) => ({
    id: pid,
    ...(STREAM_TYPES[streamType] ?? {
      type: 'other',
      codec: `stream_type 0x${streamType.toString(16)}`,
      isH264: false,
    }),
  }));
}

/** The access units of the streams of a transport stream that comes in chunks; all of the first H.264 stream by default. */
export async function* transportPackets(
  chunks: AsyncIterable<Uint8Array>,
  head: Uint8Array,
  trackId?: number,
): AsyncGenerator<TransportAccessUnit> {
  const parser = new TransportStreamParser(head);
  const accessUnits = new TransportAccessUnits();
  let id = trackId;
  const read = function* ({ pesPackets }: TransportProgress) {
    for (const pes of pesPackets) {
      id ??= parser.tracks.find(({ pid }) => parser.isH264(pid))?.pid;
      if (pes.pid === id) yield* accessUnits.push(pes).filter(({ isContinuation }) => !isContinuation);
    }
  };
  for await (const chunk of chunks) yield* read(parser.push(chunk));
  yield* read(parser.flush());
  yield* accessUnits.flush().filter(({ isContinuation }) => !isContinuation);
  if (id === undefined) throw noH264(transportTracks(parser), trackId);
}

async function transportReader(source: ByteSource, head: Uint8Array): Promise<Reader> {
  const tables = new TransportStreamParser(head);
  for await (const chunk of chunksOf(source, 0, Math.min(source.size, TABLES_LENGTH))) {
    tables.push(chunk);
    if (tables.hasAllTables) break;
  }
  const packets = (trackId: number) => transportPackets(chunksOf(source), head, trackId);
  return { tracks: transportTracks(tables), packets, close: () => undefined };
}

async function bunnyReader(source: ByteSource): Promise<Reader> {
  const input = await openInput(source);
  try {
    const tracks = await input.getTracks();
    const described = await Promise.all(tracks.map(fileTrackOf));
    const packets = (trackId: number) =>
      packetsOf(tracks.find((track) => track.id === trackId && track.isVideoTrack()) as Bunny.InputVideoTrack);
    return {
      tracks: described,
      packets,
      close: () => {
        input.dispose();
      },
    };
  } catch (error) {
    input.dispose();
    throw unreadable(error);
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
 * Says what a file is.
 *
 * @param head its first bytes
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE` where it holds no H.264 that can be read
 */
export function containerOf(head: Uint8Array): Container {
  if (head.length === 0) throw unreadableFile('the file is empty');
  const { format } = detectH264Format(head);
  if (format === 'annexb') return 'annexb';
  const kind = fileKindOf(head);
  if (kind?.container !== undefined) return kind.container;
  const what = kind?.what ?? 'neither MP4, Matroska, MPEG-TS nor a H.264 byte stream';
  throw unreadableFile(`the file is ${what}`);
}

/** A media file that is open for reading. */
export class MediaFile {
  /** In which container its tracks are; `annexb` for a bare byte stream. */
  readonly container: Container;
  readonly #reader: Reader;

  private constructor(container: Container, reader: Reader) {
    this.container = container;
    this.#reader = reader;
  }

  /**
   * Opens a file.
   *
   * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE`
   */
  static async open(source: ByteSource): Promise<MediaFile> {
    const head = await source.read(0, Math.min(HEAD_LENGTH, source.size));
    const container = containerOf(head);
    if (container === 'annexb') return new MediaFile(container, byteStreamReader(source));
    if (container === 'mpegts') return new MediaFile(container, await transportReader(source, head));
    await (container === 'mp4' ? checkIsobmff(source) : checkMatroska(source));
    const reader = await bunnyReader(source);
    const hasH264 = reader.tracks.some(({ isH264 }) => isH264);
    if (container === 'matroska' && !hasH264) await checkNoHiddenH264(source);
    return new MediaFile(container, reader);
  }

  /** Its tracks, in the order of the file. */
  get tracks(): readonly FileTrack[] {
    return this.#reader.tracks;
  }

  /**
   * The H.264 track with an id.
   *
   * @param id the first one where undefined
   * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE` where there is none, which says what there is
   */
  h264Track(id?: number): FileTrack {
    const found = this.tracks.find((track) => track.isH264 && (id === undefined || track.id === id));
    if (found !== undefined) return found;
    throw noH264(this.tracks, id);
  }

  /**
   * The packets of a H.264 track in decoding order.
   *
   * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE` where the file is damaged
   */
  async *packets(trackId?: number): AsyncGenerator<FilePacket> {
    const { id } = this.h264Track(trackId);
    try {
      yield* this.#reader.packets(id);
    } catch (error) {
      throw unreadable(error);
    }
  }

  /** Ends the reading. */
  close(): void {
    this.#reader.close();
  }
}
