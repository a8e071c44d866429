/**
 * MP4 and QuickTime files with some samples changed: the sizes of those samples follow, and the offsets of bytes in the
 * file. All other bytes stay.
 */
import { applyEdits } from './apply-edits.js';
import type { ByteSource } from './byte-source.js';
import { type Edit, FileEdits, type TrackEdits, damaged, growthOf, overlapping, unsupported } from './edits.js';
import { type Box, type BoxHeader, viewOf, writeUint64 } from './isobmff-boxes.js';
import { type Fragment, fragmentSamples, writeFragment } from './isobmff-fragment.js';
import { type Movie, type Sample, needsLongOffsets, tableSamples, writeMovie } from './isobmff-movie.js';
import { checkChangeable } from './isobmff-track.js';

/** What is read of a file to change it. */
interface Structure {
  readonly boxes: readonly BoxHeader[];
  readonly movie: Movie;
  readonly fragments: readonly Fragment[];
  /** Segment indexes and random access tables. */
  readonly indexes: readonly Box[];
}

/** All samples of a file, with the ids of their tracks. */
function* allSamples({ movie, fragments }: Structure): Generator<readonly [number, Sample]> {
  for (const track of movie.tracks) for (const sample of tableSamples(track)) yield [track.id, sample];
  for (const fragment of fragments) {
    for (const part of fragment.tracks) for (const sample of fragmentSamples(part)) yield [part.trackId, sample];
  }
}

/** The changes of samples as changes of the file. */
function* sampleEdits(structure: Structure, edits: ReadonlyMap<number, TrackEdits>): Generator<Edit> {
  let left = 0;
  for (const { size } of edits.values()) left += size;
  for (const [id, { sample, offset, size }] of allSamples(structure)) {
    const edit = edits.get(id)?.get(sample);
    if (edit === undefined) continue;
    left--;
    if (edit.sampleSize !== size)
      throw unsupported(`sample ${sample} of track ${id} is stored in another form than it is read`);
    yield { at: offset + edit.at, remove: edit.remove, insert: edit.insert };
  }
  if (left > 0) throw damaged('samples have no place');
}

/** What a segment index says of the stretches after it, for the stretches as they are now (8.16.3). */
function writeSegmentIndex(box: Box, moved: (offset: number) => number): Uint8Array {
  const copy = box.bytes.slice();
  const view = viewOf(copy.subarray(box.headerSize));
  const isLong = box.version !== 0;
  const offsetAt = isLong ? 20 : 16;
  let at = isLong ? 28 : 20;
  const count = box.uint(at + 2, 16);
  let position = box.end + box.uint(offsetAt, isLong ? 64 : 32);
  const first = moved(position) - moved(box.end);
  if (isLong) writeUint64(view, offsetAt, first);
  else view.setUint32(offsetAt, first);
  at += 4;
  for (let i = 0; i < count && at + 12 <= box.size; i++, at += 12) {
    const entry = box.uint(at);
    const end = position + (entry & 0x7fffffff);
    const size = moved(end) - moved(position);
    if (size >= 2 ** 31) throw unsupported('a segment becomes too large for its index');
    view.setUint32(at, ((entry & 0x80000000) | size) >>> 0);
    position = end;
  }
  return copy;
}

/** The table of where fragments are (8.8.10). */
function writeRandomAccess(box: Box, moved: (offset: number) => number): Uint8Array {
  const copy = box.bytes.slice();
  const view = viewOf(copy);
  for (const tfra of box.children()) {
    if (tfra.type !== 'tfra') continue;
    const isLong = tfra.version === 1;
    const lengths = tfra.uint(8);
    const entrySize = (isLong ? 16 : 8) + ((lengths >> 4) & 3) + ((lengths >> 2) & 3) + (lengths & 3) + 3;
    const count = tfra.uint(12);
    for (let i = 0; i < count; i++) {
      const at = 16 + i * entrySize + (isLong ? 8 : 4);
      const offset = moved(tfra.uint(at, isLong ? 64 : 32));
      const place = tfra.start - box.start + tfra.headerSize + at;
      if (isLong) writeUint64(view, place, offset);
      else if (offset < 2 ** 32) view.setUint32(place, offset);
      else throw unsupported('the file becomes too large for its table of fragments');
    }
  }
  return copy;
}

/** The header of a box whose payload grows; a longer one where its size needs 64 bits. */
function headerEdit(box: BoxHeader, growth: number): Edit | undefined {
  if (growth === 0 || box.isOpen) return undefined;
  const size = box.end - box.start + growth;
  const isLong = box.headerSize === 16 || size >= 2 ** 32;
  const header = new Uint8Array(isLong ? 16 : 8);
  const view = viewOf(header);
  for (let i = 0; i < 4; i++) header[4 + i] = box.type.charCodeAt(i);
  if (isLong) {
    view.setUint32(0, 1);
    writeUint64(view, 8, size + (box.headerSize === 16 ? 0 : 8));
  } else {
    view.setUint32(0, size);
  }
  return { at: box.start, remove: box.headerSize, insert: [header] };
}

function replace(box: Box, bytes: Uint8Array): Edit {
  return { at: box.start, remove: box.end - box.start, insert: [bytes] };
}

/** Checks that no sample holds bytes that change for the sake of another one. */
function checkSharing(structure: Structure, edits: ReadonlyMap<number, TrackEdits>, data: FileEdits): void {
  for (const [id, { sample, offset, size }] of allSamples(structure)) {
    const edit = edits.get(id)?.get(sample);
    if (data.growthIn(offset, offset + size) !== (edit === undefined ? 0 : growthOf(edit))) throw overlapping();
  }
}

/**
 * Writes a file with changed samples.
 *
 * @param edits the changes, by track_ID and by the number of the sample
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if it is damaged, ERR_SEI_UNSUPPORTED_FILE if something in it would be
 *   wrong afterwards
 */
export async function* rewriteIsobmff(
  source: ByteSource,
  structure: Structure,
  edits: ReadonlyMap<number, TrackEdits>,
): AsyncGenerator<Uint8Array> {
  const { boxes, movie, fragments, indexes } = structure;
  if (edits.size === 0) {
    yield* applyEdits(source, []);
    return;
  }
  checkChangeable(movie, new Set(edits.keys()));
  const parts = fragments.flatMap(({ tracks }) => tracks).filter(({ hasSubsamples }) => hasSubsamples);
  if (parts.some(({ trackId }) => edits.has(trackId)) || boxes.some(({ type }) => type === 'ssix'))
    throw unsupported('the file has tables of parts of its samples or segments (subs, ssix), which are not kept right');
  const data = new FileEdits([...sampleEdits(structure, edits)]);
  checkSharing(structure, edits, data);
  const headers = boxes
    .filter(({ type }) => type !== 'moov' && type !== 'moof')
    .flatMap((box) => headerEdit(box, data.growthIn(box.start, box.end)) ?? []);
  const longOffsets = new Set<number>();
  let moved: (offset: number) => number = (offset) => offset;
  // At first the sizes of the boxes count alone; then it shows where every byte goes.
  const all = () =>
    new FileEdits([
      ...data.edits,
      ...headers,
      replace(movie.box, writeMovie(movie, edits, longOffsets, moved)),
      ...fragments.map((fragment) => replace(fragment.box, writeFragment(fragment, edits, moved))),
      ...indexes.map((box) =>
        replace(box, box.type === 'sidx' ? writeSegmentIndex(box, moved) : writeRandomAccess(box, moved)),
      ),
    ]);
  for (let round = 0; ; round++) {
    const sized = all();
    moved = (offset) => sized.moved(offset);
    const grown = movie.tracks.filter((track) => !longOffsets.has(track.id) && needsLongOffsets(track, moved));
    if (grown.length === 0) break;
    // Longer tables can move further tracks. A third round takes all of them, so that the rounds have a bound.
    for (const { id } of round === 0 ? grown : movie.tracks) longOffsets.add(id);
  }
  yield* applyEdits(source, all().edits);
}
