/** What a track of a movie is, and what it may not be to be read or changed here: ISO/IEC 14496-12 8.5.2, 8.6.6, 8.7. */
import type { LengthSize } from '../codec/length-prefixed.js';
import type { FramingOptions } from '../frame/arguments.js';
import { damaged, encrypted, unsupported } from './edits.js';
import { type Box, boxesIn, findBoxIn, readUint64, viewOf } from './isobmff-boxes.js';
import type { Movie, MovieTrack } from './isobmff-movie.js';
import type { FileTrack } from './packet.js';

const REWRITE = 'write the file anew first: ffmpeg -i in -c copy out';

/** Sample entries of H.264 (ISO/IEC 14496-15 5.4.2), and of Dolby Vision over H.264. */
const AVC_ENTRIES = new Set(['avc1', 'avc2', 'avc3', 'avc4', 'dva1', 'dvav']);

/** Bytes of a visual sample entry in front of its boxes, behind its header. */
const VISUAL_ENTRY_SIZE = 78;

const IS_SELF_CONTAINED = 0x000001;
const NORMAL_RATE = 0x00010000;

function descend(bytes: Uint8Array, from: Box, ...path: readonly string[]): Box | undefined {
  let box: Box | undefined = from;
  for (const type of path) {
    const parent: Box = box;
    box = boxesIn(bytes, parent.start + parent.headerSize, parent.end).find((child) => child.type === type);
    if (box === undefined) return undefined;
  }
  return box;
}

/** The boxes in a box that begins with version, flags and their number. */
function entriesIn(bytes: Uint8Array, box: Box | undefined): Box[] {
  return box === undefined ? [] : boxesIn(bytes, Math.min(box.start + box.headerSize + 8, box.end), box.end);
}

/** The avcC box of a sample entry. */
function configurationOf(bytes: Uint8Array, entry: Box): Box | undefined {
  return findBoxIn(bytes, entry.start + entry.headerSize + VISUAL_ENTRY_SIZE, entry.end, 'avcC');
}

/** Bytes of the length in front of each NAL unit (ISO/IEC 14496-15 5.3.3.1); undefined if the entry does not say it. */
function lengthSizeOf(bytes: Uint8Array, entry: Box): number | undefined {
  const record = configurationOf(bytes, entry);
  const at = record === undefined ? 0 : record.start + record.headerSize + 4;
  return record === undefined || at >= record.end ? undefined : (bytes[at] & 3) + 1;
}

/** What a sample entry says of how NAL units are framed, to be compared with another. */
function framingName(bytes: Uint8Array, entry: Box): string {
  return AVC_ENTRIES.has(entry.type) ? `avc ${lengthSizeOf(bytes, entry) ?? ''}` : entry.type;
}

/** An entry of an edit list. */
interface TrackEdit {
  /** In units of the timescale of the movie. */
  readonly duration: number;
  /** Where it begins in the track; -1 if nothing is shown. */
  readonly mediaTime: number;
  readonly rate: number;
}

function* editListOf(bytes: Uint8Array, trak: Box): Generator<TrackEdit> {
  const list = descend(bytes, trak, 'edts', 'elst');
  if (list === undefined || list.end - list.start < list.headerSize + 8) return;
  const view = viewOf(bytes);
  const body = list.start + list.headerSize;
  const isLong = bytes[body] === 1;
  const entrySize = isLong ? 20 : 12;
  const count = Math.min(view.getUint32(body + 4), Math.floor((list.end - body - 8) / entrySize));
  for (let i = 0; i < count; i++) {
    const at = body + 8 + entrySize * i;
    const duration = isLong ? readUint64(view, at) : view.getUint32(at);
    const mediaTime = isLong ? Number(view.getBigInt64(at + 8)) : view.getInt32(at + 4);
    yield { duration, mediaTime, rate: view.getUint32(at + entrySize - 4) };
  }
}

/** Whether the edit list shows more than one stretch of the track, or one at another rate (8.6.6). */
function isCut(bytes: Uint8Array, trak: Box): boolean {
  let stretches = 0;
  for (const { mediaTime, rate } of editListOf(bytes, trak)) {
    if (mediaTime === -1) continue;
    stretches++;
    if (stretches > 1 || rate !== NORMAL_RATE) return true;
  }
  return false;
}

/** By how much the edit list moves the times of a track, in units of the timescale of the track. */
function shiftOf({ bytes, timescale }: Movie, track: MovieTrack): number {
  let empty = 0;
  for (const { duration, mediaTime } of editListOf(bytes, track.box)) {
    if (mediaTime !== -1) return Math.round((empty * track.timescale) / timescale) - mediaTime;
    empty += duration;
  }
  return 0;
}

/** What sample entries are called here (mp4ra.org). */
const CODECS: Readonly<Record<string, string>> = {
  hvc1: 'hevc',
  hev1: 'hevc',
  dvh1: 'hevc',
  dvhe: 'hevc',
  vp08: 'vp8',
  vp09: 'vp9',
  av01: 'av1',
  Opus: 'opus',
  fLaC: 'flac',
  'ac-3': 'ac3',
  'ec-3': 'eac3',
  '.mp3': 'mp3',
};

/** objectTypeIndication of MPEG-1 and MPEG-2 audio (ISO/IEC 14496-1 Table 5). */
const MP3_OBJECT_TYPES = new Set([0x69, 0x6b]);

/** The codec of an mp4a entry: its DecoderConfigDescriptor says it (ISO/IEC 14496-1 7.2.6.6). */
function mpegAudioOf(bytes: Uint8Array, entry: Box): string {
  const text = String.fromCharCode(...bytes.subarray(entry.start, Math.min(entry.end, entry.start + 256)));
  const descriptor = /esds.{4}\x03[\x80-\xff]*.{4}\x04[\x80-\xff]*.(.)/s.exec(text);
  return descriptor !== null && MP3_OBJECT_TYPES.has(descriptor[1].charCodeAt(0)) ? 'mp3' : 'aac';
}

/** A track as it is read. */
export interface TrackDescription {
  /** What callers are told. */
  readonly file: FileTrack;
  /** How its NAL units are framed. */
  readonly framing: FramingOptions;
  /** Units a second of its times. */
  readonly timescale: number;
  /** What is added to its times. */
  readonly shift: number;
}

/**
 * Describes a track.
 *
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if its boxes are damaged
 */
export function describeTrack(movie: Movie, track: MovieTrack): TrackDescription {
  const { bytes } = movie;
  const { id, handler, timescale } = track;
  const entry = entriesIn(bytes, track.tables.get('stsd')).at(0);
  const isH264 = handler === 'vide' && entry !== undefined && AVC_ENTRIES.has(entry.type);
  const type = handler === 'vide' ? 'video' : handler === 'soun' ? 'audio' : 'other';
  let codec = entry === undefined ? undefined : (CODECS[entry.type] ?? entry.type.trim());
  if (isH264) codec = 'avc';
  else if (entry?.type === 'mp4a') codec = mpegAudioOf(bytes, entry);
  const lengthSize = isH264 ? lengthSizeOf(bytes, entry) : undefined;
  const framing = lengthSize === undefined ? {} : { lengthSize: lengthSize as LengthSize };
  return { file: { id, type, codec, isH264 }, framing, timescale, shift: shiftOf(movie, track) };
}

/**
 * Checks that the H.264 tracks of a movie can be read: that their samples are in the clear (ISO/IEC 14496-12 8.12), all
 * framed in the same way, and shown in one stretch.
 *
 * @throws {@link SeiError} `ERR_SEI_UNSUPPORTED_FILE`
 */
export function checkReadable({ bytes, tracks }: Movie): void {
  for (const { id, box, handler, tables } of tracks) {
    const entries = handler === 'vide' ? entriesIn(bytes, tables.get('stsd')) : [];
    // A sample table with the vectors of its samples (senc) is not read either, whatever the track.
    if (entries.some(({ type }) => type === 'encv') || tables.has('senc')) throw encrypted();
    if (!entries.some(({ type }) => AVC_ENTRIES.has(type))) continue;
    const framings = new Set(entries.map((entry) => framingName(bytes, entry)));
    if (entries.some((entry) => lengthSizeOf(bytes, entry) === 3)) throw damaged(`track ${id} has lengths of 3 bytes`);
    if (framings.size > 1) throw unsupported(`track ${id} has samples of more than one kind; ${REWRITE}`);
    if (isCut(bytes, box)) {
      throw unsupported(`track ${id} is cut into several stretches by its edit list, which is not read; ${REWRITE}`);
    }
  }
}

function isElsewhere(bytes: Uint8Array, { box }: MovieTrack): boolean {
  const references = entriesIn(bytes, descend(bytes, box, 'mdia', 'minf', 'dinf', 'dref'));
  return references.some(
    ({ start, headerSize, end }) =>
      end - start >= headerSize + 4 && (viewOf(bytes).getUint32(start + headerSize) & IS_SELF_CONTAINED) === 0,
  );
}

/**
 * Checks that nothing in the tracks of a movie would be wrong after a change.
 *
 * @param changed the ids of the tracks of which samples change
 * @throws {@link SeiError} `ERR_SEI_UNSUPPORTED_FILE`
 */
export function checkChangeable(movie: Movie, changed: ReadonlySet<number>): void {
  const { bytes } = movie;
  for (const track of movie.tracks) {
    const { id, handler, tables } = track;
    if (handler === 'hint') {
      throw unsupported(
        'the file has a hint track, which describes its video byte by byte; write it without: ffmpeg -i in -c copy out',
      );
    }
    if (tables.has('saio')) throw encrypted();
    if (isElsewhere(bytes, track)) throw unsupported(`the samples of track ${id} lie in another file; ${REWRITE}`);
    if (!changed.has(id)) continue;
    if (tables.has('subs')) throw unsupported(`track ${id} has a table of the parts of its samples (subs); ${REWRITE}`);
  }
}
