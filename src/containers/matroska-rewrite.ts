/**
 * Matroska files with some blocks changed: the sizes of what holds those blocks follow, and the positions in the file
 * that the index (Cues, SeekHead) says (RFC 9559). All other bytes stay.
 */
import { concatBytes } from '../codec/bytes.js';
import { applyEdits } from './apply-edits.js';
import type { ByteSource } from './byte-source.js';
import { Crc32, type Element, Id, elementsIn, readUint, writeSize, writeUint } from './ebml.js';
import { FileEdits, type TrackEdits, damaged, unsupported } from './edits.js';
import { type ClusterHint, MatroskaWalk, growthOfAll, sizeEdit } from './matroska-walk.js';

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

/** The most rounds in which positions may become longer. */
const MAX_ROUNDS = 64;

/** How deep the elements of an index lie in each other. */
const MAX_INDEX_DEPTH = 4;

const INDEX_MASTERS: ReadonlySet<number> = new Set([Id.seekHead, Id.seek, Id.cues, Id.cuePoint, Id.cueTrackPositions]);

/** Writes an index for positions that have moved; a position may need more bytes, or fewer. */
function writeIndex(
  bytes: Uint8Array,
  segment: Element,
  moved: (offset: number) => number,
  clusterData: (position: number) => number | undefined,
): Uint8Array {
  const position = (value: number) => moved(segment.data + value) - moved(segment.data);
  const write = (content: Uint8Array, depth: number): Uint8Array => {
    const pieces: Uint8Array[] = [];
    let checksum: Uint8Array | undefined;
    let covered = 0;
    const elements = [...elementsIn(content)];
    const clusterPosition = elements.find(({ id }) => id === Id.cueClusterPosition);
    for (const { id, idBytes, sizeLength, data } of elements) {
      let now = data;
      if (INDEX_MASTERS.has(id) && depth < MAX_INDEX_DEPTH) now = write(data, depth + 1);
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
  return write(bytes, 0);
}

/**
 * Writes a file with changed blocks.
 *
 * @param edits the changes, by TrackNumber and by the number of the frame
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if it is damaged or cut, ERR_SEI_UNSUPPORTED_FILE if a block cannot change
 */
export async function* rewriteMatroska(
  source: ByteSource,
  edits: ReadonlyMap<number, TrackEdits>,
): AsyncGenerator<Uint8Array> {
  const walk = new MatroskaWalk(source, edits);
  const blocks = walk.blocks();
  while ((await blocks.next()).done !== true);
  const { segment, clusters, hints, indexes } = walk;
  if (walk.truncated || segment === undefined) throw damaged('it does not end where its elements say');
  if (edits.size === 0) {
    yield* applyEdits(source, []);
    return;
  }
  const clusterStarts = new Map(clusters.map(({ start, data }) => [start, data]));
  const clusterData = (start: number) => clusterStarts.get(start);
  let moved: (offset: number) => number = (offset) => offset;
  let all = new FileEdits([]);
  // Where an index in front of what it points to becomes longer, that moves again: each round something grows, or it is
  // the last one. Where bytes go, all becomes shorter in the same way.
  for (let growth = NaN, indexGrowth = NaN, round = 0; ; round++) {
    if (round > MAX_ROUNDS) throw unsupported('the positions of the index do not come to rest');
    const indexEdits = indexes.map(({ element, bytes }) => ({
      at: element.start,
      remove: bytes.length,
      insert: [writeIndex(bytes, segment, moved, clusterData)],
    }));
    const size = sizeEdit(segment, growthOfAll(walk.edits) + growthOfAll(indexEdits));
    all = new FileEdits([...size, ...walk.edits, ...indexEdits]);
    const now = all;
    moved = (offset) => now.moved(offset);
    if (growthOfAll(all.edits) === growth && growthOfAll(indexEdits) === indexGrowth) break;
    growth = growthOfAll(all.edits);
    indexGrowth = growthOfAll(indexEdits);
  }
  fillHints(hints, moved);
  let at = 0;
  const within = (start: number, end: number) => all.edits.slice(all.firstAt(start), all.firstAt(end));
  for (const { end, checksums } of clusters) {
    if (checksums.length === 0) continue;
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
