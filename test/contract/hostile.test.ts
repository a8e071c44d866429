/**
 * Bytes that somebody has made to cost time: whatever they are, the time grows with their length and no faster. Nothing
 * looks at a clock, since work that grew with the square of the length would not end before the time limit of a test.
 */
import { describe, expect, it } from 'vitest';
import type { FramingOptions } from '../../src/index.js';
import { describeEachBackend } from '../support/backends.js';
import { START_CODE_3, annexB, bytes, concat, nal, seiNal } from './frames.js';

const LENGTH = 2_000_000;
function repeat(pattern: Uint8Array, length = LENGTH): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => pattern[at % pattern.length]);
}

const sliceBehind = (data: Uint8Array) => {
  const frame = new Uint8Array(data.length + START_CODE_3.length + nal.p.length);
  frame.set(data);
  frame.set(START_CODE_3, data.length);
  frame.set(nal.p, data.length + START_CODE_3.length);
  return frame;
};
const seiOf = (...numbers: number[]) => {
  const data = repeat(bytes(...numbers));
  data.set([0, 0, 1, 6]);
  return sliceBehind(data);
};
const seiBehind = (headers: readonly number[], pattern: readonly number[]) => {
  const data = repeat(bytes(...pattern));
  data.set([0, 0, 1, 6, ...headers]);
  return sliceBehind(data);
};

const frames: [string, Uint8Array][] = [
  ['zeros', new Uint8Array(LENGTH)],
  ['zeros in front of a slice', sliceBehind(new Uint8Array(LENGTH))],
  ['start codes and nothing else', repeat(START_CODE_3)],
  ['start codes with zeros between them', repeat(concat(START_CODE_3, new Uint8Array(997)))],
  ['parameter sets of one byte', sliceBehind(repeat(bytes(0, 0, 1, 0x67)))],
  ['prefix NAL units', sliceBehind(repeat(bytes(0, 0, 1, 0x6e, 0x80)))],
  ['slices of two bytes', repeat(bytes(0, 0, 1, 0x41, 0x9a))],
  ['escapes', seiOf(0, 0, 3)],
  ['a SEI that is nothing but ff', seiOf(0xff)],
  ['a SEI of messages without a payload', seiOf(4, 0)],
  ['a SEI of messages that look like trailing bits', seiOf(0x80, 0, 0x80, 1)],
  ['a SEI of trailing bits and zeros with escapes', seiBehind([], [0x80, 0, 0, 3, 0, 0, 3, 0, 4])],
  ['many SEI NAL units', sliceBehind(repeat(concat(START_CODE_3, bytes(6, 4, 0, 0x80))))],
  ['many SEI NAL units of ours', sliceBehind(repeat(annexB(seiNal(0))))],
  ['many escaped SEI NAL units', sliceBehind(repeat(bytes(0, 0, 1, 6, 4, 3, 0, 0, 3, 1, 0x80)))],
  ['ones', repeat(bytes(1))],
  ['lengths that chain single bytes', repeat(bytes(0, 0, 0, 1, 0x0a))],
  ['short lengths that chain single bytes', repeat(bytes(1, 0x0b))],
];
const hints: (FramingOptions | undefined)[] = [
  undefined,
  { format: 'annexb' },
  { format: 'avcc' },
  { lengthSize: 1 },
  { format: 'rtp' },
];

describeEachBackend('hostile bytes', (library) => {
  const unit = seiNal();
  const acts: [string, (frame: Uint8Array, options: FramingOptions | undefined) => unknown][] = [
    ['detectH264Format', (frame, options) => library.detectH264Format(frame, options)],
    ['injectSei', (frame, options) => library.injectSei(frame, [unit], options)],
    ['injectSeiParts', (frame, options) => library.injectSeiParts(frame, [unit], options)],
    ['extractSei', (frame, options) => library.extractSei(frame, options)],
    [
      'stripSei',
      (frame, options) => library.stripSei(frame, { ...options, filter: ({ payload }) => payload.length < 4 }),
    ],
  ];
  describe('cost no more than their length', () => {
    for (const [what, frame] of frames) {
      it(`as ${what}`, () => {
        for (const [, act] of acts) {
          for (const options of hints) act(frame, options);
        }
        library.scanNalUnits(frame, new Uint32Array(100));
        library.unescapeRbsp(library.escapeRbsp(frame));
      });
    }
  });

  it('are looked at up to the first slice only, where that is all that is asked', () => {
    const frame = concat(annexB(seiNal(), nal.p), new Uint8Array(100));
    expect(library.extractSei(frame, { scan: 'first-vcl' })).toHaveLength(1);
  });
});
