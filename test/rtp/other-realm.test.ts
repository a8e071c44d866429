/** Packets that a page has from a frame, or a test runner from its sandbox: their Uint8Array is another one than ours. */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { SeiPublisher, SeiSubscriber, createSeiNalUnit } from '../../src/index.js';
import {
  RtpDepacketizer,
  RtpPacketizer,
  RtpSeiExtractor,
  RtpSeiInjector,
  createRtpPacket,
  parseRtpPacket,
} from '../../src/rtp/index.js';
import { concat, filler, nal } from '../contract/frames.js';

/** The same bytes in a Uint8Array of another realm. */
function foreign(data: Uint8Array): Uint8Array {
  const copy = runInNewContext('Uint8Array.from(values)', { values: [...data] }) as Uint8Array;
  expect(copy).not.toBeInstanceOf(Uint8Array);
  return copy;
}

const values = (packets: readonly Uint8Array[]) => packets.map((packet) => [...packet]);
const sei = createSeiNalUnit(new TextEncoder().encode('hello'));
const nalUnits = [nal.sps, nal.pps, sei, nal.idr, concat(nal.laterSlice, filler(600))];
const options = { payloadType: 96, ssrc: 1, sequenceNumber: 65_534, maxPacketSize: 300 };
const packets = new RtpPacketizer(options).packetize(nalUnits, 9000);

describe('bytes of another realm', () => {
  it('are made into the same packets', () => {
    const made = new RtpPacketizer(options).packetize(nalUnits.map(foreign), 9000);
    expect(values(made)).toEqual(values(packets));
    const fields = { payloadType: 96, ssrc: 1, sequenceNumber: 7, rtpTimestamp: 0 };
    expect(createRtpPacket(fields, [foreign(nal.p)])).toEqual(createRtpPacket(fields, [nal.p]));
  });

  it('are read as the same packets', () => {
    const depacketizer = new RtpDepacketizer();
    const read = packets.map(foreign).flatMap((packet) => depacketizer.push(packet));
    expect(read.map((accessUnit) => values(accessUnit.nalUnits))).toEqual([values(nalUnits)]);
    const packet = parseRtpPacket(foreign(packets[0]))!;
    expect([...packet.payload]).toEqual([...parseRtpPacket(packets[0])!.payload]);
  });

  it('are extracted from', () => {
    // The second packet comes last, so that the others are held back.
    const [first, second, ...others] = packets;
    const extractor = new RtpSeiExtractor({ subscriber: new SeiSubscriber(), now: () => 0 });
    const found = [first, ...others, second].flatMap((packet) => extractor.process(foreign(packet)));
    expect(found.map((message) => message.text())).toEqual(['hello']);
    expect(extractor.stats).toMatchObject({ packets: packets.length, packetsUnreadable: 0, packetsLost: 0 });
  });

  describe.each([
    ['copied', false],
    ['in place', true],
  ])('%s', (_, inPlace) => {
    const inject = (kind: (packet: Uint8Array) => Uint8Array, parts: boolean) => {
      const publisher = new SeiPublisher({ repeatCount: 1, maxMessagesPerFrame: 1 });
      const injector = new RtpSeiInjector({ publisher, payloadType: 96, inPlace, maxPacketSize: 300 });
      publisher.publishBytes(filler(30));
      const inputs = packets.map((packet) => kind(packet.slice()));
      const sent = inputs.map((packet) =>
        parts ? injector.processParts(packet).map((pieces) => concat(...pieces)) : injector.process(packet),
      );
      return { injector, sent: sent.map(values), inputs: values(inputs) };
    };

    it.each([
      ['process', false],
      ['processParts', true],
    ])('are injected into by %s', (_name, parts) => {
      const { injector, sent, inputs } = inject(foreign, parts);
      const own = inject((packet) => packet, parts);
      expect(sent).toEqual(own.sent);
      expect(inputs).toEqual(own.inputs);
      expect(injector.stats).toEqual(own.injector.stats);
      expect(injector.stats.addedPackets + injector.stats.mergedPackets).toBe(1);
    });
  });

  it('are the reports that are rewritten, and what is sent again', () => {
    const publisher = new SeiPublisher({ repeatCount: 1 });
    const injector = new RtpSeiInjector({ publisher, payloadType: 96 });
    publisher.publishBytes(filler(30));
    const [output] = packets.flatMap((packet) => injector.process(foreign(packet)));
    expect([...injector.getPacket(65_534)!]).toEqual([...output]);
    const senderReport = concat(Uint8Array.of(0x80, 200, 0, 6, 0, 0, 0, 1), new Uint8Array(20));
    const receiverReport = concat(Uint8Array.of(0x81, 201, 0, 7, 0, 0, 0, 9, 0, 0, 0, 1), new Uint8Array(20));
    for (const report of [senderReport, receiverReport]) {
      const rewrite = (packet: Uint8Array) =>
        report === senderReport ? injector.rewriteSenderReport(packet) : injector.rewriteReceiverReport(packet);
      expect([...rewrite(foreign(report))]).toEqual([...rewrite(report)]);
    }
  });
});
