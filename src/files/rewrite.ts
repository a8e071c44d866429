/** Files with some of their H.264 changed and everything else as it is. */
import { applyEdits } from './apply-edits.js';
import { unreadable } from './bunny.js';
import { type ByteSource, chunksOf } from './byte-source.js';
import { type Edit, type SampleEdit, type TrackEdits, unsupported } from './edits.js';
import { transportPacketLayout } from './file-kind.js';
import { rewriteIsobmff } from './isobmff-rewrite.js';
import { rewriteMatroska } from './matroska-rewrite.js';
import { type ByteStreamPacket, MediaFile, byteStreamPackets, noH264, transportTracks } from './media-file.js';
import type { FilePacket } from './packet.js';
import type { PacketTransform, TransformedPacket } from './transform.js';
import { TransportRewriter, joined } from './transport-rewrite.js';

/** Says what is to be done with each H.264 track, asked once for each; undefined where nothing. */
export type TransformOf = (trackId: number) => PacketTransform | undefined;

/** So many bytes of a transport stream without H.264 are waited for the tables to name some: 8 MiB. */
const MAX_WITHOUT_H264 = 8 * 1024 * 1024;

/** Bytes of a packet of a transport stream with the error correction of its transmission (EN 300 429). */
const PROTECTED_PACKET_SIZE = 204;

/** The changes of a track. */
async function editsOf(packets: AsyncIterable<FilePacket>, transform: PacketTransform): Promise<TrackEdits> {
  const edits = new Map<number, SampleEdit>();
  const take = (transformed: ReturnType<PacketTransform['push']>) => {
    for (const { packet, edit } of transformed) if (edit !== undefined) edits.set(packet.index, edit);
  };
  for await (const packet of packets) take(transform.push(packet));
  take(transform.flush());
  return edits;
}

async function editsOfFile(file: MediaFile, transformOf: TransformOf): Promise<Map<number, TrackEdits>> {
  const edits = new Map<number, TrackEdits>();
  for (const { id, isH264 } of file.tracks) {
    const transform = isH264 ? transformOf(id) : undefined;
    if (transform !== undefined) edits.set(id, await editsOf(file.packets(id), transform));
  }
  return edits;
}

/**
 * Writes a transport stream with changed access units.
 *
 * @param chunks the stream, of any length; a live one comes out a second behind at most
 * @param transformOf what is to be done
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE` where it has no H.264, `ERR_SEI_UNSUPPORTED_FILE` where its
 *   packets carry error correction
 */
export async function* rewriteTransportStream(
  chunks: AsyncIterable<Uint8Array>,
  transformOf: TransformOf,
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
    if (rewriter === undefined && transportPacketLayout(chunk)?.size === PROTECTED_PACKET_SIZE) {
      throw unsupported(
        'the packets of the stream carry error correction, which would be wrong; write it anew first: ' +
          'ffmpeg -i in.ts -map 0 -c copy out.ts',
      );
    }
    rewriter ??= new TransportRewriter(chunk, transform);
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
 * @param source the file, which is read twice
 * @param transformOf what is to be done
 * @returns the bytes of the new file, from the first to the last; none before it is clear that it can be written
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE`, `ERR_SEI_UNSUPPORTED_FILE`
 */
export async function* rewriteFile(source: ByteSource, transformOf: TransformOf): AsyncGenerator<Uint8Array> {
  const file = await MediaFile.open(source);
  try {
    if (file.container === 'mpegts') {
      file.h264Track();
      yield* rewriteTransportStream(chunksOf(source), transformOf);
    } else if (file.container === 'annexb') {
      yield* rewriteByteStream(source, transformOf);
    } else {
      file.h264Track();
      const edits = await editsOfFile(file, transformOf);
      yield* file.container === 'mp4' ? rewriteIsobmff(source, edits) : rewriteMatroska(source, edits);
    }
  } catch (error) {
    throw unreadable(error);
  } finally {
    file.close();
  }
}
