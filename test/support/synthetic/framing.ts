import { accessUnitDelimiter, seiMessage } from '../nal-unit-writer.js';
import { defaultPps, defaultSps, picParameterSet, seqParameterSet } from '../parameter-set-writer.js';
import { type ActiveParameterSets } from '../slice-writer.js';
import { idr, picture, synthesize, type Framing, type SyntheticStream } from './stream.js';

const active: ActiveParameterSets = { sps: defaultSps, pps: defaultPps };

function framed(name: string, about: string, framing: Framing): SyntheticStream {
  const sets = [seqParameterSet(defaultSps), picParameterSet(defaultPps)];
  // A NAL unit that ends in 00 00 03 has an RBSP that ends in zeros, as cabac_zero_words do (clause 7.3.2.10).
  const padded = picture(active, { frameNum: 2, picOrderCntLsb: 4 }, [0, 50]).map((unit) =>
    Uint8Array.of(...unit, 0, 0, 3, 0, 0, 3),
  );
  return synthesize(
    name,
    about,
    [
      [accessUnitDelimiter(), ...sets, seiMessage(5, new Uint8Array(24)), ...picture(active, idr, [0, 33, 66])],
      picture(active, { frameNum: 1, picOrderCntLsb: 2 }, [0, 33, 66]),
      padded,
      [seiMessage(5, new Uint8Array(17).fill(1)), ...picture(active, { frameNum: 3, picOrderCntLsb: 6 }, [0, 33])],
      picture(active, { frameNum: 4, picOrderCntLsb: 8 }),
    ],
    framing,
  );
}

/** Streams that differ only in what stands between their NAL units. */
export const framingStreams: readonly SyntheticStream[] = [
  framed('mixed-start-codes', 'four bytes of start code before an access unit, three before other slices', {
    startCode: (nalUnit) => (nalUnit === 0 ? 4 : 3),
    trailingZeros: () => 0,
  }),
  framed('short-start-codes', 'three bytes of start code throughout', { startCode: () => 3, trailingZeros: () => 0 }),
  framed('trailing-zeros', 'zeros behind NAL units and at both ends of the stream', {
    leadingZeros: 3,
    startCode: () => 4,
    trailingZeros: (nalUnit, accessUnit) => (nalUnit === 1 ? 2 : 7 * (accessUnit % 3)),
  }),
];
