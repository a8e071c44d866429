import { describe, expect, it } from 'vitest';
import { SeiPublisher, type SeiPublisherOptions, splitNalUnits } from '../../src/index.js';
import {
  HeaderExtensionProfile,
  type RtpPacketFields,
  RtpSeiInjector,
  type RtpSeiInjectorOptions,
  createRtpPacket,
  parseRtpPacket,
} from '../../src/rtp/index.js';
import { bytes, concat, filler, stapA } from '../contract/frames.js';
import { expectOneMeaning, numberOf } from './injected-series.js';
import { LATE_PACKETS_TO_RESTART } from '../../src/rtp/reorder-buffer.js';
import { MAX_INJECTED_SOURCES, PACKETS_TO_SILENCE } from '../../src/rtp/rtp-sei-injector.js';

const AUD = bytes(0x09, 0xf0);
const SPS = bytes(0x67, 0x42, 0xc0, 0x1e, 0xd9);
const PPS = bytes(0x68, 0xce, 0x38, 0x80);
const IDR = bytes(0x65, 0x88, 0x84, 0x21, 0xa0);
const P = bytes(0x41, 0x9a, 0x24, 0x6c, 0x41);
/** A disposable B slice. */
const B = bytes(0x01, 0x9e, 0x24, 0x6c, 0x41);
/** A slice that does not begin with the first macroblock. */
const LATER_SLICE = bytes(0x41, 0x49, 0x24, 0x6c, 0x41);
const PREFIX = bytes(0x6e, 0x40, 0x80, 0x0f);
const BUFFERING_PERIOD = bytes(0x06, 0x00, 0x01, 0x80, 0x80);

const FU_START = concat(bytes(0x7c, 0x85), filler(0), bytes(0x88), filler(200));
const FU_MIDDLE = concat(bytes(0x7c, 0x05), filler(200));
const FU_END = concat(bytes(0x7c, 0x45), filler(200));

type Fields = Partial<RtpPacketFields>;

/** A packet of the source 1 with the payload type 96. */
function packet(sequenceNumber: number, timestamp: number, payload: Uint8Array, fields: Fields = {}): Buffer {
  return createRtpPacket(
    { payloadType: 96, ssrc: 1, sequenceNumber, rtpTimestamp: timestamp, ...fields },
    [payload],
    Buffer.alloc(0),
  ) as Buffer;
}

interface Setup {
  readonly publisher: SeiPublisher;
  readonly injector: RtpSeiInjector;
}

function setup(
  options: Partial<RtpSeiInjectorOptions> = {},
  publisherOptions: SeiPublisherOptions = { repeatCount: 1 },
): Setup {
  const publisher = new SeiPublisher(publisherOptions);
  return { publisher, injector: new RtpSeiInjector({ publisher, payloadType: 96, ...options }) };
}

/** The NAL unit types in a payload, such as `7 8 6 5`, or `28 S5` for the first fragment of a 5. */
function shape(payload: Uint8Array): string {
  const type = payload[0] & 0x1f;
  if (type === 28) {
    return `FU ${(payload[1] & 0x80) !== 0 ? 'S' : ''}${(payload[1] & 0x40) !== 0 ? 'E' : ''}${payload[1] & 0x1f}`;
  }
  if (type !== 24) return String(type);
  const types = splitNalUnits(payload, 'rtp').map((nalUnit) => nalUnit[0] & 0x1f);
  return `[${types.join(' ')}]`;
}

/** What packets are, such as `7: [6]`: number and types; an M for the marker. */
function shapes(packets: readonly Uint8Array[]): string[] {
  return packets.map((each) => {
    const { sequenceNumber, marker, payload } = parseRtpPacket(each)!;
    return `${sequenceNumber}${marker ? ' M' : ''}: ${shape(payload)}`;
  });
}

/** The types in what comes out for packets of source 1 that all have messages waiting. */
function injected(packets: readonly Buffer[], options: Partial<RtpSeiInjectorOptions> = {}): string[] {
  const { publisher, injector } = setup(options, { repeatCount: 1, maxMessagesPerFrame: 1 });
  for (let i = 0; i < 20; i++) publisher.publishText('hello');
  return shapes(packets.flatMap((each) => injector.process(each)));
}

describe('the place of SEI', () => {
  it('is in front of the first slice, in a STAP-A with it', () => {
    expect(injected([packet(10, 0, IDR, { marker: true }), packet(11, 3000, P, { marker: true })])).toEqual([
      '10 M: [6 5]',
      '11 M: [6 1]',
    ]);
  });

  it('is behind access unit delimiter, parameter sets and SEI', () => {
    expect(injected([packet(10, 0, stapA(0x78, AUD, SPS, PPS, BUFFERING_PERIOD, IDR))])).toEqual(['10: [9 7 8 6 6 5]']);
    const alone = [AUD, SPS, PPS, BUFFERING_PERIOD, FU_START, FU_END].map((payload, i) => packet(10 + i, 0, payload));
    expect(injected(alone)).toEqual(['10: 9', '11: 7', '12: 8', '13: 6', '14: [6]', '15: FU S5', '16: FU E5']);
  });

  it('is in front of a prefix NAL unit, wherever that is', () => {
    expect(injected([packet(10, 0, stapA(0x78, SPS, PREFIX, IDR))])).toEqual(['10: [7 6 14 5]']);
    expect(injected([packet(10, 0, SPS), packet(11, 0, PREFIX), packet(12, 0, IDR)])).toEqual([
      '10: 7',
      '11: [6 14]',
      '12: 5',
    ]);
    expect(injected([packet(10, 0, stapA(0x78, SPS, PREFIX)), packet(11, 0, FU_START)])).toEqual([
      '10: [7 6 14]',
      '11: FU S5',
    ]);
  });

  it('is a packet of its own in front of an FU-A, never inside', () => {
    expect(
      injected([
        packet(10, 0, FU_START),
        packet(11, 0, FU_MIDDLE),
        packet(12, 0, FU_END, { marker: true }),
        packet(13, 3000, P),
      ]),
    ).toEqual(['10: [6]', '11: FU S5', '12: FU 5', '13 M: FU E5', '14: [6 1]']);
  });

  it('is one for all slices of a picture', () => {
    const slices = [P, LATER_SLICE, LATER_SLICE].map((payload, i) => packet(10 + i, 0, payload, { marker: i === 2 }));
    expect(injected([...slices, packet(13, 3000, stapA(0x58, P, LATER_SLICE))])).toEqual([
      '10: [6 1]',
      '11: 1',
      '12 M: 1',
      '13: [6 1 1]',
    ]);
  });

  it('is in front of the first slice although that does not begin with the first macroblock', () => {
    expect(
      injected([
        packet(10, 0, P, { marker: true }),
        packet(11, 3000, LATER_SLICE),
        packet(12, 3000, P, { marker: true }),
        packet(13, 6000, LATER_SLICE),
      ]),
    ).toEqual(['10 M: [6 1]', '11: [6 1]', '12 M: 1', '13: [6 1]']);
  });

  it('is in both fields of a frame only where a marker is between them', () => {
    expect(injected([packet(10, 0, P), packet(11, 0, P, { marker: true })])).toEqual(['10: [6 1]', '11 M: 1']);
    expect(injected([packet(10, 0, P, { marker: true }), packet(11, 0, P, { marker: true })])).toEqual([
      '10 M: [6 1]',
      '11 M: [6 1]',
    ]);
  });

  it('is not found in slices that all have a marker', () => {
    const slices = [P, LATER_SLICE, LATER_SLICE].map((payload, i) => packet(10 + i, 0, payload, { marker: true }));
    expect(injected(slices)).toEqual(['10 M: [6 1]', '11 M: 1', '12 M: 1']);
  });

  it('is not in the middle of a picture that is joined late', () => {
    expect(
      injected([packet(10, 0, FU_MIDDLE), packet(11, 0, FU_END), packet(12, 0, LATER_SLICE), packet(13, 3000, P)]),
    ).toEqual(['10: FU 5', '11: FU E5', '12: 1', '13: [6 1]']);
  });

  it('is never alone in an access unit', () => {
    const nothing = [SPS, PPS, AUD, BUFFERING_PERIOD, bytes(0x0a), bytes(0x0c, 0xff, 0x80)];
    expect(injected(nothing.map((payload, i) => packet(i, 3000 * i, payload, { marker: true })))).toEqual([
      '0 M: 7',
      '1 M: 8',
      '2 M: 9',
      '3 M: 6',
      '4 M: 10',
      '5 M: 12',
    ]);
  });
});

describe('the form of SEI', () => {
  it('is a packet of its own where the picture has no room, with the timestamp of the picture and no marker', () => {
    const { publisher, injector } = setup({ maxPacketSize: 300 });
    publisher.publishText('hello');
    const picture = packet(7, 9000, concat(P, filler(280)), { marker: true, csrcs: [5, 6] });
    const [sei, rest] = injector.process(picture);
    expect(shapes([sei, rest])).toEqual(['7: [6]', '8 M: 1']);
    const header = parseRtpPacket(sei)!;
    expect([header.rtpTimestamp, header.ssrc, header.payloadType, header.csrcs]).toEqual([9000, 1, 96, [5, 6]]);
    expect(rest.subarray(4).equals(picture.subarray(4))).toBe(true);
  });

  it('is a STAP-A of several where the picture has no room', () => {
    const { publisher, injector } = setup({ maxPacketSize: 600 });
    for (const text of ['one', 'two', 'three']) publisher.publishText(text);
    expect(shapes(injector.process(packet(7, 0, concat(P, filler(580)))))).toEqual(['7: [6 6 6]', '8: 1']);
  });

  it('is FU-A where no packet holds it', () => {
    const { publisher, injector } = setup({ maxPacketSize: 200 });
    publisher.publishText('a'.repeat(300));
    const outputs = injector.process(packet(65_535, 0, P));
    expect(shapes(outputs)).toEqual(['65535: FU S6', '0: FU 6', '1: FU E6', '2: 1']);
    expect(Math.max(...outputs.map(({ length }) => length))).toBeLessThanOrEqual(200);
  });

  it('takes a STAP-A apart where what precedes the picture leaves no room', () => {
    const { publisher, injector } = setup({ maxPacketSize: 200 });
    publisher.publishText('hello');
    const picture = concat(IDR, filler(130));
    const aggregate = packet(7, 0, stapA(0x78, AUD, SPS, PPS, picture), { marker: true });
    const outputs = injector.process(aggregate);
    expect(shapes(outputs)).toEqual(['7: [9 7 8 6]', '8 M: 5']);
    expect(Buffer.from(parseRtpPacket(outputs[1])!.payload)).toEqual(Buffer.from(picture));
    expect(parseRtpPacket(outputs[0])!.payload[0]).toBe(0x78);
  });

  it('is a single NAL unit in packetization-mode 0, or waits for ever', () => {
    const { publisher, injector } = setup({ packetizationMode: 0, maxPacketSize: 200 });
    publisher.publishText('hello');
    expect(shapes(injector.process(packet(7, 0, P)))).toEqual(['7: 6', '8: 1']);
    publisher.publishText('a'.repeat(300));
    expect(shapes(injector.process(packet(8, 3000, P)))).toEqual(['9: 1']);
    publisher.publishText('again');
    expect(shapes(injector.process(packet(9, 6000, stapA(0x58, SPS, P))))).toEqual(['10: [7 1]']);
    expect(injector.stats).toMatchObject({ picturesWithoutRoom: 1, pictures: 1 });
  });

  it('keeps header extension and padding of the packet it is merged into', () => {
    const { publisher, injector } = setup();
    publisher.publishText('hello');
    const plain = packet(7, 0, IDR, { extensionElements: [{ id: 3, data: bytes(1, 2, 3) }], marker: true });
    const padded = Buffer.concat([plain, Buffer.from([0, 0, 0, 4])]);
    padded[0] |= 0x20;
    const [merged] = injector.process(padded);
    const header = parseRtpPacket(merged)!;
    expect(merged.length - header.payloadEnd).toBe(4);
    expect(header.extensionElements).toEqual([{ id: 3, data: Buffer.from([1, 2, 3]) }]);
    expect(shape(header.payload)).toBe('[6 5]');
  });
});

describe('the header extension of an added packet', () => {
  const elements = [
    { id: 1, data: bytes(0x61) },
    { id: 2, data: bytes(0x68, 0x69) },
    { id: 5, data: bytes(0, 1) },
    { id: 9, data: bytes(0xff) },
  ];
  const added = (options: Partial<RtpSeiInjectorOptions>, profile?: number) => {
    const { publisher, injector } = setup({ maxPacketSize: 300, ...options });
    publisher.publishText('hello');
    const fields = { extensionElements: elements, extensionProfile: profile };
    const [sei, picture] = injector.process(packet(7, 3000, concat(P, filler(270)), fields));
    expect(parseRtpPacket(picture)!.extensionElements).toHaveLength(4);
    const { extensionElements, extensionProfile } = parseRtpPacket(sei)!;
    return { extensionProfile, elements: extensionElements.map(({ id, data }) => [id, ...data]) };
  };

  it('copies MID and RID alone', () => {
    expect(added({}).elements).toEqual([]);
    expect(added({ headerExtensionIds: { mid: 1, rid: 2 } })).toEqual({
      extensionProfile: HeaderExtensionProfile.oneByte,
      elements: [
        [1, 0x61],
        [2, 0x68, 0x69],
      ],
    });
    expect(added({ headerExtensionIds: { mid: 1 } }, 0x1003)).toEqual({
      extensionProfile: 0x1003,
      elements: [[1, 0x61]],
    });
  });

  it('has what the server adds', () => {
    const asked: unknown[] = [];
    const headerExtensions: RtpSeiInjectorOptions['headerExtensions'] = (about) => {
      asked.push(about);
      return [{ id: 5, data: bytes(7, 7) }];
    };
    expect(added({ headerExtensionIds: { mid: 1 }, headerExtensions }).elements).toEqual([
      [1, 0x61],
      [5, 7, 7],
    ]);
    expect(asked).toEqual([{ ssrc: 1, payloadType: 96, sequenceNumber: 7, rtpTimestamp: 3000 }]);
  });

  it('leaves less room in packetization-mode 0, where a message that is too long for it makes way', () => {
    const headerExtensions = () => [{ id: 5, data: bytes(1, 2, 3, 4) }];
    let tooLong = 0;
    for (let length = 60; length < 140; length++) {
      const { publisher, injector } = setup({ packetizationMode: 0, maxPacketSize: 200, headerExtensions });
      publisher.publishText('a'.repeat(length));
      publisher.publishText('b');
      const outputs = Array.from({ length: 6 }, (_, i) => injector.process(packet(i, 3000 * i, P))).flat();
      expect(Math.max(...outputs.map((output) => output.length))).toBeLessThanOrEqual(200);
      const { pending, addedPackets } = injector.stats;
      // One that is too long waits aside, in case the framing changes, and holds up nobody.
      expect({ pending, addedPackets }).toEqual({ pending: 2 - addedPackets, addedPackets: publisher.stats.injected });
      expect(addedPackets).toBeGreaterThan(0);
      if (addedPackets === 1) tooLong++;
    }
    expect(tooLong).toBeGreaterThan(0);
    expect(tooLong).toBeLessThan(79);
  });

  it('is without what is none, and without what throws', () => {
    const events: string[] = [];
    const onDiagnostic: RtpSeiInjectorOptions['onDiagnostic'] = ({ event }) => events.push(event);
    const headerExtensionIds = { mid: 1 };
    const tooLarge = () => [{ id: 300, data: bytes(1) }];
    const throwing = () => {
      throw new Error('no');
    };
    for (const headerExtensions of [tooLarge, throwing]) {
      expect(added({ headerExtensionIds, headerExtensions, onDiagnostic }).elements).toEqual([[1, 0x61]]);
    }
    expect(events).toEqual(['header-extensions-error', 'header-extensions-error']);
  });
});

describe('the memory of the packets', () => {
  it('is that of the caller where nothing changes', () => {
    const { publisher, injector } = setup();
    const first = packet(7, 0, P);
    expect(injector.process(first)[0]).toBe(first);
    publisher.publishText('hello');
    expect(injector.process(packet(8, 3000, P))).toHaveLength(1);
    const third = packet(9, 6000, P);
    expect(injector.process(third)[0]).toBe(third);
  });

  it('is of its own where the number changes, unless in place', () => {
    for (const inPlace of [false, true]) {
      const { publisher, injector } = setup({ inPlace, maxPacketSize: 300 });
      publisher.publishText('hello');
      injector.process(packet(7, 0, FU_START));
      const next = packet(8, 0, FU_END);
      const copy = Buffer.from(next);
      const [output] = injector.process(next);
      expect(numberOf(output)).toBe(9);
      expect(output === next).toBe(inPlace);
      expect(next.equals(copy)).toBe(!inPlace);
      expect(Buffer.isBuffer(output)).toBe(true);
    }
  });

  it('is of the kind of the packet', () => {
    const { publisher, injector } = setup();
    publisher.publishText('hello');
    const outputs = [FU_START, FU_END].flatMap((payload, i) =>
      injector.process(new Uint8Array(packet(7 + i, 0, payload))),
    );
    expect(outputs).toHaveLength(3);
    expect(outputs.map((output) => output.constructor)).toEqual([Uint8Array, Uint8Array, Uint8Array]);
  });

  it('is shared but for the fixed header in parts', () => {
    const { publisher, injector } = setup();
    publisher.publishText('hello');
    const first = packet(7, 0, FU_START);
    const [[sei], parts] = injector.processParts(first);
    expect(shapes([sei])).toEqual(['7: [6]']);
    expect(parts[0]).toHaveLength(12);
    expect(parts[1].buffer).toBe(first.buffer);
    expect(shapes([Buffer.concat(parts)])).toEqual(['8: FU S5']);
    expect(numberOf(first)).toBe(7);
    const other = packet(7, 0, P, { ssrc: 9, payloadType: 5 });
    expect(injector.processParts(other)).toEqual([[other]]);
    expect(injector.processParts(packet(7, 0, FU_START))).toEqual([]);
  });
});

describe('packets that come late, twice or never', () => {
  it('get the numbers that they would have had', () => {
    expect(
      injected([
        packet(65_533, 0, FU_START),
        packet(65_535, 0, FU_END, { marker: true }),
        packet(0, 3000, FU_START),
        packet(65_534, 0, FU_MIDDLE),
        packet(2, 3000, FU_END),
      ]),
    ).toEqual(['65533: [6]', '65534: FU S5', '0 M: FU E5', '1: [6]', '2: FU S5', '65535: FU 5', '4: FU E5']);
  });

  it('are merged with SEI, and get no packet in front, where a later one was seen', () => {
    expect(injected([packet(9, 0, P), packet(11, 3000, LATER_SLICE), packet(10, 3000, P)])).toEqual([
      '9: [6 1]',
      '11: 1',
      '10: [6 1]',
    ]);
    const { publisher, injector } = setup();
    injector.process(packet(9, 0, P));
    injector.process(packet(11, 3000, FU_MIDDLE));
    publisher.publishText('hello');
    expect(shapes(injector.process(packet(10, 3000, FU_START)))).toEqual(['10: FU S5']);
    expect(injector.stats.picturesWithoutRoom).toBe(1);
  });

  it('cost no message where they have too little room for it', () => {
    const { publisher, injector } = setup({ maxPacketSize: 300 });
    injector.process(packet(10, 0, IDR, { marker: true }));
    injector.process(packet(12, 6000, P, { marker: true }));
    publisher.publishText('hello');
    const late = packet(11, 3000, concat(P, filler(220)), { marker: true });
    expect(shapes(injector.process(late))).toEqual(['11 M: 1']);
    expect(shapes(injector.process(packet(13, 9000, P, { marker: true })))).toEqual(['13 M: [6 1]']);
    expect(publisher.stats).toMatchObject({ injected: 1, expired: 0 });
  });

  it('come again as they went out, or not at all', () => {
    const { publisher, injector } = setup();
    publisher.publishText('hello');
    const changed = packet(7, 0, P);
    const [first] = injector.process(changed);
    const copy = Buffer.from(first);
    first.fill(0);
    const other = packet(8, 3000, P);
    injector.process(other);
    expect(injector.process(changed)).toEqual([copy]);
    // The same number with other bytes in its header, as retransmissions have them.
    expect(injector.process(packet(7, 0, P, { extensionElements: [{ id: 4, data: bytes(9) }] }))).toEqual([copy]);
    expect(injector.process(other)).toEqual([]);
    expect(injector.stats.duplicates).toBe(3);
  });

  it('come again all with a history of all', () => {
    const { publisher, injector } = setup({ history: { keep: 'all' } });
    publisher.publishText('hello');
    const packets = [packet(7, 0, FU_START), packet(8, 0, FU_MIDDLE), packet(9, 0, FU_END)];
    const outputs = packets.map((each) => injector.process(each).map((output) => Buffer.from(output)));
    expect(packets.map((each) => injector.process(each))).toEqual([[outputs[0][1]], outputs[1], outputs[2]]);
  });

  it('pass as long as nothing was put in, in whatever order', () => {
    const { injector } = setup();
    const numbers = [5, 5, 3, 60_000, 60_001, 4, 5, 30_000, 5, 5, 6, 30_001];
    for (const [i, number] of numbers.entries()) {
      const each = packet(number, i * 3000, P);
      expect(injector.process(each)).toEqual([each]);
    }
  });

  /** Sends pictures, and expects that no number stands for two sequences of bytes from the first to the last. */
  function expectOneMeaningOf(injector: RtpSeiInjector, packets: readonly Buffer[]): Buffer[] {
    const outputs = packets.flatMap((each) => injector.process(each)).map((output) => Buffer.from(output));
    expectOneMeaning(outputs);
    return outputs;
  }
  const pictures = (first: number, count: number, payload: Uint8Array = P) =>
    Array.from({ length: count }, (_, i) => packet((first + i) & 0xffff, (first + i) * 3, payload, { marker: true }));
  const LARGE = concat(P, filler(1180));

  it.each([
    ['merged', P],
    ['in front', LARGE],
  ])('passed far ahead of the first SEI, and are not sent again with other bytes: %s', (_, payload) => {
    const { publisher, injector } = setup();
    const before = expectOneMeaningOf(injector, pictures(1000, 10));
    const stray = packet(5000, 0x7000_0000, B);
    expect(injector.process(stray)).toEqual([stray]);
    publisher.publishText('hello');
    const all = pictures(1010, 4010, payload);
    // Nothing is lost where the stream comes to the number of the stray itself, but that has to keep its bytes.
    all.splice(5000 - 1010, 1);
    const outputs = expectOneMeaningOf(injector, all);
    expectOneMeaning([...before, stray, ...outputs]);
    expect(injector.stats).toMatchObject({ pictures: 1, picturesWithoutRoom: 3990 });
    // The one that was missing would have the number of the stray.
    expect(injector.process(packet(5000, 5000 * 3, P))).toEqual([]);
  });

  it('passed as the first ones behind a gap, and are not sent again with other bytes', () => {
    const { publisher, injector } = setup();
    const outputs = expectOneMeaningOf(injector, [...pictures(1000, 10), ...pictures(5000, 2)]);
    publisher.publishText('hello');
    outputs.push(...injector.process(pictures(5000, 1)[0]));
    outputs.push(...injector.process(pictures(5002, 1)[0]));
    outputs.push(...injector.process(pictures(5000, 1)[0]));
    expectOneMeaning(outputs);
    expect(shapes(outputs.slice(-2))).toEqual(['5000 M: 1', '5002 M: [6 1]']);
  });

  it.each([2, 10, 31])('come %s in a row, thousands of packets late, and change nothing', (count) => {
    const { publisher, injector } = setup();
    publisher.publishText('hello');
    const outputs: Buffer[] = [];
    let replayed = 0;
    for (let i = 0; i < 70_000; i++) {
      outputs.push(...injector.process(packet(i & 0xffff, i * 3000, i === 0 ? FU_START : SPS)));
      if (i % 5000 !== 4999) continue;
      // Those that are half a cycle old look as if they were far ahead.
      for (const age of [4200, 20_000, 40_000, 60_000]) {
        for (let k = i - age; k < i - age + count && i >= age; k++, replayed++) {
          expect(injector.process(packet(k & 0xffff, k * 3000, SPS))).toEqual([]);
        }
      }
    }
    expect(replayed).toBeGreaterThan(20 * count);
    expect(outputs.map(numberOf)).toEqual(outputs.map((_, i) => i & 0xffff));
    expect(injector.stats).toMatchObject({ restarts: 0, dropped: replayed });
  });

  it('do not take SEI in front of what may be the middle of a picture', () => {
    // A stream in which a slice that begins with the first macroblock need not be the first.
    const unordered = [packet(1, 0, LATER_SLICE, { marker: true }), packet(2, 3000, LATER_SLICE)];
    expect(injected([...unordered, packet(4, 6000, P), packet(5, 9000, P)])).toEqual([
      '1 M: 1',
      '2: [6 1]',
      '4: 1',
      '5: [6 1]',
    ]);
    expect(injected([packet(1, 0, P), packet(3, 3000, P), packet(5, 6000, LATER_SLICE)])).toEqual([
      '1: [6 1]',
      '3: [6 1]',
      '5: 1',
    ]);
    // The prefix NAL unit may be in the packet that is missing.
    expect(injected([packet(1, 0, AUD), packet(2, 0, PREFIX), packet(3, 0, P), packet(5, 3000, P)])).toEqual([
      '1: 9',
      '2: [6 14]',
      '3: 1',
      '5: 1',
    ]);
  });
});

describe('timestamps that jump', () => {
  const FPS = 25;

  /** What becomes of a message that waits while the timestamps go on by `jump` milliseconds and the clock by `pause`. */
  async function afterJump(jump: number, pause: number) {
    let now = 1e12;
    const { publisher, injector } = setup({ now: () => now }, { now: () => now });
    const timestamp = (i: number) => 90 * (100_000 + (i < 5 ? 0 : jump) + (1000 / FPS) * i);
    let receipt = publisher.publishText('before').injected;
    for (let i = 0; i < 10; i++) {
      if (i === 5) {
        receipt = publisher.publishText('hello').injected;
        now += pause;
      }
      injector.process(packet(i, timestamp(i), P, { marker: true }));
      now += 1000 / FPS;
    }
    injector.close();
    publisher.clearQueue();
    const { outcome, copies } = await receipt;
    return { outcome, timestamps: copies.map((copy) => copy.timestamp! - 100_000) };
  }

  it.each([1_000_000, -90_000])('by %i ms cost no message', async (jump) => {
    const timestamps = [5, 6, 7].map((i) => jump + 40 * i);
    expect(await afterJump(jump, 0)).toEqual({ outcome: 'injected', timestamps });
  });

  it('after a pause are time that has passed', async () => {
    expect(await afterJump(60_000, 60_000)).toEqual({ outcome: 'expired', timestamps: [] });
  });
});

describe('a new series of sequence numbers', () => {
  /** SEI goes in front of one packet, so that the injector has something to lose. */
  function begun(options: Partial<RtpSeiInjectorOptions> = {}) {
    const { publisher, injector } = setup(options);
    publisher.publishText('hello');
    expect(shapes(injector.process(packet(1000, 0, FU_START)))).toEqual(['1000: [6]', '1001: FU S5']);
    expect(shapes(injector.process(packet(1001, 0, FU_END)))).toEqual(['1002: FU E5']);
    return { publisher, injector };
  }

  it.each([10, 500, 850, 1000, 60_000])('is believed with its second packet, from %s on', (first) => {
    const { publisher, injector } = begun();
    publisher.publishText('again');
    expect(injector.process(packet(first, 77_000, P))).toEqual([]);
    expect(shapes(injector.process(packet(first + 1, 80_000, P)))).toEqual(['1003: [6 1]', '1004: 1']);
    expect(shapes(injector.process(packet(first + 2, 83_000, P)))).toEqual(['1005: 1']);
    expect(injector.toOriginalSequenceNumber(1005)).toBe(first + 2);
    expect(injector.stats).toMatchObject({ restarts: 1, dropped: 0 });
  });

  it('is believed with many packets where its timestamps are such as have been', () => {
    const { injector } = begun();
    injector.process(packet(1002, 900_000, P));
    const outputs = Array.from({ length: LATE_PACKETS_TO_RESTART + 4 }, (_, i) =>
      injector.process(packet(20_000 + i, 3000 * i, SPS)),
    ).flat();
    expect(outputs.map(numberOf)).toEqual([1004, 1005, 1006, 1007, 1008, 1009]);
    expect(injector.stats).toMatchObject({ restarts: 1, dropped: LATE_PACKETS_TO_RESTART - 2 });
  });

  it('is not begun by many packets of one time, or with others between them', () => {
    const { injector } = begun();
    injector.process(packet(1002, 900_000, P));
    for (let i = 0; i < 2 * LATE_PACKETS_TO_RESTART; i++) {
      expect(injector.process(packet(60_000 + i, 3000, SPS))).toEqual([]);
    }
    for (let i = 0; i < 2 * LATE_PACKETS_TO_RESTART; i++) {
      if (i % 30 === 0) expect(injector.process(packet(1003 + i / 30, 900_000 + i, P))).toHaveLength(1);
      expect(injector.process(packet(50_000 + i, 3000 * i, SPS))).toEqual([]);
    }
    expect(injector.stats.restarts).toBe(0);
  });

  it('is not begun by strays', () => {
    const { injector } = begun();
    const outputs = [40_000, 1002, 20_000, 30_000, 1003, 10, 1004].flatMap((number, i) =>
      injector.process(packet(number, 9000 + i, P)),
    );
    expect(shapes(outputs)).toEqual(['1003: 1', '1004: 1', '1005: 1']);
    expect(injector.stats).toMatchObject({ restarts: 0, dropped: 4 });
  });

  it('is a gap where it is far ahead, and stays one', () => {
    const { injector } = begun();
    expect(injector.process(packet(21_001, 9000, P))).toEqual([]);
    expect(shapes(injector.process(packet(21_002, 12_000, P)))).toEqual(['21002: 1', '21003: 1']);
    expect(injector.process(packet(1003, 3000, P))).toEqual([]);
    expect(injector.stats).toMatchObject({ restarts: 0, dropped: 1 });
  });
});

describe('sources', () => {
  it('are tracks of their own', () => {
    const { publisher, injector } = setup();
    injector.process(packet(10, 0, P, { ssrc: 1 }));
    injector.process(packet(60_000, 0, P, { ssrc: 2 }));
    publisher.publishText('hello');
    const outputs = [1, 2, 1, 2].flatMap((ssrc, i) =>
      injector.process(packet((ssrc === 1 ? 11 : 60_001) + (i >> 1), 3000 + 3000 * (i >> 1), P, { ssrc })),
    );
    expect(shapes(outputs)).toEqual(['11: [6 1]', '60001: [6 1]', '12: 1', '60002: 1']);
  });

  it('pass where another one is given', () => {
    const { publisher, injector } = setup({ ssrc: 2 });
    publisher.publishText('hello');
    const other = packet(10, 0, P, { ssrc: 1 });
    expect(injector.process(other)[0]).toBe(other);
    expect(shapes(injector.process(packet(7, 0, P, { ssrc: 2 })))).toEqual(['7: [6 1]']);
    expect(injector.stats).toMatchObject({ passed: 1, sources: 1 });
  });

  it('go on with what is to be sent when the source changes', () => {
    const { publisher, injector } = setup({}, { repeatCount: 3 });
    publisher.publishText('hello');
    injector.process(packet(10, 0, P, { ssrc: 1 }));
    expect(shapes(injector.process(packet(60_000, 3000, P, { ssrc: 2 })))).toEqual(['60000: [6 1]']);
  });

  it('have other payload types, whose packets only get their number', () => {
    const { publisher, injector } = setup();
    publisher.publishText('hello');
    injector.process(packet(10, 0, FU_START));
    publisher.publishText('again');
    const other = injector.process(packet(11, 0, P, { payloadType: 97 }));
    expect(shapes(other)).toEqual(['12: 1']);
    const two = setup({ payloadType: [96, 97] });
    two.publisher.publishText('hello');
    expect(shapes(two.injector.process(packet(11, 0, P, { payloadType: 97 })))).toEqual(['11: [6 1]']);
  });

  it('are a bounded number, and a number is never used twice when one comes back', () => {
    const { publisher, injector } = setup();
    publisher.publishText('hello', { repeatCount: 2 });
    expect(shapes(injector.process(packet(10, 0, FU_START)))).toEqual(['10: [6]', '11: FU S5']);
    for (let ssrc = 2; ssrc <= MAX_INJECTED_SOURCES; ssrc++) injector.process(packet(1, 0, SPS, { ssrc }));
    const oneTooMany = packet(1, 0, P, { ssrc: 99 });
    expect(injector.process(oneTooMany)).toEqual([oneTooMany]);
    for (let i = 0; i < PACKETS_TO_SILENCE; i++) injector.process(packet(2 + i, 0, SPS, { ssrc: 2 }));
    for (let ssrc = 99; ssrc < 99 + MAX_INJECTED_SOURCES; ssrc++) injector.process(packet(1, 0, SPS, { ssrc }));
    expect(injector.stats.sources).toBe(MAX_INJECTED_SOURCES);
    const back = [10, 9, 11].map((number) => shapes(injector.process(packet(number, 0, FU_END))));
    expect(back).toEqual([[], [], ['12: FU E5']]);
  });

  it('that have given up their place keep their numbers, without SEI, until a place is free', () => {
    const { publisher, injector } = setup({ maxPacketSize: 300 });
    const large = concat(P, filler(285));
    const send = (ssrc: number, number: number) =>
      shapes(injector.process(packet(number, number * 3, large, { ssrc, marker: true })));
    const first = Array.from({ length: MAX_INJECTED_SOURCES }, (_, i) => i + 1);
    const silent = first.slice(1);
    publisher.publishText('hello');
    for (const ssrc of first) expect(send(ssrc, 65_530)).toEqual(['65530: [6]', '65531 M: 1']);
    for (let i = 0; i < PACKETS_TO_SILENCE; i++) send(1, (65_531 + i) & 0xffff);
    for (const ssrc of silent) expect(send(ssrc + 100, 7)).toEqual(['7: [6]', '8 M: 1']);

    const before = injector.stats;
    for (let round = 1; round <= 100; round++) {
      publisher.publishText('again');
      for (const ssrc of silent) {
        // Each second one comes in front of the one before it, and each comes twice.
        const number = (65_530 + (round % 2 === 0 ? round - 1 : round + 1)) & 0xffff;
        expect(send(ssrc, number)).toEqual([`${(number + 1) & 0xffff} M: 1`]);
        expect(send(ssrc, number)).toEqual([]);
      }
      for (const ssrc of silent) injector.process(packet(7 + round, 0, SPS, { ssrc: ssrc + 100 }));
      injector.process(packet(5000 + round, 0, SPS, { ssrc: 1 }));
    }
    const { addedPackets, mergedPackets, sources, passed } = injector.stats;
    expect({ addedPackets, mergedPackets, sources, passed }).toMatchObject({
      addedPackets: before.addedPackets,
      mergedPackets: before.mergedPackets,
      sources: MAX_INJECTED_SOURCES,
      passed: 0,
    });
    expect(injector.toOriginalSequenceNumber(95, 2)).toBe(94);

    for (let i = 0; i < PACKETS_TO_SILENCE; i++) injector.process(packet(200 + i, 0, SPS, { ssrc: 102 }));
    publisher.publishText('new');
    expect(send(2, 94)).toEqual([]);
    expect(send(2, 95)[0]).toMatch(/^96: .*6/);
  });

  it('that have passed as one too many do not use a number again when they get a place', () => {
    const { publisher, injector } = setup();
    for (let ssrc = 1; ssrc <= MAX_INJECTED_SOURCES; ssrc++) injector.process(packet(1, 0, SPS, { ssrc }));
    const outputs = [9, 10, 12].flatMap((number) => injector.process(packet(number, 3 * number, P, { ssrc: 99 })));
    for (let i = 0; i < PACKETS_TO_SILENCE; i++) injector.process(packet(2 + i, 0, SPS, { ssrc: 2 }));
    publisher.publishText('hello');
    for (let number = 10; number < 200; number++) {
      outputs.push(...injector.process(packet(number, 3 * number, P, { ssrc: 99 })));
    }
    expectOneMeaning(outputs);
    expect(injector.stats.mergedPackets).toBe(1);
  });

  it('that have given up their place untouched do not use a number again either', () => {
    const { publisher, injector } = setup();
    const outputs = [10, 11, 12].flatMap((number) => injector.process(packet(number, 3 * number, P, { ssrc: 99 })));
    for (let i = 0; i < PACKETS_TO_SILENCE; i++) injector.process(packet(2 + i, 0, SPS, { ssrc: 2 }));
    for (let ssrc = 3; ssrc <= MAX_INJECTED_SOURCES + 1; ssrc++) injector.process(packet(1, 0, SPS, { ssrc }));
    for (let i = 0; i < PACKETS_TO_SILENCE; i++) injector.process(packet(2 + i, 0, SPS, { ssrc: 2 }));
    publisher.publishText('hello');
    for (const number of [11, 12, 13]) {
      outputs.push(...injector.process(packet(number, 3 * number, P, { ssrc: 99 })));
    }
    expectOneMeaning(outputs);
    expect(shapes(outputs.slice(-1))).toEqual(['13: [6 1]']);
  });

  /** Packets of sources from `first` on, each of which takes its place from one that has been silent. */
  function flood(injector: RtpSeiInjector, first: number, count: number): void {
    const noise = Uint8Array.of(0);
    for (let ssrc = first; ssrc < first + count; ssrc++) {
      if ((ssrc - first) % MAX_INJECTED_SOURCES === 0) {
        for (let i = 0; i < PACKETS_TO_SILENCE; i++) injector.process(noise);
      }
      injector.process(packet(1, 0, SPS, { ssrc }));
    }
  }

  it('do not use a number again however many foreign sources come in between', () => {
    const { publisher, injector } = setup();
    publisher.publishText('hello');
    const outputs = injector.process(packet(10, 0, FU_START));
    flood(injector, 100, 1500);
    expect(injector.stats).toMatchObject({ sources: MAX_INJECTED_SOURCES, remembered: 1485, unplaced: 0 });
    for (let i = 0; i < PACKETS_TO_SILENCE; i++) injector.process(Uint8Array.of(0));
    publisher.publishText('again');
    for (let number = 10; number < 310; number++) {
      outputs.push(...injector.process(packet(number, number * 3, concat(P, bytes(number & 0xff)), { marker: true })));
    }
    expectOneMeaning(outputs);
    expect(shapes(outputs).slice(0, 4)).toEqual(['10: [6]', '11: FU S5', '12 M: [6 6 1]', '13 M: 1']);
    expect(injector.stats.addedPackets).toBe(1);
  });

  it('all keep their numbers while they wait for a place, also where they are too many to wait', () => {
    const { publisher, injector } = setup();
    publisher.publishText('hello');
    const sources = MAX_INJECTED_SOURCES + 1100;
    const outputs = new Map<number, Buffer[]>();
    const send = (ssrc: number, number: number) => {
      const own = outputs.get(ssrc) ?? [];
      own.push(...injector.process(packet(number, 3 * number, concat(P, bytes(number)), { ssrc, marker: true })));
      outputs.set(ssrc, own);
    };
    for (let ssrc = 0; ssrc < sources; ssrc++) {
      if (ssrc % MAX_INJECTED_SOURCES === 0) flood(injector, 10_000, 1);
      send(ssrc, 10);
    }
    for (let number = 11; number < 20; number++) for (let ssrc = 0; ssrc < sources; ssrc++) send(ssrc, number);
    for (const each of outputs.values()) expectOneMeaning(each);
    expect(injector.stats).toMatchObject({ dropped: 0, duplicates: 0 });
  });

  it('begin anew once they are forgotten', () => {
    const { publisher, injector } = setup();
    publisher.publishText('hello');
    injector.process(packet(10, 0, FU_START));
    expect(injector.forget(7)).toBe(false);
    expect(injector.forget(1)).toBe(true);
    expect(injector.forget(1)).toBe(false);
    expect(injector.stats).toMatchObject({ sources: 0, remembered: 0, pending: 0 });
    expect(injector.getPacket(10)).toBeUndefined();
    expect(shapes(injector.process(packet(10, 0, FU_END)))).toEqual(['10: FU E5']);
    flood(injector, 100, MAX_INJECTED_SOURCES);
    flood(injector, 200, 1);
    expect(injector.stats.remembered).toBe(2);
    expect(injector.forget(1)).toBe(true);
    expect(injector.stats).toMatchObject({ sources: MAX_INJECTED_SOURCES, remembered: 1 });
  });

  it('give back the SEI they have once the injector is closed, and keep their numbers', () => {
    const { publisher, injector } = setup();
    publisher.publishText('hello');
    injector.process(packet(10, 0, FU_START));
    injector.close();
    publisher.publishText('again');
    expect(shapes(injector.process(packet(11, 3000, P)))).toEqual(['12: 1']);
    expect(shapes(injector.process(packet(5, 0, P, { ssrc: 5 })))).toEqual(['5: 1']);
  });
});

describe('retransmission', () => {
  it('knows what went out', () => {
    const { publisher, injector } = setup();
    publisher.publishText('one');
    const outputs = [FU_START, FU_END].flatMap((payload, i) => injector.process(packet(65_534 + i, 0, payload)));
    publisher.publishText('two');
    outputs.push(...injector.process(packet(0, 3000, P)));
    outputs.push(...injector.process(packet(1, 6000, P)));
    expect(shapes(outputs)).toEqual(['65534: [6]', '65535: FU S5', '0: FU E5', '1: [6 1]', '2: 1']);
    const numbers = outputs.map(numberOf);
    expect(numbers.map((number) => injector.toOriginalSequenceNumber(number))).toEqual([
      undefined,
      65_534,
      65_535,
      0,
      1,
    ]);
    expect(numbers.map((number) => injector.getPacket(number))).toEqual([
      outputs[0],
      undefined,
      undefined,
      outputs[3],
      undefined,
    ]);
    expect(injector.toOriginalSequenceNumber(3)).toBeUndefined();
    expect(injector.toOriginalSequenceNumber(65_535, 77)).toBeUndefined();
    expect(injector.getPacket(65_534, 1)).toEqual(outputs[0]);
  });

  it('gives copies', () => {
    const { publisher, injector } = setup();
    publisher.publishText('one');
    const [output] = injector.process(packet(7, 0, P));
    injector.getPacket(7)!.fill(0);
    expect(injector.getPacket(7)).toEqual(output);
  });

  it.each([
    ['a Buffer', (data: Buffer) => data],
    ['a Uint8Array', (data: Buffer) => new Uint8Array(data)],
  ])('gives %s where the packets were such', (_, kind) => {
    const { publisher, injector } = setup();
    publisher.publishText('one');
    injector.process(kind(packet(7, 0, P)));
    expect(injector.getPacket(7)!.constructor).toBe(kind(Buffer.alloc(1)).constructor);
  });

  it('never sends the original of what was changed', () => {
    const { publisher, injector } = setup({ history: { packets: 1 } });
    for (let i = 0; i < 2; i++) {
      publisher.publishText('hello');
      injector.process(packet(7 + i, 3000 * i, P));
    }
    expect([7, 8].map((number) => injector.toOriginalSequenceNumber(number))).toEqual([undefined, 8]);
    expect(injector.process(packet(7, 0, P))).toEqual([]);
  });
});

describe('packets that are broken', () => {
  it('pass with their number mapped, and are counted', () => {
    const { publisher, injector } = setup();
    publisher.publishText('hello');
    injector.process(packet(10, 0, FU_START));
    publisher.publishText('again');
    const withHeader = (first: number, ...rest: number[]) => {
      const data = Buffer.concat([packet(0, 3000, bytes()), Buffer.from(rest)]);
      data[0] = first;
      return data;
    };
    const broken = [
      withHeader(0x8f, 0x41, 0x9a),
      withHeader(0x90, 0xbe, 0xde, 0xff, 0xff, 0x41),
      withHeader(0x90, 0xbe),
      withHeader(0xa0, 0x41, 0x9a, 0x44),
      withHeader(0xa0, 0x41, 0x9a, 0x00),
      withHeader(0x80, 24, 0xff, 0xff, 0x41, 0x9a),
      withHeader(0x80, 24, 0, 2, 0x41, 0x9a, 0),
      withHeader(0x80, 24, 0, 2, 28, 0x9a),
      withHeader(0x80, 28),
      withHeader(0x80, 28, 0x81),
      withHeader(0x80, 28, 0xc1, 0x9a),
      withHeader(0x80, 0x80 | 1, 0x9a, 0x9a),
      withHeader(0x80, 0, 0x9a, 0x9a),
      withHeader(0x80, 25, 0x9a, 0x9a),
      withHeader(0x80, 31),
    ];
    for (const [i, data] of broken.entries()) {
      data.writeUInt16BE(11 + i, 2);
      data.writeUInt32BE(3000 * (i + 1), 4);
      const expected = Buffer.from(data);
      expected.writeUInt16BE(12 + i, 2);
      expect(injector.process(data)).toEqual([expected]);
      expect(injector.stats.malformed).toBe(i + 1);
    }
    // A fragment without a beginning.
    injector.process(packet(26, 90_000, P));
    expect(shapes(injector.process(packet(27, 90_000, FU_MIDDLE)))).toEqual(['28: FU 5']);
    expect(injector.stats.malformed).toBe(broken.length + 1);
  });

  it('pass as they are where they are no RTP', () => {
    const { injector } = setup();
    const others = [
      bytes(),
      bytes(0x80),
      packet(1, 0, P).subarray(0, 11),
      filler(40),
      bytes(0x80, 200, 0, 6, ...filler(24)),
    ];
    for (const other of others) expect(injector.process(other)[0]).toBe(other);
    expect(injector.stats).toMatchObject({ passed: others.length, malformed: 0 });
  });

  it('do not end the messages: padding alone and FEC are looked over', () => {
    const padding = packet(11, 0, bytes(0, 0, 0, 4));
    padding[0] |= 0x20;
    expect(
      injected([
        packet(10, 0, AUD),
        padding,
        packet(12, 1234, P, { payloadType: 120 }),
        packet(13, 0, LATER_SLICE),
        packet(14, 0, P, { payloadType: 120, marker: true }),
        packet(15, 0, P),
      ]),
    ).toEqual(
      ['10: 9', '11: 4', '12: 1', '13: [6 1]', '14 M: 1', '15: 1'].map((each) =>
        each === '11: 4' ? (expect.stringMatching(/^11: /) as string) : each,
      ),
    );
  });
});

describe('arguments', () => {
  it.each([
    [null],
    [{}],
    [{ publisher: {}, payloadType: 96 }],
    [{ publisher: new SeiPublisher() }],
    [{ publisher: new SeiPublisher(), payloadType: 128 }],
    [{ publisher: new SeiPublisher(), payloadType: '96' }],
    [{ publisher: new SeiPublisher(), payloadType: 64 }],
    [{ publisher: new SeiPublisher(), payloadType: [96, 95] }],
    [{ publisher: new SeiPublisher(), payloadType: 96, ssrc: -1 }],
    [{ publisher: new SeiPublisher(), payloadType: 96, maxPacketSize: 20 }],
    [{ publisher: new SeiPublisher(), payloadType: 96, packetizationMode: 2 }],
    [{ publisher: new SeiPublisher(), payloadType: 96, inPlace: 1 }],
    [{ publisher: new SeiPublisher(), payloadType: 96, id: 1 }],
    [{ publisher: new SeiPublisher(), payloadType: 96, headerExtensionIds: { mid: 0 } }],
    [{ publisher: new SeiPublisher(), payloadType: 96, headerExtensionIds: { rid: 256 } }],
    [{ publisher: new SeiPublisher(), payloadType: 96, headerExtensions: [] }],
    [{ publisher: new SeiPublisher(), payloadType: 96, history: { packets: -1 } }],
    [{ publisher: new SeiPublisher(), payloadType: 96, history: { bytes: 0.5 } }],
    [{ publisher: new SeiPublisher(), payloadType: 96, history: { keep: 'some' } }],
  ])('are checked: %j', (options) => {
    expect(() => new RtpSeiInjector(options as unknown as RtpSeiInjectorOptions)).toThrow(/options/);
  });

  it('are packets', () => {
    const { injector } = setup();
    for (const act of ['process', 'processParts', 'rewriteSenderReport', 'rewriteReceiverReport'] as const) {
      expect(() => injector[act]('packet' as unknown as Uint8Array)).toThrow(/Uint8Array/);
    }
  });

  it('tell which pictures are kept: the last copy waits for one', () => {
    const { publisher, injector } = setup();
    publisher.publishText('hello');
    const outputs = [packet(1, 0, B), packet(2, 3000, P)].flatMap((each) => injector.process(each));
    expect(shapes(outputs)).toEqual(['1: 1', '2: [6 1]']);
  });
});
