/**
 * Sender and receiver reports (RFC 3550 6.4.1, 6.4.2), alone or in a compound packet, of a stream that packets were
 * inserted into. What breaks the syntax is left as it is.
 */
import { allocate, copyBytes } from '../codec/bytes.js';
import { readUint32, writeUint32 } from './rtp-packet.js';

const RtcpPacketType = { senderReport: 200, receiverReport: 201 } as const;

const VERSION = 2;

/** Bytes in front of a packet of any type: version, count, type and length. */
const HEADER_LENGTH = 4;

/** Bytes in front of the report blocks: header and source, and in a sender report what it says of that source. */
const RECEIVER_REPORT_LENGTH = 8;
const SENDER_REPORT_LENGTH = 28;

const REPORT_BLOCK_LENGTH = 24;

/** Where things are in a sender report. */
const SenderReportField = { ssrc: 4, packetCount: 20, octetCount: 24 } as const;

/** Where things are in a report block; in front of the cumulative number, in the same word, is the fraction. */
const ReportBlockField = { ssrc: 0, fractionAndLost: 4, extendedHighest: 8 } as const;

/** What a sender report counts, or what is to be added to it. */
export interface SenderCounts {
  /** Packets that were sent. */
  readonly packets: number;
  /** Bytes of payload that were sent. */
  readonly octets: number;
}

/** What a report block says of the numbers of a source. */
export interface ReceptionReport {
  /** The highest sequence number that was received, with the cycles in the upper 16 bits. */
  readonly extendedHighest: number;
  /** Packets that were expected less those that came: 24 bits with a sign. */
  readonly cumulativeLost: number;
}

/** Calls `visit` with the offset and the end of each RTCP packet of a compound one, as far as their lengths hold. */
function forEachPacket(data: Uint8Array, visit: (start: number, end: number) => void): void {
  let start = 0;
  while (start + HEADER_LENGTH <= data.length && data[start] >> 6 === VERSION) {
    const end = start + 4 * (1 + ((data[start + 2] << 8) | data[start + 3]));
    if (end > data.length) return;
    visit(start, end);
    start = end;
  }
}

/** A copy that is made when it is first asked for. */
class CopyOnWrite {
  /** The bytes: those that were given, until there is a copy. */
  bytes: Uint8Array;
  readonly #original: Uint8Array;

  constructor(original: Uint8Array) {
    this.bytes = this.#original = original;
  }

  /** The copy. */
  get writable(): Uint8Array {
    if (this.bytes === this.#original) {
      this.bytes = allocate(this.#original.length, this.#original);
      copyBytes(this.#original, 0, this.#original.length, this.bytes, 0);
    }
    return this.bytes;
  }
}

/**
 * Adds to the counts of sender reports.
 *
 * @param data one RTCP packet or a compound one; it is only read
 * @param addedTo what is to be added for a source; undefined where nothing is
 * @returns a copy, of the same length; `data` itself where nothing changes (RFC 3550 6.4.1)
 */
export function rewriteSenderCounts(data: Uint8Array, addedTo: (ssrc: number) => SenderCounts | undefined): Uint8Array {
  const result = new CopyOnWrite(data);
  forEachPacket(data, (start, end) => {
    if (data[start + 1] !== RtcpPacketType.senderReport || start + SENDER_REPORT_LENGTH > end) return;
    const added = addedTo(readUint32(data, start + SenderReportField.ssrc));
    if (added === undefined) return;
    const packetCount = start + SenderReportField.packetCount;
    const octetCount = start + SenderReportField.octetCount;
    writeUint32(result.writable, packetCount, readUint32(data, packetCount) + added.packets);
    writeUint32(result.writable, octetCount, readUint32(data, octetCount) + added.octets);
  });
  return result.bytes;
}

/**
 * Rewrites the report blocks of receiver reports, and those of sender reports, since who sends something reports in
 * these.
 *
 * @param data one RTCP packet or a compound one; it is only read
 * @param rewrite answers what is to be said of a source instead; undefined where that is to stay
 * @returns a copy, of the same length; `data` itself where nothing changes (RFC 3550 6.4.1, 6.4.2)
 */
export function rewriteReceptionReports(
  data: Uint8Array,
  rewrite: (ssrc: number, report: ReceptionReport) => ReceptionReport | undefined,
): Uint8Array {
  const result = new CopyOnWrite(data);
  forEachPacket(data, (start, end) => {
    const type = data[start + 1];
    if (type !== RtcpPacketType.senderReport && type !== RtcpPacketType.receiverReport) return;
    const count = data[start] & 0x1f;
    let block = start + (type === RtcpPacketType.senderReport ? SENDER_REPORT_LENGTH : RECEIVER_REPORT_LENGTH);
    for (let i = 0; i < count && block + REPORT_BLOCK_LENGTH <= end; i++, block += REPORT_BLOCK_LENGTH) {
      const lost = readUint32(data, block + ReportBlockField.fractionAndLost);
      const report = rewrite(readUint32(data, block + ReportBlockField.ssrc), {
        extendedHighest: readUint32(data, block + ReportBlockField.extendedHighest),
        cumulativeLost: (lost << 8) >> 8,
      });
      if (report === undefined) continue;
      const fractionAndLost = (lost & 0xff00_0000) | (report.cumulativeLost & 0x00ff_ffff);
      writeUint32(result.writable, block + ReportBlockField.fractionAndLost, fractionAndLost);
      writeUint32(result.writable, block + ReportBlockField.extendedHighest, report.extendedHighest);
    }
  });
  return result.bytes;
}
