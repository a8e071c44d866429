import { defaultPps, defaultSps, picParameterSet, seqParameterSet } from '../parameter-set-writer.js';
import { type ActiveParameterSets } from '../slice-writer.js';
import { idr, picture, synthesize, type SyntheticStream } from './stream.js';

function changed(): SyntheticStream {
  const first: ActiveParameterSets = { sps: defaultSps, pps: defaultPps };
  // The same identifiers, another layout of the slice header.
  const second: ActiveParameterSets = {
    sps: { ...defaultSps, log2MaxFrameNumMinus4: 12, picOrderCntType: 2 },
    pps: { ...defaultPps, redundantPicCntPresentFlag: true },
  };
  const third: ActiveParameterSets = { sps: second.sps, pps: defaultPps };
  const fourth: ActiveParameterSets = {
    sps: { ...defaultSps, seqParameterSetId: 31, log2MaxFrameNumMinus4: 3, log2MaxPicOrderCntLsbMinus4: 9 },
    pps: { ...defaultPps, seqParameterSetId: 31, bottomFieldPicOrderInFramePresentFlag: true },
  };
  const about = 'parameter sets sent again in the middle under the same identifiers with other values';
  return synthesize('changed-parameter-sets', about, [
    [seqParameterSet(first.sps), picParameterSet(first.pps), ...picture(first, idr, [0, 50])],
    picture(first, { frameNum: 1, picOrderCntLsb: 2 }, [0, 50]),
    [seqParameterSet(second.sps), picParameterSet(second.pps), ...picture(second, idr, [0, 50])],
    [...picture(second, { frameNum: 1 }, [0, 50]), ...picture(second, { frameNum: 1, redundantPicCnt: 1 }, [0])],
    picture(second, { frameNum: 2 }, [0, 50]),
    [picParameterSet(third.pps), ...picture(third, { frameNum: 3 }, [0, 50])],
    picture(third, { frameNum: 4 }, [0, 50]),
    // The same PPS identifier goes to another SPS.
    [seqParameterSet(fourth.sps), picParameterSet(fourth.pps), ...picture(fourth, idr, [0, 50])],
    picture(fourth, { nalRefIdc: 0, frameNum: 1, picOrderCntLsb: 4096, deltaPicOrderCntBottom: 1 }, [0, 50]),
    picture(fourth, { nalRefIdc: 0, frameNum: 1, picOrderCntLsb: 4098, deltaPicOrderCntBottom: 1 }, [0, 50]),
  ]);
}

function several(): SyntheticStream {
  const sets: ActiveParameterSets[] = [0, 7, 255].map((picParameterSetId, index) => ({
    sps: { ...defaultSps, seqParameterSetId: index, log2MaxFrameNumMinus4: 4 * index },
    pps: { ...defaultPps, picParameterSetId, seqParameterSetId: index },
  }));
  const about = 'several parameter sets up front under identifiers up to 255, each used by a sequence of its own';
  return synthesize('several-parameter-sets', about, [
    ...sets.flatMap((active, index) => [
      [
        ...(index === 0
          ? [...sets.map(({ sps }) => seqParameterSet(sps)), ...sets.map(({ pps }) => picParameterSet(pps))]
          : []),
        ...picture(active, idr, [0, 50]),
      ],
      picture(active, { frameNum: 1, picOrderCntLsb: 2 }, [0, 50]),
      picture(active, { frameNum: 2, picOrderCntLsb: 4 }, [0, 50]),
    ]),
  ]);
}

function ppsBeforeSps(): SyntheticStream {
  const active: ActiveParameterSets = { sps: defaultSps, pps: defaultPps };
  return synthesize(
    'pps-before-sps',
    'the PPS comes ahead of the SPS it refers to, which takes effect with the IDR picture',
    [
      [picParameterSet(active.pps), seqParameterSet(active.sps), ...picture(active, idr, [0, 50])],
      picture(active, { frameNum: 1, picOrderCntLsb: 2 }, [0, 50]),
      picture(active, { frameNum: 2, picOrderCntLsb: 4 }, [0, 50]),
    ],
  );
}

function scalingMatrix(): SyntheticStream {
  const zeros = (length: number): number[] => new Array<number>(length).fill(0);
  const sps = {
    ...defaultSps,
    profileIdc: 110,
    bitDepthLumaMinus8: 2,
    bitDepthChromaMinus8: 2,
    // A list ends at its size or where nextScale becomes 0, as in -8: the default list (clause 7.3.2.1.1.1).
    scalingLists: [zeros(16), undefined, [-8], [4, -12], undefined, zeros(16), zeros(64), [1, 2, -11]],
    log2MaxFrameNumMinus4: 5,
  };
  const active: ActiveParameterSets = {
    sps,
    pps: { ...defaultPps, entropyCodingModeFlag: true, transform8x8ModeFlag: true },
  };
  return synthesize(
    'scaling-matrix',
    'High 10 profile: scaling lists of every kind in front of what a slice header needs',
    [
      [seqParameterSet(sps), picParameterSet(active.pps), ...picture(active, idr, [0, 50])],
      picture(active, { frameNum: 1, picOrderCntLsb: 8 }, [0, 50]),
      picture(active, { nalRefIdc: 0, frameNum: 2, picOrderCntLsb: 4, sliceType: 1 }, [0, 50]),
      picture(active, { nalRefIdc: 0, frameNum: 2, picOrderCntLsb: 6, sliceType: 1 }, [0, 50]),
    ],
  );
}

/** Streams in which reading the parameter sets rightly decides about the slice headers. */
export const parameterSetStreams: readonly SyntheticStream[] = [changed(), several(), ppsBeforeSps(), scalingMatrix()];
