/** mediabunny, which reads MP4 and Matroska, loaded when the first such file comes. */
import type * as Bunny from 'mediabunny' with { 'resolution-mode': 'import' };
import { parseAvcDecoderConfigurationRecord } from '../codec/length-prefixed.js';
import { SeiError } from '../errors.js';
import type { FramingOptions } from '../frame/arguments.js';
import type { ByteSource } from './byte-source.js';
import type { FilePacket, FileTrack } from './packet.js';

/** The library. */
export function loadBunny(): Promise<typeof Bunny> {
  return import('mediabunny');
}

/** Makes it say nothing on the console, as a command that has a stderr of its own wants it. */
export async function silenceBunny(): Promise<void> {
  const { LogLevel, Logging } = await loadBunny();
  Logging.level = LogLevel.Silent;
}

/** The memory that it may use for what it has read. */
const MAX_CACHE_SIZE = 8 * 1024 * 1024;

/** A {@link SeiError} that says that a file is damaged, whatever the reader of its container has thrown. */
export function unreadable(error: unknown): SeiError {
  if (error instanceof SeiError) return error;
  const why = error instanceof Error && !/assertion/i.test(error.message) ? `: ${error.message.split('\n')[0]}` : '';
  return new SeiError('ERR_SEI_UNREADABLE_FILE', `the file is damaged or cut short${why}`, { cause: error });
}

/** Opens a file with mediabunny. */
export async function openInput(source: ByteSource): Promise<Bunny.Input> {
  const { ALL_FORMATS, CustomSource, Input: BunnyInput } = await loadBunny();
  return new BunnyInput({
    formats: ALL_FORMATS,
    source: new CustomSource({
      getSize: () => source.size,
      read: (start, end) => source.read(start, end - start),
      maxCacheSize: MAX_CACHE_SIZE,
      prefetchProfile: 'fileSystem',
      handleUnhandledError: () => undefined,
    }),
  });
}

/** A track of a file as this library tells it. */
export async function fileTrackOf(track: Bunny.InputTrack): Promise<FileTrack> {
  const codec = await track.getCodec();
  const internal = await track.getInternalCodecId();
  const name = codec ?? (typeof internal === 'string' || typeof internal === 'number' ? String(internal) : undefined);
  const type = track.type === 'video' || track.type === 'audio' ? track.type : 'other';
  return { id: track.id, type, codec: name, isH264: codec === 'avc' };
}

/** How the NAL units of a track are framed. */
async function framingOfTrack(track: Bunny.InputVideoTrack): Promise<FramingOptions> {
  // Its type is that of the DOM, which is not here.
  const description = (await track.getDecoderConfig())?.description as ArrayBuffer | ArrayBufferView | undefined;
  if (description === undefined) return {};
  const bytes = ArrayBuffer.isView(description)
    ? new Uint8Array(description.buffer, description.byteOffset, description.byteLength)
    : new Uint8Array(description);
  return { lengthSize: parseAvcDecoderConfigurationRecord(bytes).lengthSize };
}

/** The packets of a track in decoding order. */
export async function* packetsOf(track: Bunny.InputVideoTrack): AsyncGenerator<FilePacket> {
  const { EncodedPacketSink } = await loadBunny();
  const framing = await framingOfTrack(track);
  const sink = new EncodedPacketSink(track);
  let packet: Bunny.EncodedPacket | null = await sink.getFirstPacket();
  for (let index = 0; packet !== null; index++) {
    yield {
      index,
      presentationTimeMs: packet.timestamp * 1000,
      durationMs: packet.duration * 1000,
      isKey: packet.type === 'key',
      data: packet.data,
      framing,
    };
    packet = await sink.getNextPacket(packet);
  }
}
