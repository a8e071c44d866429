/**
 * The movie box: where the samples of each track lie, and the same box for samples that have grown (ISO/IEC 14496-12
 * 8.7). Nothing in it changes except the sizes of samples and the offsets of chunks.
 */
import { type TrackEdits, damaged, growthOf, unsupported } from './edits.js';
import { type Box, makeBox, rebuild, viewOf, writeUint64 } from './isobmff-boxes.js';

/** Maximum number of samples of a track of MP4, and of all fragments. Limits memory: some days of 120 pictures a second. */
export const MAX_FILE_SAMPLES = 50_000_000;

/** The movie box of a file. */
export interface Movie {
  /** The box. */
  readonly box: Box;
  /** Units a second of the durations in edit lists. */
  readonly timescale: number;
  /** Its tracks. */
  readonly tracks: readonly MovieTrack[];
}

/** A track of the movie. */
export interface MovieTrack {
  /** Its box in the movie box. */
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

/** The timescale of an mvhd or mdhd box (8.2.2, 8.4.2); 1000 if the box does not say it. */
function timescaleOf(header: Box | undefined): number {
  const timescale = header?.uint(header.version === 1 ? 20 : 12) ?? 0;
  return timescale === 0 ? 1000 : timescale;
}

function readTrack(box: Box): MovieTrack {
  const tkhd = box.find('tkhd');
  if (tkhd === undefined) throw damaged('a track has no header');
  const hdlr = box.find('mdia', 'hdlr')?.bytes.subarray(16, 20) ?? [];
  const tables = box.find('mdia', 'minf', 'stbl')?.children() ?? [];
  return {
    box,
    id: tkhd.uint(tkhd.version === 1 ? 20 : 12),
    handler: String.fromCharCode(...hdlr),
    timescale: timescaleOf(box.find('mdia', 'mdhd')),
    tables: new Map(Array.from(tables, (table) => [table.type, table])),
  };
}

/**
 * Reads a movie box.
 *
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if it is damaged, ERR_SEI_UNSUPPORTED_FILE if it is compressed
 */
export function readMovie(box: Box): Movie {
  const children = [...box.children()];
  if (children.some(({ type }) => type === 'cmov')) throw unsupported('the movie box is compressed, which is not read');
  const tracks = children.filter(({ type }) => type === 'trak').map(readTrack);
  return { box, timescale: timescaleOf(children.find(({ type }) => type === 'mvhd')), tracks };
}

/** The number of entries of a table, which are all there. They begin at `countAt + 4` in its payload. */
function entriesOf(table: Box, countAt: number, entrySize: number): number {
  const count = table.uint(countAt);
  if (count > MAX_FILE_SAMPLES) throw damaged(`the box ${table.type} has more entries than there can be`);
  table.require(countAt + 4 + count * entrySize);
  return count;
}

/**
 * The sizes of the samples of a track (8.7.3).
 *
 * @returns how many there are, and a function that returns the size of each
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if they are not all there
 */
export function sampleSizes({ tables }: MovieTrack): { count: number; sizeOf: (sample: number) => number } {
  const stsz = tables.get('stsz');
  if (stsz !== undefined) {
    const constant = stsz.uint(4);
    if (constant !== 0) return { count: entriesOf(stsz, 8, 0), sizeOf: () => constant };
    return { count: entriesOf(stsz, 8, 4), sizeOf: (sample) => stsz.uint(12 + 4 * sample) };
  }
  const stz2 = tables.get('stz2');
  if (stz2 === undefined) return { count: 0, sizeOf: () => 0 };
  const fieldSize = stz2.uint(7, 8);
  const count = entriesOf(stz2, 8, fieldSize / 8);
  if (fieldSize === 16) return { count, sizeOf: (sample) => stz2.uint(12 + 2 * sample, 16) };
  if (fieldSize === 8) return { count, sizeOf: (sample) => stz2.uint(12 + sample, 8) };
  if (fieldSize !== 4) throw damaged('the box stz2 has no field size');
  return { count, sizeOf: (sample) => (stz2.uint(12 + (sample >> 1), 8) >> (sample % 2 === 0 ? 4 : 0)) & 15 };
}

/** The offsets of the chunks of a track (8.7.5). */
function* chunkOffsets({ tables }: MovieTrack): Generator<number> {
  const table = tables.get('stco') ?? tables.get('co64');
  if (table === undefined) return;
  const isLong = table.type === 'co64';
  const count = entriesOf(table, 4, isLong ? 8 : 4);
  for (let i = 0; i < count; i++) yield table.uint(8 + (isLong ? 8 : 4) * i, isLong ? 64 : 32);
}

/** The values of a table of runs for each sample (stts, ctts); after its end that of the last one. */
function* valuesOf(table: Box | undefined): Generator<number, never> {
  let value = 0;
  const count = table === undefined ? 0 : entriesOf(table, 4, 8);
  for (let i = 0; table !== undefined && i < count; i++) {
    // Writers say negative offsets also in version 0.
    value = table.uint(12 + 8 * i) | 0;
    for (let left = table.uint(8 + 8 * i); left > 0; left--) yield value;
  }
  for (;;) yield value;
}

/** How many samples each chunk has (8.7.4). */
function* chunkSizes({ tables }: MovieTrack): Generator<number> {
  const stsc = tables.get('stsc');
  if (stsc === undefined) return;
  const count = entriesOf(stsc, 4, 12);
  for (let i = 0, chunk = 0; i < count; i++) {
    const isLast = i + 1 === count;
    const end = isLast ? Infinity : stsc.uint(20 + 12 * i) - 1;
    if (!isLast && end <= chunk) throw damaged('the chunks of a track are not in order');
    for (; chunk < end; chunk++) yield stsc.uint(12 + 12 * i);
  }
}

/**
 * The samples that the tables of a track describe, in decoding order (8.6.1, 8.6.2, 8.7).
 *
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if the tables do not fit each other
 */
export function* tableSamples(track: MovieTrack): Generator<Sample> {
  const { count, sizeOf } = sampleSizes(track);
  const durations = valuesOf(track.tables.get('stts'));
  const compositionOffsets = valuesOf(track.tables.get('ctts'));
  const stss = track.tables.get('stss');
  const keyCount = stss === undefined ? 0 : entriesOf(stss, 4, 4);
  const perChunk = chunkSizes(track);
  let key = 0;
  let decodeTime = 0;
  let sample = 0;
  for (const chunkOffset of chunkOffsets(track)) {
    const end = Math.min(count, sample + ((perChunk.next().value as number | undefined) ?? 0));
    for (let offset = chunkOffset; sample < end; sample++) {
      while (stss !== undefined && key < keyCount && stss.uint(8 + 4 * key) <= sample) key++;
      const isKey = stss === undefined || (key < keyCount && stss.uint(8 + 4 * key) === sample + 1);
      const size = sizeOf(sample);
      const duration = durations.next().value;
      const compositionOffset = compositionOffsets.next().value;
      yield { sample, offset, size, decodeTime, compositionOffset, duration, isKey };
      decodeTime += duration;
      offset += size;
    }
    if (sample === count) return;
  }
  if (sample < count) throw damaged('a track has samples without a place');
}

/** The decoding time after the samples that the tables of a track describe: its fragments go on there (8.6.1.2). */
export function tableDuration({ tables }: MovieTrack): number {
  const stts = tables.get('stts');
  const count = stts === undefined ? 0 : entriesOf(stts, 4, 8);
  let duration = 0;
  for (let i = 0; stts !== undefined && i < count; i++) duration += stts.uint(8 + 8 * i) * (stts.uint(12 + 8 * i) | 0);
  return duration;
}

/** Whether the chunk offsets of a track have to have 64 bits. */
export function needsLongOffsets(track: MovieTrack, moved: (offset: number) => number): boolean {
  if (!track.tables.has('stco')) return false;
  for (const offset of chunkOffsets(track)) if (moved(offset) >= 2 ** 32) return true;
  return false;
}

function writeSizes(track: MovieTrack, edits: TrackEdits): Uint8Array {
  const { count, sizeOf } = sampleSizes(track);
  const payload = new Uint8Array(12 + 4 * count);
  const view = viewOf(payload);
  view.setUint32(8, count);
  for (let i = 0; i < count; i++) {
    const edit = edits.get(i);
    view.setUint32(12 + 4 * i, sizeOf(i) + (edit === undefined ? 0 : growthOf(edit)));
  }
  return makeBox('stsz', [payload]);
}

function writeOffsets(track: MovieTrack, isLong: boolean, moved: (offset: number) => number): Uint8Array {
  const offsets = [...chunkOffsets(track)];
  const payload = new Uint8Array(8 + (isLong ? 8 : 4) * offsets.length);
  const view = viewOf(payload);
  view.setUint32(4, offsets.length);
  for (const [i, offset] of offsets.entries()) {
    if (isLong) writeUint64(view, 8 + 8 * i, moved(offset));
    else view.setUint32(8 + 4 * i, moved(offset));
  }
  return makeBox(isLong ? 'co64' : 'stco', [payload]);
}

/**
 * Writes the movie box for samples that have changed.
 *
 * @param movie as it is
 * @param edits the changes of the samples, by track_ID
 * @param longOffsets the ids of the tracks whose chunk offsets get 64 bits
 * @param moved where a byte of the file is afterwards
 * @returns the box; its size depends on which samples change and which offsets are long, not on where bytes go
 */
export function writeMovie(
  movie: Movie,
  edits: ReadonlyMap<number, TrackEdits>,
  longOffsets: ReadonlySet<number>,
  moved: (offset: number) => number,
): Uint8Array {
  const replacements = new Map<number, Uint8Array>();
  for (const track of movie.tracks) {
    const { id, tables } = track;
    const sizes = tables.get('stsz') ?? tables.get('stz2');
    const trackEdits = edits.get(id);
    if (sizes !== undefined && trackEdits !== undefined && sampleSizes(track).count > 0)
      replacements.set(sizes.start, writeSizes(track, trackEdits));
    const offsets = tables.get('stco') ?? tables.get('co64');
    if (offsets !== undefined)
      replacements.set(offsets.start, writeOffsets(track, longOffsets.has(id) || offsets.type === 'co64', moved));
  }
  return rebuild(movie.box, replacements);
}
