/**
 * MP4 and QuickTime files with some samples changed, and everything else as it is: every track, edit list, time, tag
 * and chapter is the very bytes that it was. What has to follow is the sizes of those samples and the offsets of bytes
 * in the file.
 */
import { applyEdits } from './apply-edits.js';
import { type Edit, FileEdits, type TrackEdits, damaged, growthOf, overlapping, unsupported } from './edits.js';
import { type Box, boxesIn, readUint64, viewOf, writeUint64 } from './isobmff-boxes.js';
import type { IsobmffFile } from './isobmff-file.js';
import { type Fragment, fragmentSamples, writeFragment } from './isobmff-fragment.js';
import { type Movie, type Sample, needsLongOffsets, tableSamples, writeMovie } from './isobmff-movie.js';
import { checkChangeable } from './isobmff-track.js';

/** What is read of a file to change it. */
interface Structure {
  readonly movie: Movie;
  readonly fragments: readonly Fragment[];
}

/** A segment index or random access table. */
interface Index {
  readonly box: Box;
  readonly bytes: Uint8Array;
}

/** All samples of a file, with the ids of their tracks. */
function* allSamples({ movie, fragments }: Structure): Generator<readonly [number, Sample]> {
  for (const track of movie.tracks) for (const sample of tableSamples(movie, track)) yield [track.id, sample];
  for (const fragment of fragments) {
    for (const part of fragment.tracks)
      for (const sample of fragmentSamples(fragment, part)) yield [part.trackId, sample];
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

/** What a segment index says of the stretches behind it, for the stretches as they are now (8.16.3). */
function writeSegmentIndex({ box, bytes }: Index, moved: (offset: number) => number): Uint8Array {
  const copy = bytes.slice();
  const view = viewOf(copy);
  const version = copy[box.headerSize];
  let at = box.headerSize + 4 + 8;
  if (at + (version === 0 ? 12 : 20) > copy.length) throw damaged('a segment index is too short');
  at += version === 0 ? 4 : 8;
  let position = box.end + (version === 0 ? view.getUint32(at) : readUint64(view, at));
  const first = moved(position) - moved(box.end);
  if (version === 0) view.setUint32(at, first);
  else writeUint64(view, at, first);
  at += version === 0 ? 4 : 8;
  const count = view.getUint16(at + 2);
  at += 4;
  for (let i = 0; i < count && at + 12 <= copy.length; i++, at += 12) {
    const type = view.getUint32(at) & 0x80000000;
    const size = view.getUint32(at) & 0x7fffffff;
    const newSize = moved(position + size) - moved(position);
    if (newSize >= 2 ** 31) throw unsupported('a segment becomes too large for its index');
    view.setUint32(at, (type | newSize) >>> 0);
    position += size;
  }
  return copy;
}

/** The table of where fragments are (8.8.10). */
function writeRandomAccess({ box, bytes }: Index, moved: (offset: number) => number): Uint8Array {
  const copy = bytes.slice();
  const view = viewOf(copy);
  for (const { type, start, headerSize, end } of boxesIn(copy, box.headerSize, copy.length)) {
    if (type !== 'tfra' || end - start < headerSize + 16) continue;
    const body = start + headerSize;
    const isLong = copy[body] === 1;
    const lengths = view.getUint32(body + 8);
    const numbers = ((lengths >> 4) & 3) + ((lengths >> 2) & 3) + (lengths & 3) + 3;
    const entrySize = (isLong ? 16 : 8) + numbers;
    const count = view.getUint32(body + 12);
    if (body + 16 + count * entrySize > end) throw damaged('the table of fragments is too short');
    for (let i = 0; i < count; i++) {
      const at = body + 16 + i * entrySize + (isLong ? 8 : 4);
      const offset = moved(isLong ? readUint64(view, at) : view.getUint32(at));
      if (isLong) writeUint64(view, at, offset);
      else if (offset < 2 ** 32) view.setUint32(at, offset);
      else throw unsupported('the file becomes too large for its table of fragments');
    }
  }
  return copy;
}

/** The header of a box whose payload grows; a longer one where its size needs 64 bits. */
function headerEdit(box: Box, growth: number): Edit | undefined {
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

/** Which tracks have offsets that need 64 bits when the file has grown. */
function longOffsetsOf(movie: Movie, known: ReadonlySet<number>, moved: (offset: number) => number): number[] {
  return movie.tracks
    .filter((track) => !known.has(track.id) && needsLongOffsets(movie, track, moved))
    .map(({ id }) => id);
}

/**
 * Writes a file with changed samples.
 *
 * @param file an MP4 or QuickTime file, fragmented or not
 * @param edits the changes, by track_ID and by the number of the sample
 * @returns the bytes of the new file, from the first to the last
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if the file is damaged or cut short, ERR_SEI_UNSUPPORTED_FILE if
 *   something in it would be wrong afterwards
 */
export async function* rewriteIsobmff(
  file: IsobmffFile,
  edits: ReadonlyMap<number, TrackEdits>,
): AsyncGenerator<Uint8Array> {
  if (file.truncated) throw damaged('it does not end where its boxes say');
  const { boxes, movie, source } = file;
  const fragments: Fragment[] = [];
  for await (const fragment of file.fragments()) fragments.push(fragment);
  const indexes = await file.indexes();
  const changed = [...edits.keys()].filter((id) => edits.get(id)?.size !== 0);
  if (changed.length === 0) {
    yield* applyEdits(source, []);
    return;
  }
  const structure = { movie, fragments };
  checkChangeable(movie, new Set(changed));
  const hasParts = fragments.some(({ tracks }) =>
    tracks.some(({ trackId, hasSubsamples }) => hasSubsamples && edits.get(trackId)?.size),
  );
  if (hasParts || boxes.some(({ type }) => type === 'ssix'))
    throw unsupported('the file has tables of parts of its samples or segments (subs, ssix), which are not kept right');
  const data = new FileEdits([...sampleEdits(structure, edits)]);
  checkSharing(structure, edits, data);
  const holders = boxes.filter(({ type }) => type !== 'moov' && type !== 'moof');
  const headers = holders.flatMap((box) => headerEdit(box, data.growthIn(box.start, box.end)) ?? []);
  const longOffsets = new Set<number>();
  let moved: (offset: number) => number = (offset) => offset;
  // At first the sizes of the boxes count alone; then it shows where every byte goes.
  const all = () =>
    new FileEdits([
      ...data.edits,
      ...headers,
      replace(movie.box, writeMovie(movie, { edits, longOffsets, moved })),
      ...fragments.map((fragment) => replace(fragment.box, writeFragment(fragment, edits, moved))),
      ...indexes.map((index) =>
        replace(
          index.box,
          index.box.type === 'sidx' ? writeSegmentIndex(index, moved) : writeRandomAccess(index, moved),
        ),
      ),
    ]);
  for (let round = 0; ; round++) {
    const sized = all();
    moved = (offset) => sized.moved(offset);
    const grown = longOffsetsOf(movie, longOffsets, moved);
    if (grown.length === 0) break;
    // Longer tables can move further tracks. A third round takes all of them, so that the rounds have a bound.
    for (const id of round === 0 ? grown : movie.tracks.map((track) => track.id)) longOffsets.add(id);
  }
  yield* applyEdits(source, all().edits);
}
