import { describe, expect, it } from 'vitest';
import type { FramingOptions, StripOptions } from '../../src/index.js';
import { describeEachBackend } from '../support/backends.js';
import {
  IVS,
  OTHER_UUID,
  OTHER_UUID_BYTES,
  OUR_UUID,
  OUR_UUID_BYTES,
  START_CODE_3,
  START_CODE_4,
  annexB,
  avcc,
  bytes,
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

const ours = userData(OUR_UUID_BYTES, filler(12));
const other = userData(OTHER_UUID_BYTES, filler(30));
const timing = message(1, bytes(0x12));
/** What follows the last readable message: a payloadSize that reaches past the end. */
const malformedTail = bytes(5, 200, 0x11, 0x22, 0x33);

/** NAL units, and those that are left; undefined where the very same frame is answered. */
const cases: [string, readonly Uint8Array[], (readonly Uint8Array[] | undefined)?, StripOptions?][] = [
  ['no SEI', [nal.sps, nal.pps, nal.idr]],
  ['SEI of others', [nal.aud, nal.bufferingPeriod, nal.picTiming, sei(other), nal.idr]],
  ['one of ours', [nal.aud, sei(ours), nal.p], [nal.aud, nal.p]],
  ['ours in front', [sei(ours), nal.p], [nal.p]],
  ['ours behind the slice', [nal.p, sei(ours)], [nal.p]],
  ['several of ours', [sei(ours), nal.sps, sei(ours), sei(ours, ours), nal.p], [nal.sps, nal.p]],
  [
    'ours between others',
    [nal.bufferingPeriod, sei(ours), sei(other), nal.p],
    [nal.bufferingPeriod, sei(other), nal.p],
  ],
  ['ours with another behind it in the NAL unit', [sei(ours, other), nal.p], [sei(other), nal.p]],
  ['ours with others around it in the NAL unit', [sei(timing, ours, other), nal.p], [sei(timing, other), nal.p]],
  [
    'ours twice around another in the NAL unit',
    [nal.aud, sei(ours, timing, ours), nal.p],
    [nal.aud, sei(timing), nal.p],
  ],
  [
    'ours in front of a malformed tail',
    [concat(bytes(6), ours, malformedTail), nal.p],
    [concat(bytes(6), malformedTail), nal.p],
  ],
  [
    'ours between another and a malformed tail',
    [concat(bytes(6), timing, ours, malformedTail), nal.p],
    [concat(bytes(6), timing, malformedTail), nal.p],
  ],
  ['ours without trailing bits', [concat(bytes(6), ours), nal.p], [nal.p]],
  ['ours that is malformed itself', [concat(bytes(6), ours.subarray(0, -1)), nal.p]],
  ['a message of our type that is shorter than a UUID', [sei(message(5, filler(15))), nal.p]],
  ['SEI of ours whose forbidden bit is set', [concat(bytes(0x86), sei(ours).subarray(1)), nal.p]],
  ['nothing but ours', [sei(ours)], []],
  ['others, as told', [sei(ours), sei(other), nal.p], [sei(ours), nal.p], { uuids: [OTHER_UUID] }],
  ['all that is told', [sei(ours, timing, other), nal.p], [sei(timing), nal.p], { uuids: [OTHER_UUID, OUR_UUID] }],
  ['a UUID in capitals', [sei(other), nal.p], [nal.p], { uuids: [OTHER_UUID.toUpperCase()] }],
  ['ours where no UUID is told', [sei(ours), nal.p], undefined, { uuids: [] }],
  [
    'what a filter names by type',
    [nal.bufferingPeriod, sei(timing, ours), nal.p],
    [nal.bufferingPeriod, sei(ours), nal.p],
    { filter: ({ payloadType }) => payloadType === 1 },
  ],
  [
    'a type, whatever the UUIDs',
    [sei(timing, ours), sei(other), nal.bufferingPeriod, nal.p],
    [sei(timing), nal.bufferingPeriod, nal.p],
    { payloadTypes: [5] },
  ],
  ['types that are not there', [sei(ours), nal.p], undefined, { payloadTypes: [4, 137] }],
  ['all that there is', [nal.bufferingPeriod, sei(ours, other), nal.p, sei(other)], [nal.p], { filter: () => true }],
  ['nothing that a filter wants', [sei(ours), nal.p], undefined, { filter: () => false }],
];

describeEachBackend('strip', (library) => {
  const { createSeiNalUnit, escapeRbsp, injectSei, stripSei } = library;
  const expectStripped = (frame: Uint8Array, expected: Uint8Array | undefined, options?: StripOptions) => {
    const before = numbers(frame);
    const result = stripSei(frame, options);
    if (expected === undefined) expect(result).toBe(frame);
    else expect(numbers(result)).toEqual(numbers(expected));
    expect(numbers(frame)).toEqual(before);
  };

  const framings: [string, FramingOptions, (nalUnits: readonly Uint8Array[]) => Uint8Array][] = [
    ['a byte stream', { format: 'annexb' }, (nalUnits) => annexB(...nalUnits)],
    [
      'short start codes',
      { format: 'annexb' },
      (nalUnits) => concat(...nalUnits.flatMap((each) => [START_CODE_3, each])),
    ],
    ['lengths of one', { lengthSize: 1 }, (nalUnits) => avcc(1, ...nalUnits)],
    ['lengths of two', { lengthSize: 2 }, (nalUnits) => avcc(2, ...nalUnits)],
    ['lengths of four', { lengthSize: 4 }, (nalUnits) => avcc(4, ...nalUnits)],
    ['a STAP-A', { format: 'rtp' }, (nalUnits) => (nalUnits.length === 0 ? bytes() : stapA(0x78, ...nalUnits))],
  ];
  for (const [framing, hint, join] of framings) {
    describe(`from ${framing}`, () => {
      for (const [what, nalUnits, left, options] of cases) {
        it(`with ${what}`, () => {
          expectStripped(join(nalUnits), left && join(left), { ...hint, ...options });
        });
      }
    });
  }

  it('takes the NAL unit with its own start code and leaves the zeros around it', () => {
    const zeros = new Uint8Array(2);
    const frame = concat(START_CODE_4, nal.sps, zeros, START_CODE_4, sei(ours), zeros, START_CODE_3, nal.p, zeros);
    const left = concat(START_CODE_4, nal.sps, zeros, zeros, START_CODE_3, nal.p, zeros);
    expectStripped(frame, left);
  });

  it('keeps the escapes of what it does not touch, and writes those of what is left', () => {
    const odd = bytes(0x67, 0x42, 0, 0, 3, 1, 0, 0, 3, 0x80);
    const zeros = userData(OTHER_UUID_BYTES, new Uint8Array(9));
    const mixed = concat(bytes(6), escapeRbsp(concat(ours, zeros, bytes(0x80))));
    const left = concat(bytes(6), escapeRbsp(concat(zeros, bytes(0x80))));
    expectStripped(annexB(odd, mixed, nal.p), annexB(odd, left, nal.p));
    expectStripped(avcc(2, odd, mixed, nal.p), avcc(2, odd, left, nal.p), { lengthSize: 2 });
  });

  it('leaves a NAL unit that would outgrow its length', () => {
    // Without escapes, as no encoder writes it: escaping what is left makes it longer than a length of one byte can
    // say.
    const hostile = concat(bytes(6), userData(OUR_UUID_BYTES, bytes()), message(4, new Uint8Array(210)), bytes(0x80));
    expect(hostile.length).toBeLessThan(256);
    expectStripped(avcc(1, hostile, nal.p), undefined, { lengthSize: 1 });
  });

  it('calls the filter once for each message, in order, with what extractSei answers', () => {
    const frame = annexB(nal.bufferingPeriod, sei(timing, ours), nal.p, sei(other));
    const seen: unknown[] = [];
    stripSei(frame, { filter: (each) => seen.push(each) < 0 });
    expect(seen).toEqual(library.extractSei(frame));
  });

  it('may be called by its own filter', () => {
    const inner = annexB(createSeiNalUnit(new Uint8Array(30)), sei(other), nal.p);
    const frame = annexB(createSeiNalUnit(new Uint8Array(40)), sei(timing), nal.p);
    const filter = ({ uuid }: { uuid?: string }) => {
      expect(numbers(stripSei(inner))).toEqual(numbers(annexB(sei(other), nal.p)));
      return uuid === OUR_UUID;
    };
    expectStripped(frame, annexB(sei(timing), nal.p), { filter });
  });

  it('throws what its filter throws', () => {
    const filter = () => {
      throw new Error('from the filter');
    };
    expect(() => stripSei(annexB(sei(ours), nal.p), { filter })).toThrow('from the filter');
  });

  it('takes away what injectSei put in, under the UUID it was made with', () => {
    const frame = annexB(nal.sps, nal.pps, nal.idr);
    const injected = injectSei(frame, [createSeiNalUnit(filler(20), { uuid: IVS })]);
    expect(stripSei(injected)).toBe(injected);
    expectStripped(injected, frame, { uuids: [IVS] });
  });

  it('leaves what is no H.264, or broken', () => {
    const broken = avcc(4, sei(ours), nal.p).subarray(0, -1);
    expectStripped(broken, undefined, { lengthSize: 4 });
    expectStripped(filler(200), undefined);
    expectStripped(annexB(seiNal(), nal.p), undefined, { format: 'rtp' });
  });
});
