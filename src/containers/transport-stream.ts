/**
 * MPEG-2 transport streams (ISO/IEC 13818-1): the packets, the tables that say which of them hold H.264, and the PES
 * packets of those. Everything else passes unread.
 */
import { concatBytes } from '../codec/bytes.js';
import { type TransportLayout, transportLayout } from './file-kind.js';
import { SectionReader } from './transport-sections.js';

const PACKET_SIZE = 188;
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

/** One packet of a transport stream. */
export interface TransportPacket {
  /** The packet with what stands in front of it and behind it, in memory of the parser's. */
  readonly bytes: Uint8Array;
  /** Offset of the sync byte. */
  readonly prefix: number;
  /** PID; -1 for bytes that are no packet. */
  readonly pid: number;
  /** payload_unit_start_indicator; of what is sent again, false. */
  readonly isUnitStart: boolean;
  /** Whether it holds H.264, as far as the tables in front of it have said. */
  readonly isH264: boolean;
  /** Whether it is scrambled, and so has no payload that can be read. */
  readonly isScrambled: boolean;
  /** Whether it is the packet in front of it once more (2.4.3.3), of which the payload is left out. */
  readonly isDuplicate: boolean;
  /** Offset of the payload in `bytes`; that behind the packet where it has none. */
  readonly payloadStart: number;
  /** Offset behind the payload. */
  readonly payloadEnd: number;
}

/** A stream of a program, as the program map table has it. */
export interface TransportTrack {
  /** elementary_PID. */
  readonly pid: number;
  /** stream_type (Table 2-34). */
  readonly streamType: number;
}

/** A PES packet of H.264. */
export interface PesPacket {
  /** PID of its packets. */
  readonly pid: number;
  /** The transport packets that hold it. */
  readonly packets: readonly TransportPacket[];
  /** All in front of the payload. */
  readonly header: Uint8Array;
  /** Its payload, a stretch of the elementary stream. */
  readonly payload: Uint8Array;
  /** What stands behind it in the packets, although PES_packet_length leaves it out. */
  readonly trailer: Uint8Array;
  /** PTS in units of 1/90000 s, 33 bits. */
  readonly pts: number | undefined;
  /** DTS, where it is another. */
  readonly dts: number | undefined;
}

/** What came of a chunk. */
export interface TransportProgress {
  /** The packets of the chunk, in order; joined they are the stream. */
  readonly packets: readonly TransportPacket[];
  /** The PES packets of H.264 that are complete now. */
  readonly pesPackets: readonly PesPacket[];
  /** Packets of H.264 that belong to no PES packet that can be read. */
  readonly loose: readonly TransportPacket[];
}

/** The same while it is filled. */
interface Progress {
  readonly packets: TransportPacket[];
  readonly pesPackets: PesPacket[];
  readonly loose: TransportPacket[];
}

interface PesAssembly {
  packets: TransportPacket[];
  size: number;
}

function readTimestamp(data: Uint8Array, at: number): number {
  return (
    ((data[at] >> 1) & 7) * 2 ** 30 +
    (((data[at + 1] << 7) | (data[at + 2] >> 1)) << 15) +
    ((data[at + 3] << 7) | (data[at + 4] >> 1))
  );
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? pieces[0] : concatBytes(pieces);
}

/** Reads a transport stream that comes in chunks of any length. Whatever the bytes are, it does not throw. */
export class TransportStreamParser {
  readonly #layout: TransportLayout;
  #rest: Uint8Array = new Uint8Array(0);
  /** Foreign bytes in front of the first packet. */
  #skip: number;
  #isInSync = true;
  readonly #mapPids = new Set<number>();
  readonly #readMaps = new Set<number>();
  readonly #sections = new Map<number, SectionReader>();
  readonly #previous = new Map<number, TransportPacket>();
  readonly #tracks = new Map<number, TransportTrack>();
  readonly #assemblies = new Map<number, PesAssembly>();

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
  get tracks(): readonly TransportTrack[] {
    return [...this.#tracks.values()];
  }

  /** Whether the tables of all programs have been there. */
  get hasAllTables(): boolean {
    return this.#mapPids.size > 0 && this.#readMaps.size === this.#mapPids.size;
  }

  /** Whether a PID holds H.264, as far as the tables have said. */
  isH264(pid: number): boolean {
    return this.#tracks.get(pid)?.streamType === STREAM_TYPE_H264;
  }

  /** Takes the next bytes, which are copied. */
  push(chunk: Uint8Array): TransportProgress {
    const data = new Uint8Array(this.#rest.length + chunk.length);
    data.set(this.#rest);
    data.set(chunk, this.#rest.length);
    const progress: Progress = { packets: [], pesPackets: [], loose: [] };
    this.#rest = data.slice(this.#read(data, false, progress));
    return progress;
  }

  /** Reads packets; returns the offset of what is left of the bytes. */
  #read(data: Uint8Array, isLast: boolean, progress: Progress): number {
    const { size, prefix } = this.#layout;
    let at = Math.min(this.#skip, data.length);
    this.#skip -= at;
    if (at > 0) progress.packets.push(noPacket(data.subarray(0, at)));
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
      const bytes = data.subarray(at, end);
      const packet = isPacket ? this.#parse(bytes) : noPacket(bytes);
      progress.packets.push(packet);
      this.#take(packet, progress);
      at = end;
    }
    return at;
  }

  /** Says that the stream ends here. */
  flush(): TransportProgress {
    const progress: Progress = { packets: [], pesPackets: [], loose: [] };
    const left = this.#rest.subarray(this.#read(this.#rest, true, progress));
    this.#rest = new Uint8Array(0);
    this.#completeAll(progress);
    if (left.length > 0) progress.packets.push(noPacket(left));
    return progress;
  }

  /** Takes the PES packets that are there so far for complete. */
  completeAll(): TransportProgress {
    const progress: Progress = { packets: [], pesPackets: [], loose: [] };
    this.#completeAll(progress);
    return progress;
  }

  #completeAll(progress: Progress): void {
    for (const pid of [...this.#assemblies.keys()]) this.#complete(pid, progress);
  }

  #parse(bytes: Uint8Array): TransportPacket {
    const { prefix } = this.#layout;
    const pid = ((bytes[prefix + 1] & 0x1f) << 8) | bytes[prefix + 2];
    const control = (bytes[prefix + 3] >> 4) & 3;
    const payloadEnd = prefix + PACKET_SIZE;
    let payloadStart = prefix + 4;
    if ((control & 2) !== 0) payloadStart += 1 + bytes[prefix + 4];
    // What is scrambled cannot be read.
    const isScrambled = (bytes[prefix + 3] & 0xc0) !== 0;
    if ((control & 1) === 0 || isScrambled) payloadStart = payloadEnd;
    payloadStart = Math.min(payloadStart, payloadEnd);
    const isH264 = this.isH264(pid) && pid !== PAT_PID && !this.#mapPids.has(pid);
    const isUnitStart = (bytes[prefix + 1] & 0x40) !== 0;
    const packet = { bytes, prefix, pid, isUnitStart, isH264, isScrambled, payloadStart, payloadEnd };
    if (!isH264 || payloadStart === payloadEnd) return { ...packet, isDuplicate: false };
    if (isRepeated(this.#previous.get(pid), packet)) {
      this.#previous.delete(pid);
      return { ...packet, isUnitStart: false, payloadStart: payloadEnd, isDuplicate: true };
    }
    const first = { ...packet, isDuplicate: false };
    this.#previous.set(pid, first);
    return first;
  }

  #take(packet: TransportPacket, progress: Progress): void {
    const { pid, isUnitStart } = packet;
    if (pid === PAT_PID || this.#mapPids.has(pid)) {
      this.#takeTable(packet, progress);
      return;
    }
    if (!packet.isH264) return;
    if (isUnitStart) this.#complete(pid, progress);
    let assembly = this.#assemblies.get(pid);
    if (assembly === undefined) {
      if (!isUnitStart) {
        progress.loose.push(packet);
        return;
      }
      assembly = { packets: [], size: 0 };
      this.#assemblies.set(pid, assembly);
    }
    assembly.packets.push(packet);
    assembly.size += packet.payloadEnd - packet.payloadStart;
    if (assembly.size > MAX_PES_SIZE || assembly.packets.length > MAX_PES_PACKETS) {
      this.#assemblies.delete(pid);
      for (const each of assembly.packets) progress.loose.push(each);
    }
  }

  #takeTable({ bytes, pid, isUnitStart, payloadStart, payloadEnd }: TransportPacket, progress: Progress): void {
    if (payloadStart === payloadEnd) return;
    let reader = this.#sections.get(pid);
    if (reader === undefined) {
      reader = new SectionReader();
      this.#sections.set(pid, reader);
    }
    for (const section of reader.push(bytes.subarray(payloadStart, payloadEnd), isUnitStart)) {
      this.#takeSection(section, pid);
    }
    // What is no H.264 any more gets no further packets.
    for (const each of [...this.#assemblies.keys()]) if (!this.isH264(each)) this.#complete(each, progress);
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
        const track = { streamType: section[at], pid: ((section[at + 1] & 0x1f) << 8) | section[at + 2] };
        this.#tracks.set(track.pid, track);
        at += 5 + (((section[at + 3] & 0x0f) << 8) | section[at + 4]);
      }
    }
  }

  #complete(pid: number, progress: Progress): void {
    const assembly = this.#assemblies.get(pid);
    if (assembly === undefined) return;
    this.#assemblies.delete(pid);
    const data = join(
      assembly.packets.map(({ bytes, payloadStart, payloadEnd }) => bytes.subarray(payloadStart, payloadEnd)),
    );
    const isPes =
      data.length >= PES_START && data[0] === 0 && data[1] === 0 && data[2] === 1 && (data[6] & 0xc0) === 0x80;
    const headerLength = isPes ? PES_START + data[8] : 0;
    if (!isPes || assembly.packets.some(({ isScrambled }) => isScrambled) || headerLength > data.length) {
      for (const packet of assembly.packets) progress.loose.push(packet);
      return;
    }
    const packetLength = (data[4] << 8) | data[5];
    const end = packetLength === 0 ? data.length : Math.min(data.length, 6 + packetLength);
    const hasPts = (data[7] & 0x80) !== 0 && data[8] >= 5;
    const hasDts = (data[7] & 0xc0) === 0xc0 && data[8] >= 10;
    progress.pesPackets.push({
      pid,
      packets: assembly.packets,
      header: data.subarray(0, headerLength),
      payload: data.subarray(headerLength, Math.max(headerLength, end)),
      trailer: data.subarray(Math.max(headerLength, end)),
      pts: hasPts ? readTimestamp(data, PES_START) : undefined,
      dts: hasDts ? readTimestamp(data, PES_START + 5) : undefined,
    });
  }
}

/** Whether a packet is the one in front of it once more: with its number and its payload. */
function isRepeated(
  before: TransportPacket | undefined,
  { bytes, prefix, payloadStart, payloadEnd }: Omit<TransportPacket, 'isDuplicate'>,
): boolean {
  if (before?.payloadStart !== payloadStart) return false;
  if ((before.bytes[prefix + 3] & 0x0f) !== (bytes[prefix + 3] & 0x0f)) return false;
  for (let at = payloadStart; at < payloadEnd; at++) if (before.bytes[at] !== bytes[at]) return false;
  return true;
}

function noPacket(bytes: Uint8Array): TransportPacket {
  const nothing = { isUnitStart: false, isH264: false, isScrambled: false, isDuplicate: false };
  return { bytes, prefix: 0, pid: -1, ...nothing, payloadStart: bytes.length, payloadEnd: bytes.length };
}

const CLOCK_RATE_MS = 90;
const WRAP = 2 ** 33;
/** A stream whose first timestamp is so near to the wrap of its clock begins in front of 0, as FFmpeg has it: 60 s. */
const NEAR_WRAP = 60_000 * CLOCK_RATE_MS;

/** Follows timestamps of 33 bits across their wrap. */
export class TransportClock {
  #last: number | undefined;

  /** The time of a timestamp in milliseconds. */
  timeMs(timestamp: number): number {
    if (this.#last === undefined) {
      this.#last = timestamp > WRAP - NEAR_WRAP ? timestamp - WRAP : timestamp;
    } else {
      const step = (((timestamp - this.#last) % WRAP) + WRAP) % WRAP;
      this.#last += step < WRAP / 2 ? step : step - WRAP;
    }
    return this.#last / CLOCK_RATE_MS;
  }
}
