/** From one container into another, by mediabunny: packets are written anew as they are, none is encoded. */
import type * as Bunny from 'mediabunny' with { 'resolution-mode': 'import' };
import { loadBunny, openInput, unreadable } from './bunny.js';
import type { ByteSource } from './byte-source.js';
import { unsupported } from './edits.js';
import type { Container } from './file-kind.js';
import { readMovieOf } from './isobmff-rewrite.js';
import { countTrackEntries } from './matroska-rewrite.js';
import { MediaFile } from './media-file.js';

/** Takes bytes at a place of the new file. */
export type WriteAt = (bytes: Uint8Array, position: number) => Promise<void>;

/** A track on its way. */
interface Lane {
  readonly packets: AsyncIterator<Bunny.EncodedPacket>;
  readonly add: (packet: Bunny.EncodedPacket) => Promise<void>;
  next: Bunny.EncodedPacket | undefined;
}

function formatOf(bunny: typeof Bunny, container: Container, isQuickTime: boolean): Bunny.OutputFormat {
  if (container === 'matroska') return new bunny.MkvOutputFormat();
  if (container === 'mpegts') return new bunny.MpegTsOutputFormat();
  return isQuickTime
    ? new bunny.MovOutputFormat({ fastStart: false })
    : new bunny.Mp4OutputFormat({ fastStart: false });
}

async function* packetsOf(bunny: typeof Bunny, track: Bunny.InputTrack): AsyncGenerator<Bunny.EncodedPacket> {
  const sink = new bunny.EncodedPacketSink(track);
  let packet = await sink.getFirstPacket();
  while (packet !== null) {
    yield packet;
    packet = await sink.getNextPacket(packet);
  }
}

/** How a track is carried over; undefined where it cannot be. */
async function laneOf(bunny: typeof Bunny, track: Bunny.InputTrack, output: Bunny.Output): Promise<Lane | undefined> {
  const base = {
    languageCode: await track.getLanguageCode(),
    disposition: await track.getDisposition(),
    ...((await track.getName()) !== null && { name: (await track.getName()) as string }),
  };
  const packets = packetsOf(bunny, track);
  if (track.isVideoTrack()) {
    const codec = await track.getCodec();
    const decoderConfig = await track.getDecoderConfig();
    if (codec === null || decoderConfig === null) return undefined;
    const source = new bunny.EncodedVideoPacketSource(codec);
    output.addVideoTrack(source, { ...base, rotation: await track.getRotation() });
    return { packets, next: undefined, add: (packet) => source.add(packet, { decoderConfig }) };
  }
  if (track.isAudioTrack()) {
    const codec = await track.getCodec();
    const decoderConfig = await track.getDecoderConfig();
    if (codec === null || decoderConfig === null) return undefined;
    const source = new bunny.EncodedAudioPacketSource(codec);
    output.addAudioTrack(source, base);
    return { packets, next: undefined, add: (packet) => source.add(packet, { decoderConfig }) };
  }
  return undefined;
}

async function advance(lane: Lane): Promise<void> {
  const result = await lane.packets.next();
  lane.next = result.done === true ? undefined : result.value;
}

/** How many tracks a file has, those included that mediabunny does not see. */
async function trackCountOf(source: ByteSource, container: Container, file: MediaFile): Promise<number> {
  if (container === 'mp4') return (await readMovieOf(source)).tracks.length;
  return container === 'matroska' ? countTrackEntries(source) : file.tracks.length;
}

/** What a new file is to be. */
export interface RemuxOptions {
  /** Its container. */
  readonly container: Container;
  /** Whether MP4 is to be QuickTime's MOV. */
  readonly isQuickTime: boolean;
  /** Whether tracks that cannot be carried over may be left out. */
  readonly dropsTracks: boolean;
}

/** What became of a file. */
export interface RemuxResult {
  /** By how many seconds all times are later: not every container can say times in front of 0. */
  readonly shift: number;
  /** How many tracks were left out. */
  readonly dropped: number;
}

/**
 * Writes a file in another container.
 *
 * @param source MP4, Matroska or MPEG-TS
 * @param options what the new file is to be
 * @param write takes the bytes of the new file, not in order
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE`; `ERR_SEI_UNSUPPORTED_FILE` where a track cannot be carried over
 */
export async function remuxFile(source: ByteSource, options: RemuxOptions, write: WriteAt): Promise<RemuxResult> {
  const { container, isQuickTime, dropsTracks } = options;
  const bunny = await loadBunny();
  const file = await MediaFile.open(source);
  const input = await openInput(source);
  try {
    const tracks = await input.getTracks();
    const target = new bunny.StreamTarget(
      new WritableStream<Bunny.StreamTargetChunk>({
        write: (chunk) => write(chunk.data, chunk.position),
      }),
    );
    const output = new bunny.Output({ format: formatOf(bunny, container, isQuickTime), target });
    output.setMetadataTags(await input.getMetadataTags());
    const lanes: Lane[] = [];
    for (const track of tracks) {
      const lane = await laneOf(bunny, track, output);
      if (lane !== undefined) lanes.push(lane);
    }
    const dropped = Math.max(0, (await trackCountOf(source, file.container, file)) - lanes.length);
    if (dropped > 0 && !dropsTracks) {
      throw unsupported(
        `${dropped === 1 ? 'a track' : `${dropped} tracks`} of the file, such as subtitles, cannot be carried into ` +
          'another container; keep the container, or leave them out with --drop-tracks',
      );
    }
    await output.start();
    const first = await input.getFirstTimestamp();
    const shift = first < 0 && container !== 'mp4' ? -first : 0;
    await Promise.all(lanes.map(advance));
    for (;;) {
      let lane: Lane | undefined;
      for (const each of lanes) {
        if (each.next === undefined) continue;
        if (lane?.next === undefined || each.next.timestamp < lane.next.timestamp) lane = each;
      }
      if (lane?.next === undefined) break;
      const packet = lane.next;
      await lane.add(shift === 0 ? packet : packet.clone({ timestamp: packet.timestamp + shift }));
      await advance(lane);
    }
    await output.finalize();
    return { shift, dropped };
  } catch (error) {
    throw unreadable(error);
  } finally {
    file.close();
    input.dispose();
  }
}
