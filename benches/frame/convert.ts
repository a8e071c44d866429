/** Splitting, and the change from one framing to the other, of a clip with many short NAL units. */
import { toLengthPrefixed } from '../../src/index.js';
import type { Comparison, Task } from '../harness/comparison.js';
import { autoIsTheBetter } from '../harness/targets.js';
import { annexBFrame, bytesOf, sizeName } from '../inputs.js';
import { FRAME_SIZES } from './frames.js';

type Kind = 'one slice' | 'a slice every 700 bytes';

function convert(kind: Kind, size: number): Comparison {
  const annexb = () => (kind === 'one slice' ? annexBFrame(size) : bytesOf('H.264', size));
  return {
    name: `conversion, ${kind}, ${sizeName(size)}`,
    bytes: size,
    quick: false,
    sides: 'all',
    tasks({ library }): Record<string, Task> {
      const byteStream = annexb();
      const sample = toLengthPrefixed(byteStream);
      const split = () => library.splitNalUnits(byteStream);
      const toAnnexB = () => library.toAnnexB(sample);
      const toPrefixed = () => library.toLengthPrefixed(byteStream);
      return {
        splitNalUnits: { run: () => split().length, answer: split },
        toAnnexB: { run: () => toAnnexB().length, answer: toAnnexB },
        toLengthPrefixed: { run: () => toPrefixed().length, answer: toPrefixed },
      };
    },
    targets: [autoIsTheBetter(['splitNalUnits', 'toAnnexB', 'toLengthPrefixed'])],
  };
}

/** Large slices and small ones. */
export const comparisons: readonly Comparison[] = (['one slice', 'a slice every 700 bytes'] as const).flatMap((kind) =>
  FRAME_SIZES.map((size) => convert(kind, size)),
);
