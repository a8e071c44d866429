/**
 * Transport streams with some access units changed, and everything else as it is: the packets of all other streams, the
 * tables, clocks and timestamps. A PES packet that grows gets more packets behind its last one; continuity counters
 * follow.
 */
import { concatBytes } from '../codec/bytes.js';
import type { Edit } from './edits.js';
import type { PacketTransform, TransformOf, TransformedPacket } from './packet.js';
import { type TransportAccessUnit, TransportAccessUnits } from './transport-packets.js';
import {
  type PesPacket,
  type TransportPacket,
  type TransportProgress,
  TransportStreamParser,
} from './transport-stream.js';

const PACKET_SIZE = 188;
const HEADER_SIZE = 4;
const MAX_PES_PACKET_LENGTH = 0xffff;

/** The most bytes that wait for the end of a picture; then what is there of it is taken for all. */
export const MAX_HELD_STREAM_SIZE = 64 * 1024 * 1024;

/** A PES packet that waits until all its access units are decided. */
interface HeldPes {
  readonly pes: PesPacket;
  /** Where its payload lies in the elementary stream. */
  readonly start: number;
  readonly end: number;
  readonly edits: Edit[];
  isDecided: boolean;
  /** What stands in the place of each of its packets. */
  rendered: readonly (readonly Uint8Array[])[] | undefined;
}

/** A packet on its way out. */
interface Held {
  readonly packet: TransportPacket;
  /** Its PES packet and its place in that, once it is known. */
  pes: HeldPes | undefined;
  place: number;
  isFree: boolean;
}

function hasPayload(bytes: Uint8Array, prefix: number): boolean {
  return (bytes[prefix + 3] & 0x10) !== 0;
}

/** The bytes of an adaptation field that say something: without stuffing; empty where it says nothing (2.4.3.4). */
function adaptationOf({ bytes, prefix }: TransportPacket): Uint8Array {
  const start = prefix + HEADER_SIZE + 1;
  const end = Math.min(start + bytes[start - 1], prefix + PACKET_SIZE);
  const hasField = (bytes[prefix + 3] & 0x20) !== 0 && start < end && bytes[start] !== 0;
  if (!hasField) return new Uint8Array(0);
  const flags = bytes[start];
  let at = start + 1;
  if ((flags & 0x10) !== 0) at += 6;
  if ((flags & 0x08) !== 0) at += 6;
  if ((flags & 0x04) !== 0) at += 1;
  if ((flags & 0x02) !== 0) at += 1 + (bytes[at] ?? 0);
  if ((flags & 0x01) !== 0) at += 1 + (bytes[at] ?? 0);
  return bytes.subarray(start, Math.min(at, end));
}

/** A packet with an adaptation field and a payload; stuffing fills what is left. */
function buildPacket(like: TransportPacket, isFirst: boolean, adaptation: Uint8Array, payload: Uint8Array): Uint8Array {
  const { bytes: source, prefix } = like;
  const bytes = source.slice();
  const room = PACKET_SIZE - HEADER_SIZE;
  const needsField = adaptation.length > 0 || payload.length < room;
  const fieldSize = needsField ? room - payload.length : 0;
  bytes[prefix + 1] = isFirst ? bytes[prefix + 1] : bytes[prefix + 1] & 0xbf;
  bytes[prefix + 3] = (bytes[prefix + 3] & 0xcf) | (needsField ? 0x20 : 0) | (payload.length > 0 ? 0x10 : 0);
  let at = prefix + HEADER_SIZE;
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

function replaced({ pes, start, edits }: HeldPes): Uint8Array {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const edit of edits) {
    pieces.push(pes.payload.subarray(at, edit.at - start), ...edit.insert);
    at = edit.at - start + edit.remove;
  }
  pieces.push(pes.payload.subarray(at));
  let growth = -pes.payload.length;
  for (const { length } of pieces) growth += length;
  const header = pes.header.slice();
  const length = (header[4] << 8) | header[5];
  if (length !== 0) {
    // Video may leave it open (2.4.3.7).
    const newLength = length + growth > MAX_PES_PACKET_LENGTH ? 0 : length + growth;
    header[4] = newLength >> 8;
    header[5] = newLength & 0xff;
  }
  const all = [header, ...pieces, pes.trailer];
  const bytes = new Uint8Array(header.length + pes.payload.length + growth + pes.trailer.length);
  at = 0;
  for (const piece of all) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * The packets of a PES packet with changes, each in its old place and the further ones behind the last with a payload:
 * behind that may be one that has a clock reference alone, so late that the picture is to be shown before.
 */
function renderPes(held: HeldPes): Uint8Array[][] {
  const data = replaced(held);
  const { packets } = held.pes;
  const lastIndex = packets.findLastIndex(({ bytes, prefix }) => hasPayload(bytes, prefix));
  let at = 0;
  const take = (room: number) => data.subarray(at, (at += Math.min(room, data.length - at)));
  const rendered = packets.map((packet, i): Uint8Array[] => {
    if (!hasPayload(packet.bytes, packet.prefix)) return [packet.bytes];
    const adaptation = adaptationOf(packet);
    const room = PACKET_SIZE - HEADER_SIZE - (adaptation.length > 0 ? 1 + adaptation.length : 0);
    if (at >= data.length && adaptation.length === 0) return [];
    return [buildPacket(packet, i === 0, adaptation, take(room))];
  });
  while (at < data.length) {
    rendered[lastIndex].push(
      buildPacket(packets[lastIndex], false, new Uint8Array(0), take(PACKET_SIZE - HEADER_SIZE)),
    );
  }
  return rendered;
}

/** The number of the first PES packet that reaches past an offset. */
function firstReaching(pesPackets: readonly HeldPes[], offset: number): number {
  let low = 0;
  let high = pesPackets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pesPackets[middle].end <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Changes the access units of a transport stream that comes in chunks of any length. */
export class TransportRewriter {
  readonly #parser: TransportStreamParser;
  readonly #transformOf: TransformOf;
  readonly #transforms = new Map<number, PacketTransform | undefined>();
  readonly #streams = new Map<number, { units: TransportAccessUnits; pes: HeldPes[]; length: number }>();
  readonly #continuity = new Map<number, number>();
  readonly #byPacket = new Map<TransportPacket, Held>();
  #queue: Held[] = [];
  #heldBytes = 0;

  /**
   * @param head the first bytes of the stream, which show how long its packets are
   * @param transformOf what is to be done with the H.264 of a PID, asked once for each; undefined where nothing
   * @param tables has read tables of the stream
   */
  constructor(head: Uint8Array, transformOf: TransformOf, tables?: TransportStreamParser) {
    this.#parser = new TransportStreamParser(head, tables);
    this.#transformOf = transformOf;
  }

  /** The streams that the tables have named so far. */
  get tracks(): TransportStreamParser['tracks'] {
    return this.#parser.tracks;
  }

  /** Takes the next bytes; answers what can go on now. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#take(this.#parser.push(chunk));
    if (this.#heldBytes > MAX_HELD_STREAM_SIZE) {
      this.#take(this.#parser.completeAll());
      this.#end();
    }
    return this.#drain();
  }

  /** Says that the stream ends here; answers what there is left. */
  flush(): Uint8Array[] {
    this.#take(this.#parser.flush());
    this.#end();
    return this.#drain();
  }

  #transform(pid: number): PacketTransform | undefined {
    if (!this.#transforms.has(pid)) {
      // Who wants the first one means the first of the tables, whichever packet comes first.
      for (const { pid: each } of this.#parser.tracks) {
        const isNew = this.#parser.isH264(each) && !this.#transforms.has(each);
        if (isNew) this.#transforms.set(each, this.#transformOf(each));
      }
    }
    return this.#transforms.get(pid);
  }

  #take({ packets, pesPackets, loose }: TransportProgress): void {
    for (const packet of packets) {
      const isFree = !packet.isH264 || this.#transform(packet.pid) === undefined;
      const held = { packet, pes: undefined, place: 0, isFree };
      this.#queue.push(held);
      this.#heldBytes += packet.bytes.length;
      if (!isFree) this.#byPacket.set(packet, held);
    }
    for (const packet of loose) {
      const held = this.#byPacket.get(packet);
      if (held !== undefined) held.isFree = true;
      this.#byPacket.delete(packet);
    }
    for (const pes of pesPackets) {
      const transform = this.#transform(pes.pid);
      if (transform !== undefined) this.#takePes(pes, transform);
    }
  }

  #takePes(pes: PesPacket, transform: PacketTransform): void {
    let stream = this.#streams.get(pes.pid);
    if (stream === undefined) {
      stream = { units: new TransportAccessUnits(), pes: [], length: 0 };
      this.#streams.set(pes.pid, stream);
    }
    const start = stream.length;
    stream.length += pes.payload.length;
    const heldPes: HeldPes = { pes, start, end: stream.length, edits: [], isDecided: false, rendered: undefined };
    stream.pes.push(heldPes);
    for (const [place, packet] of pes.packets.entries()) {
      const held = this.#byPacket.get(packet);
      if (held === undefined) continue;
      held.pes = heldPes;
      held.place = place;
      this.#byPacket.delete(packet);
    }
    this.#transformAll(pes.pid, transform, stream.units.push(pes));
  }

  #transformAll(pid: number, transform: PacketTransform, accessUnits: readonly TransportAccessUnit[]): void {
    for (const accessUnit of accessUnits) {
      if (accessUnit.isContinuation) continue;
      for (const transformed of transform.push(accessUnit)) this.#decide(pid, transformed);
    }
  }

  #decide(pid: number, { packet, edit }: TransformedPacket<TransportAccessUnit>): void {
    const stream = this.#streams.get(pid);
    if (stream === undefined) return;
    if (edit !== undefined) this.#spread(stream.pes, { ...edit, at: packet.offset + edit.at });
    this.#decideUpTo(stream.pes, packet.offset + packet.data.length);
  }

  /** What goes may lie in several PES packets; what comes goes into the first of them. */
  #spread(pesPackets: readonly HeldPes[], edit: Edit): void {
    let { insert } = edit;
    for (let i = firstReaching(pesPackets, edit.at); i < pesPackets.length; i++) {
      const held = pesPackets[i];
      if (held.start > edit.at + edit.remove) break;
      const from = Math.max(edit.at, held.start);
      const to = Math.min(edit.at + edit.remove, held.end);
      const isHere = insert.length > 0 && edit.at >= held.start && edit.at < held.end;
      if (to <= from && !isHere) continue;
      held.edits.push({ at: from, remove: Math.max(0, to - from), insert: isHere ? insert : [] });
      if (isHere) insert = [];
    }
  }

  #decideUpTo(pesPackets: HeldPes[], offset: number): void {
    let decided = 0;
    while (decided < pesPackets.length && pesPackets[decided].end <= offset) pesPackets[decided++].isDecided = true;
    pesPackets.splice(0, decided);
  }

  /** Takes what there is of each picture for all of it. */
  #end(): void {
    for (const [pid, stream] of this.#streams) {
      const transform = this.#transform(pid);
      if (transform === undefined) continue;
      this.#transformAll(pid, transform, stream.units.flush());
      for (const transformed of transform.flush<TransportAccessUnit>()) this.#decide(pid, transformed);
      this.#decideUpTo(stream.pes, Infinity);
    }
  }

  #drain(): Uint8Array[] {
    const out: Uint8Array[] = [];
    let done = 0;
    for (; done < this.#queue.length; done++) {
      const { packet, pes, place, isFree } = this.#queue[done];
      if (!isFree && pes?.isDecided !== true) break;
      this.#heldBytes -= packet.bytes.length;
      if (pes !== undefined && pes.edits.length > 0) {
        pes.rendered ??= renderPes(pes);
        const rendered = pes.rendered[place];
        // Each packet with a payload counts one on (2.4.3.3); all that are rendered have the number of the old one.
        let numbers = hasPayload(packet.bytes, packet.prefix) && !packet.isDuplicate ? 1 : 0;
        if (!rendered.some((bytes) => hasPayload(bytes, packet.prefix))) this.#shift(packet.pid, -numbers);
        for (const bytes of rendered) {
          if (hasPayload(bytes, packet.prefix) && numbers-- <= 0) this.#shift(packet.pid, 1);
          out.push(this.#renumber(bytes, packet));
        }
      } else {
        out.push(this.#renumber(packet.bytes, packet));
      }
    }
    this.#queue.splice(0, done);
    return out;
  }

  #shift(pid: number, by: number): void {
    if (by !== 0) this.#continuity.set(pid, ((this.#continuity.get(pid) ?? 0) + by + 16) & 15);
  }

  #renumber(bytes: Uint8Array, { pid, prefix }: TransportPacket): Uint8Array {
    const shift = this.#continuity.get(pid) ?? 0;
    if (shift !== 0) bytes[prefix + 3] = (bytes[prefix + 3] & 0xf0) | ((bytes[prefix + 3] + shift) & 15);
    return bytes;
  }
}

/** Small pieces as one, where there are any. */
export function* joined(packets: readonly Uint8Array[]): Generator<Uint8Array> {
  if (packets.length > 0) yield concatBytes(packets);
}
