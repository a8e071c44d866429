/** Stripping: a frame that holds nothing of ours passes as it is, one that does is copied. */
import { injectSei } from '../../src/index.js';
import type { Comparison } from '../harness/comparison.js';
import { autoIsTheBetter } from '../harness/targets.js';
import { annexBFrame, sizeName } from '../inputs.js';
import { FRAME_SIZES, SEI_NAL_UNIT } from './frames.js';

function strip(size: number, isInjected: boolean): Comparison {
  return {
    name: `stripSei, annexb, ${sizeName(size)}, ${isInjected ? 'one message' : 'nothing to strip'}`,
    bytes: size,
    quick: false,
    sides: 'all',
    tasks({ library }) {
      const frame = annexBFrame(size);
      const data = isInjected ? injectSei(frame, [SEI_NAL_UNIT]) : frame;
      return { '': { run: () => library.stripSei(data).length, answer: () => library.stripSei(data) } };
    },
    targets: [autoIsTheBetter()],
  };
}

/** With and without a message. */
export const comparisons: readonly Comparison[] = [true, false].flatMap((isInjected) =>
  FRAME_SIZES.map((size) => strip(size, isInjected)),
);
