/**
 * Matroska files with some blocks changed, and everything else as it is: every track, time, chapter, tag and
 * attachment is the very bytes that it was. What has to follow is the sizes of what holds those blocks, and the
 * positions in the file that the index (Cues, SeekHead) says (RFC 9559).
 */
import { concatBytes } from '../codec/bytes.js';
import { applyEdits } from './apply-edits.js';
import type { ByteSource } from './byte-source.js';
import {
  Crc32,
  type Element,
  ElementReader,
  Id,
  SEGMENT_CHILDREN,
  elementsIn,
  readUint,
  readVint,
  writeSize,
  writeUint,
} from './ebml.js';
import { type Edit, FileEdits, type TrackEdits, damaged, growthOf, unsupported } from './edits.js';

/** The most bytes of an index of Matroska that is read as a whole: 256 MiB. */
export const MAX_INDEX_SIZE = 256 * 1024 * 1024;

const LACING = 0x06;

/** CodecID of H.264, as the codec mappings of Matroska have it. */
const H264_CODEC = 'V_MPEG4/ISO/AVC';

const REWRITE = 'write the file anew first: ffmpeg -i in.mkv -map 0 -c copy out.mkv';

/** The most bytes of an element with a number: an id of one byte, a size and a number of eight. */
const MAX_HINT_LENGTH = 17;

/** A cluster with a block that changes. */
interface ChangedCluster {
  readonly element: Element;
  /** Where it ends. */
  readonly end: number;
  /** The blocks that change, and the sizes of what holds them. */
  readonly edits: readonly Edit[];
  /** Checksums of what changes. */
  readonly checksums: readonly Checksum[];
}

/** A checksum, which is filled in when what it covers is written. */
interface Checksum {
  readonly bytes: Uint8Array;
  /** The stretch of the file that it covers. */
  readonly start: number;
  readonly end: number;
}

/**
 * A number in a cluster that says where it lies or how long the one before is, which is filled in when that is clear. It
 * is no more than a help: where it is wrong, or needs more bytes, the element becomes void (RFC 8794 11.3.2).
 */
interface ClusterHint {
  /** The element, as it is to be written. */
  readonly bytes: Uint8Array;
  /** Where its number begins in them. */
  readonly dataAt: number;
  /** The stretch of the file whose length it says. */
  readonly start: number;
  readonly end: number;
}

/** What is found in a file. */
interface Structure {
  readonly segment: Element;
  readonly segmentEdits: readonly Edit[];
  readonly clusters: readonly ChangedCluster[];
  readonly hints: readonly ClusterHint[];
  readonly indexes: readonly { readonly element: Element; readonly bytes: Uint8Array }[];
}

/** The new size of an element whose data grow. */
function sizeEdit({ sizeAt, data, end, isOpen }: Element, growth: number): Edit | undefined {
  if (growth === 0 || isOpen) return undefined;
  return { at: sizeAt, remove: data - sizeAt, insert: [writeSize(end - data + growth, end - data, data - sizeAt)] };
}

/** Makes an element void that would be wrong and need not be there (RFC 8794 11.3.2). */
function voidEdit({ start }: Element): Edit {
  return { at: start, remove: 1, insert: [Uint8Array.of(Id.void)] };
}

/** Writes what the hints say now. */
function fillHints(hints: readonly ClusterHint[], moved: (offset: number) => number): void {
  for (const { bytes, dataAt, start, end } of hints) {
    const data = bytes.subarray(dataAt);
    const now = writeUint(moved(end) - moved(start), data);
    if (readUint(data) !== end - start || now.length > data.length) {
      bytes[0] = Id.void;
    } else {
      data.fill(0);
      data.set(now, data.length - now.length);
    }
  }
}

/** Puts a new checksum in the place of one; it covers what stands behind it in the same element (RFC 8794 11.3.1). */
function checksumEdit({ data, end }: Element, coveredEnd: number, checksums: Checksum[]): Edit {
  const bytes = new Uint8Array(end - data);
  // The inner ones are there before the outer ones are computed.
  checksums.push({ bytes, start: end, end: coveredEnd });
  return { at: data, remove: end - data, insert: [bytes] };
}

function growthOfAll(edits: readonly Edit[]): number {
  let growth = 0;
  for (const edit of edits) growth += growthOf(edit);
  return growth;
}

/** Walks a file and finds the blocks that change. */
class Walk {
  readonly #source: ByteSource;
  readonly #reader: ElementReader;
  readonly #edits: ReadonlyMap<number, TrackEdits>;
  /** How many frames of each track came before. */
  readonly #counts = new Map<number, number>();
  readonly #clusters: ChangedCluster[] = [];
  readonly #indexes: { element: Element; bytes: Uint8Array }[] = [];
  readonly #segmentEdits: Edit[] = [];
  readonly #hints: ClusterHint[] = [];
  #segmentData = 0;
  #previousCluster: number | undefined;
  #tracks: Uint8Array | undefined;

  constructor(source: ByteSource, edits: ReadonlyMap<number, TrackEdits>) {
    this.#source = source;
    this.#reader = new ElementReader(source);
    this.#edits = edits;
  }

  /** The data of the element that describes the tracks. */
  get tracks(): Uint8Array {
    return this.#tracks ?? new Uint8Array(0);
  }

  async structure(): Promise<Structure> {
    const { size } = this.#source;
    let at = 0;
    while (at < size) {
      const element = await this.#reader.element(at, size);
      if (element.id === Id.segment) {
        await this.#walkSegment(element);
        return {
          segment: element,
          segmentEdits: this.#segmentEdits,
          clusters: this.#clusters,
          hints: this.#hints,
          indexes: this.#indexes,
        };
      }
      at = element.end;
    }
    throw damaged('it has no segment');
  }

  async #walkSegment(segment: Element): Promise<void> {
    this.#segmentData = segment.data;
    for (let at = segment.data; at < segment.end;) {
      const element = await this.#reader.element(at, segment.end);
      at = element.end;
      if (element.id === Id.crc32) this.#segmentEdits.push(voidEdit(element));
      else if (element.id === Id.tracks && element.end - element.data <= MAX_INDEX_SIZE) {
        this.#tracks ??= await this.#source.read(element.data, element.end - element.data);
      } else if (element.id === Id.cluster) at = await this.#walkCluster(element);
      else if (element.isOpen) throw damaged('an element does not say where it ends');
      else if (element.id === Id.cues || element.id === Id.seekHead) {
        if (element.end - element.start > MAX_INDEX_SIZE) throw damaged('its index is too large');
        this.#indexes.push({ element, bytes: await this.#source.read(element.start, element.end - element.start) });
      }
    }
  }

  /** Answers where the cluster ends. */
  async #walkCluster(cluster: Element): Promise<number> {
    const edits: Edit[] = [];
    const checksums: Checksum[] = [];
    const covering: Element[] = [];
    let at = cluster.data;
    while (at < cluster.end) {
      const element = await this.#reader.element(at, cluster.end);
      // One of unknown size ends where something begins that it cannot hold.
      if (cluster.isOpen && SEGMENT_CHILDREN.has(element.id)) break;
      if (element.id === Id.crc32) covering.push(element);
      else if (element.id === Id.position) edits.push(await this.#hintEdit(element, this.#segmentData, cluster.start));
      else if (element.id === Id.prevSize)
        edits.push(await this.#hintEdit(element, this.#previousCluster ?? cluster.start, cluster.start));
      else if (element.id === Id.simpleBlock) edits.push(...(await this.#editsOfBlock(element)));
      else if (element.id === Id.blockGroup) edits.push(...(await this.#editsOfGroup(element, checksums)));
      at = element.end;
    }
    if (edits.length > 0) {
      for (const element of covering) edits.push(checksumEdit(element, at, checksums));
      const size = sizeEdit(cluster, growthOfAll(edits));
      const all = size === undefined ? edits : [size, ...edits];
      this.#clusters.push({ element: cluster, end: at, edits: all, checksums });
    }
    this.#previousCluster = cluster.start;
    return at;
  }

  /** The change of a number that says the length of a stretch of the file. */
  async #hintEdit(element: Element, start: number, end: number): Promise<Edit> {
    const length = element.end - element.start;
    if (length > MAX_HINT_LENGTH) return voidEdit(element);
    const bytes = (await this.#reader.bytes(element.start, length)).slice();
    this.#hints.push({ bytes, dataAt: element.data - element.start, start, end });
    return { at: element.start, remove: length, insert: [bytes] };
  }

  async #editsOfGroup(group: Element, checksums: Checksum[]): Promise<Edit[]> {
    const edits: Edit[] = [];
    const covering: Element[] = [];
    for (let at = group.data; at < group.end;) {
      const element = await this.#reader.element(at, group.end);
      if (element.id === Id.crc32) covering.push(element);
      if (element.id === Id.block) edits.push(...(await this.#editsOfBlock(element)));
      at = element.end;
    }
    if (edits.length === 0) return edits;
    for (const element of covering) edits.push(checksumEdit(element, group.end, checksums));
    const size = sizeEdit(group, growthOfAll(edits));
    return size === undefined ? edits : [size, ...edits];
  }

  /** The block's own change and that of its size, where a frame in it changes. */
  async #editsOfBlock(block: Element): Promise<Edit[]> {
    const header = await this.#reader.bytes(block.data, Math.min(13, block.end - block.data));
    const track = readVint(header, 0, false);
    if (track === undefined || track.length + 3 > header.length) throw damaged('a block is too short');
    const edits = this.#edits.get(track.value);
    if (edits === undefined) return [];
    const flags = header[track.length + 2];
    const isLaced = (flags & LACING) !== 0;
    const frames = isLaced ? (header[track.length + 3] ?? 0) + 1 : 1;
    const first = this.#counts.get(track.value) ?? 0;
    this.#counts.set(track.value, first + frames);
    for (let i = 0; i < frames; i++) {
      const edit = edits.get(first + i);
      if (edit === undefined) continue;
      const data = block.data + track.length + 3;
      if (isLaced || block.end - data !== edit.sampleSize) {
        throw unsupported(
          `the blocks of track ${track.value} are laced or compressed, and cannot be changed; ` + REWRITE,
        );
      }
      const change = { at: data + edit.at, remove: edit.remove, insert: edit.insert };
      const size = sizeEdit(block, growthOf(change));
      return size === undefined ? [change] : [size, change];
    }
    return [];
  }
}

/**
 * Checks that a file is whole: who looks for the next element behind a broken one may look for long.
 *
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE`
 */
export async function checkMatroska(source: ByteSource): Promise<void> {
  await new Walk(source, new Map()).structure();
}

/**
 * Checks, of a file in which no H.264 can be read, that there is none: not that its blocks are compressed or encrypted
 * (RFC 9559 5.1.4.1.31). That they all begin with the same bytes, which are left out, is not meant.
 *
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE`, `ERR_SEI_UNSUPPORTED_FILE`
 */
export async function checkNoHiddenH264(source: ByteSource): Promise<void> {
  const walk = new Walk(source, new Map());
  await walk.structure();
  for (const { id, data } of elementsIn(walk.tracks)) {
    if (id !== Id.trackEntry) continue;
    const elements = [...elementsIn(data)];
    const codec = elements.find((element) => element.id === Id.codecId)?.data ?? new Uint8Array(0);
    if (String.fromCharCode(...codec.subarray(0, H264_CODEC.length)) !== H264_CODEC) continue;
    if (!elements.some((element) => element.id === Id.contentEncodings)) continue;
    const number = readUint(elements.find((element) => element.id === Id.trackNumber)?.data ?? new Uint8Array(0));
    throw unsupported(`the H.264 of track ${number} is compressed or encrypted, which is not read; ${REWRITE}`);
  }
}

/**
 * Counts the tracks of a file.
 *
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE`
 */
export async function countTrackEntries(source: ByteSource): Promise<number> {
  const walk = new Walk(source, new Map());
  await walk.structure();
  return [...elementsIn(walk.tracks)].filter(({ id }) => id === Id.trackEntry).length;
}

const INDEX_MASTERS: ReadonlySet<number> = new Set([Id.seekHead, Id.seek, Id.cues, Id.cuePoint, Id.cueTrackPositions]);

/** Writes an index for positions that have moved; a position may need more bytes, or fewer. */
function writeIndex(
  bytes: Uint8Array,
  segment: Element,
  moved: (offset: number) => number,
  clusterData: (position: number) => number | undefined,
): Uint8Array {
  const position = (value: number) => moved(segment.data + value) - moved(segment.data);
  const write = (content: Uint8Array): Uint8Array => {
    const pieces: Uint8Array[] = [];
    let checksum: Uint8Array | undefined;
    let covered = 0;
    const elements = [...elementsIn(content)];
    const clusterPosition = elements.find(({ id }) => id === Id.cueClusterPosition);
    for (const { id, idBytes, sizeLength, data } of elements) {
      let now = data;
      if (INDEX_MASTERS.has(id)) now = write(data);
      else if (id === Id.seekPosition || id === Id.cueClusterPosition) now = writeUint(position(readUint(data)), data);
      else if (id === Id.cueRelativePosition && clusterPosition !== undefined) {
        const start = clusterData(segment.data + readUint(clusterPosition.data));
        if (start !== undefined) now = writeUint(moved(start + readUint(data)) - moved(start), data);
      } else if (id === Id.crc32 && data.length === 4) {
        now = data.slice();
        checksum = now;
        covered = pieces.length + 3;
      }
      pieces.push(idBytes, writeSize(now.length, data.length, sizeLength), now);
    }
    if (checksum !== undefined) new Crc32().update(concatBytes(pieces.slice(covered))).writeTo(checksum);
    return concatBytes(pieces);
  };
  return write(bytes);
}

/**
 * Writes a file with changed blocks.
 *
 * @param source a Matroska file
 * @param edits the changes, by TrackNumber and by the number of the frame
 * @returns the bytes of the new file, from the first to the last
 * @throws {@link SeiError} `ERR_SEI_UNREADABLE_FILE` where the file is damaged, `ERR_SEI_UNSUPPORTED_FILE` where a
 *   block is stored in a form that cannot be changed
 */
export async function* rewriteMatroska(
  source: ByteSource,
  edits: ReadonlyMap<number, TrackEdits>,
): AsyncGenerator<Uint8Array> {
  if ([...edits.values()].every(({ size }) => size === 0)) {
    yield* applyEdits(source, []);
    return;
  }
  const { segment, segmentEdits, clusters, hints, indexes } = await new Walk(source, edits).structure();
  const blockEdits = [...segmentEdits, ...clusters.flatMap((cluster) => cluster.edits)];
  const clusterStarts = new Map(clusters.map(({ element }) => [element.start, element.data]));
  const clusterData = (start: number) => clusterStarts.get(start);
  let moved: (offset: number) => number = (offset) => offset;
  let all = new FileEdits([]);
  // Where an index in front of what it points to becomes longer, that moves again: each round something grows, or it is
  // the last one. Where bytes go, all becomes shorter in the same way.
  for (let growth = NaN, indexGrowth = NaN; ;) {
    const indexEdits = indexes.map(({ element, bytes }) => ({
      at: element.start,
      remove: bytes.length,
      insert: [writeIndex(bytes, segment, moved, clusterData)],
    }));
    const size = sizeEdit(segment, growthOfAll(blockEdits) + growthOfAll(indexEdits));
    all = new FileEdits([...(size === undefined ? [] : [size]), ...blockEdits, ...indexEdits]);
    const now = all;
    moved = (offset) => now.moved(offset);
    if (all.growth === growth && growthOfAll(indexEdits) === indexGrowth) break;
    growth = all.growth;
    indexGrowth = growthOfAll(indexEdits);
  }
  fillHints(hints, moved);
  let at = 0;
  const within = (start: number, end: number) => all.edits.slice(all.firstAt(start), all.firstAt(end));
  for (const { end, checksums } of clusters) {
    for (const checksum of checksums) {
      const crc = new Crc32();
      for await (const piece of applyEdits(source, within(checksum.start, checksum.end), checksum.start, checksum.end))
        crc.update(piece);
      crc.writeTo(checksum.bytes);
    }
    yield* applyEdits(source, within(at, end), at, end);
    at = end;
  }
  yield* applyEdits(source, within(at, source.size), at);
}
