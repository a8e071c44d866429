/** The walk over a Matroska file: its blocks, and the sizes, checksums and positions that follow if they change. */
import type { ByteSource } from './byte-source.js';
import { type Element, ElementReader, Id, isTopLevel, readUint, readVint, writeSize } from './ebml.js';
import { type Edit, type TrackEdits, damaged, growthOf, unsupported } from './edits.js';

/** Maximum size of an index of Matroska that is read as a whole: 256 MiB. */
export const MAX_INDEX_SIZE = 256 * 1024 * 1024;

/** What to do about such a file. */
export const REWRITE = 'write the file anew first: ffmpeg -i in.mkv -map 0 -c copy out.mkv';

/** The most bytes of an element with a number: an id of one byte, a size and a number of eight. */
const MAX_HINT_LENGTH = 17;

/** The most bytes of the header of a block: a track number of eight, and the number of its frames. */
const MAX_BLOCK_HEADER_LENGTH = 12;

/** So many bytes from the beginning of an element hold its header and its number, or the header of its block. */
const MAX_LEAD_LENGTH = 32;

/** A cluster in which something changes. */
export interface ChangedCluster {
  /** Offset of the cluster. */
  readonly start: number;
  /** Offset of its data. */
  readonly data: number;
  /** Where it ends. */
  readonly end: number;
  /** Checksums of what changes; the inner ones come first. */
  readonly checksums: readonly Patch[];
}

/** Bytes that are filled in later, by a stretch of the file: by what it is, or by how long it is. */
export interface Patch {
  /** The bytes as they are to be written. */
  readonly bytes: Uint8Array;
  /** Where the stretch begins. */
  readonly start: number;
  /** Where that ends. */
  readonly end: number;
}

/**
 * A number in a cluster that says where it lies or how long the one before is. It
 * is no more than a help: if it is wrong, or needs more bytes, the element becomes void (RFC 8794 11.3.2).
 */
export interface ClusterHint extends Patch {
  /** Where its number begins in its bytes. */
  readonly dataAt: number;
}

/** The new size of an element whose data grow. */
export function sizeEdit({ sizeAt, data, end, isOpen }: Element, growth: number): Edit[] {
  if (growth === 0 || isOpen) return [];
  return [{ at: sizeAt, remove: data - sizeAt, insert: [writeSize(end - data + growth, end - data, data - sizeAt)] }];
}

/** Makes an element void that would be wrong and need not be there (RFC 8794 11.3.2). */
function voidEdit({ start }: Element): Edit {
  return { at: start, remove: 1, insert: [Uint8Array.of(Id.void)] };
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
  /** Offset of what stands after its header. */
  readonly start: number;
  /** Where that ends. */
  readonly end: number;
}

/** A cluster or a group of blocks that the walk is in. */
interface Master {
  readonly element: Element;
  readonly edits: Edit[];
  /** Its CRC-32 element, which covers what follows it (RFC 8794 11.3.1). */
  checksum: Element | undefined;
  readonly blocks: Block[];
  duration: number | undefined;
  isKey: boolean;
}

/** Elements of a segment that are read as a whole. */
const READ_WHOLE: ReadonlySet<number> = new Set([Id.tracks, Id.info, Id.cues, Id.seekHead]);

function masterOf(element: Element): Master {
  return { element, edits: [], checksum: undefined, blocks: [], duration: undefined, isKey: true };
}

function checkSegment(id: number | undefined): void {
  if (id === Id.ebml || id === Id.segment)
    throw unsupported('the file has several segments, such as two files one behind the other; split it first');
}

/** Walks a file once, from its first element to its last: for its blocks, and for what has to follow if they change. */
export class MatroskaWalk {
  readonly #source: ByteSource;
  readonly #reader: ElementReader;
  readonly #edits: ReadonlyMap<number, TrackEdits> | undefined;
  /** How many frames of each track came before. */
  readonly #counts = new Map<number, number>();
  #cluster: Master | undefined;
  #group: Master | undefined;
  #timestamp = 0;
  #checksums: Patch[] = [];
  #previousCluster: number | undefined;
  /** The segment, as soon as it has come. */
  segment: Element | undefined;
  /** The data of the element that describes the tracks, as soon as it has come. */
  tracks: Uint8Array | undefined;
  /** The data of the element that describes the segment, as soon as it has come. */
  info: Uint8Array | undefined;
  /** Changes of what is in the segment, in any order. */
  readonly edits: Edit[] = [];
  /** The clusters in which something changes. */
  readonly clusters: ChangedCluster[] = [];
  /** Numbers to be filled in. */
  readonly hints: ClusterHint[] = [];
  /** Cues and SeekHead. */
  readonly indexes: { readonly element: Element; readonly bytes: Uint8Array }[] = [];

  /**
   * @param source a Matroska file
   * @param edits the changes of blocks, by TrackNumber and by the number of the frame; undefined to read alone
   */
  constructor(source: ByteSource, edits?: ReadonlyMap<number, TrackEdits>) {
    this.#source = source;
    this.#reader = new ElementReader(source);
    this.#edits = edits;
  }

  /** Whether the file ends in an element, as far as it is walked. */
  get truncated(): boolean {
    return this.#reader.isCut;
  }

  /** Reads bytes of the file, best near the block that came last. */
  async bytes(at: number, length: number): Promise<Uint8Array> {
    if (!this.#reader.has(at, length)) await this.#reader.load(at, length);
    return this.#reader.bytes(at, length);
  }

  /**
   * Walks the file.
   *
   * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if it is damaged, ERR_SEI_UNSUPPORTED_FILE if it has several segments
   */
  async *blocks(): AsyncGenerator<Block> {
    for (let at = 0; ;) {
      const parent = this.#group ?? this.#cluster;
      const limit = (parent?.element ?? this.segment)?.end ?? this.#source.size;
      if (at >= limit && parent === undefined) break;
      if (!this.#reader.has(at, MAX_LEAD_LENGTH)) await this.#reader.load(at, MAX_LEAD_LENGTH);
      const element = at < limit ? this.#reader.element(at, limit) : undefined;
      if (parent !== undefined && (element === undefined || (parent.element.isOpen && isTopLevel(element.id)))) {
        yield* this.#leave(parent, at);
        // The file ends in a header.
        if (element === undefined) at = limit;
        continue;
      }
      if (element === undefined) break;
      at = element.end;
      if (parent !== undefined) {
        const block = this.#child(parent, element);
        if (block !== undefined) yield block;
      } else if (this.segment !== undefined) {
        const reading = this.#topLevel(element);
        if (reading !== undefined) await reading;
      } else if (element.id === Id.segment) this.segment = element;
      if (element === (this.#group ?? this.#cluster ?? { element: this.segment }).element) at = element.data;
    }
    if (this.segment === undefined) throw damaged('it has no segment');
    // Other bytes after it are left alone.
    checkSegment(readVint(await this.bytes(this.segment.end, 4), 0, true)?.value);
  }

  /** Takes an element that stands in the segment; a promise if it has to be read. */
  #topLevel(element: Element): Promise<void> | undefined {
    const { id } = element;
    checkSegment(id);
    if (id === Id.cluster) {
      this.#cluster = masterOf(element);
      this.#timestamp = 0;
    } else if (element.isOpen) throw damaged('an element does not say where it ends');
    else if (id === Id.crc32) this.edits.push(voidEdit(element));
    else if (READ_WHOLE.has(id) && !element.isCut) return this.#readTopLevel(element);
    return undefined;
  }

  async #readTopLevel(element: Element): Promise<void> {
    const { id, data, start, end } = element;
    if (id === Id.tracks) this.tracks ??= await this.#whole(data, end);
    else if (id === Id.info) this.info ??= await this.#whole(data, end);
    else if (this.#edits !== undefined) this.indexes.push({ element, bytes: await this.#whole(start, end) });
  }

  async #whole(start: number, end: number): Promise<Uint8Array> {
    if (end - start > MAX_INDEX_SIZE) throw damaged('its index is too large');
    return this.#source.read(start, end - start);
  }

  /** Takes an element that stands in a cluster, or in a group of blocks there. */
  #child(parent: Master, element: Element): Block | undefined {
    const { id } = element;
    if (element.isOpen) throw damaged('an element in a cluster does not say where it ends');
    if (isTopLevel(id)) throw damaged('a cluster does not end where it says');
    if (id === Id.crc32) parent.checksum ??= element;
    else if (parent === this.#group) {
      if (id === Id.referenceBlock) parent.isKey = false;
      else if (id === Id.blockDuration) parent.duration = this.#uint(element);
      else if (id === Id.block && !element.isCut) parent.blocks.push(this.#block(element, parent.edits));
    } else if (id === Id.simpleBlock && !element.isCut) return this.#block(element, parent.edits);
    else if (id === Id.blockGroup) this.#group = masterOf(element);
    else if (id === Id.timestamp) this.#timestamp = this.#uint(element);
    else if (id === Id.position) this.#hint(parent, element, this.segment?.data ?? 0);
    else if (id === Id.prevSize) this.#hint(parent, element, this.#previousCluster ?? parent.element.start);
    return undefined;
  }

  /** Ends a cluster or a group. Returns the blocks of a group, which are described all around them. */
  #leave({ element, edits, checksum, blocks, duration, isKey }: Master, end: number): Block[] {
    if (edits.length > 0) {
      if (checksum !== undefined) {
        const { data, end: start } = checksum;
        const bytes = new Uint8Array(start - data);
        this.#checksums.push({ bytes, start, end });
        edits.push({ at: data, remove: bytes.length, insert: [bytes] });
      }
      const into = this.#group === undefined ? this.edits : (this.#cluster?.edits ?? []);
      for (const edit of [...sizeEdit(element, growthOfAll(edits)), ...edits]) into.push(edit);
    }
    if (this.#group !== undefined) {
      this.#group = undefined;
      return blocks.map((block) => ({ ...block, duration, isKey }));
    }
    const { start, data } = element;
    if (edits.length > 0) this.clusters.push({ start, data, end, checksums: this.#checksums });
    this.#checksums = [];
    this.#previousCluster = start;
    this.#cluster = undefined;
    return [];
  }

  /** The number that an element says. */
  #uint({ data, end }: Element): number {
    return end - data > 8 ? 0 : readUint(this.#reader.bytes(data, end - data));
  }

  /** Changes a number that says the length of a stretch of the file up to its cluster. */
  #hint(cluster: Master, element: Element, start: number): void {
    const length = element.end - element.start;
    if (this.#edits === undefined) return;
    if (length > MAX_HINT_LENGTH) {
      cluster.edits.push(voidEdit(element));
      return;
    }
    const bytes = this.#reader.bytes(element.start, length).slice();
    this.hints.push({ bytes, dataAt: element.data - element.start, start, end: cluster.element.start });
    cluster.edits.push({ at: element.start, remove: length, insert: [bytes] });
  }

  /** Reads the header of a block. Notes its change and that of its size if a frame in it changes. */
  #block(element: Element, into: Edit[]): Block {
    const { data, end } = element;
    const header = this.#reader.bytes(data, Math.min(MAX_BLOCK_HEADER_LENGTH, end - data));
    const number = readVint(header, 0, false);
    if (number === undefined || number.length + 3 > header.length) throw damaged('a block is too short');
    const { value: track, length } = number;
    const flags = header[length + 2];
    const lacing = (flags >> 1) & 3;
    const frames = lacing === 0 ? 1 : (header[length + 3] ?? 0) + 1;
    const firstFrame = this.#counts.get(track) ?? 0;
    this.#counts.set(track, firstFrame + frames);
    const start = data + length + 3;
    const edits = this.#edits?.get(track);
    for (let i = 0; edits !== undefined && i < frames; i++) {
      const edit = edits.get(firstFrame + i);
      if (edit === undefined) continue;
      if (lacing !== 0 || end - start !== edit.sampleSize)
        throw unsupported(`the blocks of track ${track} are laced or compressed, and cannot be changed; ${REWRITE}`);
      into.push(...sizeEdit(element, growthOf(edit)), { ...edit, at: start + edit.at });
    }
    const timestamp = (((header[length] << 8) | header[length + 1]) << 16) >> 16;
    const isKey = (flags & 0x80) !== 0;
    const clusterTimestamp = this.#timestamp;
    return { track, firstFrame, timestamp, clusterTimestamp, lacing, frames, duration: undefined, isKey, start, end };
  }
}
