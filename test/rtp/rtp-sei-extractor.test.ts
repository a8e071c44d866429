import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_SEI_UUID,
  MAX_USER_DATA_SIZE,
  type ReceivedSeiMessage,
  SeiSubscriber,
  createSeiNalUnit,
  detectH264Format,
} from '../../src/index.js';
import {
  RtpPacketizer,
  type RtpPacketizerOptions,
  RtpSeiExtractor,
  type RtpSeiExtractorOptions,
  createRtpPacket,
} from '../../src/rtp/index.js';
import { bytes, concat, nal, stapA } from '../contract/frames.js';
import { accessUnit, anyBytes, runs } from '../property/arbitraries.js';
import { disturb } from './network.js';

const text = (message: ReceivedSeiMessage) => message.text();
const sei = (message: string) => createSeiNalUnit(new TextEncoder().encode(message));

function setup(options: Partial<RtpSeiExtractorOptions> = {}) {
  const subscriber = new SeiSubscriber();
  return { subscriber, extractor: new RtpSeiExtractor({ subscriber, now: () => 0, ...options }) };
}

/** The packets of access units that each hold one message in front of a slice, 3000 units of time apart. */
function packetsOf(messages: readonly string[], options: Partial<RtpPacketizerOptions> = {}): Uint8Array[] {
  const packetizer = new RtpPacketizer({ payloadType: 96, ssrc: 1, sequenceNumber: 65_530, ...options });
  return messages.flatMap((message, i) => packetizer.packetize([nal.sps, sei(message), nal.idr], 3000 * i));
}

describe('a message', () => {
  it.each<[string, string, Partial<RtpPacketizerOptions>, number]>([
    ['a packet of its own', 'alone', { aggregate: false }, 3],
    ['a STAP-A', 'together', {}, 1],
    ['fragments', 'in pieces '.repeat(40), { maxPacketSize: 100 }, 7],
    ['packetization-mode 0', 'single', { packetizationMode: 0 }, 3],
  ])('is found in %s', (_, message, options, count) => {
    const { extractor } = setup();
    const packets = packetsOf([message], options);
    expect(packets).toHaveLength(count);
    const messages = packets.flatMap((packet) => extractor.process(packet));
    expect(messages.map(text)).toEqual([message]);
    expect(messages[0].uuid).toBe(DEFAULT_SEI_UUID);
    expect(extractor.stats).toMatchObject({ packets: count, seiNalUnits: 1, seiNalUnitsIncomplete: 0 });
  });

  it.each([[[1, 0, 2, 3, 4, 5]], [[3, 2, 1, 0, 4, 5]], [[3, 4, 1, 5, 0, 2]]])(
    'is found in front of the first packet, in the order %j',
    (order) => {
      const { extractor } = setup();
      const packets = packetsOf(['a', 'b', 'c', 'd', 'e', 'f']);
      const came = order.flatMap((index) => extractor.process(packets[index]).map(text));
      expect(came).toEqual(order.map((index) => 'abcdef'[index]));
      expect(extractor.stats).toMatchObject({ packetsLate: 0, seiNalUnits: 6 });
      // Each once.
      expect(order.flatMap((index) => extractor.process(packets[index]))).toEqual([]);
      expect(extractor.stats).toMatchObject({ packetsLate: 6, seiNalUnits: 6 });
    },
  );

  it('is found in front of the first packet in no fragment, and not among the fragments of another one', () => {
    const { extractor } = setup();
    const whole = packetsOf(['whole'], { sequenceNumber: 9 });
    const inPieces = packetsOf(['in pieces '.repeat(40)], { maxPacketSize: 100, sequenceNumber: 2 });
    const late = packetsOf(['late '.repeat(40)], { maxPacketSize: 100, sequenceNumber: 0 })[1];
    expect(inPieces).toHaveLength(7);
    const [alone] = packetsOf(['alone'], { sequenceNumber: 0 });
    const arriving = [...inPieces.slice(0, 3), alone, late, ...inPieces.slice(3), ...whole];
    expect(arriving.flatMap((packet) => extractor.process(packet)).map(text)).toEqual([
      'alone',
      'in pieces '.repeat(40),
      'whole',
    ]);
    expect(extractor.stats).toMatchObject({ seiNalUnits: 3, seiNalUnitsIncomplete: 1, packetsLate: 0 });
  });

  it('comes with the packet that completes it, and is told to the callback', () => {
    const { extractor, subscriber } = setup();
    const told: string[] = [];
    subscriber.setMessageCallback((message) => told.push(message.text()));
    const packets = packetsOf(['x'.repeat(300)], { maxPacketSize: 100 });
    const came = packets.map((packet) => extractor.process(packet).length);
    // Behind the parameter set come four fragments, then the slice.
    expect(came).toEqual([0, 0, 0, 0, 1, 0]);
    expect(told).toEqual(['x'.repeat(300)]);
  });

  it('owns its bytes, and no packet is changed', () => {
    const { extractor } = setup();
    const [packet] = packetsOf(['mine']);
    const before = packet.slice();
    const [message] = extractor.process(packet);
    expect(packet).toEqual(before);
    packet.fill(0);
    expect(message.text()).toBe('mine');
  });

  it('has the RTP timestamp in milliseconds, through the wrap and for B pictures', () => {
    const { extractor } = setup();
    const packetizer = new RtpPacketizer({ payloadType: 96 });
    const start = 2 ** 32 - 9000;
    const times = [0, 300, 100, 200, 60_000].map((ms, i) => {
      const [packet] = packetizer.packetize([sei(`${i}`), nal.p], start + 90 * ms);
      return extractor.process(packet)[0].frameTimestamp;
    });
    expect(times).toEqual([0, 300, 100, 200, 60_000].map((ms) => start / 90 + ms));
  });

  it('that was sent in several copies is delivered once', () => {
    const { extractor, subscriber } = setup();
    expect(packetsOf(['same', 'same', 'same']).flatMap((packet) => extractor.process(packet))).toHaveLength(1);
    expect(subscriber.stats).toMatchObject({ messagesFound: 3, duplicates: 2 });
  });
});

describe('order', () => {
  it('is that of the sequence numbers, where packets overtake each other', () => {
    const messages = Array.from({ length: 60 }, (_, i) => `${i} ${'x'.repeat((i % 5) * 60)}`);
    const [first, ...rest] = packetsOf(messages, { maxPacketSize: 100, aggregate: false });
    const { extractor } = setup();
    const arriving = [first, ...disturb(rest, { reordering: 0.3, duplicates: 0.1, seed: 5 })];
    expect(arriving.flatMap((packet) => extractor.process(packet)).map(text)).toEqual(messages);
    expect(extractor.stats).toMatchObject({ packetsLost: 0, packetsLate: arriving.length - rest.length - 1 });
  });

  it('does not wait for a lost packet longer than the window', () => {
    const { extractor } = setup({ windowPackets: 3 });
    const packets = packetsOf(['a', 'b', 'c', 'd', 'e']);
    packets.splice(1, 1);
    expect(packets.map((packet) => extractor.process(packet).map(text))).toEqual([['a'], [], [], ['c', 'd', 'e']]);
    expect(extractor.stats).toMatchObject({ packetsLost: 1 });
  });

  it('does not wait for a lost packet longer than the time', () => {
    let now = 0;
    const { extractor } = setup({ now: () => now, windowMs: 40 });
    const packets = packetsOf(['a', 'b', 'c', 'd', 'e']);
    packets.splice(1, 1);
    const came = packets.map((packet) => {
      now += 30;
      return extractor.process(packet).map(text);
    });
    expect(came).toEqual([['a'], [], [], ['c', 'd', 'e']]);
  });

  it('does not wait at the end', () => {
    const { extractor } = setup();
    const packets = packetsOf(['a', 'b', 'c']);
    packets.splice(1, 1);
    expect(packets.flatMap((packet) => extractor.process(packet)).map(text)).toEqual(['a']);
    expect(extractor.flush().map(text)).toEqual(['c']);
    expect(extractor.flush()).toEqual([]);
  });

  it('with losses: a message in pieces comes whole or not at all', () => {
    const messages = Array.from({ length: 200 }, (_, i) => `${i} ${'x'.repeat(300)}`);
    const packets = packetsOf(messages, { maxPacketSize: 100 });
    const { extractor } = setup();
    const arriving = disturb(packets, { loss: 0.05, reordering: 0.1, duplicates: 0.05, seed: 11 });
    const received = [...arriving.flatMap((packet) => extractor.process(packet)), ...extractor.flush()].map(text);
    expect(received).toEqual(messages.filter((message) => received.includes(message)));
    expect(received.length).toBeGreaterThan(100);
    expect(received.length).toBeLessThan(190);
    expect(extractor.stats.seiNalUnitsIncomplete).toBeGreaterThan(10);
  });
});

describe('sources', () => {
  it('are read each by itself', () => {
    const { extractor } = setup();
    const a = packetsOf(['a '.repeat(200)], { ssrc: 1, maxPacketSize: 100 });
    const b = packetsOf(['b '.repeat(200)], { ssrc: 2, maxPacketSize: 100 });
    const mixed = a.flatMap((packet, i) => [packet, b[i]]);
    expect(mixed.flatMap((packet) => extractor.process(packet)).map(text)).toEqual([
      'a '.repeat(200),
      'b '.repeat(200),
    ]);
  });

  it.each([[9000], [90_000 * 60], [90_000 * 3600 * 5]])(
    'that carry the same messages, with timestamps that are %i apart, deliver each once',
    (apart) => {
      const { extractor } = setup();
      const messages = Array.from({ length: 20 }, (_, i) => JSON.stringify({ i, timestamp: 1e9 + i }));
      const sources = [1, 2, 3].map((ssrc) => {
        const packetizer = new RtpPacketizer({ payloadType: 96, ssrc });
        return (message: string, i: number) => packetizer.packetize([sei(message), nal.p], ssrc * apart + 3000 * i);
      });
      const received = messages.flatMap((message, i) =>
        // One after the other they begin, as the layers of a simulcast do.
        sources.flatMap((packets, source) =>
          (i < source ? [] : packets(message, i)).flatMap((packet) => extractor.process(packet)),
        ),
      );
      expect(received.map(text)).toEqual(messages);
    },
  );

  it('that begin their numbers and timestamps anew do not forget what they had', () => {
    const { extractor } = setup();
    const message = JSON.stringify({ timestamp: 1e9 });
    const received = [1, 2, 3, 4].flatMap((start) => {
      const packetizer = new RtpPacketizer({ payloadType: 96, ssrc: 1, sequenceNumber: 10_000 * start });
      const times = [0, 3000, 6000].map((time) => 90_000 * 3000 * start + time);
      return times.flatMap((time) => packetizer.packetize([sei(message), nal.p], time));
    });
    expect(received.flatMap((packet) => extractor.process(packet)).map(text)).toEqual([message]);
    expect(extractor.stats.restarts).toBe(3);
  });

  it('are passed over where another one is wanted', () => {
    const { extractor } = setup({ ssrc: 2 });
    expect(packetsOf(['a'], { ssrc: 1 }).flatMap((packet) => extractor.process(packet))).toEqual([]);
    expect(packetsOf(['b'], { ssrc: 2 }).flatMap((packet) => extractor.process(packet))).toHaveLength(1);
    expect(extractor.stats.packets).toBe(1);
  });

  it('are forgotten where there are too many, those first that were silent for longest', () => {
    const { extractor } = setup({ maxSources: 2 });
    const long = 'x'.repeat(300);
    const [a, b, c] = [1, 2, 3].map((ssrc) => packetsOf([`${ssrc} ${long}`, `${ssrc}`], { ssrc, maxPacketSize: 100 }));
    const process = (packets: Uint8Array[]) => packets.flatMap((packet) => extractor.process(packet)).map(text);
    process(a.slice(0, 3));
    process(b.slice(0, 3));
    process(a.slice(3, 4));
    expect(process(c)).toEqual([`3 ${long}`, '3']);
    expect(process(b.slice(3))).toEqual(['2']);
    expect(process(a.slice(4))).toEqual(['1']);
  });

  it('of other payload types are none, but their packets count among those of H.264', () => {
    const { extractor } = setup({ payloadType: [96, 98], maxSources: 1 });
    const packetizer = new RtpPacketizer({ payloadType: 96, ssrc: 1, sequenceNumber: 5 });
    const [first] = packetizer.packetize([sei('first'), nal.p], 0);
    const audio = createRtpPacket({ payloadType: 111, sequenceNumber: 9, rtpTimestamp: 0, ssrc: 7 }, [sei('audio')]);
    const correction = createRtpPacket({ payloadType: 97, sequenceNumber: 6, rtpTimestamp: 0, ssrc: 1 }, [sei('no')]);
    const next = createRtpPacket({ payloadType: 98, sequenceNumber: 7, rtpTimestamp: 0, ssrc: 1 }, [sei('next')]);
    const messages = [first, audio, correction, audio, next].flatMap((packet) => extractor.process(packet));
    expect(messages.map(text)).toEqual(['first', 'next']);
    expect(extractor.stats).toMatchObject({ packets: 3, packetsLost: 0 });
  });
});

describe('SEI in fragments', () => {
  const fragment = (sequenceNumber: number, payload: Uint8Array) =>
    createRtpPacket({ payloadType: 96, sequenceNumber, rtpTimestamp: 0, ssrc: 1 }, [payload]);

  it('is put together up to a size that every message of this package keeps', () => {
    const { extractor } = setup();
    // All of it needs escapes.
    const nalUnit = createSeiNalUnit(new Uint8Array(MAX_USER_DATA_SIZE));
    const packets = new RtpPacketizer({ payloadType: 96, maxPacketSize: 60_000 }).packetize([nalUnit, nal.p], 0);
    const messages = packets.flatMap((packet) => extractor.process(packet));
    expect(messages.map(({ payload }) => payload.length)).toEqual([MAX_USER_DATA_SIZE]);
  });

  it('that does not end is given up', () => {
    const { extractor } = setup();
    const rest = new Uint8Array(60_000).fill(7);
    extractor.process(fragment(0, concat(bytes(0x1c, 0x86), rest)));
    for (let i = 1; i < 100; i++) extractor.process(fragment(i, concat(bytes(0x1c, 0x06), rest)));
    extractor.process(fragment(100, bytes(0x1c, 0x46, 0x80)));
    expect(extractor.process(fragment(101, sei('next'))).map(text)).toEqual(['next']);
    expect(extractor.stats).toMatchObject({ seiNalUnits: 1, seiNalUnitsIncomplete: 1 });
  });

  it('is not mixed up with a slice in fragments', () => {
    const { extractor } = setup();
    const nalUnit = sei('in two');
    extractor.process(fragment(0, concat(bytes(0x1c, 0x86), nalUnit.subarray(1, 9))));
    extractor.process(fragment(1, bytes(0x5c, 0x01, 1, 2, 3)));
    expect(extractor.process(fragment(2, concat(bytes(0x1c, 0x46), nalUnit.subarray(9))))).toEqual([]);
    expect(extractor.stats.seiNalUnitsIncomplete).toBe(1);
  });
});

it('hands over SEI such that it cannot be taken for anything else', () => {
  const handed: Uint8Array[] = [];
  const subscriber = { processPacketData: (data: Uint8Array) => (handed.push(data), []) };
  const extractor = new RtpSeiExtractor({ subscriber });
  // As a raw NAL unit this is also two NAL units behind lengths of one byte.
  const strange = concat(bytes(0x06, 0x41, 0x88, 1, 1, 1, 1), bytes(4, 0x41, 0x88, 1, 1));
  expect(detectH264Format(strange).format).toBe('avcc');
  extractor.process(
    createRtpPacket({ payloadType: 96, sequenceNumber: 0, rtpTimestamp: 0, ssrc: 1 }, [stapA(0x18, strange, nal.p)]),
  );
  expect(handed.map((data) => detectH264Format(data))).toEqual([
    expect.objectContaining({ format: 'annexb', nalUnitType: 6 }),
  ]);
});

it('may be called from the callback of its own subscriber', () => {
  const { extractor, subscriber } = setup();
  const [first, second, third] = packetsOf(['1', '2', '3']);
  const order: string[] = [];
  subscriber.setMessageCallback((message) => {
    order.push(message.text());
    if (message.text() === '1') extractor.process(second);
  });
  extractor.process(first);
  extractor.process(third);
  expect(order).toEqual(['1', '2', '3']);
});

it('finds every message in any stream, whatever else is in it', () => {
  const streams = fc.record({
    accessUnits: fc.array(accessUnit, { minLength: 1, maxLength: 10 }),
    data: fc.array(anyBytes, { minLength: 10, maxLength: 10 }),
    maxPacketSize: fc.integer({ min: 64, max: 300 }),
    aggregate: fc.boolean(),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(streams, ({ accessUnits, data, maxPacketSize, aggregate, seed }) => {
      const subscriber = new SeiSubscriber({ dedup: false });
      const extractor = new RtpSeiExtractor({ subscriber, now: () => 0 });
      const packetizer = new RtpPacketizer({ payloadType: 96, maxPacketSize, aggregate });
      const sent: string[] = [];
      const packets = accessUnits.flatMap((nalUnits, i) => {
        const userData = data[i];
        sent.push(Buffer.from(userData).toString('hex'));
        return packetizer.packetize([createSeiNalUnit(userData), ...nalUnits], i);
      });
      const [first, ...rest] = packets;
      const arriving = [first, ...disturb(rest, { reordering: 0.2, duplicates: 0.1, seed })];
      const received = [...arriving.flatMap((packet) => extractor.process(packet)), ...extractor.flush()];
      expect(received.map(({ payload }) => Buffer.from(payload).toString('hex'))).toEqual(sent);
    }),
    runs(200),
  );
});

it('takes any bytes', () => {
  const header = fc.tuple(fc.constantFrom(0x80, 0x90, 0xa0, 0xb1), fc.constantFrom(96, 224), fc.nat(40), fc.nat(3));
  const type = fc.constantFrom(0x1c, 0x5c, 0x18, 0x78, 0x06, 0x41, 0x79);
  const packet = fc
    .tuple(header, type, fc.oneof(fc.uint8Array({ maxLength: 40 }), anyBytes))
    .map(([[first, second, sequenceNumber, ssrc], payload, rest]) =>
      bytes(first, second, 0, sequenceNumber, 0, 0, 0, 0, 0, 0, 0, ssrc, payload, ...rest),
    );
  fc.assert(
    fc.property(fc.array(fc.oneof(packet, fc.uint8Array({ maxLength: 30 })), { maxLength: 60 }), (packets) => {
      const { extractor } = setup({ windowPackets: 4, maxSources: 2 });
      for (const each of packets) extractor.process(each);
      extractor.flush();
    }),
    runs(500),
  );
});

it.each([
  [undefined, TypeError],
  [{}, TypeError],
  [{ subscriber: {} }, TypeError],
  [{ subscriber: new SeiSubscriber(), payloadType: -1 }, RangeError],
  [{ subscriber: new SeiSubscriber(), payloadType: 64 }, RangeError],
  [{ subscriber: new SeiSubscriber(), ssrc: 'a' }, TypeError],
  [{ subscriber: new SeiSubscriber(), maxSources: 0 }, RangeError],
  [{ subscriber: new SeiSubscriber(), windowPackets: 0 }, RangeError],
])('refuses the options %o', (options, error) => {
  expect(() => new RtpSeiExtractor(options as RtpSeiExtractorOptions)).toThrow(error);
});

it('refuses what is no packet', () => {
  expect(() => setup().extractor.process([1, 2] as unknown as Uint8Array)).toThrow(TypeError);
});
