/** Matroska and WebM files: their tracks and frames (RFC 9559). */
import { concatBytes } from '../codec/bytes.js';
import type { LengthSize } from '../codec/length-prefixed.js';
import type { FramingOptions } from '../frame/arguments.js';
import type { ByteSource } from './byte-source.js';
import { type ElementData, Id, elementsIn, readUint, readVint } from './ebml.js';
import { damaged, unsupported } from './edits.js';
import { type Block, MatroskaWalk, REWRITE } from './matroska-walk.js';
import { rewriteMatroska } from './matroska-rewrite.js';
import { type FilePacket, type FileTrack, type MediaFile, editsOf, trackName } from './packet.js';

const H264_CODEC = 'V_MPEG4/ISO/AVC';
const WINDOWS_CODEC = 'V_MS/VFW/FOURCC';

/** biCompression of H.264. */
const H264_FOURCCS = new Set(['H264', 'X264', 'AVC1', 'DAVC', 'VSSH', 'Q264', 'V264']);
/** Bytes of a BITMAPINFOHEADER; its biCompression is at 16. */
const BITMAP_HEADER_SIZE = 40;

const HEADER_STRIPPING = 3;
const DEFAULT_TIMESTAMP_SCALE = 1_000_000;
const NANOSECONDS_PER_MS = 1_000_000;
const XIPH_LACING = 1;
const FIXED_SIZE_LACING = 2;

/** A track as it is read. */
interface TrackDescription extends FileTrack {
  /** How its NAL units are framed. */
  readonly framing: FramingOptions;
  /** The bytes that all its frames begin with and that the file leaves out; undefined if they cannot be read. */
  readonly prefix: Uint8Array | undefined;
  /** TrackTimestampScale, DefaultDuration and CodecDelay, the last two in nanoseconds. */
  readonly scale: number;
  readonly duration: number | undefined;
  readonly delay: number;
}

function childrenOf(data: Uint8Array | undefined): Map<number, Uint8Array> {
  return new Map(data === undefined ? [] : Array.from(elementsIn(data), ({ id, data: each }) => [id, each]));
}

function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : String.fromCharCode(...bytes.subarray(0, 64)).replace(/\0.*$/s, '');
}

function uintOf(bytes: Uint8Array | undefined, otherwise: number): number {
  return bytes === undefined || bytes.length > 8 ? otherwise : readUint(bytes);
}

function floatOf(bytes: Uint8Array | undefined, otherwise: number): number {
  if (bytes?.length !== 4 && bytes?.length !== 8) return otherwise;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return bytes.length === 4 ? view.getFloat32(0) : view.getFloat64(0);
}

/** What all frames begin with, if they are stored without it; undefined if they are compressed or encrypted. */
function prefixOf(encodings: Uint8Array | undefined): Uint8Array | undefined {
  let prefix: Uint8Array = new Uint8Array(0);
  for (const { id, data } of encodings === undefined ? [] : elementsIn(encodings)) {
    if (id !== Id.contentEncoding) continue;
    const encoding = childrenOf(data);
    // Of the codec's private data alone.
    if ((uintOf(encoding.get(Id.contentEncodingScope), 1) & 1) === 0) continue;
    const compression = childrenOf(encoding.get(Id.contentCompression));
    const isStripped =
      uintOf(encoding.get(Id.contentEncodingType), 0) === 0 &&
      uintOf(compression.get(Id.contentCompAlgo), 0) === HEADER_STRIPPING;
    if (!isStripped || prefix.length > 0) return undefined;
    prefix = compression.get(Id.contentCompSettings) ?? prefix;
  }
  return prefix;
}

/** How NAL units are framed by what an avcC record says; otherwise if there is none. */
function framingOf(record: Uint8Array | undefined, otherwise: FramingOptions): FramingOptions {
  return record?.[0] !== 1 || record.length < 7 ? otherwise : { lengthSize: ((record[4] & 3) + 1) as LengthSize };
}

function describeTrack({ data }: ElementData): TrackDescription {
  const entry = childrenOf(data);
  const id = uintOf(entry.get(Id.trackNumber), 0);
  const codecId = textOf(entry.get(Id.codecId));
  const extra = entry.get(Id.codecPrivate);
  const fourcc = codecId === WINDOWS_CODEC ? textOf(extra?.subarray(16, 20)).toUpperCase() : '';
  const isH264 = codecId.startsWith(H264_CODEC) || H264_FOURCCS.has(fourcc);
  const kind = ['other', 'video', 'audio'].at(uintOf(entry.get(Id.trackType), 0)) ?? 'other';
  const framing =
    fourcc === '' ? framingOf(extra, {}) : framingOf(extra?.subarray(BITMAP_HEADER_SIZE), { format: 'annexb' });
  return {
    id,
    name: trackName(codecId, kind),
    isH264,
    framing,
    prefix: prefixOf(entry.get(Id.contentEncodings)),
    scale: floatOf(entry.get(Id.trackTimestampScale), 1) || 1,
    duration: uintOf(entry.get(Id.defaultDuration), 0) || undefined,
    delay: uintOf(entry.get(Id.codecDelay), 0),
  };
}

/** The frames of a laced block (RFC 9559 10.3). */
function framesOf(bytes: Uint8Array, { lacing, frames }: Block): Uint8Array[] {
  const sizes: number[] = [];
  let at = 1;
  let sum = 0;
  for (let i = 0; i < frames - 1 && lacing !== FIXED_SIZE_LACING; i++) {
    let size = 0;
    if (lacing === XIPH_LACING) {
      do size += bytes[at] ?? 0;
      while (bytes[at++] === 255);
    } else {
      const vint = readVint(bytes, at, false);
      if (vint === undefined) throw damaged('a laced block has no sizes');
      at += vint.length;
      // Behind the first one each is a difference, around the middle of its range.
      size = i === 0 ? vint.value : sizes[i - 1] + vint.value - (2 ** (7 * vint.length - 1) - 1);
    }
    sizes.push(size);
    sum += size;
  }
  if (lacing === FIXED_SIZE_LACING) sizes.push(...Array<number>(frames).fill((bytes.length - at) / frames));
  else sizes.push(bytes.length - at - sum);
  return sizes.map((size) => {
    if (!Number.isInteger(size) || size < 0 || at + size > bytes.length) throw damaged('a laced block has wrong sizes');
    at += size;
    return bytes.subarray(at - size, at);
  });
}

/**
 * Opens a Matroska or WebM file: reads it as far as the description of its tracks.
 *
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if it is damaged, ERR_SEI_UNSUPPORTED_FILE if it has several segments
 */
export async function openMatroska(source: ByteSource): Promise<MediaFile> {
  let walk = new MatroskaWalk(source);
  const first = walk.blocks();
  while (walk.tracks === undefined && (await first.next()).done !== true);
  const entries = Array.from(elementsIn(walk.tracks ?? new Uint8Array(0))).filter(({ id }) => id === Id.trackEntry);
  const tracks = entries.map(describeTrack);

  async function* packets(ids: ReadonlySet<number>): AsyncGenerator<FilePacket> {
    const wanted = new Map<number, TrackDescription>();
    for (const track of tracks) {
      if (!track.isH264 || !ids.has(track.id)) continue;
      if (track.prefix === undefined)
        throw unsupported(`the H.264 of track ${track.id} is compressed or encrypted, which is not read; ${REWRITE}`);
      if ((track.framing.lengthSize as number | undefined) === 3)
        throw damaged(`track ${track.id} has lengths of 3 bytes`);
      wanted.set(track.id, track);
    }
    walk = new MatroskaWalk(source);
    let timestampScale: number | undefined;
    for await (const block of walk.blocks()) {
      const track = wanted.get(block.track);
      if (track === undefined) continue;
      timestampScale ??= uintOf(childrenOf(walk.info).get(Id.timestampScale), 0) || DEFAULT_TIMESTAMP_SCALE;
      const bytes = await walk.bytes(block.start, block.end - block.start);
      const ticks = block.clusterTimestamp + block.timestamp * track.scale - Math.round(track.delay / timestampScale);
      const frameDuration =
        block.duration === undefined ? track.duration : (block.duration * timestampScale * track.scale) / block.frames;
      for (const [i, frame] of (block.lacing === 0 ? [bytes] : framesOf(bytes, block)).entries()) {
        yield {
          trackId: block.track,
          index: block.firstFrame + i,
          presentationTimeMs: (ticks * timestampScale + i * (frameDuration ?? 0)) / NANOSECONDS_PER_MS,
          ...(frameDuration !== undefined && { durationMs: frameDuration / NANOSECONDS_PER_MS }),
          isKey: block.isKey,
          data: track.prefix?.length ? concatBytes([track.prefix, frame]) : frame,
          framing: track.framing,
        };
      }
    }
  }

  const file: MediaFile = {
    container: 'matroska',
    tracks,
    get truncated() {
      return walk.truncated;
    },
    packets,
    async *rewrite(transformOf) {
      yield* rewriteMatroska(source, await editsOf(file, transformOf));
    },
  };
  return file;
}
