/**
 * The movie box: where the samples of each track lie, and the same box for samples that have grown (ISO/IEC 14496-12
 * 8.7). Of a box nothing changes but the sizes of samples and the offsets of chunks.
 */
import { concatBytes } from '../codec/bytes.js';
import { type SampleEdit, type TrackEdits, damaged, growthOf, unsupported } from './edits.js';
import { type Box, boxesIn, readUint64, viewOf, writeUint64 } from './isobmff-boxes.js';

/** Boxes that hold the boxes that change. */
const PATH = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl']);

/** Maximum number of samples of a track of MP4, and of all fragments. Limits memory: some days of 120 pictures a second. */
export const MAX_FILE_SAMPLES = 50_000_000;

/** The movie box of a file. */
export interface Movie {
  /** The box with its header. */
  readonly bytes: Uint8Array;
  /** Where it lies. */
  readonly box: Box;
  /** Units a second of the durations in edit lists. */
  readonly timescale: number;
  /** Its tracks. */
  readonly tracks: readonly MovieTrack[];
}

/** A sample of a track. Times are in units of the timescale of the track. */
export interface Sample {
  /** Its number in the track, from 0 on. */
  readonly sample: number;
  /** Offset of its first byte in the file. */
  readonly offset: number;
  /** Its size in bytes. */
  readonly size: number;
  /** When it is decoded, before the edit list. */
  readonly decodeTime: number;
  /** How much later it is shown. */
  readonly compositionOffset: number;
  /** How long until the next sample is decoded. */
  readonly duration: number;
  /** Whether decoding can begin here. */
  readonly isKey: boolean;
}

/** A track of the movie. */
export interface MovieTrack {
  /** Where it lies in the movie box. */
  readonly box: Box;
  /** track_ID. */
  readonly id: number;
  /** handler_type, such as `vide`. */
  readonly handler: string;
  /** Units a second of its times. */
  readonly timescale: number;
  /** The boxes of its sample table, by their types. */
  readonly tables: ReadonlyMap<string, Box>;
}

function findBox(bytes: Uint8Array, parent: Box, type: string): Box | undefined {
  return boxesIn(bytes, parent.start + parent.headerSize, parent.end).find((box) => box.type === type);
}

/** The timescale of an mvhd or mdhd box (8.2.2, 8.4.2); 1000 if the box does not say it. */
function timescaleOf(bytes: Uint8Array, header: Box | undefined): number {
  if (header === undefined) return 1000;
  const body = header.start + header.headerSize;
  const at = body + (bytes[body] === 1 ? 20 : 12);
  return at + 4 > header.end ? 1000 : viewOf(bytes).getUint32(at) || 1000;
}

function readTrack(bytes: Uint8Array, trak: Box): MovieTrack {
  const view = viewOf(bytes);
  const tkhd = findBox(bytes, trak, 'tkhd');
  const mdia = findBox(bytes, trak, 'mdia');
  const hdlr = mdia && findBox(bytes, mdia, 'hdlr');
  const mdhd = mdia && findBox(bytes, mdia, 'mdhd');
  const minf = mdia && findBox(bytes, mdia, 'minf');
  const stbl = minf && findBox(bytes, minf, 'stbl');
  if (tkhd === undefined || tkhd.end - tkhd.start < 32) throw damaged('a track has no header');
  const body = tkhd.start + tkhd.headerSize;
  const id = view.getUint32(body + (bytes[body] === 1 ? 20 : 12));
  const handlerAt = hdlr === undefined ? -1 : hdlr.start + hdlr.headerSize + 8;
  const handler =
    handlerAt < 0 || handlerAt + 4 > bytes.length
      ? ''
      : String.fromCharCode(...bytes.subarray(handlerAt, handlerAt + 4));
  const tables = stbl === undefined ? [] : boxesIn(bytes, stbl.start + stbl.headerSize, stbl.end);
  const timescale = timescaleOf(bytes, mdhd);
  return { box: trak, id, handler, timescale, tables: new Map(tables.map((box) => [box.type, box])) };
}

/**
 * Reads a movie box.
 *
 * @param bytes the box with its header
 * @param box where it lies in the file
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE` where it is damaged
 */
export function readMovie(bytes: Uint8Array, box: Box): Movie {
  const children = boxesIn(bytes, box.headerSize, bytes.length);
  if (children.some(({ type }) => type === 'cmov')) throw unsupported('the movie box is compressed, which is not read');
  const tracks = children.filter(({ type }) => type === 'trak').map((trak) => readTrack(bytes, trak));
  const mvhd = children.find(({ type }) => type === 'mvhd');
  return { bytes, box, timescale: timescaleOf(bytes, mvhd), tracks };
}

/** How many entries of so many bytes a table has, which are all there. */
function entriesOf(bytes: Uint8Array, box: Box, countAt: number, entrySize: number): { count: number; at: number } {
  const body = box.start + box.headerSize;
  const at = body + countAt + 4;
  if (at > box.end) throw damaged(`the box ${box.type} is too short`);
  const count = viewOf(bytes).getUint32(body + countAt);
  if (count > MAX_FILE_SAMPLES || at + count * entrySize > box.end) throw damaged(`the box ${box.type} is too short`);
  return { count, at };
}

/** The sizes of the samples of a track. */
export function sampleSizes({ bytes }: Movie, { tables }: MovieTrack): Uint32Array {
  const view = viewOf(bytes);
  const stsz = tables.get('stsz');
  if (stsz !== undefined) {
    const body = stsz.start + stsz.headerSize;
    if (body + 12 > stsz.end) throw damaged('the box stsz is too short');
    const constant = view.getUint32(body + 4);
    const { count, at } = entriesOf(bytes, stsz, 8, constant === 0 ? 4 : 0);
    const sizes = new Uint32Array(count);
    for (let i = 0; i < count; i++) sizes[i] = constant === 0 ? view.getUint32(at + 4 * i) : constant;
    return sizes;
  }
  const stz2 = tables.get('stz2');
  if (stz2 === undefined) return new Uint32Array(0);
  const fieldSize = bytes[stz2.start + stz2.headerSize + 7];
  if (fieldSize !== 4 && fieldSize !== 8 && fieldSize !== 16) throw damaged('the box stz2 has no field size');
  const { count, at } = entriesOf(bytes, stz2, 8, fieldSize / 8);
  const sizes = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    if (fieldSize === 16) sizes[i] = view.getUint16(at + 2 * i);
    else if (fieldSize === 8) sizes[i] = bytes[at + i];
    else sizes[i] = (bytes[at + (i >> 1)] >> (i % 2 === 0 ? 4 : 0)) & 15;
  }
  return sizes;
}

function chunkOffsets({ bytes }: Movie, { tables }: MovieTrack): Float64Array {
  const view = viewOf(bytes);
  const stco = tables.get('stco');
  const co64 = tables.get('co64');
  const table = stco ?? co64;
  if (table === undefined) return new Float64Array(0);
  const { count, at } = entriesOf(bytes, table, 4, stco === undefined ? 8 : 4);
  const offsets = new Float64Array(count);
  for (let i = 0; i < count; i++)
    offsets[i] = stco === undefined ? readUint64(view, at + 8 * i) : view.getUint32(at + 4 * i);
  return offsets;
}

/**
 * Where the samples of a track lie in the file.
 *
 * @param sizes of the samples
 * @returns for each the offset of its first byte
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE` where the tables do not fit each other
 */
export function sampleOffsets(movie: Movie, track: MovieTrack, sizes: Uint32Array): Float64Array {
  const view = viewOf(movie.bytes);
  const offsets = new Float64Array(sizes.length);
  const chunks = chunkOffsets(movie, track);
  const stsc = track.tables.get('stsc');
  if (sizes.length === 0) return offsets;
  if (stsc === undefined) throw damaged('a track has no chunks');
  const { count, at } = entriesOf(movie.bytes, stsc, 4, 12);
  let sample = 0;
  for (let i = 0, before = -1; i < count; i++) {
    const first = view.getUint32(at + 12 * i) - 1;
    const perChunk = view.getUint32(at + 12 * i + 4);
    if (first <= before) throw damaged('the chunks of a track are not in order');
    before = first;
    const end = i + 1 < count ? Math.min(view.getUint32(at + 12 * i + 12) - 1, chunks.length) : chunks.length;
    for (let chunk = Math.max(first, 0); chunk < end && sample < sizes.length; chunk++) {
      let offset = chunks[chunk];
      for (let n = 0; n < perChunk && sample < sizes.length; n++) {
        offsets[sample] = offset;
        offset += sizes[sample++];
      }
    }
  }
  if (sample < sizes.length) throw damaged('a track has samples without a place');
  return offsets;
}

/** Reads a table of runs, which says a value for each sample (stts, ctts). */
class Runs {
  readonly #view: DataView;
  #at = 0;
  #entries = 0;
  #left = 0;
  #value = 0;

  constructor({ bytes }: Movie, table: Box | undefined) {
    this.#view = viewOf(bytes);
    if (table !== undefined) ({ count: this.#entries, at: this.#at } = entriesOf(bytes, table, 4, 8));
  }

  /** The value of the next sample; that of the last one after the end of the table. */
  next(): number {
    while (this.#left === 0 && this.#entries > 0) {
      this.#left = this.#view.getUint32(this.#at);
      // Writers say negative offsets also in version 0.
      this.#value = this.#view.getInt32(this.#at + 4);
      this.#at += 8;
      this.#entries--;
    }
    if (this.#left > 0) this.#left--;
    return this.#value;
  }
}

/** The samples that the tables of a track describe, in decoding order (8.6.1, 8.6.2, 8.7). */
export function* tableSamples(movie: Movie, track: MovieTrack): Generator<Sample> {
  const sizes = sampleSizes(movie, track);
  const offsets = sampleOffsets(movie, track, sizes);
  const durations = new Runs(movie, track.tables.get('stts'));
  const compositionOffsets = new Runs(movie, track.tables.get('ctts'));
  const stss = track.tables.get('stss');
  const view = viewOf(movie.bytes);
  const keys = stss === undefined ? undefined : entriesOf(movie.bytes, stss, 4, 4);
  let key = 0;
  let decodeTime = 0;
  for (const [sample, size] of sizes.entries()) {
    while (keys !== undefined && key < keys.count && view.getUint32(keys.at + 4 * key) <= sample) key++;
    const isKey = keys === undefined || (key < keys.count && view.getUint32(keys.at + 4 * key) === sample + 1);
    const duration = durations.next();
    const compositionOffset = compositionOffsets.next();
    yield { sample, offset: offsets[sample], size, decodeTime, compositionOffset, duration, isKey };
    decodeTime += duration;
  }
}

/** The decoding time after the last sample that the tables of a track describe: there its fragments go on. */
export function tableDuration(movie: Movie, track: MovieTrack): number {
  const stts = track.tables.get('stts');
  if (stts === undefined) return 0;
  const view = viewOf(movie.bytes);
  const { count, at } = entriesOf(movie.bytes, stts, 4, 8);
  let left = sampleCount(movie, track);
  let duration = 0;
  let value = 0;
  for (let i = 0; i < count && left > 0; i++) {
    const samples = Math.min(left, view.getUint32(at + 8 * i));
    value = view.getInt32(at + 8 * i + 4);
    duration += samples * value;
    left -= samples;
  }
  return duration + left * value;
}

/**
 * Checks that tracks do not have more samples in all than the file has bytes. Limits memory and time.
 *
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE
 */
export function checkSampleCounts(movie: Movie, tracks: Iterable<MovieTrack>, fileSize: number): void {
  let sum = 0;
  for (const track of tracks) sum += sampleCount(movie, track);
  if (sum > fileSize) throw damaged('its tables have more samples than there can be');
}

/** Whether the chunk offsets of a track have to have 64 bits. */
export function needsLongOffsets(movie: Movie, track: MovieTrack, moved: (offset: number) => number): boolean {
  return track.tables.has('stco') && chunkOffsets(movie, track).some((offset) => moved(offset) >= 2 ** 32);
}

/** How the movie box is to be written. */
export interface MoviePlan {
  /** The changes of the samples, by track_ID. */
  readonly edits: ReadonlyMap<number, TrackEdits>;
  /** The ids of the tracks whose chunk offsets get 64 bits. */
  readonly longOffsets: ReadonlySet<number>;
  /** Where a byte of the file is afterwards. */
  readonly moved: (offset: number) => number;
}

function box(type: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + body.length);
  viewOf(bytes).setUint32(0, bytes.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(body, 8);
  return bytes;
}

function writeSizes(movie: Movie, track: MovieTrack, edits: ReadonlyMap<number, SampleEdit>): Uint8Array {
  const sizes = sampleSizes(movie, track);
  const body = new Uint8Array(12 + 4 * sizes.length);
  const view = viewOf(body);
  view.setUint32(8, sizes.length);
  for (const [i, size] of sizes.entries()) view.setUint32(12 + 4 * i, size);
  for (const [i, edit] of edits) view.setUint32(12 + 4 * i, sizes[i] + growthOf(edit));
  return box('stsz', body);
}

function writeOffsets(movie: Movie, track: MovieTrack, { longOffsets, moved }: MoviePlan): Uint8Array {
  const offsets = chunkOffsets(movie, track);
  const isLong = longOffsets.has(track.id) || !track.tables.has('stco');
  const body = new Uint8Array(8 + (isLong ? 8 : 4) * offsets.length);
  const view = viewOf(body);
  view.setUint32(4, offsets.length);
  for (const [i, offset] of offsets.entries()) {
    if (isLong) writeUint64(view, 8 + 8 * i, moved(offset));
    else view.setUint32(8 + 4 * i, moved(offset));
  }
  return box(isLong ? 'co64' : 'stco', body);
}

/**
 * Writes the movie box for samples that have changed.
 *
 * @returns the box; its size depends on which samples change and which offsets are long, not on where bytes go
 */
export function writeMovie(movie: Movie, plan: MoviePlan): Uint8Array {
  const { bytes } = movie;
  let trackIndex = -1;
  const write = (current: Box): Uint8Array => {
    const content = bytes.subarray(current.start, current.end);
    if (current.type === 'trak') trackIndex++;
    const track = movie.tracks[trackIndex] as MovieTrack | undefined;
    if (PATH.has(current.type)) {
      const start = current.start + current.headerSize;
      const children = boxesIn(bytes, start, current.end);
      const rest = bytes.subarray(children.at(-1)?.end ?? start, current.end);
      return box(current.type, concatBytes([...children.map(write), rest]));
    }
    if (track === undefined || track.tables.get(current.type)?.start !== current.start) return content;
    const edits = plan.edits.get(track.id);
    const hasEdits = edits !== undefined && edits.size > 0 && sampleCount(movie, track) > 0;
    if ((current.type === 'stsz' || current.type === 'stz2') && hasEdits)
      return writeSizes(movie, track, withinTable(edits, movie, track));
    if (current.type === 'stco' || current.type === 'co64') return writeOffsets(movie, track, plan);
    return content;
  };
  return write({ ...movie.box, start: 0, end: bytes.length });
}

/**
 * How many samples a track has in the movie box.
 *
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE` where their sizes are not all there
 */
export function sampleCount({ bytes }: Movie, { tables }: MovieTrack): number {
  const table = tables.get('stsz') ?? tables.get('stz2');
  if (table === undefined) return 0;
  const body = table.start + table.headerSize;
  if (body + 12 > table.end) throw damaged(`the box ${table.type} is too short`);
  const view = viewOf(bytes);
  const isConstant = table.type === 'stsz' && view.getUint32(body + 4) !== 0;
  const count = view.getUint32(body + 8);
  const entryBits = isConstant ? 0 : table.type === 'stsz' ? 32 : bytes[body + 7];
  if ((count * entryBits) / 8 > table.end - body - 12) throw damaged(`the box ${table.type} is too short`);
  return count;
}

/** The changes of the samples that are in the movie box, and not in fragments behind it. */
function withinTable(edits: TrackEdits, movie: Movie, track: MovieTrack): TrackEdits {
  const count = sampleCount(movie, track);
  return new Map([...edits].filter(([sample]) => sample < count));
}
