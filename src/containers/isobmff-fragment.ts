/** Movie fragments (ISO/IEC 14496-12 8.8): where their samples lie, and the same boxes for samples that have grown. */
import { concatBytes } from '../codec/bytes.js';
import { type TrackEdits, damaged, encrypted, growthOf } from './edits.js';
import { type Box, boxesIn, readUint64, viewOf, writeUint64 } from './isobmff-boxes.js';
import type { Sample } from './isobmff-movie.js';

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
/** Duration, size, flags, and composition time offset of each sample. */
const SAMPLE_FIELDS = [SAMPLE_DURATION, SAMPLE_SIZE, SAMPLE_FLAGS, SAMPLE_COMPOSITION_OFFSET];
/** In the flags of a sample (8.8.3.1). */
const IS_NON_SYNC_SAMPLE = 0x010000;

/** What the samples of a track have if nothing else is said (8.8.3). */
interface SampleDefaults {
  /** In units of the timescale of the track. */
  readonly duration: number;
  /** In bytes. */
  readonly size: number;
  /** Flags of a sample (8.8.3.1). */
  readonly flags: number;
}

/** A run of samples. */
interface Run {
  readonly box: Box;
  readonly flags: number;
  readonly count: number;
  /** Offset in the box of the fields of the first sample. */
  readonly fieldsAt: number;
  /** Offset of its data in the file. */
  readonly dataOffset: number;
  /** The number of its first sample in the track. */
  readonly firstSample: number;
  readonly sizes: Uint32Array;
  /** When its first sample is decoded, in units of the timescale of the track. */
  readonly decodeTime: number;
}

/** The part of a fragment that belongs to one track. */
export interface TrackFragment {
  /** track_ID. */
  readonly trackId: number;
  /** Its header, tfhd. */
  readonly header: Box;
  /** Flags of that. */
  readonly headerFlags: number;
  /** From where the data offsets of its runs count. */
  readonly base: number;
  /** What its samples have if a run does not say it. */
  readonly defaults: SampleDefaults;
  /** Whether it says sizes of the parts of its samples (8.7.7). */
  readonly hasSubsamples: boolean;
  /** Its runs of samples, in order. */
  readonly runs: readonly Run[];
}

/** What is known of the samples of a file while its fragments are read one after the other. */
export interface FragmentContext {
  /** What `trex` says, by track_ID. */
  readonly defaults: ReadonlyMap<number, SampleDefaults>;
  /** How many samples of each track came before; brought up to date. */
  readonly counts: Map<number, number>;
  /** Where the decoding time of each track goes on if a fragment does not say it (8.8.12); brought up to date. */
  readonly times: Map<number, number>;
  /** How many more samples there may be; brought up to date. */
  samplesLeft: number;
}

/** A movie fragment. */
export interface Fragment {
  /** The box with its header. */
  readonly bytes: Uint8Array;
  /** Where it lies. */
  readonly box: Box;
  /** What it holds of each track. */
  readonly tracks: readonly TrackFragment[];
}

/** The defaults of the samples of each track, by track_ID, as `trex` has them. */
export function sampleDefaults(moov: Uint8Array, headerSize: number): ReadonlyMap<number, SampleDefaults> {
  const view = viewOf(moov);
  const defaults = new Map<number, SampleDefaults>();
  for (const mvex of boxesIn(moov, headerSize, moov.length).filter(({ type }) => type === 'mvex')) {
    for (const { type, start, headerSize: size, end } of boxesIn(moov, mvex.start + mvex.headerSize, mvex.end)) {
      const at = start + size;
      if (type !== 'trex' || end - at < 24) continue;
      const [duration, sampleSize, flags] = [12, 16, 20].map((field) => view.getUint32(at + field));
      defaults.set(view.getUint32(at + 4), { duration, size: sampleSize, flags });
    }
  }
  return defaults;
}

function flagsOf(view: DataView, { start, headerSize }: Box): number {
  return view.getUint32(start + headerSize) & 0xffffff;
}

/**
 * Reads a movie fragment.
 *
 * @param bytes the box with its header
 * @param context what is known of the samples so far
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE` where it is damaged
 */
export function readFragment(bytes: Uint8Array, box: Box, context: FragmentContext): Fragment {
  const { counts, times } = context;
  const view = viewOf(bytes);
  const tracks: TrackFragment[] = [];
  let endOfData = box.start;
  for (const traf of boxesIn(bytes, box.headerSize, bytes.length).filter(({ type }) => type === 'traf')) {
    const children = boxesIn(bytes, traf.start + traf.headerSize, traf.end);
    const header = children.find(({ type }) => type === 'tfhd');
    if (header === undefined || header.end - header.start < header.headerSize + 8)
      throw damaged('a fragment has no header');
    if (children.some(({ type }) => type === 'saio')) throw encrypted();
    const headerFlags = flagsOf(view, header);
    let at = header.start + header.headerSize + 4;
    const trackId = view.getUint32(at);
    at += 4;
    const take = (flag: number, size: number): number => {
      if ((headerFlags & flag) === 0) return -1;
      at += size;
      if (at > header.end) throw damaged('the header of a fragment is too short');
      return at - size;
    };
    const baseAt = take(BASE_DATA_OFFSET, 8);
    take(SAMPLE_DESCRIPTION_INDEX, 4);
    const trex = context.defaults.get(trackId) ?? { duration: 0, size: 0, flags: 0 };
    const takeDefault = (flag: number, otherwise: number): number => {
      const place = take(flag, 4);
      return place < 0 ? otherwise : view.getUint32(place);
    };
    const defaults = {
      duration: takeDefault(DEFAULT_SAMPLE_DURATION, trex.duration),
      size: takeDefault(DEFAULT_SAMPLE_SIZE, trex.size),
      flags: takeDefault(DEFAULT_SAMPLE_FLAGS, trex.flags),
    };
    let decodeTime = decodeTimeOf(view, children) ?? times.get(trackId) ?? 0;
    let base = tracks.length === 0 || (headerFlags & DEFAULT_BASE_IS_MOOF) !== 0 ? box.start : endOfData;
    if (baseAt >= 0) base = readUint64(view, baseAt);
    endOfData = base;
    const runs: Run[] = [];
    for (const trun of children.filter(({ type }) => type === 'trun')) {
      const run = readRun(view, trun, {
        base,
        endOfData,
        defaults,
        decodeTime,
        firstSample: counts.get(trackId) ?? 0,
        samplesLeft: context.samplesLeft,
      });
      context.samplesLeft -= run.count;
      counts.set(trackId, run.firstSample + run.count);
      endOfData = run.dataOffset;
      for (const size of run.sizes) endOfData += size;
      decodeTime += durationOf(view, run, defaults);
      runs.push(run);
    }
    times.set(trackId, decodeTime);
    const hasSubsamples = children.some(({ type }) => type === 'subs');
    tracks.push({ trackId, header, headerFlags, base, defaults, hasSubsamples, runs });
  }
  return { bytes, box, tracks };
}

/** baseMediaDecodeTime (8.8.12). */
function decodeTimeOf(view: DataView, children: readonly Box[]): number | undefined {
  const tfdt = children.find(({ type }) => type === 'tfdt');
  if (tfdt === undefined) return undefined;
  const body = tfdt.start + tfdt.headerSize;
  const isLong = body < tfdt.end && view.getUint8(body) === 1;
  if (body + (isLong ? 12 : 8) > tfdt.end) throw damaged('a fragment has no decoding time');
  return isLong ? readUint64(view, body + 4) : view.getUint32(body + 4);
}

function fieldCountOf(flags: number): number {
  return SAMPLE_FIELDS.filter((flag) => (flags & flag) !== 0).length;
}

/** How long the samples of a run take in all. */
function durationOf(view: DataView, { flags, count, fieldsAt }: Run, defaults: SampleDefaults): number {
  if ((flags & SAMPLE_DURATION) === 0) return count * defaults.duration;
  const entrySize = 4 * fieldCountOf(flags);
  let duration = 0;
  for (let i = 0; i < count; i++) duration += view.getUint32(fieldsAt + entrySize * i);
  return duration;
}

/** Where a run goes on. */
interface RunStart {
  readonly base: number;
  readonly endOfData: number;
  readonly defaults: SampleDefaults;
  readonly decodeTime: number;
  readonly firstSample: number;
  readonly samplesLeft: number;
}

function readRun(
  view: DataView,
  box: Box,
  { base, endOfData, defaults, decodeTime, firstSample, samplesLeft }: RunStart,
): Run {
  const body = box.start + box.headerSize;
  if (body + 8 > box.end) throw damaged('a run of samples is too short');
  const flags = flagsOf(view, box);
  const count = view.getUint32(body + 4);
  let fieldsAt = body + 8;
  let dataOffset = endOfData;
  if ((flags & DATA_OFFSET) !== 0) {
    if (fieldsAt + 4 > box.end) throw damaged('a run of samples is too short');
    dataOffset = base + view.getInt32(fieldsAt);
    fieldsAt += 4;
  }
  if ((flags & FIRST_SAMPLE_FLAGS) !== 0) fieldsAt += 4;
  const fieldCount = fieldCountOf(flags);
  // Without fields of its samples a run may say any number of them.
  if (count > samplesLeft) throw damaged('the fragments have more samples than there can be');
  if (fieldsAt + 4 * fieldCount * count > box.end) throw damaged('a run of samples is too short');
  const sizes = new Uint32Array(count).fill(defaults.size);
  if ((flags & SAMPLE_SIZE) !== 0) {
    const sizeAt = fieldsAt + ((flags & SAMPLE_DURATION) !== 0 ? 4 : 0);
    for (let i = 0; i < count; i++) sizes[i] = view.getUint32(sizeAt + 4 * fieldCount * i);
  }
  return { box, flags, count, fieldsAt, dataOffset, firstSample, sizes, decodeTime };
}

/** The samples of a track in a fragment, in decoding order. */
export function* fragmentSamples({ bytes }: Fragment, { defaults, runs }: TrackFragment): Generator<Sample> {
  const view = viewOf(bytes);
  for (const run of runs) {
    const { flags, fieldsAt, firstSample, sizes } = run;
    let at = fieldsAt;
    let { decodeTime, dataOffset: offset } = run;
    const take = (flag: number, otherwise: number) => {
      if ((flags & flag) === 0) return otherwise;
      at += 4;
      return view.getUint32(at - 4);
    };
    const firstFlags = (flags & FIRST_SAMPLE_FLAGS) === 0 ? undefined : view.getUint32(fieldsAt - 4);
    for (const [i, size] of sizes.entries()) {
      const duration = take(SAMPLE_DURATION, defaults.duration);
      take(SAMPLE_SIZE, 0);
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
}

function isChanged({ firstSample, count }: Run, edits: TrackEdits | undefined): edits is TrackEdits {
  if (edits === undefined) return false;
  for (let i = 0; i < count; i++) if (edits.has(firstSample + i)) return true;
  return false;
}

function writeRun(
  fragment: Fragment,
  run: Run,
  base: number,
  edits: TrackEdits | undefined,
  moved: (offset: number) => number,
): Uint8Array {
  const { box, flags, count, fieldsAt, firstSample, sizes } = run;
  const changes = isChanged(run, edits);
  const source = fragment.bytes;
  const addsSizes = changes && (flags & SAMPLE_SIZE) === 0;
  const fieldsBefore = fieldCountOf(flags);
  const lead = (flags & SAMPLE_DURATION) !== 0 ? 4 : 0;
  const entry = 4 * fieldsBefore + (addsSizes ? 4 : 0);
  const bytes = new Uint8Array(box.end - box.start + (addsSizes ? 4 * count : 0));
  const view = viewOf(bytes);
  bytes.set(source.subarray(box.start, fieldsAt));
  if (box.headerSize === 16) writeUint64(view, 8, bytes.length);
  else view.setUint32(0, bytes.length);
  if (addsSizes) view.setUint32(box.headerSize, view.getUint32(box.headerSize) | SAMPLE_SIZE);
  if ((flags & DATA_OFFSET) !== 0) view.setInt32(box.headerSize + 8, moved(run.dataOffset) - moved(base));
  const start = fieldsAt - box.start;
  if (!addsSizes) bytes.set(source.subarray(fieldsAt, box.end), start);
  for (let i = 0; i < count && changes; i++) {
    if (addsSizes) {
      const from = fieldsAt + 4 * fieldsBefore * i;
      bytes.set(source.subarray(from, from + lead), start + entry * i);
      bytes.set(source.subarray(from + lead, from + 4 * fieldsBefore), start + entry * i + lead + 4);
    }
    const edit = edits.get(firstSample + i);
    view.setUint32(start + entry * i + lead, sizes[i] + (edit === undefined ? 0 : growthOf(edit)));
  }
  return bytes;
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
  const { bytes } = fragment;
  const replacements = new Map<number, Uint8Array>();
  for (const { trackId, header, headerFlags, base, runs } of fragment.tracks) {
    if ((headerFlags & BASE_DATA_OFFSET) !== 0) {
      const copy = bytes.slice(header.start, header.end);
      writeUint64(viewOf(copy), header.headerSize + 8, moved(base));
      replacements.set(header.start, copy);
    }
    for (const run of runs) replacements.set(run.box.start, writeRun(fragment, run, base, edits.get(trackId), moved));
  }
  const write = (box: Box): Uint8Array[] => {
    const replacement = replacements.get(box.start);
    if (replacement !== undefined) return [replacement];
    if (box.type !== 'traf' && box.type !== 'moof') return [bytes.subarray(box.start, box.end)];
    const start = box.start + box.headerSize;
    const children = boxesIn(bytes, start, box.end);
    const pieces = [...children.flatMap(write), bytes.subarray(children.at(-1)?.end ?? start, box.end)];
    let length = 8;
    for (const piece of pieces) length += piece.length;
    const header = new Uint8Array(8);
    viewOf(header).setUint32(0, length);
    for (let i = 0; i < 4; i++) header[4 + i] = box.type.charCodeAt(i);
    return [header, ...pieces];
  };
  return concatBytes(write({ ...fragment.box, start: 0, end: bytes.length }));
}
