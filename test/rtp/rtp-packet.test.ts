import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtpHeader, RtpPacket as WeriftPacket } from 'werift';
import { HeaderExtensionProfile } from '../../src/rtp/header-extension.js';
import {
  MAX_CSRC_COUNT,
  type RtpPacketFields,
  createRtpPacket,
  hasRtpHeader,
  parseRtpPacket,
  writeMarker,
  writeSequenceNumber,
} from '../../src/rtp/rtp-packet.js';
import { runs } from '../property/arbitraries.js';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

const uint32 = fc.nat(0xffff_ffff);
const oneByteElements = fc.array(
  fc.record({ id: fc.integer({ min: 1, max: 14 }), data: fc.uint8Array({ minLength: 1, maxLength: 16 }) }),
  { maxLength: 4 },
);
const twoByteElements = fc.array(
  fc.record({ id: fc.integer({ min: 1, max: 255 }), data: fc.uint8Array({ maxLength: 60 }) }),
  { minLength: 1, maxLength: 4 },
);
const fieldsWith = (extension: fc.Arbitrary<Partial<RtpPacketFields>>): fc.Arbitrary<RtpPacketFields> =>
  fc
    .tuple(
      fc.record({
        payloadType: fc.integer({ min: 96, max: 127 }),
        sequenceNumber: fc.nat(0xffff),
        rtpTimestamp: uint32,
        ssrc: uint32,
        marker: fc.boolean(),
        csrcs: fc.array(uint32, { maxLength: MAX_CSRC_COUNT }),
      }),
      extension,
    )
    .map(([fields, more]) => ({ ...fields, ...more }));
const anyFields = fc.oneof(
  fieldsWith(oneByteElements.map((extensionElements) => ({ extensionElements }))),
  fieldsWith(
    twoByteElements.map((extensionElements) => ({
      extensionElements,
      extensionProfile: HeaderExtensionProfile.twoByte,
    })),
  ),
);
const anyPayload = fc.uint8Array({ maxLength: 100 });

describe('a packet', () => {
  // With one contributing source, a header extension of the one-byte form and padding of three bytes.
  const packet = bytes('b1 e0 ffff 01020304 cafebabe 0badf00d bede0001 4061 0000 7c85 8884 000003');

  it('has its fields where RFC 3550 says', () => {
    const parsed = parseRtpPacket(packet);
    expect(parsed).toMatchObject({
      marker: true,
      payloadType: 96,
      sequenceNumber: 65_535,
      rtpTimestamp: 0x01020304,
      ssrc: 0xcafebabe,
      csrcs: [0x0badf00d],
      csrcCount: 1,
      hasExtension: true,
      extensionProfile: 0xbede,
      extensionStart: 16,
      payloadStart: 24,
      payloadEnd: 28,
    });
    expect(hex(parsed!.payload)).toBe('7c858884');
    expect(parsed!.extensionElements.map(({ id, data }) => [id, hex(data)])).toEqual([[4, '61']]);
    expect(parsed!.payload.buffer).toBe(packet.buffer);
  });

  it('is told from RTCP and from what is too short or of another version', () => {
    expect(hasRtpHeader(packet)).toBe(true);
    expect(hasRtpHeader(packet.subarray(0, 12))).toBe(true);
    expect(hasRtpHeader(packet.subarray(0, 11))).toBe(false);
    for (const version of [0, 1, 3]) {
      expect(hasRtpHeader(Uint8Array.of((version << 6) | 0x31, ...packet.subarray(1)))).toBe(false);
    }
    for (const [second, isRtp] of [
      [191, true],
      [192, false],
      [200, false],
      [223, false],
      [224, true],
    ] as const) {
      expect(hasRtpHeader(Uint8Array.of(0x80, second, ...packet.subarray(2)))).toBe(isRtp);
    }
  });

  it('is none where a part reaches past the end', () => {
    for (let length = 0; length < 24; length++) expect(parseRtpPacket(packet.subarray(0, length))).toBeUndefined();
    // Behind the header extension the last byte is the length of the padding.
    expect(parseRtpPacket(bytes('a060 0001 00000000 00000000 00'))).toBeUndefined();
    expect(parseRtpPacket(bytes('a060 0001 00000000 00000000 02'))).toBeUndefined();
    expect(parseRtpPacket(bytes('a060 0001 00000000 00000000'))).toBeUndefined();
    expect(parseRtpPacket(bytes('9060 0001 00000000 00000000 bede ffff 00000000'))).toBeUndefined();
    expect(parseRtpPacket(bytes('8f60 0001 00000000 00000000 00000000'))).toBeUndefined();
  });

  it('may have no payload, or one of padding', () => {
    expect(parseRtpPacket(bytes('8060 0001 00000000 00000000'))?.payload).toHaveLength(0);
    expect(parseRtpPacket(bytes('a060 0001 00000000 00000000 0002'))?.payload).toHaveLength(0);
    expect(parseRtpPacket(bytes('a060 0001 00000000 00000000 ff0002'))?.payload).toEqual(bytes('ff'));
  });

  it('has a header extension of any kind, whose elements are read where the kind is known', () => {
    const parsed = parseRtpPacket(bytes('9060 0001 00000000 00000000 abac 0001 01020304 55'));
    expect(parsed).toMatchObject({ hasExtension: true, extensionProfile: 0xabac, payloadStart: 20 });
    expect(parsed?.extensionElements).toEqual([]);
    const without = parseRtpPacket(bytes('8060 0001 00000000 00000000 bede'));
    expect(without).toMatchObject({ hasExtension: false, extensionElements: [], extensionStart: 12 });
    expect(without?.extensionProfile).toBeUndefined();
  });

  it('gets a sequence number and a marker bit in place, and nothing else', () => {
    const copy = packet.slice();
    writeSequenceNumber(copy, 0x1_2345);
    writeMarker(copy, false);
    expect(hex(copy)).toBe(hex(packet).replace('b1e0ffff', 'b1602345'));
    writeMarker(copy, true);
    expect(copy[1]).toBe(0xe0);
  });
});

describe('a packet that is made', () => {
  it('is read by werift as it was meant', () => {
    fc.assert(
      fc.property(anyFields, anyPayload, anyPayload, (fields, first, second) => {
        const packet = WeriftPacket.deSerialize(Buffer.from(createRtpPacket(fields, [first, second])));
        const { header, payload } = packet;
        const { payloadType, sequenceNumber, rtpTimestamp: timestamp, ssrc, marker, csrcs, extensionElements } = fields;
        expect(header).toMatchObject({ version: 2, padding: false, payloadType, sequenceNumber, timestamp, ssrc });
        expect([header.marker, header.csrc]).toEqual([marker, csrcs]);
        expect(header.extensions.map(({ id, payload: data }) => [id, hex(data)])).toEqual(
          extensionElements!.map(({ id, data }) => [id, hex(data)]),
        );
        expect(hex(payload)).toBe(hex(first) + hex(second));
      }),
      runs(500),
    );
  });

  it('is read here as it was meant, also where werift has made it', () => {
    fc.assert(
      fc.property(anyFields, anyPayload, fc.nat(20), (fields, payload, padding) => {
        const { extensionElements, extensionProfile, csrcs, ...rest } = fields;
        const header = new RtpHeader({
          ...rest,
          timestamp: rest.rtpTimestamp,
          marker: rest.marker === true,
          version: 2,
          csrc: [...csrcs!],
          csrcLength: csrcs!.length,
          extension: extensionElements!.length > 0,
          extensionProfile: (extensionProfile ?? HeaderExtensionProfile.oneByte) as 0xbede,
          extensions: extensionElements!.map(({ id, data }) => ({ id, payload: Buffer.from(data) })),
          padding: padding > 0,
          paddingSize: padding,
        });
        const packets = [
          createRtpPacket(fields, [payload]),
          new WeriftPacket(header, Buffer.from(payload)).serialize(),
        ];
        for (const packet of packets) {
          const parsed = parseRtpPacket(packet);
          expect(parsed).toMatchObject({ ...rest, csrcs });
          expect(hex(parsed!.payload)).toBe(hex(payload));
          expect(parsed!.extensionElements.map(({ id, data }) => [id, hex(data)])).toEqual(
            extensionElements!.map(({ id, data }) => [id, hex(data)]),
          );
        }
      }),
      runs(500),
    );
  });

  it('is a Buffer where its payload is one, and in memory of its own', () => {
    const fields = { payloadType: 96, sequenceNumber: 1, rtpTimestamp: 2, ssrc: 3 };
    const payload = Buffer.from('abcdef', 'hex');
    const packet = createRtpPacket(fields, [payload]);
    payload.fill(0);
    expect(Buffer.isBuffer(packet)).toBe(true);
    expect(hex(packet)).toBe('806000010000000200000003abcdef');
    expect(Buffer.isBuffer(createRtpPacket(fields, [Uint8Array.of(1)]))).toBe(false);
    expect(Buffer.isBuffer(createRtpPacket(fields, [Uint8Array.of(1)], payload))).toBe(true);
    expect(createRtpPacket(fields, [])).toHaveLength(12);
  });

  it('is refused where the header has no room', () => {
    const fields = { payloadType: 96, sequenceNumber: 1, rtpTimestamp: 2, ssrc: 3 };
    expect(() => createRtpPacket({ ...fields, csrcs: new Array<number>(16).fill(1) }, [])).toThrow(RangeError);
  });
});

it('throws for no bytes whatever', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (data, hasVersion) => {
      if (hasVersion && data.length > 0) data[0] = (data[0] & 0x3f) | 0x80;
      const parsed = parseRtpPacket(data);
      if (parsed === undefined) return;
      expect(parsed.payloadStart).toBeLessThanOrEqual(parsed.payloadEnd);
      expect(parsed.payloadEnd).toBeLessThanOrEqual(data.length);
      expect(parsed.csrcs).toHaveLength(parsed.csrcCount);
      for (const element of parsed.extensionElements) {
        expect(element.data.byteOffset - data.byteOffset).toBeGreaterThan(parsed.extensionStart);
        expect(element.data.byteOffset + element.data.length).toBeLessThanOrEqual(
          data.byteOffset + parsed.payloadStart,
        );
      }
    }),
    runs(2000),
  );
});
