/** Injection of one SEI NAL unit of 500 bytes, against copies of the frame that JavaScript makes. */
import type { Comparison, Target } from '../harness/comparison.js';
import { atLeast, atMost, atMostNanoseconds, autoIsTheBetter, within } from '../harness/targets.js';
import { sizeName, targetBytes } from '../inputs.js';
import { FRAME_SIZES, GIVEN_FRAMES, type GivenFrame, SEI_NAL_UNIT } from './frames.js';

const KIB = 1024;
const LARGEST = FRAME_SIZES[FRAME_SIZES.length - 1];

/** A start code, or a length. */
const FRAMING_LENGTH = 4;

const nalUnits = [SEI_NAL_UNIT];

function injectionTargets({ goalSize }: GivenFrame, size: number, reference: string): Target[] {
  const targets = [autoIsTheBetter()];
  if (size === goalSize) {
    targets.push(atMost('injection', 1.3, 'auto', reference), atLeast('typescript', 0.33, 'typescript', 'native'));
  }
  return targets;
}

function injectSei(given: GivenFrame, size: number): Comparison {
  return {
    name: `injectSei, ${given.name}, ${sizeName(size)}`,
    bytes: size,
    quick: size === given.goalSize && given.isQuick,
    sides: 'all',
    tasks({ library }) {
      const frame = given.frame(size);
      const options = given.options(size);
      const run = () => library.injectSei(frame, nalUnits, options).length;
      return { '': { run, answer: () => library.injectSei(frame, nalUnits, options) } };
    },
    references() {
      const frame = given.frame(size);
      const run = () => {
        const copy = Buffer.allocUnsafe(frame.length);
        copy.set(frame);
        return copy.length;
      };
      return { 'allocate and copy': { run } };
    },
    targets: injectionTargets(given, size, 'allocate and copy'),
  };
}

function injectSeiInto(given: GivenFrame, size: number): Comparison {
  return {
    name: `injectSeiInto, ${given.name}, ${sizeName(size)}`,
    bytes: size,
    quick: size === given.goalSize && given.isQuick,
    sides: 'all',
    tasks({ library }) {
      const frame = given.frame(size);
      const options = given.options(size);
      const target = targetBytes(LARGEST + KIB);
      const run = () => library.injectSeiInto(frame, nalUnits, target, options);
      return { '': { run, answer: () => target.slice(0, run()) } };
    },
    references() {
      const frame = given.frame(size);
      const target = targetBytes(LARGEST + KIB);
      const run = () => {
        target.set(frame);
        return frame.length;
      };
      // Where the rest of the frame comes to lie: behind the SEI and its framing, and so at no multiple of anything.
      const at = SEI_NAL_UNIT.length + FRAMING_LENGTH;
      const runBehind = () => {
        target.set(frame, at);
        return frame.length;
      };
      return { copy: { run }, 'copy behind the SEI': { run: runBehind } };
    },
    targets: injectionTargets(given, size, 'copy'),
  };
}

function injectSeiParts(given: GivenFrame): Comparison {
  const ofSide = (side: string) => given.sizesApart.map((size) => `${side}, ${sizeName(size)}`);
  return {
    name: `injectSeiParts, ${given.name}, by frame size`,
    quick: given.isQuick,
    sides: 'all',
    tasks({ library }) {
      const entries = given.sizesApart.map((size) => {
        const frame = given.frame(size);
        const options = given.options(size);
        const run = () => library.injectSeiParts(frame, nalUnits, options).length;
        return [sizeName(size), { run, answer: () => library.injectSeiParts(frame, nalUnits, options) }] as const;
      });
      return Object.fromEntries(entries);
    },
    targets: [
      atMostNanoseconds('injection', 1000, ...ofSide('auto')),
      ...['native', 'typescript', 'auto'].map((side) => within('injection', 1.2, ofSide(side))),
      autoIsTheBetter(given.sizesApart.map(sizeName)),
    ],
  };
}

/** Each of the three functions on each framing. */
export const comparisons: readonly Comparison[] = GIVEN_FRAMES.flatMap((given) => [
  ...given.sizes.map((size) => injectSei(given, size)),
  ...given.sizes.map((size) => injectSeiInto(given, size)),
  injectSeiParts(given),
]);
