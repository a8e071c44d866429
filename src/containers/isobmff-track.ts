/** What a track of a movie is, and what it may not be to be read or changed here: ISO/IEC 14496-12 8.5.2, 8.6.6, 8.7. */
import type { LengthSize } from '../codec/length-prefixed.js';
import type { FramingOptions } from '../frame/arguments.js';
import { damaged, encrypted, unsupported } from './edits.js';
import type { Box } from './isobmff-boxes.js';
import type { Movie, MovieTrack } from './isobmff-movie.js';
import { type FileTrack, trackName } from './packet.js';

const REWRITE = 'write the file anew first: ffmpeg -i in -c copy out';

/** Sample entries of H.264 (ISO/IEC 14496-15 5.4.2), and of Dolby Vision over H.264. */
const AVC_ENTRIES = new Set(['avc1', 'avc2', 'avc3', 'avc4', 'dva1', 'dvav']);

/** Bytes of a visual sample entry in front of the boxes in it. */
const VISUAL_ENTRY_SIZE = 78;

const IS_SELF_CONTAINED = 0x000001;
const NORMAL_RATE = 0x00010000;

/** The boxes in a box that begins with version, flags and their number. */
function entriesIn(box: Box | undefined): Box[] {
  return box === undefined ? [] : [...box.children(8)];
}

/** Bytes of the length in front of each NAL unit (ISO/IEC 14496-15 5.3.3.1); undefined if the entry does not say it. */
function lengthSizeOf(entry: Box): number | undefined {
  for (const box of entry.children(VISUAL_ENTRY_SIZE)) if (box.type === 'avcC') return (box.uint(4, 8) & 3) + 1;
  return undefined;
}

/** The entries of its edit list (8.6.6): a duration in units of the movie, and a time in the track, -1 for a gap. */
function editListOf({ box }: MovieTrack): { duration: number; mediaTime: number; rate: number }[] {
  const list = box.find('edts', 'elst');
  if (list === undefined) return [];
  const bits = list.version === 1 ? 64 : 32;
  const entrySize = bits / 4 + 4;
  const count = Math.min(list.uint(4), Math.floor((list.size - 8) / entrySize));
  return Array.from({ length: count }, (_, i) => {
    const at = 8 + entrySize * i;
    const mediaTime = list.uint(at + bits / 8, bits);
    const isGap = mediaTime >= 2 ** (bits - 1);
    return { duration: list.uint(at, bits), mediaTime: isGap ? -1 : mediaTime, rate: list.uint(at + bits / 4) };
  });
}

/** A track as it is read. */
export interface TrackDescription extends FileTrack {
  /** How its NAL units are framed. */
  readonly framing: FramingOptions;
  /** Units a second of its times. */
  readonly timescale: number;
  /** What the edit list adds to its times. */
  readonly shift: number;
}

/**
 * Describes a track.
 *
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if it is damaged; ERR_SEI_UNSUPPORTED_FILE if its H.264 is encrypted (ISO/IEC
 *   14496-12 8.12), framed in more than one way, or shown in several stretches
 */
export function describeTrack(movie: Movie, track: MovieTrack): TrackDescription {
  const { id, handler, timescale, tables } = track;
  const type = handler === 'vide' ? 'video' : handler === 'soun' ? 'audio' : 'other';
  const entries = entriesIn(tables.get('stsd'));
  const isH264 = type === 'video' && entries.some((entry) => AVC_ENTRIES.has(entry.type));
  const other = { id, name: trackName(entries.at(0)?.type, type), isH264, framing: {}, timescale, shift: 0 };
  // A sample table with the vectors of its samples (senc) is not read either, whatever the track.
  if (entries.some((entry) => entry.type === 'encv') || tables.has('senc')) throw encrypted();
  if (!isH264) return other;
  const [lengthSize, ...others] = new Set(
    entries.map((entry) => (AVC_ENTRIES.has(entry.type) ? lengthSizeOf(entry) : entry.type)),
  );
  if (others.length > 0) throw unsupported(`track ${id} has samples of more than one kind; ${REWRITE}`);
  if (lengthSize === 3) throw damaged(`track ${id} has lengths of 3 bytes`);
  const edits = editListOf(track);
  const shown = edits.filter(({ mediaTime }) => mediaTime !== -1);
  if (shown.length > 1 || shown.some(({ rate }) => rate !== NORMAL_RATE))
    throw unsupported(`track ${id} is cut into several stretches by its edit list, which is not read; ${REWRITE}`);
  let empty = 0;
  for (let i = 0; i < edits.length && edits[i].mediaTime === -1; i++) empty += edits[i].duration;
  const shift = shown.length === 0 ? 0 : Math.round((empty * timescale) / movie.timescale) - shown[0].mediaTime;
  return { ...other, framing: lengthSize === undefined ? {} : { lengthSize: lengthSize as LengthSize }, shift };
}

function isElsewhere({ box }: MovieTrack): boolean {
  const references = entriesIn(box.find('mdia', 'minf', 'dinf', 'dref'));
  return references.some((reference) => reference.size >= 4 && (reference.flags & IS_SELF_CONTAINED) === 0);
}

/**
 * Checks that nothing in the tracks of a movie would be wrong after a change.
 *
 * @param changed the ids of the tracks of which samples change
 * @throws {SeiError} ERR_SEI_UNSUPPORTED_FILE
 */
export function checkChangeable(movie: Movie, changed: ReadonlySet<number>): void {
  for (const track of movie.tracks) {
    const { id, handler, tables } = track;
    if (handler === 'hint')
      throw unsupported(`the file has a hint track, which describes its video byte by byte; ${REWRITE}`);
    if (tables.has('saio')) throw encrypted();
    if (isElsewhere(track)) throw unsupported(`the samples of track ${id} lie in another file; ${REWRITE}`);
    if (changed.has(id) && tables.has('subs'))
      throw unsupported(`track ${id} has a table of the parts of its samples (subs); ${REWRITE}`);
  }
}
