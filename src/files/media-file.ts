import type * as Bunny from 'mediabunny' with { 'resolution-mode': 'import' };
import { SeiError } from '../errors.js';
import { detectH264Format } from '../frame/detect.js';
import { PictureClock } from '../streams/picture-clock.js';
import { fileTrackOf, openInput, packetsOf, unreadable } from './bunny.js';
import { type ByteSource, chunksOf } from './byte-source.js';
import { ElementaryStream, isIdr } from './elementary-stream.js';
import { type Container, fileKindOf } from './file-kind.js';
import type { FilePacket, FileTrack } from './packet.js';
import { TransportAccessUnits } from './transport-packets.js';
import { TransportStreamParser } from './transport-stream.js';

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

function byteStreamReader(source: ByteSource): Reader {
  async function* packets(): AsyncGenerator<FilePacket> {
    const stream = new ElementaryStream();
    const clock = new PictureClock();
    const read = (accessUnits: readonly { index: number; data: Uint8Array; isContinuation: boolean }[]) =>
      accessUnits
        .filter(({ isContinuation }) => !isContinuation)
        .map(({ index, data }): FilePacket => {
          const seconds = clock.next(data);
          return {
            index,
            presentationTimeMs: undefined,
            ...(seconds !== undefined && { decodeTimeMs: seconds * 1000 }),
            isKey: isIdr(data),
            data,
            framing: ANNEX_B,
          };
        });
    for await (const chunk of chunksOf(source)) yield* read(stream.push(chunk));
    yield* read(stream.flush());
  }
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

async function transportReader(source: ByteSource, head: Uint8Array): Promise<Reader> {
  const tables = new TransportStreamParser(head);
  for await (const chunk of chunksOf(source, 0, Math.min(source.size, TABLES_LENGTH))) {
    tables.push(chunk);
    if (tables.tracks.length > 0) break;
  }
  const tracks = tables.tracks.map(({ pid, streamType }) => ({
    id: pid,
    ...(STREAM_TYPES[streamType] ?? {
      type: 'other',
      codec: `stream_type 0x${streamType.toString(16)}`,
      isH264: false,
    }),
  }));
  async function* packets(trackId: number): AsyncGenerator<FilePacket> {
    const parser = new TransportStreamParser(head);
    const accessUnits = new TransportAccessUnits();
    for await (const chunk of chunksOf(source)) {
      for (const pes of parser.push(chunk).pesPackets) {
        if (pes.pid === trackId) yield* accessUnits.push(pes).filter(({ isContinuation }) => !isContinuation);
      }
    }
    for (const pes of parser.flush().pesPackets) if (pes.pid === trackId) yield* accessUnits.push(pes);
    yield* accessUnits.flush();
  }
  return { tracks, packets, close: () => undefined };
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
    return new MediaFile(container, await bunnyReader(source));
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
    const { tracks } = this;
    const found = tracks.find((track) => track.isH264 && (id === undefined || track.id === id));
    if (found !== undefined) return found;
    const list = tracks.map((track) => `${track.id}: ${track.codec ?? track.type}`).join(', ');
    const has = list === '' ? 'it has no track that can be read' : `its tracks are ${list}`;
    throw unreadableFile(`the file has no H.264 track${id === undefined ? '' : ` ${id}`}; ${has}`);
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
