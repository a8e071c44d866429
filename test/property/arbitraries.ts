import fc from 'fast-check';
import { escape } from '../support/bitstream-writer.js';
import { fixtureClips } from '../support/streams.js';

/** The seed of every property here, so that each run is the same run. */
export const SEED = 20_260_101;

/** What a failure prints tells how to run it again: the seed, the path and the smallest case. */
export function runs(numRuns: number): fc.Parameters<unknown> {
  return { seed: SEED, numRuns };
}

function from(values: readonly number[], maxLength: number): fc.Arbitrary<Uint8Array> {
  return fc.array(fc.constantFrom(...values), { maxLength }).map((numbers) => Uint8Array.from(numbers));
}

const clips = fixtureClips.map((clip) => clip.read());

/** A piece of real video. */
const realBytes = fc
  .tuple(fc.constantFrom(...clips), fc.nat(20_000), fc.nat(400))
  .map(([clip, at, length]) => clip.slice(at % clip.length, (at % clip.length) + length));

/** A piece of real video in which some bytes are others, are gone or are doubled. */
const mutatedBytes = fc
  .tuple(realBytes, fc.array(fc.tuple(fc.nat(400), fc.nat(255), fc.nat(2)), { maxLength: 6 }))
  .map(([data, edits]) => {
    const numbers = [...data];
    for (const [at, value, kind] of edits) numbers.splice(at, kind === 0 ? 1 : 0, ...(kind === 1 ? [] : [value]));
    return Uint8Array.from(numbers);
  });

/**
 * Bytes of every kind that a search can be wrong about: random, zero-heavy, dense start codes, long runs, real ones.
 */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  from([0, 0, 0, 1, 2, 3, 0x80], 200),
  from([0, 1], 130),
  from([0, 0, 3], 130),
  fc.tuple(fc.constantFrom(0, 1, 3, 0xff), fc.nat(200)).map(([value, length]) => new Uint8Array(length).fill(value)),
  realBytes,
  mutatedBytes,
);

/** A NAL unit without framing of any type that may stand in a frame: escaped, and not ending in a zero. */
const nalUnitOf = (headers: readonly number[], maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.constantFrom(...headers), fc.oneof(from([0, 1, 2, 3, 0x9a], maxLength), fc.uint8Array({ maxLength })))
    .map(([header, rbsp]) => escape(Uint8Array.of(header, 0x88, ...rbsp, 0x80)));

/** NAL units that may stand in front of the first slice. */
const leadingNalUnit = nalUnitOf([0x67, 0x68, 0x09, 0x06, 0x6d, 0x6e, 0x6f, 0x0c], 40);
/** Slices, of which each starts a picture as far as its first bits tell. */
const slice = nalUnitOf([0x65, 0x25, 0x41, 0x01, 0x61], 120);

/** The NAL units of an access unit, with what stands in front of the first slice and behind it. */
export const accessUnit: fc.Arbitrary<Uint8Array[]> = fc
  .tuple(fc.array(leadingNalUnit, { maxLength: 4 }), fc.array(slice, { minLength: 1, maxLength: 3 }))
  .map(([leading, slices]) => [...leading, ...slices]);

/** User data that need no, some and many escapes. */
export const userData: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  from([0, 1, 2, 3], 300),
  fc.nat(600).map((length) => new Uint8Array(length)),
);

/** A UUID, often one with zeros that are escaped. */
export const uuid: fc.Arbitrary<string> = fc.oneof(
  fc.uuid(),
  fc.constantFrom(
    '00000000-0000-0000-0000-000000000000',
    '00000100-0003-0000-0200-000001000000',
    'b16d7d56-892e-419c-8d82-e069cd3aa5c1',
  ),
);
