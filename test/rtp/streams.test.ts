/** Real video through packets and back, at the usual sizes of packets, also through a bad network. */
import { describe, expect, it } from 'vitest';
import { dePacketizeRtpPackets, RtpPacket as WeriftPacket } from 'werift';
import { AccessUnitSplitter, splitNalUnits } from '../../src/index.js';
import { RtpDepacketizer, RtpPacketizer } from '../../src/rtp/index.js';
import { annexB } from '../contract/frames.js';
import { describeWith } from '../support/skip.js';
import { type Stream, conformanceStreams, conformanceTool, fixtureClips } from '../support/streams.js';
import { disturb } from './network.js';

/** The access units of a stream, each as its NAL units. */
function accessUnitsOf(stream: Stream): Uint8Array[][] {
  const splitter = new AccessUnitSplitter();
  const accessUnits = [...splitter.push(stream.read()), ...splitter.flush()];
  return accessUnits.map((accessUnit) => splitNalUnits(accessUnit, { format: 'annexb' }));
}

/** The timestamps of every stream of more than six access units wrap. */
const FIRST_TIMESTAMP = 2 ** 32 - 20_000;
const TICKS = 3000;

function packetsOf(accessUnits: readonly Uint8Array[][], maxPacketSize: number, aggregate: boolean): Uint8Array[][] {
  const packetizer = new RtpPacketizer({ payloadType: 96, sequenceNumber: 65_500, maxPacketSize, aggregate });
  return accessUnits.map((nalUnits, i) => packetizer.packetize(nalUnits, FIRST_TIMESTAMP + TICKS * i));
}

const same = (actual: Uint8Array, expected: Uint8Array) => {
  expect(Buffer.compare(actual, expected)).toBe(0);
};

function itGoesThroughPackets(streams: readonly Stream[]): void {
  describe.each([300, 1200, 9000])('packets of %i bytes', (maxPacketSize) => {
    it.each(streams)('hold $name', (stream) => {
      const accessUnits = accessUnitsOf(stream);
      for (const aggregate of [true, false]) {
        const depacketizer = new RtpDepacketizer({ payloadType: 96, windowPackets: 1 });
        packetsOf(accessUnits, maxPacketSize, aggregate).forEach((packets, index) => {
          for (const packet of packets) expect(packet.length).toBeLessThanOrEqual(maxPacketSize);
          const [accessUnit, ...more] = packets.flatMap((packet) => depacketizer.push(packet));
          const expected = annexB(...accessUnits[index]);
          same(accessUnit.data, expected);
          expect([accessUnit.isDamaged, more.length]).toEqual([false, 0]);
          expect(accessUnit.rtpTimestamp).toBe((FIRST_TIMESTAMP + TICKS * index) % 2 ** 32);
          const forWerift = packets.map((packet) => WeriftPacket.deSerialize(Buffer.from(packet)));
          same(dePacketizeRtpPackets('MPEG4/ISO/AVC', forWerift).data, expected);
        });
        expect(depacketizer.flush()).toEqual([]);
      }
    });

    it.each(streams)('bring $name through a bad network, or say what is missing', (stream) => {
      const accessUnits = accessUnitsOf(stream);
      const [[first, ...rest], ...others] = packetsOf(accessUnits, maxPacketSize, true);
      const packets = [...rest, ...others.flat()];
      const arriving = [
        first,
        ...disturb(packets, { loss: 0.05, reordering: 0.1, duplicates: 0.05, seed: maxPacketSize }),
      ];
      const kept = new Set(arriving);
      const sent = [[first, ...rest], ...others];
      const isWhole = sent.map((each) => each.every((packet) => kept.has(packet)));
      const whole = new Map<number, { data: Uint8Array; isBesideLoss: boolean }>();
      sent.forEach(([{ buffer }], index) => {
        if (!isWhole[index]) return;
        const isBesideLoss = index === sent.length - 1 || (index > 0 && !isWhole[index - 1]);
        whole.set(new DataView(buffer).getUint32(4), { data: annexB(...accessUnits[index]), isBesideLoss });
      });
      const depacketizer = new RtpDepacketizer({ now: () => 0 });
      const received = [...arriving.flatMap((packet) => depacketizer.push(packet)), ...depacketizer.flush()];
      for (const { rtpTimestamp: timestamp, data, isDamaged } of received) {
        const expected = whole.get(timestamp);
        whole.delete(timestamp);
        if (expected === undefined) {
          expect(isDamaged).toBe(true);
          continue;
        }
        same(data, expected.data);
        // What is lost in front of it might be of it.
        if (!expected.isBesideLoss) expect(isDamaged).toBe(false);
      }
      expect(whole.size).toBe(0);
    });
  });
}

describe('clips', () => {
  itGoesThroughPackets(fixtureClips);
});

describeWith(conformanceTool, 'conformance streams', () => {
  itGoesThroughPackets(conformanceStreams);
});
