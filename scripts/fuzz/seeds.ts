import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AccessUnitSplitter,
  type LengthSize,
  createSeiNalUnit,
  injectSei,
  splitNalUnits,
  toLengthPrefixed,
} from '../../src/index.js';
import { fixtureClips } from '../../test/support/streams.js';
import { type SyntheticStream, syntheticStreams } from '../../test/support/synthetic.js';

/** Access units that are taken of each clip, from its beginning. */
const ACCESS_UNITS = 3;

/**
 * What stands behind the data of a seed, from which a target takes its parameters: the least of each, and some of the
 * middle of their ranges.
 */
const PARAMETERS: readonly Uint8Array[] = [
  new Uint8Array(32),
  Uint8Array.from({ length: 32 }, (_, at) => (at * 37 + 11) & 0xff),
];

function accessUnitsOf(stream: Uint8Array): Uint8Array[] {
  const splitter = new AccessUnitSplitter();
  return [...splitter.push(stream), ...splitter.flush()].slice(0, ACCESS_UNITS);
}

const firstOf = ({ accessUnits }: SyntheticStream) => accessUnits.slice(0, ACCESS_UNITS);

function aggregated(nalUnits: readonly Uint8Array[]): Uint8Array {
  const sizes = nalUnits.filter(({ length }) => length <= 0xffff);
  return Buffer.concat([
    Buffer.of(0x78),
    ...sizes.flatMap((nalUnit) => [Buffer.of(nalUnit.length >> 8, nalUnit.length & 0xff), nalUnit]),
  ]);
}

/** A frame in every framing, and its NAL units by themselves, which are RTP payloads, too. */
function framings(accessUnit: Uint8Array): Uint8Array[] {
  const nalUnits = splitNalUnits(accessUnit, 'annexb');
  const samples = ([1, 2, 4] as const)
    .filter((lengthSize) => nalUnits.every(({ length }) => length < 256 ** lengthSize))
    .map((lengthSize: LengthSize) => toLengthPrefixed(accessUnit, { format: 'annexb', lengthSize }));
  return [accessUnit, ...samples, aggregated(nalUnits), ...nalUnits];
}

/**
 * Writes what fuzzing begins with: the first access units of every clip and of every stream made of syntax elements,
 * with SEI and without, in every framing, each with parameters behind it.
 *
 * @param folder where a file for each is written; made where there is none
 * @param maxSize of a file; what is longer is cut
 * @returns how many there are
 */
export function writeSeeds(folder: string, maxSize: number): number {
  mkdirSync(folder, { recursive: true });
  const message = Buffer.from('a message with \0\0\0\x01 in it');
  const sei = [createSeiNalUnit(message), createSeiNalUnit(Buffer.alloc(300))];
  const seeds = new Set<string>();
  const streams = [...fixtureClips.map((clip) => accessUnitsOf(clip.read())), ...syntheticStreams.map(firstOf)];
  for (const accessUnits of streams) {
    for (const accessUnit of accessUnits) {
      for (const data of [...framings(accessUnit), ...framings(injectSei(accessUnit, sei))]) {
        const parameters = PARAMETERS[seeds.size % PARAMETERS.length];
        const kept = data.subarray(0, maxSize - parameters.length);
        seeds.add(Buffer.concat([kept, parameters]).toString('latin1'));
      }
    }
  }
  let count = 0;
  for (const seed of seeds) writeFileSync(join(folder, `seed-${count++}`), seed, 'latin1');
  return count;
}
