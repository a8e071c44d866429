/** What a track of a movie may not be, to be read or changed here: ISO/IEC 14496-12 8.5.2, 8.6.6, 8.7. */
import { encrypted, unsupported } from './edits.js';
import { type Box, boxesIn, viewOf } from './isobmff-boxes.js';
import type { Movie, MovieTrack } from './isobmff-movie.js';

const REWRITE = 'write the file anew first: ffmpeg -i in -c copy out';

/** Sample entries of H.264 (ISO/IEC 14496-15 5.4.2). */
const AVC_ENTRIES = new Set(['avc1', 'avc2', 'avc3', 'avc4']);

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

/** What a sample entry says of how NAL units are framed, to be compared with another. */
function framingOf(bytes: Uint8Array, entry: Box): string {
  if (!AVC_ENTRIES.has(entry.type)) return entry.type;
  const start = Math.min(entry.start + entry.headerSize + VISUAL_ENTRY_SIZE, entry.end);
  const record = boxesIn(bytes, start, entry.end).find(({ type }) => type === 'avcC');
  return record === undefined ? 'avc' : `avc ${bytes[record.start + record.headerSize + 4] & 3}`;
}

/** Whether the edit list shows more than one stretch of the track, or one at another rate (8.6.6). */
function isCut(bytes: Uint8Array, trak: Box): boolean {
  const list = descend(bytes, trak, 'edts', 'elst');
  if (list === undefined || list.end - list.start < list.headerSize + 8) return false;
  const view = viewOf(bytes);
  const body = list.start + list.headerSize;
  const isLong = bytes[body] === 1;
  const entrySize = isLong ? 20 : 12;
  const count = Math.min(view.getUint32(body + 4), Math.floor((list.end - body - 8) / entrySize));
  let stretches = 0;
  for (let i = 0; i < count; i++) {
    const mediaTimeAt = body + 8 + entrySize * i + (isLong ? 8 : 4);
    if (view.getInt32(mediaTimeAt) === -1) continue;
    stretches++;
    if (stretches > 1 || view.getUint32(mediaTimeAt + (isLong ? 8 : 4)) !== NORMAL_RATE) return true;
  }
  return false;
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
    const framings = new Set(entries.map((entry) => framingOf(bytes, entry)));
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
