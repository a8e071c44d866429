import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { SeiPublisher, splitNalUnits, stripSei } from '../../src/index.js';
import {
  RtpDepacketizer,
  RtpPacketizer,
  type RtpPacketizerOptions,
  RtpSeiInjector,
  type RtpSeiInjectorOptions,
} from '../../src/rtp/index.js';
import { seededRandom } from '../support/messages.js';

/** The payload type and the source of these tests. */
export const PAYLOAD_TYPE = 96;
/** The source of these tests. */
export const SSRC = 0x1234_5678;

/** The packets of access units, which are lists of NAL units, 40 ms apart. */
export function packetsOf(
  accessUnits: readonly (readonly Uint8Array[])[],
  options: Partial<RtpPacketizerOptions> & { sequenceNumber: number },
): Buffer[] {
  const packetizer = new RtpPacketizer({ payloadType: PAYLOAD_TYPE, ssrc: SSRC, ...options });
  return accessUnits
    .flatMap((nalUnits, i) => packetizer.packetize(nalUnits, 0xfffe_0000 + 3600 * i))
    .map((packet) => Buffer.from(packet));
}

/** The sequence number of a packet, 16 bits. */
export const numberOf = (packet: Uint8Array): number => (packet[2] << 8) | packet[3];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** What went into an injector, and what came out. */
export interface Run {
  /** Copies of the packets that went in, as they were. */
  readonly inputs: readonly Buffer[];
  /** Copies of those that came out, as they were. */
  readonly outputs: readonly Buffer[];
  readonly injector: RtpSeiInjector;
}

/** Sends packets through an injector while messages are published at random. */
export function inject(packets: readonly Buffer[], seed: number, options: Partial<RtpSeiInjectorOptions> = {}): Run {
  const random = seededRandom(seed);
  const publisher = new SeiPublisher({ now: () => 1e12, maxQueueSize: 1e6 });
  const injector = new RtpSeiInjector({ publisher, payloadType: PAYLOAD_TYPE, ...options });
  const inputs: Buffer[] = [];
  const outputs: Buffer[] = [];
  for (const packet of packets) {
    if (random() < 0.1) publisher.publishText('a'.repeat(Math.floor(random() * 300)));
    const own = Buffer.from(packet);
    inputs.push(packet);
    for (const output of injector.process(own)) {
      outputs.push(Buffer.from(output));
      // Whoever sends a packet may encrypt it where it lies.
      if (output !== own) output.fill(0xee);
    }
  }
  return { inputs, outputs, injector };
}

/** Numbers of 16 bits as positions: each is the one nearest to the highest before it. */
export function positions(packets: readonly Uint8Array[]): number[] {
  let highest: number | undefined;
  return packets.map((packet) => {
    highest ??= numberOf(packet) + 0x1_0000;
    const position = highest + (((numberOf(packet) - highest) << 16) >> 16);
    highest = Math.max(highest, position);
    return position;
  });
}

/** Expects that no position stands for two sequences of bytes; answers the packets in the order of their positions. */
export function expectOneMeaning(packets: readonly Buffer[]): Buffer[] {
  const byPosition = new Map<number, Buffer>();
  for (const [i, position] of positions(packets).entries()) {
    const known = byPosition.get(position);
    if (known !== undefined) expect(hex(packets[i])).toBe(hex(known));
    byPosition.set(position, packets[i]);
  }
  return [...byPosition].sort(([a], [b]) => a - b).map(([, packet]) => packet);
}

/** How many numbers between the first and the last are missing. */
export function missing(packets: readonly Uint8Array[]): number {
  const all = new Set(positions(packets));
  return Math.max(...all) - Math.min(...all) + 1 - all.size;
}

/**
 * The access units in packets that are in order, without our SEI: for each its timestamp, whether it is damaged, and
 * the type, length and digest of its NAL units. One of which nothing else arrived than SEI is left out.
 */
export function accessUnitsIn(packets: readonly Buffer[]): string[] {
  const depacketizer = new RtpDepacketizer({ windowPackets: 1 });
  const accessUnits = packets.flatMap((packet) => depacketizer.push(packet));
  accessUnits.push(...depacketizer.flush());
  return accessUnits.flatMap(({ data, rtpTimestamp: timestamp, isDamaged }) => {
    const nalUnits = splitNalUnits(stripSei(data, { format: 'annexb' }), 'annexb').map(
      (nalUnit) =>
        `${nalUnit[0] & 0x1f}/${nalUnit.length}/${createHash('md5').update(nalUnit).digest('hex').slice(0, 8)}`,
    );
    return nalUnits.length === 0 ? [] : `${timestamp}${isDamaged ? ' damaged' : ''}: ${nalUnits.join(' ')}`;
  });
}
