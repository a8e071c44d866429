/** The limits of the RTP room, each below, at and above it. */
import { describe, expect, it } from 'vitest';
import { type ReceivedSeiMessage, SeiPublisher } from '../../src/index.js';
import {
  DEFAULT_MAX_RTP_PACKET_SIZE,
  DEFAULT_REORDER_WINDOW_MS,
  DEFAULT_REORDER_WINDOW_PACKETS,
  MAX_RTP_PACKET_SIZE,
  MIN_RTP_PACKET_SIZE,
  type ReorderOptions,
  type RtpPacketFields,
  RtpDepacketizer,
  RtpPacketizer,
  RtpSeiExtractor,
  RtpSeiInjector,
  type RtpSeiInjectorOptions,
  createRtpPacket,
} from '../../src/rtp/index.js';
import { bytes, concat, filler, nal } from '../contract/frames.js';
import { codeOf } from '../support/messages.js';
import {
  DEFAULT_HISTORY_BYTES,
  DEFAULT_HISTORY_PACKETS,
  MAX_HISTORY_BYTES,
  MAX_HISTORY_PACKETS,
} from '../../src/rtp/injection-settings.js';
import { DEFAULT_MAX_RTP_SOURCES, MAX_FRAGMENTED_SEI_SIZE, MAX_RTP_SOURCES } from '../../src/rtp/rtp-sei-extractor.js';
import {
  MAX_INJECTED_SOURCES,
  MAX_REMEMBERED_SOURCES,
  MAX_WAITING_SOURCES,
  PACKETS_TO_SILENCE,
} from '../../src/rtp/rtp-sei-injector.js';
import { MAX_REORDER_WINDOW_MS, MAX_REORDER_WINDOW_PACKETS } from '../../src/rtp/reorder-buffer.js';
import { RTP_HEADER_LENGTH } from '../../src/rtp/rtp-packet.js';

const START_CODE_LENGTH = 4;
const FRAGMENT = concat(bytes(0x7c, 0x85, 0x88), filler(20));

/** A packet of the source 1 with the payload type 96. */
function packet(sequenceNumber: number, payload: Uint8Array, fields: Partial<RtpPacketFields> = {}): Uint8Array {
  return createRtpPacket({ payloadType: 96, ssrc: 1, sequenceNumber, rtpTimestamp: 0, ...fields }, [payload]);
}

/** A slice that makes a packet of so many bytes. */
const sliceOf = (packetSize: number) => concat(nal.p, filler(packetSize - RTP_HEADER_LENGTH - nal.p.length));

/** An extractor, and what it gives to its subscriber, in bytes. */
function extracting(options: ReorderOptions = {}): { extractor: RtpSeiExtractor; taken: Uint8Array[] } {
  const taken: Uint8Array[] = [];
  const processPacketData = (data: Uint8Array): ReceivedSeiMessage[] => {
    taken.push(data);
    return [];
  };
  return { extractor: new RtpSeiExtractor({ subscriber: { processPacketData }, now: () => 0, ...options }), taken };
}

/** An injector that has put a packet with SEI in front of the packet 10, so that it adds one to each later number. */
function injecting(options: Partial<RtpSeiInjectorOptions> = {}) {
  const publisher = new SeiPublisher({ repeatCount: 1 });
  const injector = new RtpSeiInjector({ publisher, payloadType: 96, ...options });
  publisher.publishText('hello');
  expect(injector.process(packet(10, FRAGMENT))).toHaveLength(2);
  return { publisher, injector };
}

describe('MIN_RTP_PACKET_SIZE', () => {
  it.each([
    [MIN_RTP_PACKET_SIZE - 1, 'ERR_OUT_OF_RANGE'],
    [MIN_RTP_PACKET_SIZE, undefined],
    [MIN_RTP_PACKET_SIZE + 1, undefined],
  ])('is the smallest maxPacketSize: %i', (maxPacketSize, code) => {
    const publisher = new SeiPublisher();
    expect(codeOf(() => new RtpPacketizer({ payloadType: 96, maxPacketSize }))).toBe(code);
    expect(codeOf(() => new RtpSeiInjector({ publisher, payloadType: 96, maxPacketSize }))).toBe(code);
    if (code !== undefined) return;
    const packetsOf = (size: number) =>
      new RtpPacketizer({ payloadType: 96, maxPacketSize }).packetize([sliceOf(size)], 0).map(({ length }) => length);
    expect(packetsOf(maxPacketSize)).toEqual([maxPacketSize]);
    expect(packetsOf(maxPacketSize + 1)).toHaveLength(2);
    expect(Math.max(...packetsOf(5000))).toBeLessThanOrEqual(maxPacketSize);
  });
});

describe('the largest value of an option', () => {
  const subscriber = { processPacketData: () => [] };
  const publisher = new SeiPublisher();
  const makers: [name: string, limit: number, make: (value: number) => unknown][] = [
    [
      'MAX_RTP_PACKET_SIZE',
      MAX_RTP_PACKET_SIZE,
      (maxPacketSize) => new RtpPacketizer({ payloadType: 96, maxPacketSize }),
    ],
    ['MAX_RTP_PACKET_SIZE', MAX_RTP_PACKET_SIZE, (maxPacketSize) => injectorOf({ maxPacketSize })],
    ['MAX_HISTORY_PACKETS', MAX_HISTORY_PACKETS, (packets) => injectorOf({ history: { packets } })],
    ['MAX_HISTORY_BYTES', MAX_HISTORY_BYTES, (size) => injectorOf({ history: { bytes: size } })],
    ['MAX_RTP_SOURCES', MAX_RTP_SOURCES, (maxSources) => new RtpSeiExtractor({ subscriber, maxSources })],
    ['MAX_REORDER_WINDOW_PACKETS', MAX_REORDER_WINDOW_PACKETS, (windowPackets) => windowOf({ windowPackets })],
    ['MAX_REORDER_WINDOW_MS', MAX_REORDER_WINDOW_MS, (windowMs) => windowOf({ windowMs })],
  ];
  const injectorOf = (options: Partial<RtpSeiInjectorOptions>) =>
    new RtpSeiInjector({ publisher, payloadType: 96, ...options });
  const windowOf = (options: ReorderOptions) => [
    new RtpSeiExtractor({ subscriber, ...options }),
    new RtpDepacketizer(options),
  ];

  it.each(makers)('is %s', (_, limit, make) => {
    const codes = [limit - 1, limit, limit + 1].map((value) => codeOf(() => make(value)));
    expect(codes).toEqual([undefined, undefined, 'ERR_OUT_OF_RANGE']);
  });
});

describe('DEFAULT_MAX_RTP_PACKET_SIZE', () => {
  it.each([
    [DEFAULT_MAX_RTP_PACKET_SIZE - 1, 1],
    [DEFAULT_MAX_RTP_PACKET_SIZE, 1],
    [DEFAULT_MAX_RTP_PACKET_SIZE + 1, 2],
  ])('is what a packetizer makes at most: of a NAL unit that would make %i, %i', (size, count) => {
    const packets = new RtpPacketizer({ payloadType: 96 }).packetize([sliceOf(size)], 0);
    expect(packets).toHaveLength(count);
    expect(Math.max(...packets.map(({ length }) => length))).toBeLessThanOrEqual(DEFAULT_MAX_RTP_PACKET_SIZE);
  });

  it('is what an injector makes at most by putting SEI into a packet that is there', () => {
    const merged = (size: number) => {
      const publisher = new SeiPublisher({ repeatCount: 1 });
      const injector = new RtpSeiInjector({ publisher, payloadType: 96 });
      publisher.publishBytes(filler(20));
      return injector.process(packet(10, sliceOf(size))).map(({ length }) => length);
    };
    const growth = merged(100)[0] - 100;
    const largest = DEFAULT_MAX_RTP_PACKET_SIZE - growth;
    expect(merged(largest - 1)).toEqual([DEFAULT_MAX_RTP_PACKET_SIZE - 1]);
    expect(merged(largest)).toEqual([DEFAULT_MAX_RTP_PACKET_SIZE]);
    expect(merged(largest + 1)).toEqual([expect.any(Number), largest + 1]);
  });
});

describe('the window of what puts packets in order', () => {
  const windows: [name: string, size: number, options: ReorderOptions][] = [
    ['DEFAULT_REORDER_WINDOW_PACKETS', DEFAULT_REORDER_WINDOW_PACKETS, {}],
    ['MAX_REORDER_WINDOW_PACKETS', MAX_REORDER_WINDOW_PACKETS, { windowPackets: MAX_REORDER_WINDOW_PACKETS }],
  ];
  it.each(windows)('is as long as %s says', (_, size, options) => {
    const { extractor, taken } = extracting(options);
    extractor.process(packet(0, nal.bufferingPeriod));
    // The packet 1 is missing; the window is 1 to `size`.
    extractor.process(packet(size - 1, nal.bufferingPeriod));
    extractor.process(packet(size, nal.bufferingPeriod));
    expect([taken.length, extractor.stats.packetsLost]).toEqual([1, 0]);
    extractor.process(packet(size + 1, nal.bufferingPeriod));
    expect(extractor.stats.packetsLost).toBe(1);
    for (let number = 2; number < size - 1; number++) extractor.process(packet(number, nal.bufferingPeriod));
    expect([taken.length, extractor.stats.packetsLost]).toEqual([size + 1, 1]);
  });

  it('is DEFAULT_REORDER_WINDOW_MS long in time', () => {
    const seen = [-1, 0, 1].map((more) => {
      let now = 1000;
      const { extractor, taken } = extracting({ now: () => now });
      extractor.process(packet(0, nal.bufferingPeriod));
      extractor.process(packet(2, nal.bufferingPeriod));
      now += DEFAULT_REORDER_WINDOW_MS + more;
      extractor.process(packet(3, nal.bufferingPeriod));
      return taken.length;
    });
    expect(seen).toEqual([1, 1, 3]);
  });
});

describe('DEFAULT_MAX_RTP_SOURCES', () => {
  it.each([
    [DEFAULT_MAX_RTP_SOURCES - 1, 1],
    [DEFAULT_MAX_RTP_SOURCES, 1],
    [DEFAULT_MAX_RTP_SOURCES + 1, 0],
  ])('sources are told apart: of %i, the first still knows its fragment', (count, whole) => {
    const { extractor, taken } = extracting();
    extractor.process(packet(0, bytes(0x1c, 0x86, 5, 1)));
    for (let ssrc = 2; ssrc <= count; ssrc++) extractor.process(packet(0, nal.p, { ssrc }));
    extractor.process(packet(1, bytes(0x1c, 0x46, 7, 0x80)));
    expect(taken).toHaveLength(whole);
  });
});

describe('MAX_FRAGMENTED_SEI_SIZE', () => {
  it.each([
    [MAX_FRAGMENTED_SEI_SIZE - 1, 1],
    [MAX_FRAGMENTED_SEI_SIZE, 1],
    [MAX_FRAGMENTED_SEI_SIZE + 1, 0],
  ])('bytes are put together, with the start code: %i', (size, whole) => {
    const { extractor, taken } = extracting();
    const nalUnit = new Uint8Array(size - START_CODE_LENGTH).fill(0xff);
    nalUnit[0] = 0x06;
    const packetizer = new RtpPacketizer({ payloadType: 96, maxPacketSize: 65_535 });
    for (const each of packetizer.packetize([nalUnit], 0)) extractor.process(each);
    expect(taken.map(({ length }) => length)).toEqual(whole === 1 ? [size] : []);
    expect(extractor.stats).toMatchObject({ seiNalUnits: whole, seiNalUnitsIncomplete: 1 - whole });
  });
});

describe('the history of an injector', () => {
  it.each([
    [DEFAULT_HISTORY_PACKETS - 1, true],
    [DEFAULT_HISTORY_PACKETS, true],
    [DEFAULT_HISTORY_PACKETS + 1, false],
  ])('holds DEFAULT_HISTORY_PACKETS: of %i, the first one too is %s', (count, isHeld) => {
    const { publisher, injector } = injecting();
    for (let made = 1; made < count; made++) {
      publisher.publishText('again');
      expect(injector.process(packet(10 + made, nal.p, { rtpTimestamp: 3000 * made }))).toHaveLength(1);
    }
    expect(injector.stats.addedPackets + injector.stats.mergedPackets).toBe(count);
    expect(injector.getPacket(10) !== undefined).toBe(isHeld);
    expect(injector.getPacket(10 + count)).toBeDefined();
  });

  it.each([
    [DEFAULT_HISTORY_BYTES - 1, true],
    [DEFAULT_HISTORY_BYTES, true],
    [DEFAULT_HISTORY_BYTES + 1, false],
  ])('holds DEFAULT_HISTORY_BYTES: of %i, the first one too is %s', (size, isHeld) => {
    const { injector } = injecting({ history: { keep: 'all' } });
    const [first, second] = [10, 11].map((number) => injector.getPacket(number)!.length);
    let rest = size - first - second;
    for (let number = 11; rest > 0; number++) {
      // None is so small that it has no room for a slice.
      const next = rest > 80_000 ? 40_000 : rest > 40_000 ? rest >> 1 : rest;
      injector.process(packet(number, sliceOf(next), { rtpTimestamp: 3000 * number }));
      rest -= next;
    }
    expect(injector.getPacket(10) !== undefined).toBe(isHeld);
    expect(injector.getPacket(11)).toBeDefined();
  });
});

/** Packets of so many new sources, each of which takes the place of one that has been silent. */
function openSources(injector: RtpSeiInjector, first: number, count: number): void {
  const noise = bytes(0);
  for (let i = 0; i < count; i++) {
    if (i % MAX_INJECTED_SOURCES === 0) for (let j = 0; j < PACKETS_TO_SILENCE; j++) injector.process(noise);
    injector.process(packet(1, nal.sps, { ssrc: first + i }));
  }
}

describe('MAX_WAITING_SOURCES', () => {
  it.each([
    [MAX_WAITING_SOURCES, true],
    [MAX_WAITING_SOURCES + 1, false],
  ])('that come back without a place: with %i the late packet of the first goes out: %s', (count, isSent) => {
    const { injector } = injecting();
    openSources(injector, 2, count);
    openSources(injector, 10_000, MAX_INJECTED_SOURCES);
    injector.process(packet(13, nal.sps));
    for (let ssrc = 2; ssrc <= count; ssrc++) injector.process(packet(2, nal.sps, { ssrc }));
    expect(injector.process(packet(12, nal.sps))).toHaveLength(isSent ? 1 : 0);
    expect(injector.process(packet(14, nal.sps))).toEqual([packet(15, nal.sps)]);
  });
});

describe('MAX_REMEMBERED_SOURCES', () => {
  it('that have given up their place keep their numbers, and one more passes until one is forgotten', () => {
    const { publisher, injector } = injecting();
    openSources(injector, 2, MAX_REMEMBERED_SOURCES + MAX_INJECTED_SOURCES - 1);
    const full = { sources: MAX_INJECTED_SOURCES, remembered: MAX_REMEMBERED_SOURCES };
    expect(injector.stats).toMatchObject({ ...full, unplaced: 0 });
    openSources(injector, 1e6, 1);
    expect(injector.stats).toMatchObject({ ...full, unplaced: 1 });
    // What was added to a source that is known is added to its sender reports (RFC 3550 6.4.1).
    const senderReport = concat(bytes(0x80, 200, 0, 6, 0, 0, 0, 1), filler(20));
    expect(injector.rewriteSenderReport(senderReport)).not.toBe(senderReport);
    expect(injector.process(packet(11, nal.sps))).toEqual([packet(12, nal.sps)]);
    expect(injector.stats).toMatchObject(full);

    expect(injector.forget(2)).toBe(true);
    openSources(injector, 1e6, 1);
    expect(injector.stats).toMatchObject({ ...full, unplaced: 1 });
    // It may have passed before, so that the next hundred numbers may be out.
    publisher.publishText('again');
    const isChanged = (number: number) => {
      const slice = packet(number, nal.p, { ssrc: 1e6, rtpTimestamp: number });
      return injector.process(slice)[0] !== slice;
    };
    expect(Array.from({ length: 120 }, (_, i) => i + 2).filter(isChanged)).toHaveLength(1);
  });
});
