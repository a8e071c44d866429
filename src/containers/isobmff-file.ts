/** MP4 and QuickTime files, fragmented or not: their boxes, tracks and samples (ISO/IEC 14496-12, -15). */
import { SeiError } from '../errors.js';
import type { ByteSource } from './byte-source.js';
import { damaged, overlapping, unsupported } from './edits.js';
import { type Box, type TopLevel, boxesIn, topLevelBoxes } from './isobmff-boxes.js';
import {
  type Fragment,
  type FragmentContext,
  fragmentSamples,
  readFragment,
  sampleDefaults,
} from './isobmff-fragment.js';
import {
  MAX_FILE_SAMPLES,
  type Movie,
  type Sample,
  checkSampleCounts,
  readMovie,
  sampleCount,
  tableDuration,
  tableSamples,
} from './isobmff-movie.js';
import { type TrackDescription, checkReadable, describeTrack } from './isobmff-track.js';
import type { ContainerReader, FilePacket, FileTrack } from './packet.js';

/** Maximum size of a box of MP4 that is read as a whole, 256 MiB. Its tables are that large after some weeks of video. */
export const MAX_BOX_SIZE = 256 * 1024 * 1024;

/** Samples are read together up to so many bytes, if so few bytes at most lie between them. */
const RUN_SIZE = 1024 * 1024;
const MAX_GAP = 16 * 1024;

/** A sample and the track that it belongs to. */
interface TrackSample extends Sample {
  readonly track: TrackDescription;
}

function segmentAlone(): SeiError {
  return new SeiError(
    'ERR_SEI_UNREADABLE_FILE',
    'the file is a segment of a fragmented MP4, and its initialization segment has to stand in front of it: ' +
      'cat init.mp4 segment.m4s',
  );
}

/** Items of a file may lie at offsets of the file (8.11.3): pictures, which no video has. */
function checkMeta(bytes: Uint8Array, { headerSize }: Box): void {
  if (boxesIn(bytes, headerSize + 4, bytes.length).some(({ type }) => type === 'iloc')) {
    throw unsupported('the file has items beside its tracks (iloc), which cannot be moved');
  }
}

/** An MP4 or QuickTime file that is open for reading. */
export class IsobmffFile implements ContainerReader {
  /** The bytes of the file. */
  readonly source: ByteSource;
  /** Its boxes at the top level. */
  readonly boxes: readonly Box[];
  /** Its movie box. */
  readonly movie: Movie;
  readonly #tracks: ReadonlyMap<number, TrackDescription>;
  #truncated: boolean;

  private constructor(source: ByteSource, { boxes, truncated }: TopLevel, movie: Movie) {
    this.source = source;
    this.boxes = boxes;
    this.movie = movie;
    this.#truncated = truncated;
    this.#tracks = new Map(movie.tracks.map((track) => [track.id, describeTrack(movie, track)]));
    const needed = truncated ? movie.tracks.filter(({ id }) => this.#tracks.get(id)?.file.isH264) : movie.tracks;
    checkSampleCounts(movie, needed, source.size);
    checkReadable(movie);
  }

  /**
   * Opens a file. A file whose last box is cut can be read as far as it is whole.
   *
   * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if it is damaged or has no movie box, ERR_SEI_UNSUPPORTED_FILE if its
   *   tracks are encrypted or cut by their edit lists
   */
  static async open(source: ByteSource): Promise<IsobmffFile> {
    const topLevel = await topLevelBoxes(source);
    const { boxes } = topLevel;
    const moov = boxes.find(({ type }) => type === 'moov');
    if (moov === undefined && boxes.some(({ type }) => type === 'styp' || type === 'moof')) throw segmentAlone();
    if (moov === undefined) throw damaged('it has no movie box (moov), which is written last');
    return new IsobmffFile(source, topLevel, readMovie(await readBox(source, moov), moov));
  }

  /** The tracks, in the order of the file. */
  get tracks(): readonly FileTrack[] {
    return [...this.#tracks.values()].map(({ file }) => file);
  }

  /** Whether the file ends before its container says. Final after all packets are read. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** The movie fragments, in order; each is read when it is asked for. */
  async *fragments(): AsyncGenerator<Fragment> {
    const { movie } = this;
    const context: FragmentContext = {
      defaults: sampleDefaults(movie.bytes, movie.box.headerSize),
      counts: new Map(movie.tracks.map((track) => [track.id, sampleCount(movie, track)])),
      times: new Map(movie.tracks.map((track) => [track.id, tableDuration(movie, track)])),
      samplesLeft: Math.min(this.source.size, MAX_FILE_SAMPLES),
    };
    for (const box of this.boxes) {
      if (box.type === 'moof') yield readFragment(await readBox(this.source, box), box, context);
    }
  }

  /**
   * The boxes with offsets in them, beside the movie and its fragments: segment indexes and random access tables.
   *
   * @throws {SeiError} ERR_SEI_UNSUPPORTED_FILE if there are offsets that cannot be changed
   */
  async indexes(): Promise<{ readonly box: Box; readonly bytes: Uint8Array }[]> {
    const indexes: { box: Box; bytes: Uint8Array }[] = [];
    for (const box of this.boxes) {
      if (box.type === 'meta') checkMeta(await readBox(this.source, box), box);
      else if (box.type === 'sidx' || box.type === 'mfra')
        indexes.push({ box, bytes: await readBox(this.source, box) });
    }
    return indexes;
  }

  /** Reads the packets of H.264 tracks in one pass; those of one track come in decoding order. */
  async *packets(ids: ReadonlySet<number>): AsyncGenerator<FilePacket> {
    let run: TrackSample[] = [];
    let end = 0;
    let bytesLeft = this.source.size;
    for await (const sample of this.#samples(ids)) {
      const { offset, size } = sample;
      if (offset + size > this.source.size) {
        this.#truncated = true;
        continue;
      }
      // Samples that lie over each other would make a small file a large one.
      bytesLeft -= size;
      if (bytesLeft < 0) throw overlapping();
      const isNear = offset >= end && offset - end <= MAX_GAP;
      if (run.length > 0 && (!isNear || offset + size - run[0].offset > RUN_SIZE)) {
        yield* this.#read(run, end);
        run = [];
      }
      run.push(sample);
      end = offset + size;
    }
    yield* this.#read(run, end);
  }

  async *#samples(ids: ReadonlySet<number>): AsyncGenerator<TrackSample> {
    const isRead = new Set<number>();
    for (const track of this.movie.tracks) {
      const description = this.#tracks.get(track.id);
      if (description === undefined || !ids.has(track.id) || isRead.has(track.id)) continue;
      isRead.add(track.id);
      for (const sample of tableSamples(this.movie, track)) yield { ...sample, track: description };
    }
    if (!this.boxes.some(({ type }) => type === 'moof')) return;
    for await (const fragment of this.fragments()) {
      for (const part of fragment.tracks) {
        const description = ids.has(part.trackId) ? this.#tracks.get(part.trackId) : undefined;
        if (description === undefined) continue;
        for (const sample of fragmentSamples(fragment, part)) yield { ...sample, track: description };
      }
    }
  }

  /** The packets of samples that lie near each other. */
  async *#read(run: readonly TrackSample[], end: number): AsyncGenerator<FilePacket> {
    if (run.length === 0) return;
    const start = run[0].offset;
    const bytes = await this.source.read(start, end - start);
    if (bytes.length < end - start) throw damaged('it has become shorter');
    for (const { sample, offset, size, decodeTime, compositionOffset, duration, isKey, track } of run) {
      yield {
        trackId: track.file.id,
        index: sample,
        presentationTimeMs: ((decodeTime + compositionOffset + track.shift) * 1000) / track.timescale,
        durationMs: (duration * 1000) / track.timescale,
        isKey,
        data: bytes.subarray(offset - start, offset - start + size),
        framing: track.framing,
      };
    }
  }
}

async function readBox(source: ByteSource, box: Box): Promise<Uint8Array> {
  if (box.end - box.start > MAX_BOX_SIZE) throw damaged(`the box ${box.type} is too large`);
  return source.read(box.start, box.end - box.start);
}
