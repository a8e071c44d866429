import { framingStreams } from './synthetic/framing.js';
import { nalUnitStreams } from './synthetic/nal-units.js';
import { parameterSetStreams } from './synthetic/parameter-sets.js';
import { pictureStreams } from './synthetic/pictures.js';
import { sliceStreams } from './synthetic/slices.js';
import type { SyntheticStream } from './synthetic/stream.js';

export type { SyntheticStream } from './synthetic/stream.js';

/** Every stream made from syntax elements, with its true access units. Their slice data decode to nothing. */
export const syntheticStreams: readonly SyntheticStream[] = [
  ...pictureStreams,
  ...sliceStreams,
  ...nalUnitStreams,
  ...parameterSetStreams,
  ...framingStreams,
];

/**
 * The stream of that name.
 *
 * @throws Error where there is none
 */
export function syntheticStream(name: string): SyntheticStream {
  const stream = syntheticStreams.find((each) => each.name === name);
  if (stream === undefined) throw new Error(`no synthetic stream ${name}`);
  return stream;
}
