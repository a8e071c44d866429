import { applyEdits } from '../containers/apply-edits.js';
import { type ByteSource, chunksOf } from '../containers/byte-source.js';
import type { Edit } from '../containers/edits.js';
import { ElementaryStream, type StreamPacket } from '../containers/elementary-stream.js';
import type { MediaFile, PacketTransform, TransformedPacket } from '../containers/packet.js';
import { holdsPicture } from '../streams/access-unit-reader.js';
import { PictureClock } from '../streams/picture-clock.js';

async function* packetsOf(source: ByteSource): AsyncGenerator<StreamPacket> {
  const clock = new PictureClock();
  const stream = new ElementaryStream(1, (data) => {
    const seconds = holdsPicture(data) ? clock.next(data) : undefined;
    return { presentationTimeMs: undefined, ...(seconds !== undefined && { decodeTimeMs: seconds * 1000 }) };
  });
  for await (const chunk of chunksOf(source)) yield* stream.push(chunk);
  yield* stream.flush();
}

async function* rewrite(source: ByteSource, transform: PacketTransform | undefined): AsyncGenerator<Uint8Array> {
  const edits: Edit[] = [];
  const take = (transformed: readonly TransformedPacket<StreamPacket>[] = []) => {
    for (const { packet, edit } of transformed)
      if (edit !== undefined) edits.push({ ...edit, at: packet.offset + edit.at });
  };
  for await (const packet of packetsOf(source)) take(transform?.push(packet));
  take(transform?.flush());
  yield* applyEdits(source, edits);
}

/** A bare byte stream in a file: it has one track, and is never cut. */
export function byteStreamFile(source: ByteSource): MediaFile {
  return {
    container: 'annexb',
    tracks: [{ id: 1, name: 'H.264 video', isH264: true }],
    truncated: false,
    packets: () => packetsOf(source),
    rewrite: (transformOf) => rewrite(source, transformOf(1)),
  };
}
