import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtcpReceiverInfo, RtcpRrPacket, RtcpSenderInfo, RtcpSrPacket } from 'werift';
import { SeiPublisher } from '../../src/index.js';
import { RtpSeiInjector, createRtpPacket, parseRtpPacket } from '../../src/rtp/index.js';
import { rewriteReceptionReports, rewriteSenderCounts } from '../../src/rtp/rtcp.js';
import { runs } from '../property/arbitraries.js';

const SSRC = 0xcafe_f00d;

const senderReport = (packetCount: number, octetCount: number, reports: RtcpReceiverInfo[] = [], ssrc = SSRC) =>
  new RtcpSrPacket({
    ssrc,
    senderInfo: new RtcpSenderInfo({ ntpTimestamp: 77n, rtpTimestamp: 88, packetCount, octetCount }),
    reports,
  }).serialize();

const report = (highestSequence: number, packetsLost: number, ssrc = SSRC) =>
  new RtcpReceiverInfo({ ssrc, fractionLost: 200, packetsLost, highestSequence, jitter: 3, lsr: 4, dlsr: 5 });

const receiverReport = (...reports: RtcpReceiverInfo[]) => new RtcpRrPacket({ ssrc: 5, reports }).serialize();

/** A source description, as it is in every compound packet: bytes that are to stay. */
const description = Buffer.from([0x81, 202, 0, 2, 0, 0, 0, 5, 1, 0, 0, 0]);

const PICTURE = Uint8Array.of(0x7c, 0x81, 0x9a, 1, 2, 3);

/** An injector that has put a packet in front of each picture; each picture is two packets. */
function afterPictures(count: number, first = 100) {
  const publisher = new SeiPublisher({ repeatCount: 1 });
  const injector = new RtpSeiInjector({ publisher, payloadType: 96 });
  let payloadBytes = 0;
  let sequenceNumber = first;
  for (let i = 0; i < count; i++) {
    publisher.publishText('hello');
    for (const payload of [PICTURE, Uint8Array.of(0x7c, 0x41, 1, 2, 3, 4)]) {
      const fields = { payloadType: 96, ssrc: SSRC, rtpTimestamp: 3000 * i, sequenceNumber: sequenceNumber++ };
      const outputs = injector.process(createRtpPacket(fields, [payload]));
      for (const added of outputs.slice(0, -1)) payloadBytes += parseRtpPacket(added)!.payload.length;
    }
  }
  return { injector, payloadBytes };
}

describe('a sender report', () => {
  it('counts what was added', () => {
    const { injector, payloadBytes } = afterPictures(7);
    const packet = Buffer.concat([senderReport(1000, 0xffff_ffff, [report(9, 9)]), description]);
    const copy = Buffer.from(packet);
    const rewritten = injector.rewriteSenderReport(packet);
    expect(packet).toEqual(copy);
    expect(rewritten).toEqual(Buffer.concat([senderReport(1007, payloadBytes - 1, [report(9, 9)]), description]));
  });

  it('is the same of another source, and before anything was added', () => {
    const { injector } = afterPictures(7);
    const other = senderReport(1000, 2000, [], 3);
    expect(injector.rewriteSenderReport(other)).toBe(other);
    const own = senderReport(1000, 2000);
    expect(afterPictures(0).injector.rewriteSenderReport(own)).toBe(own);
  });

  it('counts the bytes that packets grew by', () => {
    const publisher = new SeiPublisher({ repeatCount: 1 });
    const injector = new RtpSeiInjector({ publisher, payloadType: 96 });
    publisher.publishText('hello');
    const single = createRtpPacket({ payloadType: 96, ssrc: SSRC, rtpTimestamp: 0, sequenceNumber: 1 }, [
      Uint8Array.of(0x41, 0x9a, 1, 2, 3),
    ]);
    const [merged] = injector.process(single);
    const rewritten = RtcpSrPacket.deSerialize(injector.rewriteSenderReport(senderReport(1, 5)).subarray(4), 0);
    expect(rewritten.senderInfo).toMatchObject({ packetCount: 1, octetCount: 5 + merged.length - single.length });
  });
});

describe('a receiver report', () => {
  it('is about the original numbers', () => {
    const { injector } = afterPictures(10);
    // 20 packets became 30: 100 to 129. Number 128 is the second to last, 127 was added in front of it.
    const expected = [
      [129, 119],
      [128, 118],
      [127, 117],
      [126, 117],
      [101, 100],
    ];
    for (const [output, original] of expected) {
      const packet = Buffer.concat([receiverReport(report(3, 4, 77), report(output, 6)), description]);
      expect(injector.rewriteReceiverReport(packet)).toEqual(
        Buffer.concat([receiverReport(report(3, 4, 77), report(original, 4)), description]),
      );
    }
    expect(injector.rewriteReceiverReport(senderReport(5, 6, [report(129, 0)], 9))).toEqual(
      senderReport(5, 6, [report(119, 0)], 9),
    );
  });

  it('counts the cycles of the original numbers', () => {
    const { injector } = afterPictures(10, 65_520);
    // 65,520 to 65,549, where the originals were 65,520 to 65,539.
    expect(injector.rewriteReceiverReport(receiverReport(report(65_549, 0)))).toEqual(
      receiverReport(report(65_539, 0)),
    );
    expect(injector.rewriteReceiverReport(receiverReport(report(65_536, 0)))).toEqual(
      receiverReport(report(65_530, 0)),
    );
    // Cycles that the receiver has seen and the injector has not.
    expect(injector.rewriteReceiverReport(receiverReport(report(0x3_0000 + 13, 0)))).toEqual(
      receiverReport(report(0x3_0000 + 3, 0)),
    );
    // A receiver that came after the wrap has counted none.
    expect(injector.rewriteReceiverReport(receiverReport(report(5, 0)))).toEqual(receiverReport(report(65_533, 0)));
  });

  it('may count less than nothing', () => {
    const lost = Buffer.from(receiverReport(report(129, 0)));
    lost.writeIntBE(-6, 13, 3);
    expect(afterPictures(10).injector.rewriteReceiverReport(lost).readIntBE(13, 3)).toBe(-4);
  });

  it('is the same of another source, and before anything was added', () => {
    const { injector } = afterPictures(7);
    const other = receiverReport(report(1, 1, 2));
    expect(injector.rewriteReceiverReport(other)).toBe(other);
    const own = receiverReport(report(1, 1));
    expect(afterPictures(0).injector.rewriteReceiverReport(own)).toBe(own);
  });
});

describe('what is no such report', () => {
  it('stays, whatever the bytes', () => {
    const header = fc.tuple(
      fc.constantFrom(0x80, 0x81, 0x9f, 0x00),
      fc.constantFrom(200, 201, 202, 205),
      fc.constantFrom(0, 0, 0, 255),
      fc.integer({ min: 0, max: 40 }),
    );
    const packet = fc.tuple(header, fc.uint8Array({ maxLength: 120 })).map(([first, rest]) => [...first, ...rest]);
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 4 }), (packets) => {
        const data = Uint8Array.from(packets.flat());
        const copy = Uint8Array.from(data);
        const counts = rewriteSenderCounts(data, () => ({ packets: 1, octets: 1 }));
        const reports = rewriteReceptionReports(data, (_, { extendedHighest, cumulativeLost }) => ({
          extendedHighest,
          cumulativeLost,
        }));
        expect(data).toEqual(copy);
        expect(counts).toHaveLength(data.length);
        expect(reports).toEqual(data);
      }),
      runs(100),
    );
    for (const bytes of [[], [0x80], [0x80, 200, 0, 6], [0x81, 201, 0, 1, 0, 0, 0, 5]]) {
      const data = Uint8Array.from(bytes);
      expect(rewriteSenderCounts(data, () => ({ packets: 1, octets: 1 }))).toBe(data);
      expect(rewriteReceptionReports(data, (_, same) => same)).toBe(data);
    }
  });
});
