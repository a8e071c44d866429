/**
 * MPEG-2 transport streams (ISO/IEC 13818-1): the packets, the tables that say which of them hold H.264, and the PES
 * packets of those. Everything else passes unread.
 */
import { type TransportLayout, transportLayout } from './file-kind.js';
import { type FileTrack, trackName } from './packet.js';
import { SectionReader } from './transport-sections.js';

/** Bytes of a packet. */
export const PACKET_SIZE = 188;
/** Bytes of its header. */
export const HEADER_SIZE = 4;
const SYNC_BYTE = 0x47;
const PAT_PID = 0;
const STREAM_TYPE_H264 = 0x1b;
const PES_START = 9;

/** The most programs of a transport stream, and the most streams, that are looked at. */
export const MAX_TABLE_ENTRIES = 512;

/** The most bytes of a PES packet that are put together, 32 MiB: a larger one passes as it is. */
export const MAX_PES_SIZE = 32 * 1024 * 1024;

/** The most packets of a PES packet, which may hold little each. */
const MAX_PES_PACKETS = MAX_PES_SIZE / 64;

/** One packet of a transport stream, or foreign bytes. */
export class TransportPacket {
  /** Memory of the parser's that holds it. */
  readonly data: Uint8Array;
  /** Offset in that of its first byte, which may stand in front of the sync byte. */
  readonly start: number;
  /** Offset after its last byte. */
  readonly end: number;
  /** Offset of the sync byte. */
  readonly sync: number;
  /** PID; -1 for bytes that are no packet. */
  readonly pid: number;
  /** continuity_counter, which may be another in `data` later. */
  readonly continuity: number;
  /** Offset of its payload; `payloadEnd` if it has none that can be read. */
  payloadStart: number;
  /** Offset after its payload. */
  readonly payloadEnd: number;
  /** Whether it is the packet in front of it once more (2.4.3.3), of which the payload is left out. */
  isDuplicate = false;
  /** What of H.264 it belongs to, as far as the tables in front of it have said. */
  pes: PesPacket | undefined = undefined;

  /** @param sync offset of the sync byte; -1 for bytes that are no packet */
  constructor(data: Uint8Array, start: number, end: number, sync: number) {
    this.data = data;
    this.start = start;
    this.end = end;
    this.sync = sync;
    this.pid = sync < 0 ? -1 : ((data[sync + 1] & 0x1f) << 8) | data[sync + 2];
    this.continuity = data[sync + 3] & 0x0f;
    this.payloadEnd = sync < 0 ? end : sync + PACKET_SIZE;
    const isReadable = this.hasPayload && !this.isScrambled;
    const size = HEADER_SIZE + ((data[sync + 3] & 0x20) !== 0 ? 1 + data[sync + HEADER_SIZE] : 0);
    this.payloadStart = isReadable ? Math.min(sync + size, this.payloadEnd) : this.payloadEnd;
  }

  /** Whether it says that it has a payload. */
  get hasPayload(): boolean {
    return this.sync >= 0 && (this.data[this.sync + 3] & 0x10) !== 0;
  }

  /** Whether it is scrambled, and so has no payload that can be read. */
  get isScrambled(): boolean {
    return (this.data[this.sync + 3] & 0xc0) !== 0;
  }

  /** payload_unit_start_indicator; of what is sent again, false. */
  get isUnitStart(): boolean {
    return (this.data[this.sync + 1] & 0x40) !== 0 && !this.isDuplicate;
  }

  /** Whether it is another packet once more: with its number and its payload. */
  repeats({ data, sync, payloadStart, continuity }: TransportPacket): boolean {
    if (continuity !== this.continuity || payloadStart - sync !== this.payloadStart - this.sync) return false;
    const length = this.payloadEnd - this.payloadStart;
    for (let i = 0; i < length; i++) if (data[payloadStart + i] !== this.data[this.payloadStart + i]) return false;
    return true;
  }
}

const NOTHING = new Uint8Array(0);

/** A PES packet of H.264, which is filled until it is complete. */
export class PesPacket {
  /** PID of its packets. */
  readonly pid: number;
  /** The transport packets that hold it. */
  readonly packets: TransportPacket[] = [];
  /** Bytes of it so far. */
  size = 0;
  /** Whether it cannot be read: then its packets pass as they are. */
  isLoose = false;
  /** All in front of the payload. */
  header: Uint8Array = NOTHING;
  /** Its payload, a stretch of the elementary stream. */
  payload: Uint8Array = NOTHING;
  /** What stands behind it in the packets, although PES_packet_length leaves it out. */
  trailer: Uint8Array = NOTHING;
  /** PTS in units of 1/90000 s, 33 bits. */
  pts: number | undefined = undefined;
  /** DTS, if it is another. */
  dts: number | undefined = undefined;

  /** @param pid of its packets */
  constructor(pid: number) {
    this.pid = pid;
  }

  /** Takes its next packet. */
  push(packet: TransportPacket): void {
    this.packets.push(packet);
    this.size += packet.payloadEnd - packet.payloadStart;
    this.isLoose ||= packet.isScrambled || this.size > MAX_PES_SIZE || this.packets.length > MAX_PES_PACKETS;
  }

  /** Reads it when all its packets are there (2.4.3.7). */
  complete(): void {
    if (this.isLoose) return;
    const data = new Uint8Array(this.size);
    let at = 0;
    for (const packet of this.packets) {
      data.set(packet.data.subarray(packet.payloadStart, packet.payloadEnd), at);
      at += packet.payloadEnd - packet.payloadStart;
    }
    const headerLength = PES_START + (data[8] ?? 0);
    const isPes = data[0] === 0 && data[1] === 0 && data[2] === 1 && (data[6] & 0xc0) === 0x80;
    this.isLoose = !isPes || headerLength > data.length;
    if (this.isLoose) return;
    const packetLength = (data[4] << 8) | data[5];
    const end = packetLength === 0 ? data.length : Math.max(headerLength, Math.min(data.length, 6 + packetLength));
    this.header = data.subarray(0, headerLength);
    this.payload = data.subarray(headerLength, end);
    this.trailer = data.subarray(end);
    if ((data[7] & 0x80) !== 0 && data[8] >= 5) this.pts = readTimestamp(data, PES_START);
    if ((data[7] & 0xc0) === 0xc0 && data[8] >= 10) this.dts = readTimestamp(data, PES_START + 5);
  }
}

/** What came of a chunk. */
export interface TransportProgress {
  /** The packets of the chunk, in order; joined they are the stream. */
  readonly packets: TransportPacket[];
  /** The PES packets of H.264 that are complete now and can be read. */
  readonly pesPackets: PesPacket[];
}

function readTimestamp(data: Uint8Array, at: number): number {
  return (
    ((data[at] >> 1) & 7) * 2 ** 30 +
    (((data[at + 1] << 7) | (data[at + 2] >> 1)) << 15) +
    ((data[at + 3] << 7) | (data[at + 4] >> 1))
  );
}

/** Reads a transport stream that comes in chunks of any length. Whatever the bytes are, it does not throw. */
export class TransportStreamParser {
  readonly #layout: TransportLayout;
  #rest: Uint8Array = NOTHING;
  /** Foreign bytes in front of the first packet. */
  #skip: number;
  #isInSync = true;
  readonly #mapPids = new Set<number>();
  readonly #readMaps = new Set<number>();
  readonly #sections = new Map<number, SectionReader>();
  readonly #previous = new Map<number, TransportPacket>();
  readonly #tracks = new Map<number, FileTrack>();
  readonly #open = new Map<number, PesPacket>();

  /**
   * @param head the first bytes of the stream, which show how long its packets are
   * @param tables has read tables of the stream: then also packets in front of those are known
   */
  constructor(head: Uint8Array, tables?: TransportStreamParser) {
    if (tables !== undefined) {
      for (const pid of tables.#mapPids) this.#mapPids.add(pid);
      for (const [pid, track] of tables.#tracks) this.#tracks.set(pid, track);
    }
    this.#layout = transportLayout(head) ?? { size: PACKET_SIZE, prefix: 0, start: 0 };
    this.#skip = this.#layout.start;
  }

  /** The streams that the program map tables have named so far. */
  get tracks(): readonly FileTrack[] {
    return [...this.#tracks.values()];
  }

  /** Whether the tables of all programs have been there. */
  get hasAllTables(): boolean {
    return this.#mapPids.size > 0 && this.#readMaps.size === this.#mapPids.size;
  }

  /** Takes the next bytes, which are copied. */
  push(chunk: Uint8Array): TransportProgress {
    const data = new Uint8Array(this.#rest.length + chunk.length);
    data.set(this.#rest);
    data.set(chunk, this.#rest.length);
    const progress: TransportProgress = { packets: [], pesPackets: [] };
    this.#rest = data.slice(this.#read(data, false, progress));
    return progress;
  }

  /** Ends the stream. */
  flush(): TransportProgress {
    const progress: TransportProgress = { packets: [], pesPackets: [] };
    const data = this.#rest;
    const at = this.#read(data, true, progress);
    this.#rest = NOTHING;
    if (at < data.length) progress.packets.push(new TransportPacket(data, at, data.length, -1));
    return this.completeAll(progress);
  }

  /** Takes the PES packets that are there so far for complete, and adds them to what came before. */
  completeAll(progress: TransportProgress = { packets: [], pesPackets: [] }): TransportProgress {
    for (const pes of this.#open.values()) this.#complete(pes, progress);
    return progress;
  }

  #complete(pes: PesPacket, { pesPackets }: TransportProgress): void {
    this.#open.delete(pes.pid);
    pes.complete();
    if (!pes.isLoose) pesPackets.push(pes);
  }

  /** Reads packets; returns the offset of what is left of the bytes. */
  #read(data: Uint8Array, isLast: boolean, progress: TransportProgress): number {
    const { size, prefix } = this.#layout;
    let at = Math.min(this.#skip, data.length);
    this.#skip -= at;
    if (at > 0) progress.packets.push(new TransportPacket(data, 0, at, -1));
    while (at + size <= data.length) {
      let end = at + size;
      // Bytes that got in pass. There the next packet is where two sync bytes in a row are.
      const next = end + prefix;
      if (!this.#isInSync && !isLast && next >= data.length) break;
      const isPacket =
        data[at + prefix] === SYNC_BYTE && (this.#isInSync || next >= data.length || data[next] === SYNC_BYTE);
      this.#isInSync = isPacket;
      if (!isPacket) {
        end = at + 1;
        while (end + prefix < data.length && data[end + prefix] !== SYNC_BYTE) end++;
        end = Math.min(end, data.length - prefix);
      }
      const packet = new TransportPacket(data, at, end, isPacket ? at + prefix : -1);
      progress.packets.push(packet);
      if (isPacket) this.#take(packet, progress);
      at = end;
    }
    return at;
  }

  #take(packet: TransportPacket, progress: TransportProgress): void {
    const { pid } = packet;
    if (pid === PAT_PID || this.#mapPids.has(pid)) {
      this.#takeTable(packet, progress);
      return;
    }
    if (this.#tracks.get(pid)?.isH264 !== true) return;
    if (packet.payloadStart < packet.payloadEnd) {
      const previous = this.#previous.get(pid);
      packet.isDuplicate = previous !== undefined && packet.repeats(previous);
      if (packet.isDuplicate) {
        packet.payloadStart = packet.payloadEnd;
        this.#previous.delete(pid);
      } else {
        this.#previous.set(pid, packet);
      }
    }
    let pes = this.#open.get(pid);
    if (packet.isUnitStart) {
      if (pes !== undefined) this.#complete(pes, progress);
      this.#open.set(pid, (pes = new PesPacket(pid)));
    }
    // What stands in front of the first PES packet, or goes on after one that is too large, passes as it is.
    if (pes === undefined) return;
    packet.pes = pes;
    pes.push(packet);
    if (pes.size > MAX_PES_SIZE || pes.packets.length > MAX_PES_PACKETS) this.#open.delete(pid);
  }

  #takeTable(packet: TransportPacket, progress: TransportProgress): void {
    const { data, pid, isUnitStart, payloadStart, payloadEnd } = packet;
    if (payloadStart === payloadEnd) return;
    let reader = this.#sections.get(pid);
    if (reader === undefined) this.#sections.set(pid, (reader = new SectionReader()));
    for (const section of reader.push(data.subarray(payloadStart, payloadEnd), isUnitStart))
      this.#takeSection(section, pid);
    // What is no H.264 any more gets no further packets.
    for (const pes of this.#open.values())
      if (this.#tracks.get(pes.pid)?.isH264 !== true) this.#complete(pes, progress);
  }

  /** Reads a section of the program association table or of a program map table (2.4.4.3, 2.4.4.8). */
  #takeSection(section: Uint8Array, pid: number): void {
    // Behind the entries there is a CRC of 4 bytes.
    const end = section.length - 4;
    // current_next_indicator: a table that is to come says nothing yet.
    if (end < 8 || (section[5] & 1) === 0) return;
    if (pid === PAT_PID && section[0] === 0) {
      for (let at = 8; at + 4 <= end && this.#mapPids.size < MAX_TABLE_ENTRIES; at += 4) {
        const program = (section[at] << 8) | section[at + 1];
        if (program !== 0) this.#mapPids.add(((section[at + 2] & 0x1f) << 8) | section[at + 3]);
      }
    } else if (section[0] === 2 && end >= 12) {
      this.#readMaps.add(pid);
      let at = 12 + (((section[10] & 0x0f) << 8) | section[11]);
      while (at + 5 <= end && this.#tracks.size < MAX_TABLE_ENTRIES) {
        const id = ((section[at + 1] & 0x1f) << 8) | section[at + 2];
        const name = trackName(`0x${section[at].toString(16)}`, 'stream');
        this.#tracks.set(id, { id, name, isH264: section[at] === STREAM_TYPE_H264 });
        at += 5 + (((section[at + 3] & 0x0f) << 8) | section[at + 4]);
      }
    }
  }
}
