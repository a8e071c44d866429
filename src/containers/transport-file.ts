/** MPEG-2 transport streams: their tracks and access units, from a file or as they come (ISO/IEC 13818-1). */
import { type ByteSource, chunksOf } from './byte-source.js';
import { type FilePacket, type FileTrack, type MediaFile, h264Track } from './packet.js';
import { TransportAccessUnits } from './transport-packets.js';
import { rewriteTransportStream } from './transport-rewrite.js';
import { type PesPacket, TransportStreamParser } from './transport-stream.js';

/** The bytes at the beginning of a file in which its tables are looked for. */
const TABLES_LENGTH = 8 * 1024 * 1024;

/** Makes packets of the H.264 streams of a transport stream that comes in chunks, in bounded memory. */
async function* packetsOf(
  chunks: AsyncIterable<Uint8Array>,
  parserFor: (firstChunk: Uint8Array) => TransportStreamParser,
  isWanted: (pid: number, tracks: readonly FileTrack[]) => boolean,
): AsyncGenerator<FilePacket> {
  let parser: TransportStreamParser | undefined;
  const streams = new Map<number, TransportAccessUnits>();
  const take = (pes: PesPacket): readonly FilePacket[] => {
    if (!isWanted(pes.pid, parser?.tracks ?? [])) return [];
    let stream = streams.get(pes.pid);
    if (stream === undefined) streams.set(pes.pid, (stream = new TransportAccessUnits(pes.pid)));
    return stream.push(pes);
  };
  for await (const chunk of chunks) {
    parser ??= parserFor(chunk);
    for (const pes of parser.push(chunk).pesPackets) yield* take(pes);
  }
  for (const pes of parser?.flush().pesPackets ?? []) yield* take(pes);
  for (const stream of streams.values()) yield* stream.flush();
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
  let parser: TransportStreamParser | undefined;
  yield* packetsOf(
    chunks,
    (head) => (parser = new TransportStreamParser(head)),
    (pid, tracks) => pid === (id ??= tracks.find(({ isH264 }) => isH264)?.id),
  );
  if (id === undefined) h264Track(parser?.tracks ?? []);
}

/** Opens a transport stream in a file, which begins with `head`. It has no end of its own, so it is never cut. */
export async function openTransportStream(source: ByteSource, head: Uint8Array): Promise<MediaFile> {
  // If the file begins in the middle of a stream, pictures stand in front of the tables.
  const tables = new TransportStreamParser(head);
  for await (const chunk of chunksOf(source, 0, Math.min(source.size, TABLES_LENGTH))) {
    tables.push(chunk);
    if (tables.hasAllTables) break;
  }
  return {
    container: 'mpegts',
    tracks: tables.tracks,
    truncated: false,
    packets: (ids) =>
      packetsOf(
        chunksOf(source),
        () => new TransportStreamParser(head, tables),
        (pid) => ids.has(pid),
      ),
    rewrite: (transformOf) => rewriteTransportStream(chunksOf(source), transformOf, tables),
  };
}
