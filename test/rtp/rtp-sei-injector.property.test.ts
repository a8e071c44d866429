import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeiPublisher, SeiSubscriber } from '../../src/index.js';
import { RtpSeiExtractor, RtpSeiInjector, createRtpPacket, parseRtpPacket } from '../../src/rtp/index.js';
import { accessUnit, runs } from '../property/arbitraries.js';
import { accessUnitsIn, expectOneMeaning, inject, missing, packetsOf } from './injected-series.js';
import { disturb } from './network.js';

/** Payloads of every kind, whole and broken. */
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .tuple(
      fc.constantFrom(0x41, 0x65, 0x67, 0x68, 0x06, 0x09, 0x6e, 0x58, 0x7c, 0x5c),
      fc.uint8Array({ maxLength: 60 }),
    )
    .map(([first, rest]) => Uint8Array.of(first, ...rest)),
  fc.constantFrom(
    Uint8Array.of(0x41, 0x9a, 1, 2, 3),
    Uint8Array.of(0x65, 0x88, 1, 2, 3),
    Uint8Array.of(0x7c, 0x85, 0x88, 2, 3),
    Uint8Array.of(0x7c, 0x05, 4, 2, 3),
    Uint8Array.of(0x7c, 0x45, 5, 2, 3),
    Uint8Array.of(0x78, 0, 2, 9, 0xf0, 0, 3, 0x65, 0x88, 0x84),
  ),
);

/** A packet of a source that does what it likes: goes on, jumps, repeats a number with other bytes, begins anew. */
const wildStep = fc.record({
  steps: fc.oneof(
    { arbitrary: fc.constant(1), weight: 12 },
    { arbitrary: fc.integer({ min: -5, max: 8 }), weight: 4 },
    { arbitrary: fc.integer({ min: -40_000, max: 40_000 }), weight: 1 },
  ),
  ticks: fc.oneof({ arbitrary: fc.constantFrom(0, 3000), weight: 9 }, { arbitrary: fc.nat(0xffff_ffff), weight: 1 }),
  marker: fc.boolean(),
  payload,
  ssrc: fc.oneof({ arbitrary: fc.constant(1), weight: 9 }, { arbitrary: fc.constant(2), weight: 1 }),
  payloadType: fc.oneof({ arbitrary: fc.constant(96), weight: 9 }, { arbitrary: fc.constant(97), weight: 1 }),
  /** A byte that is overwritten, so that headers are broken too. */
  broken: fc.option(fc.tuple(fc.constantFrom(0, 12, 13, 14, 15), fc.nat(255)), { freq: 6 }),
});

const wildPackets = fc.array(wildStep, { maxLength: 120 }).map((steps) => {
  let sequenceNumber = 65_500;
  let timestamp = 0;
  return steps.map(({ steps: ahead, ticks, broken, payload: bytes, ...fields }) => {
    sequenceNumber = (sequenceNumber + ahead) & 0xffff;
    timestamp = (timestamp + ticks) >>> 0;
    const packet = Buffer.from(createRtpPacket({ ...fields, sequenceNumber, rtpTimestamp: timestamp }, [bytes]));
    if (broken && broken[0] < packet.length) [, packet[broken[0]]] = broken;
    return packet;
  });
});

const publisherOf = (texts: number) => {
  const publisher = new SeiPublisher({ repeatCount: 2, maxMessagesPerFrame: 2 });
  for (let i = 0; i < texts; i++) publisher.publishText(`text ${i}`);
  return publisher;
};

/** Publishes in front of the packet `changed` of a source that jumps so; no number must go out with two contents. */
function expectNumbersKept(jumps: readonly number[], changed: number): void {
  const publisher = publisherOf(0);
  const injector = new RtpSeiInjector({ publisher, payloadType: 96, maxPacketSize: 150 });
  const outputs: Buffer[] = [];
  // The source itself uses each number once: what comes again is the same packet.
  const packets = new Map<number, Buffer>();
  let sequenceNumber = 20_000;
  for (const [i, steps] of jumps.entries()) {
    if (i === changed) for (let text = 0; text < 30; text++) publisher.publishText(`text ${text}`);
    sequenceNumber += steps;
    const fields = { payloadType: 96, ssrc: 1, sequenceNumber, rtpTimestamp: 9 * i, marker: true };
    const packet =
      packets.get(sequenceNumber) ?? Buffer.from(createRtpPacket(fields, [Uint8Array.of(0x41, 0x9a, i, 2, 3)]));
    packets.set(sequenceNumber, packet);
    outputs.push(...injector.process(packet).map((output) => Buffer.from(output)));
  }
  const sent = new Map<number, Buffer>();
  for (const output of outputs) {
    const number = output.readUInt16BE(2);
    expect(sent.get(number) ?? output).toEqual(output);
    sent.set(number, output);
  }
}

describe('any packets', () => {
  it('come out as they went in while there is nothing to put in', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 80 }),
            wildPackets.map(([first]) => first),
          ),
          {},
        ),
        wildPackets,
        (noise, packets) => {
          for (const inPlace of [false, true]) {
            const injector = new RtpSeiInjector({ publisher: publisherOf(0), payloadType: 96, inPlace });
            for (const packet of [...packets, ...noise.filter((each) => each !== undefined)]) {
              const copy = Buffer.from(packet);
              expect(injector.process(packet)).toEqual([packet]);
              expect(injector.process(packet)[0]).toBe(packet);
              expect(Buffer.from(packet)).toEqual(copy);
            }
          }
        },
      ),
      runs(200),
    );
  });

  it('get one number for one sequence of bytes once something was put in', () => {
    const options = fc.record({
      maxPacketSize: fc.constantFrom(150, 1200),
      packetizationMode: fc.constantFrom(0 as const, 1 as const),
      history: fc.constantFrom({}, { packets: 2 }, { keep: 'all' as const }),
    });
    fc.assert(
      fc.property(wildPackets, options, (packets, chosen) => {
        const publisher = publisherOf(30);
        const injector = new RtpSeiInjector({ publisher, payloadType: 96, ssrc: 1, ...chosen });
        const first = createRtpPacket({ payloadType: 96, ssrc: 1, sequenceNumber: 65_499, rtpTimestamp: 5 }, [
          Uint8Array.of(0x7c, 0x85, 0x88, 2, 3),
        ]);
        const outputs = injector.process(Buffer.from(first));
        expect(injector.stats.addedPackets).toBeGreaterThan(0);
        for (const packet of packets) {
          const copy = Buffer.from(packet);
          const before = injector.stats;
          const own = injector.process(packet).map((output) => Buffer.from(output));
          expect(packet).toEqual(copy);
          if (packet[0] >> 6 !== 2 || packet.readUInt32BE(8) !== 1) continue;
          outputs.push(...own);
          // What is added has the timestamp of the packet behind it, and no marker.
          const added = injector.stats.addedPackets - before.addedPackets;
          if (added === 0 || injector.stats.restarts > before.restarts || own.length !== added + 1) continue;
          const headers = own.map((output) => parseRtpPacket(output)!);
          expect(new Set(headers.map(({ rtpTimestamp: timestamp }) => timestamp)).size).toBe(1);
          expect(headers.slice(0, -1).some(({ marker }) => marker)).toBe(false);
        }
        expectOneMeaning(outputs);
      }),
      runs(400),
    );
  });

  it('that have passed keep their numbers to themselves', () => {
    const jump = fc.oneof(
      { arbitrary: fc.constant(1), weight: 12 },
      { arbitrary: fc.integer({ min: -5, max: 8 }), weight: 4 },
      { arbitrary: fc.constantFrom(3005, -3005, 3006, -3006), weight: 3 },
    );
    fc.assert(fc.property(fc.array(jump, { maxLength: 60 }), fc.nat(60), expectNumbersKept), runs(400));
  });

  it.each([[[1, -3006, 1, -3, 1], 3]])('keep them where the source goes back by %o', (jumps, changed) => {
    expectNumbersKept(jumps, changed);
  });

  it('leave the same in parts, in place and copied', () => {
    fc.assert(
      fc.property(wildPackets, (packets) => {
        const publishers = Array.from({ length: 3 }, () => new SeiPublisher({ repeatCount: 2, now: () => 1e12 }));
        const [copied, parts, inPlace] = publishers.map((publisher, i) => {
          for (let text = 0; text < 10; text++) publisher.publishText(`text ${text}`);
          return new RtpSeiInjector({ publisher, payloadType: 96, inPlace: i === 2 });
        });
        for (const packet of packets) {
          const expected = copied.process(packet).map((each) => Buffer.from(each));
          expect(parts.processParts(packet).map((pieces) => Buffer.concat(pieces))).toEqual(expected);
          expect(inPlace.process(Buffer.from(packet))).toEqual(expected);
        }
      }),
      runs(150),
    );
  });
});

describe('any access units', () => {
  it('arrive as they would without SEI, and the messages once', () => {
    const scene = fc.record({
      accessUnits: fc.array(accessUnit, { minLength: 1, maxLength: 12 }),
      maxPacketSize: fc.constantFrom(100, 300, 1200),
      aggregate: fc.boolean(),
      sequenceNumber: fc.constantFrom(0, 65_530),
      seed: fc.nat(10_000),
      loss: fc.constantFrom(0, 0.05, 0.2),
    });
    fc.assert(
      fc.property(scene, ({ accessUnits, maxPacketSize, aggregate, sequenceNumber, seed, loss }) => {
        const packets = packetsOf(accessUnits, { maxPacketSize, aggregate, sequenceNumber });
        const arriving = disturb(packets, { loss, reordering: 0.1, duplicates: 0.1, seed });
        const { inputs, outputs, injector } = inject(arriving, seed, { maxPacketSize });
        if (inputs.length === 0) return;
        const [received, sent] = [expectOneMeaning(inputs), expectOneMeaning(outputs)];
        expect(missing(outputs)).toBe(missing(inputs));
        expect(accessUnitsIn(sent)).toEqual(accessUnitsIn(received));
        expect(injector.stats.malformed).toBe(0);
        const messages: string[] = [];
        const subscriber = new SeiSubscriber({ onMessage: (message) => void messages.push(message.text()) });
        const extractor = new RtpSeiExtractor({ subscriber });
        for (const packet of sent) extractor.process(packet);
        expect(new Set(messages).size).toBe(messages.length);
      }),
      runs(150),
    );
  });
});
