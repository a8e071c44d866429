import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtpDepacketizer, type RtpDepacketizerOptions, RtpPacketizer, createRtpPacket } from '../../src/rtp/index.js';
import { annexB, bytes, concat, filler, nal, seiNal, stapA } from '../contract/frames.js';
import { accessUnit, runs } from '../property/arbitraries.js';
import { disturb } from './network.js';
import { MAX_NAL_UNITS_PER_ACCESS_UNIT } from '../../src/rtp/depacketizer.js';

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const slice = (length: number, header = 0x65) => concat(bytes(header, 0x88), filler(length - 2));

/** What one access unit that came out is to be compared by. */
const told = ({ nalUnits, rtpTimestamp: timestamp, isDamaged }: ReturnType<RtpDepacketizer['push']>[number]) =>
  `${timestamp}${isDamaged ? ' damaged' : ''}: ${nalUnits.map(hex).join(' ')}`;

interface Sent {
  readonly payload: Uint8Array;
  readonly timestamp?: number;
  readonly marker?: boolean;
  readonly ssrc?: number;
  readonly payloadType?: number;
  /** Sequence numbers that are missing in front of it. */
  readonly gap?: number;
}

/** What comes out for packets that come in order, those that a gap stands for aside. */
function receive(sent: readonly Sent[], options: RtpDepacketizerOptions = {}): string[] {
  const depacketizer = new RtpDepacketizer({ windowPackets: 1, ...options });
  let sequenceNumber = 65_534;
  const accessUnits = sent.flatMap(
    ({ payload, timestamp = 0, marker = false, ssrc = 1, payloadType = 96, gap = 0 }) => {
      sequenceNumber = (sequenceNumber + 1 + gap) & 0xffff;
      const fields = { payloadType, sequenceNumber, rtpTimestamp: timestamp, ssrc, marker };
      return depacketizer.push(createRtpPacket(fields, [payload]));
    },
  );
  return [...accessUnits, ...depacketizer.flush()].map(told);
}

/** The fragments of a NAL unit. */
function fragments(nalUnit: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const header = bytes(
      (nalUnit[0] & 0xe0) | 28,
      (nalUnit[0] & 0x1f) | (i === 0 ? 0x80 : 0) | (i === count - 1 ? 0x40 : 0),
    );
    const size = Math.ceil((nalUnit.length - 1) / count);
    return concat(header, nalUnit.subarray(1 + i * size, 1 + (i + 1) * size));
  });
}

const long = slice(50);
const [first, second, third] = fragments(long, 3);

describe('an access unit', () => {
  it('ends with the marker', () => {
    expect(
      receive([
        { payload: nal.sps },
        { payload: stapA(0x78, nal.pps, seiNal()) },
        { payload: first },
        { payload: second },
        { payload: third, marker: true },
        { payload: nal.p, timestamp: 1, marker: true },
      ]),
    ).toEqual([`0: ${[nal.sps, nal.pps, seiNal(), long].map(hex).join(' ')}`, `1: ${hex(nal.p)}`]);
  });

  it('ends where the timestamp changes, and is damaged at the end of the stream only', () => {
    expect(receive([{ payload: nal.idr }, { payload: nal.p, timestamp: 1 }])).toEqual([
      `0: ${hex(nal.idr)}`,
      `1 damaged: ${hex(nal.p)}`,
    ]);
  });

  it('may have the timestamp of the one before: two fields', () => {
    expect(
      receive([
        { payload: nal.idr, marker: true },
        { payload: nal.p, marker: true },
      ]),
    ).toEqual([`0: ${hex(nal.idr)}`, `0: ${hex(nal.p)}`]);
  });

  it('is a byte stream in memory of its own', () => {
    const depacketizer = new RtpDepacketizer();
    const fields = { payloadType: 96, sequenceNumber: 1, rtpTimestamp: 5, ssrc: 9, marker: true };
    const packet = createRtpPacket(fields, [Buffer.from(stapA(0x78, nal.sps, nal.idr))]);
    const [unit] = depacketizer.push(packet);
    packet.fill(0);
    expect(hex(unit.data)).toBe(hex(annexB(nal.sps, nal.idr)));
    expect(Buffer.isBuffer(unit.data)).toBe(true);
    expect(unit).toMatchObject({ ssrc: 9, rtpTimestamp: 5 });
    expect(unit.nalUnits[1].buffer).toBe(unit.data.buffer);
    const next = createRtpPacket({ ...fields, sequenceNumber: 2 }, [nal.p]);
    depacketizer.push(next);
    expect(hex(unit.data)).toBe(hex(annexB(nal.sps, nal.idr)));
  });
});

describe('what is not all there', () => {
  const end = { payload: nal.p, timestamp: 9, marker: true };
  const cases: [string, Sent[], string[]][] = [
    [
      'a packet in the middle',
      [{ payload: nal.sps }, { payload: nal.idr, gap: 1, marker: true }, end],
      [`0 damaged: ${hex(nal.sps)} ${hex(nal.idr)}`, `9: ${hex(nal.p)}`],
    ],
    [
      'a fragment in the middle: the NAL unit is not there at all',
      [{ payload: nal.sps }, { payload: first }, { payload: third, gap: 1, marker: true }, end],
      [`0 damaged: ${hex(nal.sps)}`, `9: ${hex(nal.p)}`],
    ],
    [
      'the end, which may be the beginning of the next',
      [{ payload: nal.idr }, { ...end, gap: 1 }],
      [`0 damaged: ${hex(nal.idr)}`, `9 damaged: ${hex(nal.p)}`],
    ],
    [
      'whole access units, whose neighbour may lack its beginning',
      [
        { payload: nal.idr, marker: true },
        { ...end, gap: 5 },
        { ...end, timestamp: 10 },
      ],
      [`0: ${hex(nal.idr)}`, `9 damaged: ${hex(nal.p)}`, `10: ${hex(nal.p)}`],
    ],
    [
      'packets in front of a delimiter, which is the beginning',
      [{ payload: nal.idr, marker: true }, { payload: nal.aud, timestamp: 9, gap: 5 }, end],
      [`0: ${hex(nal.idr)}`, `9: ${hex(nal.aud)} ${hex(nal.p)}`],
    ],
    [
      'the beginning of the stream',
      [{ payload: nal.laterSlice, marker: true }, end],
      [`0 damaged: ${hex(nal.laterSlice)}`, `9: ${hex(nal.p)}`],
    ],
    [
      'the beginning of the first NAL unit',
      [{ payload: second }, { payload: third }, { payload: nal.idrSecondSlice, marker: true }, end],
      [`0 damaged: ${hex(nal.idrSecondSlice)}`, `9: ${hex(nal.p)}`],
    ],
    [
      'the end of a fragmented NAL unit, by the sender',
      [{ payload: first }, { payload: nal.idr, marker: true }, end],
      [`0 damaged: ${hex(nal.idr)}`, `9: ${hex(nal.p)}`],
    ],
    [
      'the end of a fragmented NAL unit, by the sender, at a new one',
      [{ payload: first }, { payload: first }, { payload: second }, { payload: third, marker: true }, end],
      [`0 damaged: ${hex(long)}`, `9: ${hex(nal.p)}`],
    ],
    ['the end of a fragmented NAL unit at the marker', [{ payload: first, marker: true }, end], [`9: ${hex(nal.p)}`]],
    [
      'a fragment of another NAL unit',
      [
        { payload: first },
        { payload: concat(bytes(0x7c, 0x41), second.subarray(2)) },
        { payload: nal.idr, marker: true },
      ],
      [`0 damaged: ${hex(nal.idr)}`],
    ],
    [
      'the rest of a STAP-A',
      [{ payload: stapA(0x78, nal.sps, nal.idr).subarray(0, -1) }, { payload: nal.idr, marker: true }],
      [`0 damaged: ${hex(nal.sps)} ${hex(nal.idr)}`],
    ],
    [
      'what other packetization-modes have',
      [{ payload: concat(bytes(0x79, 0, 1), nal.idr) }, { payload: nal.idr, marker: true }],
      [`0 damaged: ${hex(nal.idr)}`],
    ],
    [
      'a fragment without its header',
      [{ payload: nal.sps }, { payload: bytes(0x7c) }, { payload: nal.idr, marker: true }],
      [`0 damaged: ${hex(nal.sps)} ${hex(nal.idr)}`],
    ],
  ];
  it.each(cases)('%s', (_, sent, expected) => {
    expect(receive(sent)).toEqual(expected);
  });

  it('a packet that cannot be read is missing', () => {
    const depacketizer = new RtpDepacketizer({ windowPackets: 1 });
    const packets = new RtpPacketizer({ payloadType: 96, maxPacketSize: 64 }).packetize([slice(200)], 0);
    packets[1][0] |= 0x0f;
    expect(packets.flatMap((packet) => depacketizer.push(packet))).toEqual([]);
    expect(depacketizer.push(Uint8Array.of(1, 2, 3))).toEqual([]);
    expect(depacketizer.stats).toMatchObject({ packetsUnreadable: 2, packets: packets.length, packetsLost: 0 });
  });
});

describe('what is no part of the access unit', () => {
  it('is padding, and packets of other payload types, also between fragments', () => {
    const sent: Sent[] = [
      { payload: first },
      { payload: bytes(), timestamp: 4 },
      { payload: bytes(0x65, 1, 2), payloadType: 97 },
      { payload: second },
      { payload: third, marker: true },
    ];
    expect(receive(sent, { payloadType: 96 })).toEqual([`0: ${hex(long)}`]);
    expect(receive(sent, { payloadType: [35, 96] })).toEqual([`0: ${hex(long)}`]);
  });

  it('comes from another source', () => {
    const sent: Sent[] = [
      { payload: first, ssrc: 1 },
      { payload: nal.p, ssrc: 2, marker: true },
    ];
    const depacketizer = new RtpDepacketizer({ ssrc: 1 });
    expect(receive([sent[1], sent[0]], { ssrc: 1 })).toEqual([]);
    expect(depacketizer.stats.packets).toBe(0);
  });

  it('ends it where no source is given', () => {
    expect(
      receive([
        { payload: nal.idr, ssrc: 1 },
        { payload: nal.p, ssrc: 2, marker: true },
      ]),
    ).toEqual([`0 damaged: ${hex(nal.idr)}`, `0: ${hex(nal.p)}`]);
  });
});

describe('limits', () => {
  it('an access unit holds so many bytes', () => {
    const size = 4 + nal.sps.length + 4 + long.length;
    const sent: Sent[] = [
      { payload: nal.sps },
      { payload: first },
      { payload: second },
      { payload: third, marker: true },
      { payload: nal.p, marker: true },
    ];
    expect(receive(sent, { maxAccessUnitSize: size })).toEqual([`0: ${hex(nal.sps)} ${hex(long)}`, `0: ${hex(nal.p)}`]);
    expect(receive(sent, { maxAccessUnitSize: size - 1 })).toEqual([`0 damaged: ${hex(nal.sps)}`, `0: ${hex(nal.p)}`]);
  });

  it('an access unit holds so many NAL units', () => {
    const aggregate = stapA(0x78, ...new Array<Uint8Array>(400).fill(nal.endOfSequence));
    const sent = new Array<Sent>(50).fill({ payload: aggregate });
    const depacketizer = new RtpDepacketizer({ windowPackets: 1 });
    sent.forEach(({ payload }, sequenceNumber) => {
      depacketizer.push(createRtpPacket({ payloadType: 96, sequenceNumber, rtpTimestamp: 0, ssrc: 1 }, [payload]));
    });
    const [unit] = depacketizer.flush();
    expect(unit.nalUnits).toHaveLength(MAX_NAL_UNITS_PER_ACCESS_UNIT);
    expect(unit.isDamaged).toBe(true);
  });
});

/** Access units in which an access unit delimiter stands in front, if anywhere (H.264 7.4.1.2.3). */
const wellFormed = accessUnit.filter((nalUnits) => nalUnits.slice(1).every((nalUnit) => nalUnit[0] !== nal.aud[0]));

/** Access units, with timestamps, and their packets. */
const streams = fc
  .tuple(
    fc.array(wellFormed, { minLength: 1, maxLength: 12 }),
    fc.nat(0xffff),
    fc.integer({ min: 64, max: 200 }),
    fc.boolean(),
  )
  .map(([accessUnits, sequenceNumber, maxPacketSize, aggregate]) => {
    const packetizer = new RtpPacketizer({ payloadType: 96, ssrc: 1, sequenceNumber, maxPacketSize, aggregate });
    const packets = accessUnits.flatMap((nalUnits, index) =>
      packetizer.packetize(nalUnits, 0xffff_f000 + 3000 * index),
    );
    const sent = accessUnits.map((nalUnits, index) => {
      const timestamp = (0xffff_f000 + 3000 * index) % 2 ** 32;
      return `${timestamp}: ${nalUnits.map(hex).join(' ')}`;
    });
    return { packets, sent };
  });

it('gives back what was packetized, in any order within the window', () => {
  fc.assert(
    fc.property(streams, fc.nat(), ({ packets, sent }, seed) => {
      const depacketizer = new RtpDepacketizer({ now: () => 0 });
      const [start, ...rest] = packets;
      const arriving = [start, ...disturb(rest, { reordering: 0.3, duplicates: 0.1, seed })];
      const received = arriving.flatMap((packet) => depacketizer.push(packet));
      expect([...received, ...depacketizer.flush()].map(told)).toEqual(sent);
      expect(depacketizer.stats).toMatchObject({ packetsLost: 0, packetsUnreadable: 0, accessUnitsDamaged: 0 });
    }),
    runs(300),
  );
});

it('says of every access unit that is not as it was sent that it is damaged', () => {
  fc.assert(
    fc.property(streams, fc.nat(), ({ packets, sent }, seed) => {
      const depacketizer = new RtpDepacketizer({ now: () => 0 });
      const arriving = disturb(packets, { loss: 0.1, reordering: 0.1, duplicates: 0.1, seed });
      const received = arriving.flatMap((packet) => depacketizer.push(packet));
      const intact = [...received, ...depacketizer.flush()].filter(({ isDamaged }) => !isDamaged);
      // The first packet that comes may not be the first that was sent, and nothing tells.
      for (const unit of intact.slice(1)) expect(sent).toContain(told(unit));
    }),
    runs(500),
  );
});

it('takes any bytes', () => {
  const header = fc.tuple(fc.constantFrom(0x80, 0x90, 0xa0, 0xb1), fc.constantFrom(96, 224), fc.nat(40), fc.nat(2));
  const type = fc.constantFrom(0x7c, 0x5c, 0x78, 0x67, 0x06, 0x41, 0x79, 0x1d);
  const packet = fc
    .tuple(header, type, fc.uint8Array({ maxLength: 40 }))
    .map(([[first, second, sequenceNumber, timestamp], payload, rest]) =>
      bytes(first, second, 0, sequenceNumber, 0, 0, 0, timestamp, 0, 0, 0, 1, payload, ...rest),
    );
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 60 }), (packets) => {
      const depacketizer = new RtpDepacketizer({ windowPackets: 4, maxAccessUnitSize: 200 });
      for (const each of packets) {
        for (const unit of depacketizer.push(each)) expect(unit.data.length).toBeLessThanOrEqual(200);
      }
      depacketizer.flush();
      expect(depacketizer.stats.packets).toBe(packets.length);
    }),
    runs(1000),
  );
});

it.each([
  [{ payloadType: 128 }, RangeError],
  [{ payloadType: [96, 95] }, RangeError],
  [{ payloadType: [96, '97'] }, TypeError],
  [{ payloadType: null }, TypeError],
  [{ ssrc: 2 ** 32 }, RangeError],
  [{ maxAccessUnitSize: 0 }, RangeError],
])('refuses the options %o', (options, error) => {
  expect(() => new RtpDepacketizer(options as RtpDepacketizerOptions)).toThrow(error);
});

it('refuses what is no packet', () => {
  expect(() => new RtpDepacketizer().push('packet' as unknown as Uint8Array)).toThrow(TypeError);
});
