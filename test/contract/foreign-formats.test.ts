/** Frames of other codecs, and data that are no video: without a hint nothing may be injected into them. */
import { describe, expect, it } from 'vitest';
import { describeEachBackend } from '../support/backends.js';
import { START_CODE_3, START_CODE_4, annexB, avcc, bytes, concat, filler, seiNal } from './frames.js';

/** The two bytes of a HEVC NAL unit header with nuh_layer_id 0 (H.265 7.3.1.2). */
const hevcHeader = (type: number, temporalId = 0) => bytes(type << 1, temporalId + 1);
const hevc = (type: number, temporalId = 0, length = 60) =>
  concat(hevcHeader(type, temporalId), bytes(0xaf, 0x08), filler(length, type));
const parameterSets = [
  concat(hevcHeader(32), bytes(0x0c, 0x01, 0xff, 0xff, 0x01, 0x60)),
  concat(hevcHeader(33), bytes(0x01, 0x01, 0x60, 0x11, 0x93)),
  concat(hevcHeader(34), bytes(0xc1, 0x72, 0xb4, 0x62, 0x40)),
];
const hevcSlices: Record<string, number> = {
  ...{ TRAIL_N: 0, TRAIL_R: 1, TSA_N: 2, TSA_R: 3, STSA_N: 4, STSA_R: 5, RADL_N: 6, RADL_R: 7, RASL_N: 8, RASL_R: 9 },
  ...{ BLA_W_LP: 16, BLA_W_RADL: 17, BLA_N_LP: 18, IDR_W_RADL: 19, IDR_N_LP: 20, CRA: 21 },
};
const hevcFrames: [string, Uint8Array[]][] = [
  ['VPS, SPS, PPS and IDR', [...parameterSets, hevc(19)]],
  ['AUD, parameter sets, SEI and IDR', [concat(hevcHeader(35), bytes(0x50)), ...parameterSets, hevc(39), hevc(20)]],
  ['parameter sets alone', parameterSets],
  ...Object.entries(hevcSlices).flatMap(([name, type]): [string, Uint8Array[]][] => [
    [name, [hevc(type)]],
    [`${name} with a temporal id`, [hevc(type, 2)]],
    [`${name} in four slices, with suffix SEI`, [hevc(type), hevc(type, 0, 300), hevc(type), hevc(type), hevc(40)]],
    [`${name} behind prefix SEI`, [hevc(39, 0, 20), hevc(type)]],
    [`${name} behind SPS alone`, [parameterSets[1], hevc(type)]],
  ]),
];

/** A VVC NAL unit: layer id first, type second (H.266 7.3.1.2). */
const vvc = (type: number, length = 40) => concat(bytes(0x00, (type << 3) | 1), filler(length, type));
const vvcFrames: [string, Uint8Array[]][] = [
  ['VPS, SPS, PPS and IDR', [vvc(14), vvc(15), vvc(16), vvc(7)]],
  ['TRAIL', [vvc(0)]],
  ['STSA', [vvc(1)]],
  ['CRA behind a picture header', [vvc(19), vvc(9)]],
];

const obu = (type: number, payload: Uint8Array) => concat(bytes((type << 3) | 2, payload.length), payload);
const text = (value: string) => new TextEncoder().encode(value);
const mpegStart = (code: number, length: number) => concat(START_CODE_3, bytes(code), filler(length, code));

const others: [string, Uint8Array][] = [
  ['AV1: temporal delimiter, sequence header, frame', concat(obu(2, bytes()), obu(1, filler(11)), obu(6, filler(120)))],
  ['AV1: frame alone', obu(6, filler(100))],
  ['AV1: frame header and tile group', concat(obu(3, filler(9)), obu(4, filler(90)))],
  ['VP8: key frame', concat(bytes(0x50, 0x42, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00), filler(80))],
  ['VP8: delta frame', concat(bytes(0x31, 0x02, 0x00), filler(90))],
  ['VP9: key frame', concat(bytes(0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf0), filler(80))],
  ['VP9: delta frame', concat(bytes(0x86, 0x00, 0x40, 0x92), filler(80))],
  [
    'MPEG-2: sequence, GOP, picture',
    concat(mpegStart(0xb3, 8), mpegStart(0xb8, 4), mpegStart(0x00, 4), mpegStart(1, 90)),
  ],
  [
    'MPEG-2: picture and slices',
    concat(mpegStart(0x00, 4), mpegStart(0xb5, 5), mpegStart(0x01, 60), mpegStart(0x02, 60)),
  ],
  [
    'MPEG-4 part 2: visual object sequence',
    concat(mpegStart(0xb0, 1), mpegStart(0xb5, 1), mpegStart(0x00, 0), mpegStart(0x20, 12)),
  ],
  [
    'MPEG-4 part 2: video object and layer',
    concat(START_CODE_3, bytes(0x00), mpegStart(0x20, 12), mpegStart(0xb6, 90)),
  ],
  ['MPEG-4 part 2: picture', mpegStart(0xb6, 120)],
  ['VC-1: sequence, entry point, frame', concat(mpegStart(0x0f, 9), mpegStart(0x0e, 6), mpegStart(0x0d, 90))],
  ['VC-1: entry point and frame', concat(mpegStart(0x0e, 6), mpegStart(0x0d, 90))],
  ['VC-1: frame with slices', concat(mpegStart(0x0d, 90), mpegStart(0x0b, 40), mpegStart(0x0b, 40))],
  ['VC-1: field', concat(mpegStart(0x0d, 90), mpegStart(0x0c, 90))],
  ['JPEG', concat(bytes(0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46, 0x00), filler(100))],
  ['PNG', concat(bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d), filler(60))],
  ['AAC in ADTS', concat(bytes(0xff, 0xf1, 0x50, 0x80, 0x17, 0x3f, 0xfc), filler(180))],
  ['silence in G.711', new Uint8Array(160).fill(0xff)],
  ['silence in 16-bit PCM', new Uint8Array(1920)],
  ...[
    'Access granted',
    'all is well',
    'good morning',
    'Hello, world',
    'grass',
    'eat',
    'Emma',
    '{"a":1}',
    '<a/>',
    'A',
    'H',
  ].map((value): [string, Uint8Array] => [`text: ${value}`, text(value)]),
];

/** A generator of 32-bit numbers that answers the same on each machine (Marsaglia's xorshift). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

describeEachBackend('other formats', ({ detectH264Format, injectSei, extractSei, stripSei }) => {
  const expectUntouched = (data: Uint8Array) => {
    expect(injectSei(data, [seiNal()])).toBe(data);
    expect(stripSei(data)).toBe(data);
    expect(extractSei(data).filter(({ uuid }) => uuid !== undefined)).toEqual([]);
  };

  describe('HEVC', () => {
    for (const [what, nalUnits] of hevcFrames) {
      const framings: [string, Uint8Array][] = [
        ['a byte stream', annexB(...nalUnits)],
        ['a byte stream with short start codes', concat(...nalUnits.flatMap((nalUnit) => [START_CODE_3, nalUnit]))],
        ['lengths of four', avcc(4, ...nalUnits)],
        ['lengths of two', avcc(2, ...nalUnits)],
        ['a RTP payload', nalUnits[0]],
      ];
      for (const [framing, data] of framings) {
        it(`leaves ${what} in ${framing} alone`, () => {
          expectUntouched(data);
        });
      }
    }

    it('is not taken for H.264 where it begins with a parameter set, SEI, or a slice of most types', () => {
      for (const first of [
        ...parameterSets,
        hevc(39),
        hevc(35),
        ...[0, 1, 2, 6, 7, 8, 9, 19, 20, 21].map((type) => hevc(type)),
      ]) {
        expect(detectH264Format(annexB(first))).toMatchObject({ isH264: false });
        expect(detectH264Format(avcc(4, first))).toMatchObject({ isH264: false });
      }
    });

    it('is left alone even where it is said to be H.264', () => {
      for (const nalUnits of [[...parameterSets, hevc(19)], [hevc(1)], [hevc(2)], [hevc(18)]]) {
        const stream = annexB(...nalUnits);
        const sample = avcc(4, ...nalUnits);
        expect(injectSei(stream, [seiNal()], { format: 'annexb' })).toBe(stream);
        expect(injectSei(sample, [seiNal()], { lengthSize: 4 })).toBe(sample);
      }
    });
  });

  describe('VVC', () => {
    for (const [what, nalUnits] of vvcFrames) {
      for (const data of [annexB(...nalUnits), avcc(4, ...nalUnits), avcc(2, ...nalUnits), nalUnits[0]]) {
        it(`leaves ${what} beginning with ${data[0]} ${data[3]} alone`, () => {
          expectUntouched(data);
        });
      }
    }
  });

  describe('others', () => {
    for (const [what, data] of others) {
      it(`leaves ${what} alone`, () => {
        expectUntouched(data);
      });
    }
  });

  it('leaves Opus packets alone, whatever their table of contents', () => {
    const random = randomNumbers(0x5e1);
    for (let toc = 0; toc < 256; toc++) {
      for (const length of [1, 2, 3, 20, 40, 61, 120, 160, 200, 255, 320]) {
        const packet = Uint8Array.from({ length }, (_, i) => (i === 0 ? toc : random() & 0xff));
        expect([toc, length, injectSei(packet, [seiNal()]) === packet]).toEqual([toc, length, true]);
      }
    }
  });

  it('leaves noise alone, also behind what looks like a length', () => {
    const random = randomNumbers(0xbadc0de);
    for (let round = 0; round < 3000; round++) {
      // Above 255, the length of four bytes would be a start code and a header.
      const length = 5 + (random() % 250);
      const packet = Uint8Array.from({ length }, () => random() & 0xff);
      // A length that almost fits must not be enough.
      if (round % 3 === 1) packet.set([0, 0, 0, length - 3]);
      if (round % 3 === 2) packet.set([0, length - 1]);
      expect([round, injectSei(packet, [seiNal()]) === packet]).toEqual([round, true]);
    }
  });

  it('leaves a start code in front of nothing that H.264 knows alone', () => {
    for (let header = 0x80; header < 0x100; header++) {
      const data = concat(START_CODE_4, bytes(header), filler(20));
      expect(injectSei(data, [seiNal()])).toBe(data);
    }
  });
});
