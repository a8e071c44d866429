/** MP4 and QuickTime files, fragmented or not: their boxes, tracks and samples (ISO/IEC 14496-12, -15). */
import { SeiError } from '../errors.js';
import { type ByteSource, readAhead } from './byte-source.js';
import { damaged, overlapping, unsupported } from './edits.js';
import { Box, type BoxHeader, topLevelBoxes } from './isobmff-boxes.js';
import { type Fragment, FragmentReader, fragmentSamples } from './isobmff-fragment.js';
import { MAX_FILE_SAMPLES, type Movie, type Sample, readMovie, sampleSizes, tableSamples } from './isobmff-movie.js';
import { rewriteIsobmff } from './isobmff-rewrite.js';
import { type TrackDescription, describeTrack } from './isobmff-track.js';
import { type FilePacket, type MediaFile, type TransformOf, editsOf } from './packet.js';

/** Maximum size of a box of MP4 that is read as a whole, 256 MiB. Its tables are that large after some weeks of video. */
export const MAX_BOX_SIZE = 256 * 1024 * 1024;

/** So many bytes are read where a small box is. */
const WINDOW_SIZE = 4096;

/** Samples are read together up to so many bytes, if so few bytes at most lie between them. */
const RUN_SIZE = 1024 * 1024;
const MAX_GAP = 16 * 1024;

async function readBox(source: ByteSource, header: BoxHeader): Promise<Box> {
  const size = header.end - header.start;
  if (size > MAX_BOX_SIZE) throw damaged(`the box ${header.type} is too large`);
  const bytes = await source.read(header.start, size);
  if (bytes.length < size) throw damaged('it has become shorter');
  return new Box(header, bytes);
}

/** An MP4 or QuickTime file that is open for reading. */
export class IsobmffFile implements MediaFile {
  /** Its container. */
  readonly container = 'mp4';
  readonly #source: ByteSource;
  readonly #boxes: readonly BoxHeader[];
  readonly #movie: Movie;
  /** The tracks, in the order of the file. */
  readonly tracks: readonly TrackDescription[];
  #truncated: boolean;

  private constructor(source: ByteSource, boxes: readonly BoxHeader[], truncated: boolean, movie: Movie) {
    this.#source = source;
    this.#boxes = boxes;
    this.#movie = movie;
    this.#truncated = truncated;
    this.tracks = movie.tracks.map((track) => describeTrack(movie, track));
    let samples = 0;
    // Of a cut file the samples of other tracks may not be there.
    for (const [i, track] of movie.tracks.entries())
      if (!truncated || this.tracks[i].isH264) samples += sampleSizes(track).count;
    if (samples > source.size) throw damaged('its tables have more samples than there can be');
  }

  /**
   * Opens a file. A file whose last box is cut can be read as far as it is whole.
   *
   * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if it is damaged or has no movie box, ERR_SEI_UNSUPPORTED_FILE if its
   *   tracks are encrypted or cut by their edit lists
   */
  static async open(source: ByteSource): Promise<IsobmffFile> {
    const { boxes, truncated } = await topLevelBoxes(readAhead(source, WINDOW_SIZE));
    const moov = boxes.find(({ type }) => type === 'moov');
    if (moov !== undefined) return new IsobmffFile(source, boxes, truncated, readMovie(await readBox(source, moov)));
    if (!boxes.some(({ type }) => type === 'styp' || type === 'moof'))
      throw damaged('it has no movie box (moov), which is written last');
    throw new SeiError(
      'ERR_SEI_UNREADABLE_FILE',
      'the file is a segment of a fragmented MP4, and its initialization segment has to stand in front of it: ' +
        'cat init.mp4 segment.m4s',
    );
  }

  /** Whether the file ends before its boxes say. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** The movie fragments, in order; each is read when it is asked for. */
  async *#fragments(): AsyncGenerator<Fragment> {
    const reader = new FragmentReader(this.#movie, Math.min(this.#source.size, MAX_FILE_SAMPLES));
    const ahead = readAhead(this.#source, WINDOW_SIZE);
    for (const box of this.#boxes) if (box.type === 'moof') yield reader.read(await readBox(ahead, box));
  }

  /** The boxes with offsets in them, beside the movie and its fragments: segment indexes and random access tables. */
  async #indexes(): Promise<Box[]> {
    const indexes: Box[] = [];
    for (const header of this.#boxes) {
      if (header.type === 'sidx' || header.type === 'mfra') indexes.push(await readBox(this.#source, header));
      // Items of a file may lie at offsets of the file (8.11.3): pictures, which no video has.
      if (header.type !== 'meta') continue;
      for (const { type } of (await readBox(this.#source, header)).children(4))
        if (type === 'iloc') throw unsupported('the file has items beside its tracks (iloc), which cannot be moved');
    }
    return indexes;
  }

  /** Reads the packets of H.264 tracks in one pass. */
  async *packets(ids: ReadonlySet<number>): AsyncGenerator<FilePacket> {
    let run: (readonly [TrackDescription, Sample])[] = [];
    let start = 0;
    let end = 0;
    let bytesLeft = this.#source.size;
    for await (const [track, sample] of this.#samples(ids)) {
      const { offset, size } = sample;
      if (offset + size > this.#source.size) {
        this.#truncated = true;
        continue;
      }
      // Samples that lie over each other would make a small file a large one.
      bytesLeft -= size;
      if (bytesLeft < 0) throw overlapping();
      const isNear = offset >= end && offset - end <= MAX_GAP;
      if (run.length > 0 && (!isNear || offset + size - start > RUN_SIZE)) {
        yield* this.#read(run, start, end);
        run = [];
      }
      if (run.length === 0) start = offset;
      run.push([track, sample]);
      end = offset + size;
    }
    yield* this.#read(run, start, end);
  }

  /** Writes the same file with changed H.264. */
  async *rewrite(transformOf: TransformOf): AsyncGenerator<Uint8Array> {
    const edits = await editsOf(this, transformOf);
    if (this.#truncated) throw damaged('it does not end where its boxes say');
    const fragments: Fragment[] = [];
    for await (const fragment of this.#fragments()) fragments.push(fragment);
    const structure = { boxes: this.#boxes, movie: this.#movie, fragments, indexes: await this.#indexes() };
    yield* rewriteIsobmff(this.#source, structure, edits);
  }

  async *#samples(ids: ReadonlySet<number>): AsyncGenerator<readonly [TrackDescription, Sample]> {
    const descriptions = new Map<number, TrackDescription>();
    for (const [i, description] of this.tracks.entries()) {
      const { id } = description;
      if (!ids.has(id) || descriptions.has(id)) continue;
      descriptions.set(id, description);
      for (const sample of tableSamples(this.#movie.tracks[i])) yield [description, sample];
    }
    for await (const fragment of this.#fragments()) {
      for (const part of fragment.tracks) {
        const description = descriptions.get(part.trackId);
        if (description === undefined) continue;
        for (const sample of fragmentSamples(part)) yield [description, sample];
      }
    }
  }

  /** The packets of samples that lie near each other. */
  async *#read(
    run: readonly (readonly [TrackDescription, Sample])[],
    start: number,
    end: number,
  ): AsyncGenerator<FilePacket> {
    const bytes = await this.#source.read(start, end - start);
    if (bytes.length < end - start) throw damaged('it has become shorter');
    for (const [{ id, timescale, shift, framing }, sample] of run) {
      const { offset, size, decodeTime, compositionOffset, duration } = sample;
      yield {
        trackId: id,
        index: sample.sample,
        presentationTimeMs: ((decodeTime + compositionOffset + shift) * 1000) / timescale,
        durationMs: (duration * 1000) / timescale,
        isKey: sample.isKey,
        data: bytes.subarray(offset - start, offset - start + size),
        framing,
      };
    }
  }
}
