/**
 * MP4 and QuickTime files with some samples changed, and everything else as it is: every track, edit list, time, tag
 * and chapter is the very bytes that it was. What has to follow is the sizes of those samples and the offsets of bytes
 * in the file.
 */
import { SeiError } from '../errors.js';
import { applyEdits } from './apply-edits.js';
import type { ByteSource } from './byte-source.js';
import {
  type Edit,
  FileEdits,
  type SampleEdit,
  type TrackEdits,
  damaged,
  growthOf,
  overlapping,
  unsupported,
} from './edits.js';
import { type Box, boxesIn, readUint64, topLevelBoxes, viewOf, writeUint64 } from './isobmff-boxes.js';
import {
  type Fragment,
  defaultSampleSizes,
  fragmentSamples,
  hasSubsamples,
  readFragment,
  writeFragment,
} from './isobmff-fragment.js';
import {
  MAX_FILE_SAMPLES,
  type Movie,
  checkSampleCounts,
  needsLongOffsets,
  readMovie,
  sampleCount,
  sampleOffsets,
  sampleSizes,
  writeMovie,
} from './isobmff-movie.js';
import { checkChangeable, checkReadable } from './isobmff-track-checks.js';

/** The most bytes of a box of MP4 that is read as a whole, 256 MiB: its tables are that large after some weeks of video. */
export const MAX_BOX_SIZE = 256 * 1024 * 1024;

/** The structure of a file. */
interface Structure {
  readonly boxes: readonly Box[];
  readonly movie: Movie;
  readonly fragments: readonly Fragment[];
  /** Segment indexes and random access tables: boxes of a size that does not change, with offsets in them. */
  readonly indexes: readonly { readonly box: Box; readonly bytes: Uint8Array }[];
}

async function readBox(source: ByteSource, box: Box): Promise<Uint8Array> {
  if (box.end - box.start > MAX_BOX_SIZE) throw damaged(`the box ${box.type} is too large`);
  return source.read(box.start, box.end - box.start);
}

/**
 * Checks that a file is whole, and that its tables speak of what is there.
 *
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE`, `ERR_SEI_UNSUPPORTED_FILE`
 */
export async function checkIsobmff(source: ByteSource): Promise<void> {
  await readStructure(source);
}

/**
 * Reads the movie box of a file.
 *
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE`, `ERR_SEI_UNSUPPORTED_FILE`
 */
export async function readMovieOf(source: ByteSource): Promise<Movie> {
  return (await readStructure(source)).movie;
}

function segmentAlone(): SeiError {
  return new SeiError(
    'ERR_SEI_UNREADABLE_FILE',
    'the file is a segment of a fragmented MP4, and its initialization segment has to stand in front of it: ' +
      'cat init.mp4 segment.m4s',
  );
}

async function readStructure(source: ByteSource): Promise<Structure> {
  const boxes = await topLevelBoxes(source);
  const moov = boxes.find(({ type }) => type === 'moov');
  if (moov === undefined && boxes.some(({ type }) => type === 'styp' || type === 'moof')) throw segmentAlone();
  if (moov === undefined) throw damaged('it has no movie box (moov), which is written last');
  const movie = readMovie(await readBox(source, moov), moov);
  checkSampleCounts(movie, source.size);
  checkReadable(movie);
  const defaults = defaultSampleSizes(movie.bytes, moov.headerSize);
  const counts = new Map(movie.tracks.map((track) => [track.id, sampleCount(movie, track)]));
  const context = { defaults, counts, samplesLeft: Math.min(source.size, MAX_FILE_SAMPLES) };
  const fragments: Fragment[] = [];
  const indexes: { box: Box; bytes: Uint8Array }[] = [];
  for (const box of boxes) {
    if (box.type === 'moof') fragments.push(readFragment(await readBox(source, box), box, context));
    else if (box.type === 'sidx' || box.type === 'mfra') indexes.push({ box, bytes: await readBox(source, box) });
    else if (box.type === 'meta') checkMeta(await readBox(source, box), box);
  }
  return { boxes, movie, fragments, indexes };
}

/** Items of a file may lie at offsets of the file (8.11.3): pictures, which no video has. */
function checkMeta(bytes: Uint8Array, { headerSize }: Box): void {
  if (boxesIn(bytes, headerSize + 4, bytes.length).some(({ type }) => type === 'iloc')) {
    throw unsupported('the file has items beside its tracks (iloc), which cannot be moved');
  }
}

/** The changes of the samples of a track as changes of the file. */
function* sampleEdits({ movie, fragments }: Structure, id: number, edits: TrackEdits): Generator<Edit> {
  let left = edits.size;
  const editOf = (sample: number, offset: number, size: number): Edit | undefined => {
    const edit: SampleEdit | undefined = edits.get(sample);
    if (edit === undefined) return undefined;
    left--;
    if (edit.sampleSize !== size)
      throw unsupported(`sample ${sample} of track ${id} is stored in another form than it is read`);
    return { at: offset + edit.at, remove: edit.remove, insert: edit.insert };
  };
  const track = movie.tracks.find((each) => each.id === id);
  if (track !== undefined) {
    const sizes = sampleSizes(movie, track);
    const offsets = sampleOffsets(movie, track, sizes);
    for (const [sample, size] of sizes.entries()) {
      const edit = editOf(sample, offsets[sample], size);
      if (edit !== undefined) yield edit;
    }
  }
  for (const fragment of fragments) {
    for (const { sample, offset, size } of fragmentSamples(fragment, id)) {
      const edit = editOf(sample, offset, size);
      if (edit !== undefined) yield edit;
    }
  }
  if (left > 0) throw damaged(`track ${id} has samples without a place`);
}

/** What a segment index says of the stretches behind it, for the stretches as they are now (8.16.3). */
function writeSegmentIndex(
  { box, bytes }: Structure['indexes'][number],
  moved: (offset: number) => number,
): Uint8Array {
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
function writeRandomAccess(
  { box, bytes }: Structure['indexes'][number],
  moved: (offset: number) => number,
): Uint8Array {
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
function checkSharing({ movie, fragments }: Structure, edits: ReadonlyMap<number, TrackEdits>, data: FileEdits): void {
  const check = (id: number, sample: number, offset: number, size: number) => {
    const edit = edits.get(id)?.get(sample);
    if (data.growthIn(offset, offset + size) !== (edit === undefined ? 0 : growthOf(edit))) throw overlapping();
  };
  for (const track of movie.tracks) {
    const sizes = sampleSizes(movie, track);
    const offsets = sampleOffsets(movie, track, sizes);
    for (const [sample, size] of sizes.entries()) check(track.id, sample, offsets[sample], size);
  }
  for (const fragment of fragments) {
    for (const id of new Set(fragment.tracks.map(({ trackId }) => trackId))) {
      for (const { sample, offset, size } of fragmentSamples(fragment, id)) check(id, sample, offset, size);
    }
  }
}

/**
 * Writes a file with changed samples.
 *
 * @param source an MP4 or QuickTime file, fragmented or not
 * @param edits the changes, by track_ID and by the number of the sample
 * @returns the bytes of the new file, from the first to the last
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE` where the file is damaged, `ERR_SEI_UNSUPPORTED_FILE` where
 *   something in it would be wrong afterwards
 */
export async function* rewriteIsobmff(
  source: ByteSource,
  edits: ReadonlyMap<number, TrackEdits>,
): AsyncGenerator<Uint8Array> {
  const structure = await readStructure(source);
  const { boxes, movie, fragments, indexes } = structure;
  const changed = [...edits.keys()].filter((id) => edits.get(id)?.size !== 0);
  if (changed.length === 0) {
    yield* applyEdits(source, []);
    return;
  }
  checkChangeable(movie, new Set(changed));
  const hasParts = changed.some((id) => fragments.some((fragment) => hasSubsamples(fragment, id)));
  if (hasParts || boxes.some(({ type }) => type === 'ssix'))
    throw unsupported('the file has tables of parts of its samples or segments (subs, ssix), which are not kept right');
  const data = new FileEdits([...edits].flatMap(([id, trackEdits]) => [...sampleEdits(structure, id, trackEdits)]));
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
  for (;;) {
    const sized = all();
    moved = (offset) => sized.moved(offset);
    const grown = movie.tracks.filter((track) => !longOffsets.has(track.id) && needsLongOffsets(movie, track, moved));
    if (grown.length === 0) break;
    for (const { id } of grown) longOffsets.add(id);
  }
  yield* applyEdits(source, all().edits);
}
