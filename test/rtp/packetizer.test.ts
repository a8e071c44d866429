import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dePacketizeRtpPackets, RtpPacket as WeriftPacket } from 'werift';
import {
  type PacketizeOptions,
  RtpPacketizer,
  type RtpPacketizerOptions,
  parseRtpPacket,
} from '../../src/rtp/index.js';
import { annexB, bytes, concat, filler, nal, seiNal, stapA } from '../contract/frames.js';
import { accessUnit, runs } from '../property/arbitraries.js';

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const base = { payloadType: 96, ssrc: 7, sequenceNumber: 65_534 } as const;
const slice = (length: number, header = 0x65) => concat(bytes(header, 0x88), filler(length - 2));

/** The payloads that `nalUnits` become where a payload may have `size` bytes. */
const payloadsOf = (nalUnits: readonly Uint8Array[], size: number, options: Partial<RtpPacketizerOptions> = {}) =>
  new RtpPacketizer({ ...base, maxPacketSize: 12 + size, ...options })
    .packetize(nalUnits, 0)
    .map((packet) => hex(parseRtpPacket(packet)!.payload));

describe('the packets of an access unit', () => {
  it('follow each other, share the timestamp and end with the marker', () => {
    const packetizer = new RtpPacketizer({ ...base, maxPacketSize: 100 });
    const packets = packetizer.packetize([nal.sps, nal.pps, slice(200)], 0x1_0000_0003).map(parseRtpPacket);
    expect(packets.map((packet) => packet?.sequenceNumber)).toEqual([65_534, 65_535, 0, 1]);
    expect(packets.map((packet) => packet?.marker)).toEqual([false, false, false, true]);
    for (const packet of packets) expect(packet).toMatchObject({ payloadType: 96, ssrc: 7, rtpTimestamp: 3 });
    expect(packetizer.sequenceNumber).toBe(2);
  });

  it('have no marker where the access unit goes on', () => {
    const packetizer = new RtpPacketizer(base);
    const first = packetizer.packetize([nal.sps], 0, { marker: false });
    const second = packetizer.packetize([nal.idr], 0);
    expect([...first, ...second].map((packet) => parseRtpPacket(packet)?.marker)).toEqual([false, true]);
  });

  it('are Buffers where the NAL units are', () => {
    const [packet] = new RtpPacketizer(base).packetize([Buffer.from(nal.idr)], 0);
    expect(Buffer.isBuffer(packet)).toBe(true);
    expect(Buffer.isBuffer(new RtpPacketizer(base).packetize([nal.idr], 0)[0])).toBe(false);
  });

  it('begin at a random number and source where none is given', () => {
    const [a, b] = [new RtpPacketizer({ payloadType: 0 }), new RtpPacketizer({ payloadType: 127 })];
    expect([a.ssrc, a.sequenceNumber]).not.toEqual([b.ssrc, b.sequenceNumber]);
    expect(a.packetize([nal.idr], 0)).toHaveLength(1);
  });
});

describe('payloads', () => {
  it('hold a NAL unit alone where nothing fits beside it', () => {
    expect(payloadsOf([nal.idr], 100)).toEqual([hex(nal.idr)]);
    expect(payloadsOf([slice(90), slice(90)], 100)).toEqual([hex(slice(90)), hex(slice(90))]);
  });

  it('aggregate as much as fits, and not a byte more', () => {
    const exact = 52 - 1 - 2 - nal.sps.length - 2 - nal.pps.length - 2;
    expect(payloadsOf([nal.sps, nal.pps, slice(exact)], 52)).toEqual([
      hex(stapA(0x78, nal.sps, nal.pps, slice(exact))),
    ]);
    expect(payloadsOf([nal.sps, nal.pps, slice(exact + 1)], 52)).toEqual([
      hex(stapA(0x78, nal.sps, nal.pps)),
      hex(slice(exact + 1)),
    ]);
  });

  it('aggregate what stands behind a fragmented slice as well', () => {
    const payloads = payloadsOf([seiNal(8, 1), seiNal(9, 2), slice(150), nal.p, nal.fillerData], 100);
    expect(payloads[0]).toBe(hex(stapA(0x18, seiNal(8, 1), seiNal(9, 2))));
    expect(payloads.slice(1, -1).map((payload) => payload.slice(0, 4))).toEqual(['7c85', '7c45']);
    expect(payloads.at(-1)).toBe(hex(stapA(0x58, nal.p, nal.fillerData)));
  });

  it('have F and NRI of the aggregate from all NAL units in it', () => {
    expect(payloadsOf([bytes(0x21, 0x9a), bytes(0x41, 0x9a), bytes(0x06, 1)], 100)[0].slice(0, 2)).toBe('58');
    expect(payloadsOf([bytes(0xa1, 0x9a), bytes(0x01, 0x9a)], 100)[0].slice(0, 2)).toBe('b8');
  });

  it('are fragments of about equal sizes where a NAL unit is too long', () => {
    const nalUnit = slice(101, 0x41);
    const payloads = payloadsOf([nalUnit], 100);
    expect(payloads.map((payload) => payload.slice(0, 4))).toEqual(['5c81', '5c41']);
    expect(payloads.map((payload) => payload.length / 2)).toEqual([52, 52]);
    expect(payloads.map((payload) => payload.slice(4)).join('')).toBe(hex(nalUnit).slice(2));
    expect(payloadsOf([slice(100)], 100)).toEqual([hex(slice(100))]);
    for (const length of [197, 198, 5000]) {
      const fragments = payloadsOf([slice(length)], 100);
      expect(fragments).toHaveLength(Math.ceil((length - 1) / 98));
      expect(fragments.filter((payload) => payload.startsWith('7c85'))).toHaveLength(1);
      expect(fragments.filter((payload) => payload.startsWith('7c45'))).toHaveLength(1);
    }
  });

  it('are single NAL units where aggregation is off, and in packetization-mode 0', () => {
    const nalUnits = [nal.aud, nal.sps, nal.pps, nal.idr];
    expect(payloadsOf(nalUnits, 100, { aggregate: false })).toEqual(nalUnits.map(hex));
    expect(payloadsOf(nalUnits, 100, { packetizationMode: 0 })).toEqual(nalUnits.map(hex));
    expect(payloadsOf([slice(101)], 100, { aggregate: false })).toHaveLength(2);
  });

  it('hold no NAL unit whose type means something else in RTP', () => {
    const strange = [0, 24, 25, 28, 29, 30, 31].map((type) => bytes(0x60 | type, 1, 2, 3));
    expect(payloadsOf([...strange, bytes(), nal.idr, bytes(0x77, 1)], 100)).toEqual([
      hex(stapA(0x78, nal.idr, bytes(0x77, 1))),
    ]);
    expect(payloadsOf([], 100)).toEqual([]);
  });
});

describe('packetization-mode 0', () => {
  it('refuses what does not fit, and uses no sequence number for it', () => {
    const packetizer = new RtpPacketizer({ ...base, maxPacketSize: 112, packetizationMode: 0 });
    expect(() => packetizer.packetize([nal.sps, slice(101)], 0)).toThrow(
      expect.objectContaining({ code: 'ERR_SEI_NAL_UNIT_TOO_LARGE' }),
    );
    expect(packetizer.sequenceNumber).toBe(base.sequenceNumber);
    expect(packetizer.packetize([nal.sps, slice(100)], 0)).toHaveLength(2);
  });
});

it('gives what werift puts together again', () => {
  const options = fc.record({
    maxPacketSize: fc.integer({ min: 64, max: 300 }),
    aggregate: fc.boolean(),
  });
  fc.assert(
    fc.property(accessUnit, options, (nalUnits, more) => {
      const packets = new RtpPacketizer({ ...base, ...more }).packetize(nalUnits, 0);
      for (const packet of packets) expect(packet.length).toBeLessThanOrEqual(more.maxPacketSize);
      const parsed = packets.map((packet) => WeriftPacket.deSerialize(Buffer.from(packet)));
      expect(hex(dePacketizeRtpPackets('MPEG4/ISO/AVC', parsed).data)).toBe(hex(annexB(...nalUnits)));
    }),
    runs(500),
  );
});

it.each([
  [{}, TypeError],
  [{ payloadType: 128 }, RangeError],
  [{ payloadType: 64 }, RangeError],
  [{ payloadType: 96, ssrc: -1 }, RangeError],
  [{ payloadType: 96, sequenceNumber: 65_536 }, RangeError],
  [{ payloadType: 96, maxPacketSize: 63 }, RangeError],
  [{ payloadType: 96, maxPacketSize: 65_536 }, RangeError],
  [{ payloadType: 96, packetizationMode: 2 }, RangeError],
  [{ payloadType: 96, packetizationMode: '1' }, TypeError],
  [{ payloadType: 96, aggregate: 1 }, TypeError],
  [undefined, TypeError],
])('refuses the options %o', (options, error) => {
  expect(() => new RtpPacketizer(options as RtpPacketizerOptions)).toThrow(error);
});

it.each([
  [nal.idr, 0, {}, TypeError],
  [['no bytes'], 0, {}, TypeError],
  [[nal.idr], undefined, {}, TypeError],
  [[nal.idr], 0.5, {}, RangeError],
  [[nal.idr], 0, { marker: 1 }, TypeError],
])('refuses to packetize %o at %o', (nalUnits, timestamp, options, error) => {
  const packetizer = new RtpPacketizer(base);
  expect(() =>
    packetizer.packetize(nalUnits as Uint8Array[], timestamp as number, options as PacketizeOptions),
  ).toThrow(error);
});
