/** Movie fragments (ISO/IEC 14496-12 8.8): where their samples lie, and the same boxes for samples that have grown. */
import { type TrackEdits, damaged, encrypted, growthOf } from './edits.js';
import { type Box, makeBox, rebuild, viewOf, writeUint64 } from './isobmff-boxes.js';
import { type Movie, type Sample, sampleSizes, tableDuration } from './isobmff-movie.js';

const BASE_DATA_OFFSET = 0x000001;
const SAMPLE_DESCRIPTION_INDEX = 0x000002;
const DEFAULT_SAMPLE_DURATION = 0x000008;
const DEFAULT_SAMPLE_SIZE = 0x000010;
const DEFAULT_SAMPLE_FLAGS = 0x000020;
const DEFAULT_BASE_IS_MOOF = 0x020000;
const DATA_OFFSET = 0x000001;
const FIRST_SAMPLE_FLAGS = 0x000004;
const SAMPLE_DURATION = 0x000100;
const SAMPLE_SIZE = 0x000200;
const SAMPLE_FLAGS = 0x000400;
const SAMPLE_COMPOSITION_OFFSET = 0x000800;
/** In the flags of a sample (8.8.3.1). */
const IS_NON_SYNC_SAMPLE = 0x010000;

/** What samples have if nothing else is said (8.8.3). */
interface SampleDefaults {
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

/** A run of samples. */
interface Run {
  readonly box: Box;
  readonly defaults: SampleDefaults;
  /** Offset of its data in the file. */
  readonly dataOffset: number;
  /** The number of its first sample in the track. */
  readonly firstSample: number;
  /** When its first sample is decoded. */
  readonly decodeTime: number;
}

/** The part of a fragment that belongs to one track. */
export interface TrackFragment {
  /** track_ID. */
  readonly trackId: number;
  /** Its header, tfhd. */
  readonly header: Box;
  /** From where the data offsets of its runs count. */
  readonly base: number;
  /** Whether it says sizes of the parts of its samples (8.7.7). */
  readonly hasSubsamples: boolean;
  /** Its runs of samples, in order. */
  readonly runs: readonly Run[];
}

/** A movie fragment. */
export interface Fragment {
  /** The box. */
  readonly box: Box;
  /** What it holds of each track. */
  readonly tracks: readonly TrackFragment[];
}

/** The defaults of the samples of each track, by track_ID, as `trex` has them. */
function sampleDefaults(moov: Box): Map<number, SampleDefaults> {
  const defaults = new Map<number, SampleDefaults>();
  for (const trex of moov.find('mvex')?.children() ?? []) {
    if (trex.type !== 'trex') continue;
    const [id, duration, size, flags] = [4, 12, 16, 20].map((at) => trex.uint(at));
    defaults.set(id, { duration, size, flags });
  }
  return defaults;
}

/** Reads the movie fragments of a file, one after the other. */
export class FragmentReader {
  readonly #defaults: ReadonlyMap<number, SampleDefaults>;
  /** Of each track, how many samples came before, and where its decoding time goes on (8.8.12). */
  readonly #progress = new Map<number, { count: number; time: number }>();
  #samplesLeft: number;

  /** @param maxSamples how many samples all fragments may have. Limits time for runs that only say their length. */
  constructor({ box, tracks }: Movie, maxSamples: number) {
    this.#defaults = sampleDefaults(box);
    for (const track of tracks)
      this.#progress.set(track.id, { count: sampleSizes(track).count, time: tableDuration(track) });
    this.#samplesLeft = maxSamples;
  }

  /**
   * Reads the next movie fragment.
   *
   * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if it is damaged, ERR_SEI_UNSUPPORTED_FILE if it is encrypted
   */
  read(box: Box): Fragment {
    const tracks: TrackFragment[] = [];
    let endOfData = box.start;
    for (const traf of box.children()) {
      if (traf.type !== 'traf') continue;
      const children = [...traf.children()];
      if (children.some(({ type }) => type === 'saio')) throw encrypted();
      const header = children.find(({ type }) => type === 'tfhd');
      if (header === undefined) throw damaged('a fragment has no header');
      const trackId = header.uint(4);
      const { base, defaults } = this.#readHeader(header, trackId, endOfData, box);
      const progress = this.#progress.get(trackId) ?? { count: 0, time: 0 };
      this.#progress.set(trackId, progress);
      const tfdt = children.find(({ type }) => type === 'tfdt');
      if (tfdt !== undefined) progress.time = tfdt.uint(4, tfdt.version === 1 ? 64 : 32);
      endOfData = base;
      const runs: Run[] = [];
      for (const trun of children) {
        if (trun.type !== 'trun') continue;
        const dataOffset = (trun.flags & DATA_OFFSET) === 0 ? endOfData : base + (trun.uint(8) | 0);
        const run = { box: trun, defaults, dataOffset, firstSample: progress.count, decodeTime: progress.time };
        this.#samplesLeft -= countOf(run);
        if (this.#samplesLeft < 0) throw damaged('the fragments have more samples than there can be');
        progress.count += countOf(run);
        endOfData = dataOffset;
        for (const { size, duration } of runSamples(run)) {
          endOfData += size;
          progress.time += duration;
        }
        runs.push(run);
      }
      const hasSubsamples = children.some(({ type }) => type === 'subs');
      tracks.push({ trackId, header, base, hasSubsamples, runs });
    }
    return { box, tracks };
  }

  /** Reads a tfhd (8.8.7). */
  #readHeader(header: Box, trackId: number, endOfData: number, moof: Box): { base: number; defaults: SampleDefaults } {
    const { flags } = header;
    const trex = this.#defaults.get(trackId) ?? { duration: 0, size: 0, flags: 0 };
    let base = (flags & DEFAULT_BASE_IS_MOOF) === 0 ? endOfData : moof.start;
    let at = 8;
    if ((flags & BASE_DATA_OFFSET) !== 0) {
      base = header.uint(at, 64);
      at += 8;
    }
    if ((flags & SAMPLE_DESCRIPTION_INDEX) !== 0) at += 4;
    const take = (flag: number, otherwise: number): number => {
      if ((flags & flag) === 0) return otherwise;
      at += 4;
      return header.uint(at - 4);
    };
    const duration = take(DEFAULT_SAMPLE_DURATION, trex.duration);
    const size = take(DEFAULT_SAMPLE_SIZE, trex.size);
    return { base, defaults: { duration, size, flags: take(DEFAULT_SAMPLE_FLAGS, trex.flags) } };
  }
}

function countOf({ box }: Run): number {
  return box.uint(4);
}

/** Offset in the payload of a trun of the fields of its first sample. */
function fieldsAt({ flags }: Box): number {
  return 8 + ((flags & DATA_OFFSET) !== 0 ? 4 : 0) + ((flags & FIRST_SAMPLE_FLAGS) !== 0 ? 4 : 0);
}

function* runSamples(run: Run): Generator<Sample> {
  const { box, defaults, firstSample } = run;
  const { flags } = box;
  let at = fieldsAt(box);
  let { decodeTime, dataOffset: offset } = run;
  const take = (flag: number, otherwise: number) => {
    if ((flags & flag) === 0) return otherwise;
    at += 4;
    return box.uint(at - 4);
  };
  const firstFlags = (flags & FIRST_SAMPLE_FLAGS) === 0 ? undefined : box.uint(at - 4);
  for (let i = 0, count = countOf(run); i < count; i++) {
    const duration = take(SAMPLE_DURATION, defaults.duration);
    const size = take(SAMPLE_SIZE, defaults.size);
    const ownFlags = take(SAMPLE_FLAGS, defaults.flags);
    const sampleFlags = i === 0 ? (firstFlags ?? ownFlags) : ownFlags;
    // Writers say negative offsets also in version 0.
    const compositionOffset = take(SAMPLE_COMPOSITION_OFFSET, 0) | 0;
    const isKey = (sampleFlags & IS_NON_SYNC_SAMPLE) === 0;
    yield { sample: firstSample + i, offset, size, decodeTime, compositionOffset, duration, isKey };
    decodeTime += duration;
    offset += size;
  }
}

/** The samples of a track in a fragment, in decoding order. */
export function* fragmentSamples({ runs }: TrackFragment): Generator<Sample> {
  for (const run of runs) yield* runSamples(run);
}

function writeRun(
  run: Run,
  base: number,
  edits: TrackEdits | undefined,
  moved: (offset: number) => number,
): Uint8Array {
  const { box } = run;
  const { flags, headerSize } = box;
  const copy = box.bytes.slice();
  const view = viewOf(copy);
  if ((flags & DATA_OFFSET) !== 0) view.setInt32(headerSize + 8, moved(run.dataOffset) - moved(base));
  const samples = [...runSamples(run)];
  if (edits === undefined || !samples.some(({ sample }) => edits.has(sample))) return copy;
  view.setUint32(headerSize, view.getUint32(headerSize) | SAMPLE_SIZE);
  const sizeAt = (flags & SAMPLE_DURATION) !== 0 ? 4 : 0;
  const sizeEnd = sizeAt + ((flags & SAMPLE_SIZE) !== 0 ? 4 : 0);
  const entryEnd =
    sizeEnd + ((flags & SAMPLE_FLAGS) !== 0 ? 4 : 0) + ((flags & SAMPLE_COMPOSITION_OFFSET) !== 0 ? 4 : 0);
  let at = headerSize + fieldsAt(box);
  const pieces = [copy.subarray(headerSize, at)];
  for (const { sample, size } of samples) {
    const edit = edits.get(sample);
    const newSize = new Uint8Array(4);
    viewOf(newSize).setUint32(0, size + (edit === undefined ? 0 : growthOf(edit)));
    pieces.push(copy.subarray(at, at + sizeAt), newSize, copy.subarray(at + sizeEnd, at + entryEnd));
    at += entryEnd;
  }
  pieces.push(copy.subarray(at));
  return makeBox('trun', pieces);
}

/**
 * Writes a fragment for samples that have changed.
 *
 * @param edits by track_ID
 * @param moved where a byte of the file is afterwards
 * @returns the box; its size depends on which samples change, not on where bytes go
 */
export function writeFragment(
  fragment: Fragment,
  edits: ReadonlyMap<number, TrackEdits>,
  moved: (offset: number) => number,
): Uint8Array {
  const replacements = new Map<number, Uint8Array>();
  for (const { trackId, header, base, runs } of fragment.tracks) {
    if ((header.flags & BASE_DATA_OFFSET) !== 0) {
      const copy = header.bytes.slice();
      writeUint64(viewOf(copy), header.headerSize + 8, moved(base));
      replacements.set(header.start, copy);
    }
    for (const run of runs) replacements.set(run.box.start, writeRun(run, base, edits.get(trackId), moved));
  }
  return rebuild(fragment.box, replacements);
}
