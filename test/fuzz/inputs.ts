import {
  AccessUnitSplitter,
  type LengthSize,
  createSeiNalUnit,
  injectSei,
  splitNalUnits,
  toLengthPrefixed,
} from '../../src/index.js';
import { fixtureClips } from '../support/streams.js';
import { syntheticStreams } from '../support/synthetic.js';

/** Access units that are taken of each stream, from its beginning. */
const ACCESS_UNITS = 3;

function accessUnitsOf(stream: Uint8Array): Uint8Array[] {
  const splitter = new AccessUnitSplitter();
  return [...splitter.push(stream), ...splitter.flush()];
}

function aggregated(nalUnits: readonly Uint8Array[]): Uint8Array {
  const short = nalUnits.filter(({ length }) => length <= 0xffff);
  return Buffer.concat([
    Buffer.of(0x78),
    ...short.flatMap((nalUnit) => [Buffer.of(nalUnit.length >> 8, nalUnit.length & 0xff), nalUnit]),
  ]);
}

function framings(accessUnit: Uint8Array): Uint8Array[] {
  const nalUnits = splitNalUnits(accessUnit, 'annexb');
  const samples = ([1, 2, 4] as const)
    .filter((lengthSize) => nalUnits.every(({ length }) => length < 256 ** lengthSize))
    .map((lengthSize: LengthSize) => toLengthPrefixed(accessUnit, { format: 'annexb', lengthSize }));
  return [accessUnit, ...samples, aggregated(nalUnits), ...nalUnits];
}

const message = Buffer.from('a message with \0\0\0\x01 in it');
const sei = [createSeiNalUnit(message), createSeiNalUnit(Buffer.alloc(300))];

/** The first access units of every clip and of every stream made of syntax elements, as byte streams. */
export const accessUnits: readonly Uint8Array[] = [
  ...fixtureClips.flatMap((clip) => accessUnitsOf(clip.read()).slice(0, ACCESS_UNITS)),
  ...syntheticStreams.flatMap((stream) => stream.accessUnits.slice(0, ACCESS_UNITS)),
].map((accessUnit) => Uint8Array.from(accessUnit));

/** The same, with SEI and without, in every framing, and their NAL units by themselves, which are RTP payloads. */
export const frames: readonly Uint8Array[] = accessUnits
  .flatMap((accessUnit) => [...framings(accessUnit), ...framings(injectSei(accessUnit, sei))])
  .map((frame) => Uint8Array.from(frame));
