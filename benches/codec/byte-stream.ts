/** The bare start-code scan against memchr, which reads the same bytes and finds nothing. */
import type { Comparison, Target } from '../harness/comparison.js';
import { withReferences } from '../harness/references.js';
import { atLeast, atLeastGigabytes, autoIsTheBetter } from '../harness/targets.js';
import { HOSTILE_KINDS, SIZES, bytesOf, sizeName, withoutByte } from '../inputs.js';

const KIB = 1024;
const offsets = new Uint32Array(1 << 20);

const isVideo = (kind: string): boolean => !HOSTILE_KINDS.includes(kind);

function targetsOf(kind: string, size: number): Target[] {
  const targets: Target[] = [autoIsTheBetter()];
  if (size === 64 * KIB && kind !== 'start codes') {
    targets.push(
      atLeast('scan', isVideo(kind) ? 0.75 : 0.4, 'native avx512', 'memchr'),
      atLeast('scan', isVideo(kind) ? 0.6 : 0.25, 'native avx2', 'memchr'),
    );
  }
  if (size === 64 * KIB) {
    targets.push(
      atLeastGigabytes('typescript', isVideo(kind) ? 2 : 0.8, 'typescript without Buffer', size),
      ...(isVideo(kind)
        ? [atLeast('typescript', 0.33, 'typescript', 'native')]
        : [atLeastGigabytes('typescript', 0.8, 'typescript', size)]),
    );
  }
  if (size >= 4 * KIB) targets.push(atLeast('auto', 1, 'native', 'typescript'));
  return targets;
}

function scan(kind: string, size: number, quick: boolean): Comparison {
  return {
    name: `scanNalUnits, ${kind}, ${sizeName(size)}`,
    bytes: size,
    quick,
    sides: 'kernels',
    tasks({ library }) {
      const data = bytesOf(kind, size);
      return {
        '': {
          run: () => library.scanNalUnits(data, offsets),
          answer: () => offsets.slice(0, library.scanNalUnits(data, offsets)),
        },
      };
    },
    references: () => ({
      memchr: withReferences((addon) => {
        const { bytes, byte } = withoutByte(bytesOf(kind, size));
        if (addon.memchr(bytes, byte) !== -1) throw new Error('the byte is there');
        return { run: () => addon.memchr(bytes, byte) };
      }),
    }),
    targets: targetsOf(kind, size),
  };
}

const hostileSizes = [KIB, 64 * KIB, 4 * KIB * KIB];

/** The scan of video at every size, and of hostile bytes at three. */
export const comparisons: readonly Comparison[] = [
  ...['H.264', 'H.264 slice'].flatMap((kind) => SIZES.map((size) => scan(kind, size, size === 64 * KIB))),
  ...HOSTILE_KINDS.flatMap((kind) => hostileSizes.map((size) => scan(kind, size, size === 64 * KIB))),
  // Larger than any cache: what the memory of the machine gives.
  scan('H.264', 64 * KIB * KIB, false),
];
