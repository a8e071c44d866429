/** Extraction: up to the first slice at a cost that the frame's size does not change, and of the whole frame. */
import { injectSei } from '../../src/index.js';
import type { Comparison } from '../harness/comparison.js';
import { atLeast, atMostNanoseconds, autoIsTheBetter, within } from '../harness/targets.js';
import { annexBFrame, sizeName } from '../inputs.js';
import { FRAME_SIZES, GIVEN_FRAMES, type GivenFrame, SEI_NAL_UNIT } from './frames.js';

const KIB = 1024;
const GOAL_SIZE = 100 * KIB;

function firstVcl(given: GivenFrame): Comparison {
  const ofAuto = given.sizesApart.map((size) => `auto, ${sizeName(size)}`);
  return {
    name: `extractSei up to the first slice, ${given.name}, by frame size`,
    quick: given.isQuick,
    sides: 'all',
    tasks({ library }) {
      const entries = given.sizesApart.map((size) => {
        const frame = given.frame(size);
        const { format, lengthSize } = given.options(size) ?? {};
        const options = { format, lengthSize, scan: 'first-vcl' } as const;
        const run = () => library.extractSei(frame, options).length;
        return [sizeName(size), { run, answer: () => library.extractSei(frame, options) }] as const;
      });
      return Object.fromEntries(entries);
    },
    targets: [
      atMostNanoseconds('extraction', 1000, ...ofAuto),
      within('extraction', 1.2, ofAuto),
      autoIsTheBetter(given.sizesApart.map(sizeName)),
    ],
  };
}

function full(size: number): Comparison {
  return {
    name: `extractSei of the whole frame, annexb, ${sizeName(size)}`,
    bytes: size,
    quick: size === GOAL_SIZE,
    sides: 'all',
    tasks({ library }) {
      const frame = annexBFrame(size);
      const offsets = new Uint32Array(1024);
      const extract = () => library.extractSei(frame);
      return {
        extractSei: { run: () => extract().length, answer: extract },
        scanNalUnits: { run: () => library.scanNalUnits(frame, offsets) },
      };
    },
    targets: [
      // Detection and the answer cost the same for every frame, and beside a short scan they show.
      ...(size >= GOAL_SIZE ? [atLeast('extraction', 0.75, 'auto, extractSei', 'auto, scanNalUnits')] : []),
      autoIsTheBetter(['extractSei']),
    ],
  };
}

function withMessages(messages: number): Comparison {
  return {
    name: `extractSei of the whole frame, annexb, ${sizeName(GOAL_SIZE)} with ${messages} messages`,
    bytes: GOAL_SIZE,
    items: { unit: 'messages', count: messages },
    quick: false,
    sides: 'all',
    tasks({ library }) {
      const frame = injectSei(annexBFrame(GOAL_SIZE), Array<Uint8Array>(messages).fill(SEI_NAL_UNIT));
      const extract = () => library.extractSei(frame);
      return { '': { run: () => extract().length, answer: extract } };
    },
    targets: [autoIsTheBetter()],
  };
}

/** Frames without SEI, by framing and by size, and some with. */
export const comparisons: readonly Comparison[] = [
  ...GIVEN_FRAMES.map(firstVcl),
  ...FRAME_SIZES.map(full),
  ...[1, 3].map(withMessages),
];
