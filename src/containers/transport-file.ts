/** MPEG-2 transport streams: their tracks and access units, from a file or as they come (ISO/IEC 13818-1). */
import { type ByteSource, chunksOf } from './byte-source.js';
import type { ContainerReader, FilePacket, FileTrack } from './packet.js';
import { type TransportAccessUnit, TransportAccessUnits } from './transport-packets.js';
import { type TransportProgress, TransportStreamParser } from './transport-stream.js';

/** The bytes at the beginning of a file in which its tables are looked for. */
const TABLES_LENGTH = 8 * 1024 * 1024;

/** What a stream_type is, as far as people ask for it (Table 2-34). */
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

/** Makes access units of the H.264 streams of a transport stream that comes in chunks, in bounded memory. */
export class TransportReader {
  readonly #parser: TransportStreamParser;
  readonly #isWanted: (pid: number) => boolean;
  readonly #accessUnits = new Map<number, TransportAccessUnits>();

  /**
   * @param head the first bytes of the stream, which show how long its packets are
   * @param isWanted whether the access units of a PID are read
   * @param tables has read tables of the stream
   */
  constructor(head: Uint8Array, isWanted: (pid: number) => boolean, tables?: TransportStreamParser) {
    this.#parser = new TransportStreamParser(head, tables);
    this.#isWanted = isWanted;
  }

  /** The tracks that the tables have named so far. */
  get tracks(): FileTrack[] {
    return transportTracks(this.#parser);
  }

  /** Takes the next bytes and returns the access units that are complete. */
  *push(chunk: Uint8Array): Generator<TransportAccessUnit> {
    yield* this.#read(this.#parser.push(chunk));
  }

  /** Ends the stream and returns the access units that are left. */
  *flush(): Generator<TransportAccessUnit> {
    yield* this.#read(this.#parser.flush());
    for (const accessUnits of this.#accessUnits.values()) yield* accessUnits.flush().filter(isBeginning);
  }

  *#read({ pesPackets }: TransportProgress): Generator<TransportAccessUnit> {
    for (const pes of pesPackets) {
      if (!this.#isWanted(pes.pid)) continue;
      let accessUnits = this.#accessUnits.get(pes.pid);
      if (accessUnits === undefined) this.#accessUnits.set(pes.pid, (accessUnits = new TransportAccessUnits()));
      yield* accessUnits.push(pes).filter(isBeginning);
    }
  }
}

function isBeginning({ isContinuation }: TransportAccessUnit): boolean {
  return !isContinuation;
}

/** A transport stream in a file. It has no end of its own, so it is never cut: the last picture is what there is of it. */
export class TransportFile implements ContainerReader {
  /** Never: it has no end of its own. */
  readonly truncated = false;
  /** Has read the tables at its beginning. Where the file begins in the middle of a stream, pictures stand before them. */
  readonly tables: TransportStreamParser;
  readonly #source: ByteSource;
  readonly #head: Uint8Array;

  private constructor(source: ByteSource, head: Uint8Array, tables: TransportStreamParser) {
    this.#source = source;
    this.#head = head;
    this.tables = tables;
  }

  /**
   * Opens a file.
   *
   * @param source the file
   * @param head its first bytes
   */
  static async open(source: ByteSource, head: Uint8Array): Promise<TransportFile> {
    const tables = new TransportStreamParser(head);
    for await (const chunk of chunksOf(source, 0, Math.min(source.size, TABLES_LENGTH))) {
      tables.push(chunk);
      if (tables.hasAllTables) break;
    }
    return new TransportFile(source, head, tables);
  }

  /** The tracks, in the order of the file. */
  get tracks(): readonly FileTrack[] {
    return transportTracks(this.tables);
  }

  /** Reads the packets of H.264 tracks in one pass; those of one track come in decoding order. */
  async *packets(ids: ReadonlySet<number>): AsyncGenerator<FilePacket> {
    const reader = new TransportReader(this.#head, (pid) => ids.has(pid), this.tables);
    for await (const chunk of chunksOf(this.#source)) yield* reader.push(chunk);
    yield* reader.flush();
  }
}
