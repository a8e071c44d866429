import { describe, expect, it } from 'vitest';
import type { ExtractOptions, SeiMessage } from '../../src/index.js';
import { describeEachBackend } from '../support/backends.js';
import {
  OTHER_UUID,
  OTHER_UUID_BYTES,
  OUR_UUID,
  OUR_UUID_BYTES,
  annexB,
  avcc,
  bytes,
  codedNumber,
  concat,
  filler,
  message,
  nal,
  numbers,
  sei,
  seiNal,
  stapA,
  userData,
} from './frames.js';

interface Expected {
  readonly payloadType: number;
  readonly uuid?: string;
  readonly payload: Uint8Array;
  /** Which NAL unit of the frame holds it. */
  readonly nalUnit: number;
}

const ours = userData(OUR_UUID_BYTES, filler(12));
const other = userData(OTHER_UUID_BYTES, filler(3));
const isOurs = (nalUnit: number, payload = filler(12)): Expected => ({
  payloadType: 5,
  uuid: OUR_UUID,
  payload,
  nalUnit,
});
const isOther = (nalUnit: number): Expected => ({ payloadType: 5, uuid: OTHER_UUID, payload: filler(3), nalUnit });

const cases: [string, readonly Uint8Array[], readonly Expected[]][] = [
  ['none', [nal.sps, nal.pps, nal.idr], []],
  ['one message', [sei(ours), nal.p], [isOurs(0)]],
  ['several messages in a NAL unit', [nal.aud, sei(other, ours, other), nal.p], [isOther(1), isOurs(1), isOther(1)]],
  ['several NAL units', [sei(ours), nal.sps, sei(other), nal.p], [isOurs(0), isOther(2)]],
  ['SEI behind the slice', [nal.p, sei(ours)], [isOurs(1)]],
  ['SEI between slices', [nal.p, sei(other), nal.laterSlice, sei(ours)], [isOther(1), isOurs(3)]],
  ['SEI without a picture', [sei(ours)], [isOurs(0)]],
  [
    'messages of other types',
    [nal.bufferingPeriod, nal.picTiming, sei(ours), nal.p],
    [
      { payloadType: 0, payload: bytes(0xc0, 0x11, 0x22, 0x33, 0x44), nalUnit: 0 },
      { payloadType: 1, payload: bytes(0x12), nalUnit: 1 },
      isOurs(2),
    ],
  ],
  [
    'a message without a payload',
    [sei(message(3, bytes()), ours), nal.p],
    [{ payloadType: 3, payload: bytes(), nalUnit: 0 }, isOurs(0)],
  ],
  ...[0, 15].map((length): (typeof cases)[number] => [
    `a user_data_unregistered of ${length} bytes, shorter than a UUID`,
    [sei(message(5, filler(length)), ours), nal.p],
    [{ payloadType: 5, payload: filler(length), nalUnit: 0 }, isOurs(0)],
  ]),
  ['a UUID and nothing behind it', [sei(userData(OUR_UUID_BYTES, bytes())), nal.p], [isOurs(0, bytes())]],
  ...[254, 255, 256, 509, 510, 511, 765, 70_000].map((size): (typeof cases)[number] => [
    `a payloadSize of ${size}`,
    [sei(userData(OUR_UUID_BYTES, filler(size - 16)), other), nal.p],
    [isOurs(0, filler(size - 16)), isOther(0)],
  ]),
  ...[254, 255, 256, 510, 1000, 4242].map((payloadType): (typeof cases)[number] => [
    `a payloadType of ${payloadType}`,
    [sei(message(payloadType, filler(7)), ours), nal.p],
    [{ payloadType, payload: filler(7), nalUnit: 0 }, isOurs(0)],
  ]),
  [
    'a message that ends in what looks like trailing bits',
    [sei(userData(OUR_UUID_BYTES, bytes(0x80))), nal.p],
    [isOurs(0, bytes(0x80))],
  ],
  ['a message without trailing bits behind it', [concat(bytes(6), ours), nal.p], [isOurs(0)]],
  [
    'a message that reaches one byte past the end',
    [concat(bytes(6), ours.subarray(0, -1)), sei(other), nal.p],
    [isOther(1)],
  ],
  ['a message that is cut behind the payloadType', [bytes(6, 5), sei(other), nal.p], [isOther(1)]],
  [
    'a payloadSize that is far too large',
    [concat(bytes(6, 5), codedNumber(100_000), filler(40)), sei(other), nal.p],
    [isOther(1)],
  ],
  [
    'a payloadType that does not end',
    [concat(bytes(6), new Uint8Array(5000).fill(0xff)), sei(other), nal.p],
    [isOther(1)],
  ],
  [
    'a payloadSize that does not end',
    [concat(bytes(6, 5), new Uint8Array(5000).fill(0xff)), sei(other), nal.p],
    [isOther(1)],
  ],
  [
    'a readable message in front of a broken one',
    [concat(bytes(6), other, bytes(5, 200), filler(20)), sei(ours), nal.p],
    [isOther(0), isOurs(1)],
  ],
  ['a SEI NAL unit of its header', [bytes(6), sei(ours), nal.p], [isOurs(1)]],
  ['a SEI NAL unit of trailing bits', [bytes(6, 0x80), sei(ours), nal.p], [isOurs(1)]],
  ['a SEI NAL unit with the forbidden bit', [nal.aud, concat(bytes(0x86), sei(ours).subarray(1)), nal.p], []],
];

describeEachBackend('extraction', (library) => {
  const { createSeiNalUnit, extractSei, MAX_SEI_MESSAGES_PER_FRAME } = library;
  const plain = (messages: SeiMessage[]) => messages.map((each) => ({ ...each, payload: numbers(each.payload) }));
  const expectMessages = (
    frame: Uint8Array,
    offsets: number[],
    expected: readonly Expected[],
    options?: ExtractOptions,
  ) => {
    const found = plain(extractSei(frame, options));
    expect(found).toEqual(
      expected.map(({ nalUnit, payload, ...rest }) => ({
        ...rest,
        payload: numbers(payload),
        nalUnitOffset: offsets[nalUnit],
      })),
    );
  };
  const offsetsOf = (nalUnits: readonly Uint8Array[], first: number, framing: number) => {
    let at = first;
    return nalUnits.map((nalUnit) => {
      at += framing + nalUnit.length;
      return at - nalUnit.length;
    });
  };

  describe('from a byte stream', () => {
    for (const [what, nalUnits, expected] of cases) {
      it(`finds ${what}`, () => {
        expectMessages(annexB(...nalUnits), offsetsOf(nalUnits, 0, 4), expected, { format: 'annexb' });
      });
    }
  });

  describe('from lengths of four', () => {
    for (const [what, nalUnits, expected] of cases) {
      it(`finds ${what}`, () => {
        expectMessages(avcc(4, ...nalUnits), offsetsOf(nalUnits, 0, 4), expected, { lengthSize: 4 });
      });
    }
  });

  describe('from a STAP-A', () => {
    for (const [what, nalUnits, expected] of cases) {
      if (nalUnits.some(({ length }) => length > 0xffff)) continue;
      // A packet with a NAL unit that cannot be is no packet.
      if (nalUnits.some((nalUnit) => nalUnit[0] === 0x86 || nalUnit.length === 1)) continue;
      it(`finds ${what}`, () => {
        expectMessages(stapA(0x78, ...nalUnits), offsetsOf(nalUnits, 1, 2), expected, { format: 'rtp' });
      });
    }
  });

  it('finds a message in a single NAL unit', () => {
    expectMessages(sei(ours), [0], [isOurs(0)], { format: 'rtp' });
  });

  describe('of escaped messages', () => {
    const escapedPayloads: [string, Uint8Array][] = [
      ['zeros', new Uint8Array(40)],
      ['a start code', bytes(0, 0, 1, 9, 0, 0, 0, 1)],
      ['what looks like an escape', bytes(0, 0, 3, 0, 0, 3)],
      ['a zero at the end', bytes(1, 2, 0)],
      ['two zeros at the end', bytes(1, 0, 0)],
      ['zeros at the beginning', bytes(0, 0, 0, 7)],
    ];
    for (const [what, payload] of escapedPayloads) {
      it(`gives back ${what}`, () => {
        const frame = annexB(createSeiNalUnit(payload), nal.p);
        expect(plain(extractSei(frame))).toEqual([
          { payloadType: 5, uuid: OUR_UUID, payload: numbers(payload), nalUnitOffset: 4 },
        ]);
      });
    }

    it('gives back an escape inside the UUID', () => {
      const uuid = '00000000-0001-0000-0300-000000000002';
      const nalUnit = createSeiNalUnit(bytes(7), { uuid });
      expect(nalUnit.length).toBeGreaterThan(1 + 2 + 16 + 1 + 1);
      expect(plain(extractSei(annexB(nalUnit, nal.p)))).toEqual([
        { payloadType: 5, uuid, payload: [7], nalUnitOffset: 4 },
      ]);
    });

    it('gives back an escape between payloadType and payload', () => {
      // payloadType 0 and payloadSize 0 in a row: the size bytes are escaped as well.
      const rbsp = bytes(0, 0, 0, 0, 0, 1, 9, 0x80);
      const frame = annexB(concat(bytes(6), library.escapeRbsp(rbsp)), nal.p);
      expect(plain(extractSei(frame)).map(({ payloadType, payload }) => [payloadType, payload])).toEqual([
        [0, []],
        [0, []],
        [0, [9]],
      ]);
    });

    it('gives back large and many escaped messages', () => {
      const payloads = [new Uint8Array(40_000), new Uint8Array(5), new Uint8Array(100_000).fill(3)];
      const frame = annexB(...payloads.map((payload) => createSeiNalUnit(payload)), nal.p);
      expect(extractSei(frame).map(({ payload }) => numbers(payload))).toEqual(payloads.map(numbers));
    });
  });

  it('gives back an escape at every place around the sizes in which it is searched', () => {
    for (const size of [64, 128, 16_384, 32_766]) {
      for (let at = size - 6; at <= size + 3; at++) {
        // In front of the user data stand payloadType, payloadSize and UUID.
        const before = at - 1 - codedNumber(at).length - 16;
        const payload = concat(filler(before), bytes(0, 0, 1), filler(20));
        const [{ payload: found }] = extractSei(annexB(createSeiNalUnit(payload), nal.p));
        expect([at, Buffer.compare(found, payload)]).toEqual([at, 0]);
      }
    }
  });

  it('reads SEI whose nal_ref_idc is not 0, as some encoders write it, where told the format', () => {
    const sloppy = concat(bytes(0x66), sei(ours).subarray(1));
    expectMessages(annexB(nal.p, sloppy), [4, 8 + nal.p.length], [isOurs(1)]);
    for (const nalUnits of [
      [sloppy, nal.p],
      [nal.p, sloppy],
    ]) {
      const expected = [isOurs(nalUnits.indexOf(sloppy))];
      expectMessages(annexB(...nalUnits), offsetsOf(nalUnits, 0, 4), expected, { format: 'annexb' });
      expectMessages(avcc(4, ...nalUnits), offsetsOf(nalUnits, 0, 4), expected, { lengthSize: 4 });
      expectMessages(avcc(1, ...nalUnits), offsetsOf(nalUnits, 0, 1), expected, { lengthSize: 1 });
      expectMessages(stapA(0x78, ...nalUnits), offsetsOf(nalUnits, 1, 2), expected, { format: 'rtp' });
    }
  });

  it('ends a NAL unit in front of the zeros that trail it', () => {
    const frame = concat(bytes(0, 0, 0, 1), sei(ours), new Uint8Array(5), annexB(nal.p));
    expectMessages(frame, [4], [isOurs(0)]);
  });

  it('takes zeros behind the trailing bits of a NAL unit of known length for padding', () => {
    const padded = concat(sei(ours), new Uint8Array(3));
    expectMessages(avcc(4, padded, nal.p), [4], [isOurs(0)], { lengthSize: 4 });
  });

  it('stops at the first slice where told so', () => {
    for (const [first, rest] of [
      [nal.p, nal.laterSlice],
      [nal.idr, nal.idr],
      [nal.partitionA, nal.partitionB],
    ]) {
      const frame = annexB(sei(ours), first, sei(other), rest, sei(other));
      expectMessages(frame, [4], [isOurs(0)], { scan: 'first-vcl' });
      expect(extractSei(frame, { scan: 'full' })).toHaveLength(3);
      expect(extractSei(frame)).toHaveLength(3);
    }
  });

  it('does not stop at what is no slice', () => {
    const frame = annexB(nal.aud, nal.sps, nal.pps, nal.prefix, sei(ours), nal.idr);
    expect(extractSei(frame, { scan: 'first-vcl' })).toHaveLength(1);
  });

  describe('of very many messages', () => {
    const frameOf = (count: number) =>
      annexB(sei(...Array.from({ length: count }, () => bytes(4, 1, 0x55))), seiNal(), nal.p);

    it('has a limit of 16384', () => {
      expect(MAX_SEI_MESSAGES_PER_FRAME).toBe(16_384);
    });

    for (const [count, found] of [
      [63, 64],
      [64, 65],
      [65, 66],
      [16_382, 16_383],
      [16_383, 16_384],
      [16_384, 16_384],
      [16_385, 16_384],
      [40_000, 16_384],
    ]) {
      it(`finds ${found} of ${count + 1}`, () => {
        const messages = extractSei(frameOf(count));
        expect(messages).toHaveLength(found);
        expect(messages.at(-1)?.payloadType).toBe(count < 16_384 ? 5 : 4);
        expect(messages[0]).toMatchObject({ payloadType: 4, nalUnitOffset: 4 });
      });
    }

    it('keeps to the limit over many NAL units', () => {
      const units = Array.from({ length: 200 }, () => sei(...Array.from({ length: 100 }, () => bytes(4, 0))));
      expect(extractSei(annexB(...units))).toHaveLength(16_384);
    });
  });

  it('finds nothing in what is no H.264, is broken, or is a fragment', () => {
    const broken = avcc(4, sei(ours), nal.p).subarray(0, -1);
    for (const [data, options] of [
      [bytes(0xff, 0xd8)],
      [filler(300)],
      [broken, { lengthSize: 4 }],
      [concat(bytes(0x7c, 0x86), sei(ours)), { format: 'rtp' }],
      [annexB(sei(ours), nal.p), { format: 'rtp' }],
    ] as [Uint8Array, ExtractOptions?][]) {
      expect(extractSei(data, options)).toEqual([]);
    }
  });
});
