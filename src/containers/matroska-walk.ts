/**
 * The walk over a Matroska file: every block once, in order, and on the way the sizes, checksums and positions that have
 * to follow if blocks change (RFC 9559).
 */
import type { ByteSource } from './byte-source.js';
import { type Element, ElementReader, Id, NOT_IN_CLUSTERS, readUint, readVint, writeSize } from './ebml.js';
import { type Edit, type TrackEdits, damaged, growthOf, unsupported } from './edits.js';

/** Maximum size of an index of Matroska that is read as a whole: 256 MiB. */
export const MAX_INDEX_SIZE = 256 * 1024 * 1024;

/** What to do about a file that is not read or changed here. */
export const REWRITE = 'write the file anew first: ffmpeg -i in.mkv -map 0 -c copy out.mkv';

/** The most bytes of an element with a number: an id of one byte, a size and a number of eight. */
const MAX_HINT_LENGTH = 17;

function severalSegments(): Error {
  return unsupported('the file has several segments, such as two files one behind the other; split it first');
}

/** A cluster with a block that changes. */
export interface ChangedCluster {
  /** The cluster. */
  readonly element: Element;
  /** Where it ends. */
  readonly end: number;
  /** The blocks that change, and the sizes of what holds them. */
  readonly edits: readonly Edit[];
  /** Checksums of what changes. */
  readonly checksums: readonly Checksum[];
}

/** A checksum, which is filled in when what it covers is written. */
export interface Checksum {
  /** Its four bytes, as they are written. */
  readonly bytes: Uint8Array;
  /** The stretch of the file that it covers. */
  readonly start: number;
  /** Where that ends. */
  readonly end: number;
}

/**
 * A number in a cluster that says where it lies or how long the one before is, which is filled in when that is clear. It
 * is no more than a help: where it is wrong, or needs more bytes, the element becomes void (RFC 8794 11.3.2).
 */
export interface ClusterHint {
  /** The element, as it is to be written. */
  readonly bytes: Uint8Array;
  /** Where its number begins in them. */
  readonly dataAt: number;
  /** The stretch of the file whose length it says. */
  readonly start: number;
  /** Where that ends. */
  readonly end: number;
}

/** What is found in a file. */
export interface Structure {
  /** The segment. */
  readonly segment: Element;
  /** Changes of what stands directly in the segment. */
  readonly segmentEdits: readonly Edit[];
  /** The clusters with a block that changes, or with a number that follows. */
  readonly clusters: readonly ChangedCluster[];
  /** Numbers to be filled in. */
  readonly hints: readonly ClusterHint[];
  /** Cues and SeekHead. */
  readonly indexes: readonly { readonly element: Element; readonly bytes: Uint8Array }[];
}

/** The new size of an element whose data grow. */
export function sizeEdit({ sizeAt, data, end, isOpen }: Element, growth: number): Edit | undefined {
  if (growth === 0 || isOpen) return undefined;
  return { at: sizeAt, remove: data - sizeAt, insert: [writeSize(end - data + growth, end - data, data - sizeAt)] };
}

/** Makes an element void that would be wrong and need not be there (RFC 8794 11.3.2). */
function voidEdit({ start }: Element): Edit {
  return { at: start, remove: 1, insert: [Uint8Array.of(Id.void)] };
}

/** Puts a new checksum in the place of one; it covers what stands behind it in the same element (RFC 8794 11.3.1). */
function checksumEdit({ data, end }: Element, coveredEnd: number, checksums: Checksum[]): Edit {
  const bytes = new Uint8Array(end - data);
  // The inner ones are there before the outer ones are computed.
  checksums.push({ bytes, start: end, end: coveredEnd });
  return { at: data, remove: end - data, insert: [bytes] };
}

/** How much all changes grow together. */
export function growthOfAll(edits: readonly Edit[]): number {
  let growth = 0;
  for (const edit of edits) growth += growthOf(edit);
  return growth;
}

/** A block, where it lies and what it says. */
export interface Block {
  /** TrackNumber. */
  readonly track: number;
  /** Number of its first frame in the track, from 0 on. */
  readonly firstFrame: number;
  /** When it is shown, relative to its cluster. */
  readonly timestamp: number;
  /** Timestamp of its cluster. */
  readonly clusterTimestamp: number;
  /** The way of its lacing: 0 for none (RFC 9559 10.3). */
  readonly lacing: number;
  /** How many frames it holds. */
  readonly frames: number;
  /** BlockDuration. */
  readonly duration: number | undefined;
  /** Whether decoding can begin here. */
  readonly isKey: boolean;
  /** Offsets of what stands behind its header. */
  readonly start: number;
  /** Where that ends. */
  readonly end: number;
}

/** Walks a file once, from its first element to its last: for its blocks, and for what has to follow if they change. */
export class MatroskaWalk {
  readonly #source: ByteSource;
  readonly #reader: ElementReader;
  readonly #edits: ReadonlyMap<number, TrackEdits> | undefined;
  /** How many frames of each track came before. */
  readonly #counts = new Map<number, number>();
  readonly #clusters: ChangedCluster[] = [];
  readonly #indexes: { element: Element; bytes: Uint8Array }[] = [];
  readonly #segmentEdits: Edit[] = [];
  readonly #hints: ClusterHint[] = [];
  #segmentData = 0;
  #previousCluster: number | undefined;
  #tracks: Uint8Array | undefined;
  #info: Uint8Array | undefined;

  /**
   * @param source a Matroska file
   * @param edits the changes of blocks, by TrackNumber and by the number of the frame; undefined to read alone
   */
  constructor(source: ByteSource, edits?: ReadonlyMap<number, TrackEdits>) {
    this.#source = source;
    this.#reader = new ElementReader(source);
    this.#edits = edits;
  }

  /** The data of the element that describes the tracks, as soon as it has come. */
  get tracks(): Uint8Array | undefined {
    return this.#tracks;
  }

  /** The data of the element that describes the segment, as soon as it has come. */
  get info(): Uint8Array | undefined {
    return this.#info;
  }

  /** Whether the file ends in an element, as far as it is walked. */
  get truncated(): boolean {
    return this.#reader.isCut;
  }

  /** Reads bytes of the file, best near the block that came last. */
  bytes(at: number, length: number): Promise<Uint8Array> {
    return this.#reader.bytes(at, length);
  }

  /**
   * Walks the file.
   *
   * @returns its blocks, and in the end its structure
   * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if it is damaged, ERR_SEI_UNSUPPORTED_FILE if it has several segments
   */
  async *blocks(): AsyncGenerator<Block, Structure> {
    const { size } = this.#source;
    for (let at = 0; at < size;) {
      const element = await this.#reader.element(at, size);
      if (element === undefined) break;
      at = element.end;
      if (element.id !== Id.segment) continue;
      yield* this.#walkSegment(element);
      await this.#checkEnd(element.end);
      return {
        segment: element,
        segmentEdits: this.#segmentEdits,
        clusters: this.#clusters,
        hints: this.#hints,
        indexes: this.#indexes,
      };
    }
    throw damaged('it has no segment');
  }

  /** Checks that no further segment follows; other bytes there are left alone. */
  async #checkEnd(end: number): Promise<void> {
    const bytes = await this.#reader.bytes(end, Math.min(4, this.#source.size - end));
    const id = readVint(bytes, 0, true)?.value;
    if (id === Id.ebml || id === Id.segment) throw severalSegments();
  }

  async *#walkSegment(segment: Element): AsyncGenerator<Block> {
    this.#segmentData = segment.data;
    for (let at = segment.data; at < segment.end;) {
      const element = await this.#reader.element(at, segment.end);
      if (element === undefined) return;
      const { id, data, start, end } = element;
      at = end;
      if (id === Id.ebml || id === Id.segment) throw severalSegments();
      if (id === Id.cluster) at = yield* this.#walkCluster(element);
      else if (element.isOpen) throw damaged('an element does not say where it ends');
      else if (element.isCut) return;
      else if (id === Id.crc32) this.#segmentEdits.push(voidEdit(element));
      else if (id === Id.tracks) this.#tracks ??= await this.#whole(data, end);
      else if (id === Id.info) this.#info ??= await this.#whole(data, end);
      else if ((id === Id.cues || id === Id.seekHead) && this.#edits !== undefined)
        this.#indexes.push({ element, bytes: await this.#whole(start, end) });
    }
  }

  async #whole(start: number, end: number): Promise<Uint8Array> {
    if (end - start > MAX_INDEX_SIZE) throw damaged('its index is too large');
    return this.#source.read(start, end - start);
  }

  /** An element in a cluster; undefined if the file ends in its header. */
  async #child(at: number, limit: number): Promise<Element | undefined> {
    const element = await this.#reader.element(at, limit);
    if (element?.isOpen === true && !NOT_IN_CLUSTERS.has(element.id))
      throw damaged('an element in a cluster does not say where it ends');
    return element;
  }

  /** The number that an element says. */
  async #uint({ data, end }: Element): Promise<number> {
    return end - data > 8 ? 0 : readUint(await this.#reader.bytes(data, end - data));
  }

  /** Returns where the cluster ends. */
  async *#walkCluster(cluster: Element): AsyncGenerator<Block, number> {
    const edits: Edit[] = [];
    const checksums: Checksum[] = [];
    const covering: Element[] = [];
    let timestamp = 0;
    let at = cluster.data;
    while (at < cluster.end) {
      const element = await this.#child(at, cluster.end);
      if (element === undefined) return cluster.end;
      const { id } = element;
      if (NOT_IN_CLUSTERS.has(id)) {
        // One of unknown size ends where something begins that it cannot hold.
        if (cluster.isOpen) break;
        throw damaged('a cluster does not end where it says');
      }
      if (id === Id.timestamp) timestamp = await this.#uint(element);
      else if (id === Id.simpleBlock) yield* this.#walkBlock(element, timestamp, undefined, edits);
      else if (id === Id.blockGroup) yield* this.#walkGroup(element, timestamp, edits, checksums);
      else if (this.#edits === undefined) {
        // What helps to find a place is for those who write.
      } else if (id === Id.crc32) covering.push(element);
      else if (id === Id.position) edits.push(await this.#hintEdit(element, this.#segmentData, cluster.start));
      else if (id === Id.prevSize)
        edits.push(await this.#hintEdit(element, this.#previousCluster ?? cluster.start, cluster.start));
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

  async *#walkGroup(
    group: Element,
    timestamp: number,
    clusterEdits: Edit[],
    checksums: Checksum[],
  ): AsyncGenerator<Block> {
    const edits: Edit[] = [];
    const covering: Element[] = [];
    const blocks: Element[] = [];
    let isKey = true;
    let duration: number | undefined;
    for (let at = group.data; at < group.end;) {
      const element = await this.#child(at, group.end);
      if (element === undefined) break;
      if (element.id === Id.crc32) covering.push(element);
      else if (element.id === Id.block) blocks.push(element);
      else if (element.id === Id.referenceBlock) isKey = false;
      else if (element.id === Id.blockDuration) duration = await this.#uint(element);
      at = element.end;
    }
    for (const block of blocks) yield* this.#walkBlock(block, timestamp, { isKey, duration }, edits);
    if (edits.length === 0) return;
    for (const element of covering) edits.push(checksumEdit(element, group.end, checksums));
    const size = sizeEdit(group, growthOfAll(edits));
    if (size !== undefined) clusterEdits.push(size);
    for (const edit of edits) clusterEdits.push(edit);
  }

  /** Takes the block's own change and that of its size, if a frame in it changes. */
  async *#walkBlock(
    block: Element,
    clusterTimestamp: number,
    group: Pick<Block, 'isKey' | 'duration'> | undefined,
    clusterEdits: Edit[],
  ): AsyncGenerator<Block> {
    if (block.isCut) return;
    const header = await this.#reader.bytes(block.data, Math.min(13, block.end - block.data));
    const number = readVint(header, 0, false);
    if (number === undefined || number.length + 3 > header.length) throw damaged('a block is too short');
    const { value: track, length } = number;
    const flags = header[length + 2];
    const lacing = (flags >> 1) & 3;
    const frames = lacing !== 0 ? (header[length + 3] ?? 0) + 1 : 1;
    const firstFrame = this.#counts.get(track) ?? 0;
    this.#counts.set(track, firstFrame + frames);
    const start = block.data + length + 3;
    const edits = this.#edits?.get(track);
    for (let i = 0; edits !== undefined && i < frames; i++) {
      const edit = edits.get(firstFrame + i);
      if (edit === undefined) continue;
      if (lacing !== 0 || block.end - start !== edit.sampleSize) {
        throw unsupported(`the blocks of track ${track} are laced or compressed, and cannot be changed; ` + REWRITE);
      }
      const change = { at: start + edit.at, remove: edit.remove, insert: edit.insert };
      const size = sizeEdit(block, growthOf(change));
      if (size !== undefined) clusterEdits.push(size);
      clusterEdits.push(change);
    }
    yield {
      track,
      firstFrame,
      timestamp: (((header[length] << 8) | header[length + 1]) << 16) >> 16,
      clusterTimestamp,
      lacing,
      frames,
      duration: group?.duration,
      isKey: group?.isKey ?? (flags & 0x80) !== 0,
      start,
      end: block.end,
    };
  }
}
