/** Files with some of their H.264 changed and everything else as it is. */
import { applyEdits } from '../containers/apply-edits.js';
import { type ByteSource, chunksOf } from '../containers/byte-source.js';
import { type Edit, type SampleEdit, type TrackEdits, unsupported } from '../containers/edits.js';
import { transportLayout } from '../containers/file-kind.js';
import { rewriteIsobmff } from '../containers/isobmff-rewrite.js';
import { rewriteMatroska } from '../containers/matroska-rewrite.js';
import { transportTracks } from '../containers/transport-file.js';
import type { PacketTransform, TransformOf, TransformedPacket } from '../containers/packet.js';
import { TransportRewriter, joined } from '../containers/transport-rewrite.js';
import type { TransportStreamParser } from '../containers/transport-stream.js';
import { type ByteStreamPacket, type MediaFile, byteStreamPackets, noH264 } from './media-file.js';

/** So many bytes of a transport stream without H.264 are waited for the tables to name some: 8 MiB. */
const MAX_WITHOUT_H264 = 8 * 1024 * 1024;

/** Bytes of a packet of a transport stream with the error correction of its transmission (EN 300 429). */
const PROTECTED_PACKET_SIZE = 204;

/** The changes of all tracks, which are read in one pass. */
async function editsOfFile(file: MediaFile, transformOf: TransformOf): Promise<Map<number, TrackEdits>> {
  const edits = new Map<number, Map<number, SampleEdit>>();
  const transforms = new Map<number, PacketTransform>();
  for (const { id, isH264 } of file.tracks) {
    const transform = isH264 ? transformOf(id) : undefined;
    if (transform !== undefined) transforms.set(id, transform);
  }
  const take = (id: number, transformed: ReturnType<PacketTransform['push']>) => {
    for (const { packet, edit } of transformed) {
      if (edit === undefined) continue;
      let ofTrack = edits.get(id);
      if (ofTrack === undefined) edits.set(id, (ofTrack = new Map<number, SampleEdit>()));
      ofTrack.set(packet.index, edit);
    }
  };
  for await (const packet of file.opened.reader.packets(new Set(transforms.keys())))
    take(packet.trackId, transforms.get(packet.trackId)?.push(packet) ?? []);
  for (const [id, transform] of transforms) take(id, transform.flush());
  return edits;
}

/**
 * Writes a transport stream with changed access units.
 *
 * @param chunks the stream, of any length; a live one comes out a second behind at most
 * @param transformOf what is to be done
 * @param tables has read tables of the stream
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE` where it has no H.264, `ERR_SEI_UNSUPPORTED_FILE` where its
 *   packets carry error correction
 */
export async function* rewriteTransportStream(
  chunks: AsyncIterable<Uint8Array>,
  transformOf: TransformOf,
  tables?: TransportStreamParser,
): AsyncGenerator<Uint8Array> {
  let rewriter: TransportRewriter | undefined;
  let isH264 = false;
  let held: Uint8Array[] = [];
  let heldLength = 0;
  const transform = (id: number) => {
    isH264 = true;
    return transformOf(id);
  };
  for await (const chunk of chunks) {
    if (rewriter === undefined && transportLayout(chunk)?.size === PROTECTED_PACKET_SIZE) {
      throw unsupported(
        'the packets of the stream carry error correction, which would be wrong; write it anew first: ' +
          'ffmpeg -i in.ts -map 0 -c copy out.ts',
      );
    }
    rewriter ??= new TransportRewriter(chunk, transform, tables);
    for (const piece of rewriter.push(chunk)) {
      held.push(piece);
      heldLength += piece.length;
    }
    if (!isH264 && heldLength > MAX_WITHOUT_H264) throw noH264(transportTracks(rewriter));
    if (!isH264) continue;
    yield* joined(held);
    held = [];
  }
  const rest = rewriter?.flush() ?? [];
  if (!isH264) throw noH264(rewriter === undefined ? [] : transportTracks(rewriter));
  yield* joined([...held, ...rest]);
}

async function* rewriteByteStream(source: ByteSource, transformOf: TransformOf): AsyncGenerator<Uint8Array> {
  const transform = transformOf(1);
  const edits: Edit[] = [];
  const take = (transformed: readonly TransformedPacket<ByteStreamPacket>[]) => {
    for (const { packet, edit } of transformed)
      if (edit !== undefined) edits.push({ ...edit, at: packet.offset + edit.at });
  };
  for await (const packet of byteStreamPackets(chunksOf(source))) take(transform?.push(packet) ?? []);
  take(transform?.flush() ?? []);
  yield* applyEdits(source, edits);
}

/**
 * Writes a file with changed H.264, in the container that it has.
 *
 * @param file the file, which is read once more
 * @param transformOf what is to be done
 * @returns the bytes of the new file, from the first to the last; none before it is clear that it can be written
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if it is damaged or cut short, ERR_SEI_UNSUPPORTED_FILE
 */
export async function* rewriteFile(file: MediaFile, transformOf: TransformOf): AsyncGenerator<Uint8Array> {
  const { source, opened } = file;
  file.h264Track();
  if (opened.container === 'mpegts') {
    yield* rewriteTransportStream(chunksOf(source), transformOf, opened.reader.tables);
  } else if (opened.container === 'annexb') {
    yield* rewriteByteStream(source, transformOf);
  } else {
    const edits = await editsOfFile(file, transformOf);
    yield* opened.container === 'mp4' ? rewriteIsobmff(opened.reader, edits) : rewriteMatroska(source, edits);
  }
}
