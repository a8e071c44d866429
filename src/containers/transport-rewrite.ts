/**
 * Transport streams with some access units changed: a PES packet that grows gets more packets after its last one, and
 * continuity counters follow. All other packets stay.
 */
import { concatBytes } from '../codec/bytes.js';
import { type Edit, firstIndex, growthOf, unsupported } from './edits.js';
import type { StreamPacket } from './elementary-stream.js';
import { transportLayout } from './file-kind.js';
import { type FileTrack, type PacketTransform, type TransformOf, type TransformedPacket, h264Track } from './packet.js';
import { TransportAccessUnits } from './transport-packets.js';
import {
  HEADER_SIZE,
  PACKET_SIZE,
  type PesPacket,
  type TransportPacket,
  type TransportProgress,
  TransportStreamParser,
} from './transport-stream.js';

const MAX_PES_PACKET_LENGTH = 0xffff;

/** The most bytes that wait for the end of a picture; then what is there of it is taken for all. */
export const MAX_HELD_STREAM_SIZE = 64 * 1024 * 1024;

/** So many bytes of a transport stream without H.264 are waited for the tables to name some: 8 MiB. */
const MAX_WITHOUT_H264 = 8 * 1024 * 1024;

/** Bytes of a packet of a transport stream with the error correction of its transmission (EN 300 429). */
const PROTECTED_PACKET_SIZE = 204;

/** The bytes of an adaptation field that say something: without stuffing; empty if it says nothing (2.4.3.4). */
function adaptationOf({ data, sync }: TransportPacket): Uint8Array {
  const start = sync + HEADER_SIZE + 1;
  const end = Math.min(start + data[start - 1], sync + PACKET_SIZE);
  const hasField = (data[sync + 3] & 0x20) !== 0 && start < end && data[start] !== 0;
  if (!hasField) return new Uint8Array(0);
  const flags = data[start];
  let at = start + 1;
  if ((flags & 0x10) !== 0) at += 6;
  if ((flags & 0x08) !== 0) at += 6;
  if ((flags & 0x04) !== 0) at += 1;
  if ((flags & 0x02) !== 0) at += 1 + (data[at] ?? 0);
  if ((flags & 0x01) !== 0) at += 1 + (data[at] ?? 0);
  return data.subarray(start, Math.min(at, end));
}

/** A packet with an adaptation field and a payload; stuffing fills what is left. */
function buildPacket(like: TransportPacket, isFirst: boolean, adaptation: Uint8Array, payload: Uint8Array): Uint8Array {
  const bytes = like.data.slice(like.start, like.end);
  const sync = like.sync - like.start;
  const room = PACKET_SIZE - HEADER_SIZE;
  const needsField = adaptation.length > 0 || payload.length < room;
  const fieldSize = needsField ? room - payload.length : 0;
  if (!isFirst) bytes[sync + 1] &= 0xbf;
  bytes[sync + 3] = (bytes[sync + 3] & 0xcf) | (needsField ? 0x20 : 0) | (payload.length > 0 ? 0x10 : 0);
  let at = sync + HEADER_SIZE;
  if (needsField) {
    bytes[at] = fieldSize - 1;
    bytes.fill(0xff, at + 1, at + fieldSize);
    if (adaptation.length > 0) bytes.set(adaptation, at + 1);
    else if (fieldSize > 1) bytes[at + 1] = 0;
    at += fieldSize;
  }
  bytes.set(payload, at);
  return bytes;
}

/** A PES packet that waits until all its access units are decided. */
class HeldPes {
  readonly pes: PesPacket;
  /** Where its payload lies in the elementary stream. */
  readonly start: number;
  readonly end: number;
  readonly edits: Edit[] = [];
  /** What stands in the place of each of its packets that is still to come; undefined while it is as it was. */
  #rendered: Uint8Array[][] | undefined;

  constructor(pes: PesPacket, start: number) {
    this.pes = pes;
    this.start = start;
    this.end = start + pes.payload.length;
  }

  /** What stands in the place of its next packet; undefined if that stays as it is. */
  next(): readonly Uint8Array[] | undefined {
    if (this.edits.length === 0) return undefined;
    this.#rendered ??= this.#render().reverse();
    return this.#rendered.pop();
  }

  #changed(): Uint8Array {
    const { payload, trailer } = this.pes;
    const header = this.pes.header.slice();
    const length = (header[4] << 8) | header[5];
    let newLength = length;
    let at = 0;
    const pieces: Uint8Array[] = [header];
    for (const edit of this.edits) {
      pieces.push(payload.subarray(at, edit.at - this.start), ...edit.insert);
      at = edit.at - this.start + edit.remove;
      newLength += growthOf(edit);
    }
    // Video may leave its length open (2.4.3.7).
    if (length === 0 || newLength > MAX_PES_PACKET_LENGTH) newLength = 0;
    header[4] = newLength >> 8;
    header[5] = newLength & 0xff;
    return concatBytes([...pieces, payload.subarray(at), trailer]);
  }

  /**
   * Its packets with its changes, each in its old place and the further ones behind the last with a payload: behind that
   * may be one that has a clock reference alone, so late that the picture is to be shown before.
   */
  #render(): Uint8Array[][] {
    const data = this.#changed();
    const { packets } = this.pes;
    const lastIndex = packets.findLastIndex(({ hasPayload }) => hasPayload);
    let at = 0;
    const take = (room: number) => data.subarray(at, (at += Math.min(room, data.length - at)));
    const rendered = packets.map((packet, i): Uint8Array[] => {
      if (!packet.hasPayload) return [packet.data.subarray(packet.start, packet.end)];
      const adaptation = adaptationOf(packet);
      const room = PACKET_SIZE - HEADER_SIZE - (adaptation.length > 0 ? 1 + adaptation.length : 0);
      if (at >= data.length && adaptation.length === 0) return [];
      return [buildPacket(packet, i === 0, adaptation, take(room))];
    });
    while (at < data.length) {
      const payload = take(PACKET_SIZE - HEADER_SIZE);
      rendered[lastIndex].push(buildPacket(packets[lastIndex], false, new Uint8Array(0), payload));
    }
    return rendered;
  }
}

/** One stream of H.264 and what is done to it. */
class RewrittenStream {
  readonly #transform: PacketTransform;
  readonly #units: TransportAccessUnits;
  /** The PES packets that are not decided, in order. */
  #pesPackets: HeldPes[] = [];
  #length = 0;
  /** How far continuity counters have moved on. */
  shift = 0;

  constructor(pid: number, transform: PacketTransform) {
    this.#units = new TransportAccessUnits(pid);
    this.#transform = transform;
  }

  /** Takes the next PES packet. Returns the PES packets that are decided. */
  push(pes: PesPacket): HeldPes[] {
    const held = new HeldPes(pes, this.#length);
    this.#length = held.end;
    this.#pesPackets.push(held);
    return this.#decideUpTo(this.#decide(this.#units.push(pes).flatMap((unit) => this.#transform.push(unit))));
  }

  /** Takes what there is of each picture for all of it. */
  flush(): HeldPes[] {
    this.#decide(this.#units.flush().flatMap((unit) => this.#transform.push(unit)));
    this.#decide(this.#transform.flush<StreamPacket>());
    return this.#decideUpTo(Infinity);
  }

  /** Returns up to where in the elementary stream it is decided. */
  #decide(transformed: readonly TransformedPacket<StreamPacket>[]): number {
    let end = 0;
    for (const { packet, edit } of transformed) {
      if (edit !== undefined) this.#spread({ ...edit, at: packet.offset + edit.at });
      end = packet.offset + packet.data.length;
    }
    return end;
  }

  /** What goes may lie in several PES packets; what comes goes into the first of them. */
  #spread(edit: Edit): void {
    let { insert } = edit;
    for (let i = this.#firstReaching(edit.at); i < this.#pesPackets.length; i++) {
      const held = this.#pesPackets[i];
      if (held.start > edit.at + edit.remove) break;
      const from = Math.max(edit.at, held.start);
      const to = Math.min(edit.at + edit.remove, held.end);
      const isHere = insert.length > 0 && edit.at >= held.start && edit.at < held.end;
      if (to <= from && !isHere) continue;
      held.edits.push({ at: from, remove: Math.max(0, to - from), insert: isHere ? insert : [] });
      if (isHere) insert = [];
    }
  }

  /** The number of the first PES packet that reaches past an offset. */
  #firstReaching(offset: number): number {
    return firstIndex(this.#pesPackets.length, (i) => this.#pesPackets[i].end > offset);
  }

  #decideUpTo(offset: number): HeldPes[] {
    return this.#pesPackets.splice(0, this.#firstReaching(offset));
  }
}

/** Changes the access units of a transport stream that comes in chunks of any length. */
class TransportRewriter {
  readonly #parser: TransportStreamParser;
  readonly #transformOf: TransformOf;
  readonly #streams = new Map<number, RewrittenStream | undefined>();
  readonly #decided = new Map<PesPacket, HeldPes>();
  readonly #queue: TransportPacket[] = [];
  #heldBytes = 0;

  constructor(head: Uint8Array, transformOf: TransformOf, tables?: TransportStreamParser) {
    this.#parser = new TransportStreamParser(head, tables);
    this.#transformOf = transformOf;
  }

  get tracks(): readonly FileTrack[] {
    return this.#parser.tracks;
  }

  push(chunk: Uint8Array): Uint8Array[] {
    this.#take(this.#parser.push(chunk));
    if (this.#heldBytes > MAX_HELD_STREAM_SIZE) this.#end(this.#parser.completeAll());
    return this.#drain();
  }

  flush(): Uint8Array[] {
    this.#end(this.#parser.flush());
    return this.#drain();
  }

  #streamOf(pid: number): RewrittenStream | undefined {
    if (this.#streams.has(pid)) return this.#streams.get(pid);
    // Who wants the first one means the first of the tables, whichever packet comes first.
    for (const { id, isH264 } of this.#parser.tracks) {
      if (!isH264 || this.#streams.has(id)) continue;
      const transform = this.#transformOf(id);
      this.#streams.set(id, transform && new RewrittenStream(id, transform));
    }
    return this.#streams.get(pid);
  }

  #take({ packets, pesPackets }: TransportProgress): void {
    for (const packet of packets) {
      this.#queue.push(packet);
      this.#heldBytes += packet.end - packet.start;
    }
    for (const pes of pesPackets) this.#decide(this.#streamOf(pes.pid)?.push(pes) ?? []);
  }

  #end(progress: TransportProgress): void {
    this.#take(progress);
    for (const stream of this.#streams.values()) this.#decide(stream?.flush() ?? []);
  }

  #decide(decided: readonly HeldPes[]): void {
    for (const held of decided) this.#decided.set(held.pes, held);
  }

  #drain(): Uint8Array[] {
    // Packets that lie one after the other in memory are one piece.
    const out: { readonly data: Uint8Array; readonly start: number; end: number }[] = [];
    const add = (data: Uint8Array, start: number, end: number) => {
      const last = out.at(-1);
      if (last?.data === data && last.end === start) last.end = end;
      else out.push({ data, start, end });
    };
    let done = 0;
    for (; done < this.#queue.length; done++) {
      const packet = this.#queue[done];
      const { data, start, end, sync, pid, pes } = packet;
      const stream = pes === undefined ? this.#streams.get(pid) : this.#streamOf(pid);
      let rendered: readonly Uint8Array[] | undefined;
      if (stream !== undefined && pes?.isLoose === false) {
        const held = this.#decided.get(pes);
        if (held === undefined) break;
        rendered = held.next();
        if (packet === pes.packets.at(-1)) this.#decided.delete(pes);
      }
      this.#heldBytes -= end - start;
      if (rendered === undefined) {
        if (stream !== undefined) renumber(data, sync, stream.shift);
        add(data, start, end);
        continue;
      }
      // Each packet with a payload counts one on (2.4.3.3); all that are rendered have the number of the old one.
      let numbers = packet.hasPayload && !packet.isDuplicate ? 1 : 0;
      const place = sync - start;
      if (stream !== undefined && !rendered.some((bytes) => (bytes[place + 3] & 0x10) !== 0)) stream.shift -= numbers;
      for (const bytes of rendered) {
        if (stream !== undefined && (bytes[place + 3] & 0x10) !== 0 && numbers-- <= 0) stream.shift++;
        renumber(bytes, place, stream?.shift ?? 0);
        add(bytes, 0, bytes.length);
      }
    }
    this.#queue.splice(0, done);
    return out.map(({ data, start, end }) => data.subarray(start, end));
  }
}

/** Moves a continuity counter on. */
function renumber(bytes: Uint8Array, sync: number, shift: number): void {
  if ((shift & 15) !== 0) bytes[sync + 3] = (bytes[sync + 3] & 0xf0) | ((bytes[sync + 3] + shift) & 15);
}

/**
 * Writes a transport stream with changed access units. A live stream comes out a second behind at most.
 *
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if it has no H.264, ERR_SEI_UNSUPPORTED_FILE for error correction
 */
export async function* rewriteTransportStream(
  chunks: AsyncIterable<Uint8Array>,
  transformOf: TransformOf,
  tables?: TransportStreamParser,
): AsyncGenerator<Uint8Array> {
  let rewriter: TransportRewriter | undefined;
  let isH264 = false;
  let held: Uint8Array[] = [];
  let heldLength = 0;
  const transform = (id: number) => {
    isH264 = true;
    return transformOf(id);
  };
  for await (const chunk of chunks) {
    if (rewriter === undefined && transportLayout(chunk)?.size === PROTECTED_PACKET_SIZE) {
      throw unsupported(
        'the packets of the stream carry error correction, which would be wrong; write it anew first: ' +
          'ffmpeg -i in.ts -map 0 -c copy out.ts',
      );
    }
    rewriter ??= new TransportRewriter(chunk, transform, tables);
    for (const piece of rewriter.push(chunk)) {
      held.push(piece);
      heldLength += piece.length;
    }
    if (!isH264 && heldLength > MAX_WITHOUT_H264) h264Track(rewriter.tracks);
    if (!isH264 || held.length === 0) continue;
    yield concatBytes(held);
    held = [];
  }
  for (const piece of rewriter?.flush() ?? []) held.push(piece);
  if (!isH264) h264Track(rewriter?.tracks ?? []);
  if (held.length > 0) yield concatBytes(held);
}
