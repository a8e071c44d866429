import {
  defaultPps,
  defaultSps,
  picParameterSet,
  seqParameterSet,
  seqParameterSetExtension,
  type SliceGroups,
} from '../parameter-set-writer.js';
import { sliceDataPartition, sliceTypes, type ActiveParameterSets, type SliceFields } from '../slice-writer.js';
import { idr, picture, slice, sliceData, synthesize, type SyntheticStream } from './stream.js';

const parameterSets = ({ sps, pps }: ActiveParameterSets): Uint8Array[] => [seqParameterSet(sps), picParameterSet(pps)];

const plain: ActiveParameterSets = { sps: defaultSps, pps: defaultPps };

function manySlices(): SyntheticStream {
  const everyMacroblock = Array.from({ length: 99 }, (_, index) => index);
  return synthesize('many-slices', 'a slice for each of the 99 macroblocks', [
    [...parameterSets(plain), ...picture(plain, idr, everyMacroblock)],
    ...[1, 2].map((frameNum) => picture(plain, { frameNum, picOrderCntLsb: 2 * frameNum }, everyMacroblock)),
  ]);
}

function arbitrarySliceOrder(): SyntheticStream {
  const about = 'the slice with first_mb_in_slice 0 comes last or in the middle, or its picture has lost it';
  return synthesize('arbitrary-slice-order', about, [
    [...parameterSets(plain), ...picture(plain, idr, [66, 33, 0])],
    picture(plain, { frameNum: 1, picOrderCntLsb: 2 }, [33, 0, 66]),
    picture(plain, { frameNum: 2, picOrderCntLsb: 4 }, [66, 33]),
    picture(plain, { frameNum: 3, picOrderCntLsb: 6 }, [66, 0, 33]),
  ]);
}

/** Slice groups of QCIF frames, and the lowest macroblock of each group (clause 8.2.2). */
const sliceGroupMaps: readonly (readonly [groups: SliceGroups, firstMbs: readonly number[], cycle: number])[] = [
  [{ mapType: 0, runLengthsMinus1: [10, 21] }, [0, 11], 0],
  [{ mapType: 1, groups: 4 }, [0, 1, 2, 3], 0],
  [{ mapType: 2, rectangles: [[12, 40]] }, [12, 0], 0],
  [{ mapType: 3, changeDirectionFlag: false, changeRateMinus1: 0 }, [49, 0], 1],
  [{ mapType: 4, changeDirectionFlag: true, changeRateMinus1: 10 }, [77, 0], 2],
  [{ mapType: 5, changeDirectionFlag: false, changeRateMinus1: 8 }, [0, 2], 2],
  [{ mapType: 6, groups: 3, sliceGroupIds: Array.from({ length: 99 }, (_, index) => (98 - index) % 3) }, [2, 1, 0], 0],
];

function flexibleMacroblockOrdering(): SyntheticStream[] {
  return sliceGroupMaps.map(([sliceGroups, firstMbs, sliceGroupChangeCycle]) => {
    const active: ActiveParameterSets = { sps: defaultSps, pps: { ...defaultPps, sliceGroups } };
    const about = `flexible macroblock ordering, slice_group_map_type ${sliceGroups.mapType}`;
    return synthesize(`fmo-type-${sliceGroups.mapType}`, about, [
      [...parameterSets(active), ...picture(active, { ...idr, sliceGroupChangeCycle }, firstMbs)],
      ...[1, 2, 3].map((frameNum) =>
        picture(active, { frameNum, picOrderCntLsb: 2 * frameNum, sliceGroupChangeCycle }, firstMbs),
      ),
    ]);
  });
}

function redundantSlices(): SyntheticStream {
  const active: ActiveParameterSets = { sps: defaultSps, pps: { ...defaultPps, redundantPicCntPresentFlag: true } };
  const coded = (fields: Partial<SliceFields>): Uint8Array[] => [
    ...picture(active, fields, [0, 50]),
    ...picture(active, { ...fields, redundantPicCnt: 1 }, [0, 50]),
    ...picture(active, { ...fields, redundantPicCnt: 2 }, [50]),
  ];
  return synthesize('redundant-slices', 'redundant coded pictures start again at macroblock 0', [
    [...parameterSets(active), ...coded(idr)],
    coded({ frameNum: 1, picOrderCntLsb: 2 }),
    picture(active, { frameNum: 2, picOrderCntLsb: 4 }, [0, 50]),
    coded({ nalRefIdc: 0, frameNum: 3, picOrderCntLsb: 6 }),
    coded({ nalRefIdc: 0, frameNum: 3, picOrderCntLsb: 8 }),
  ]);
}

function dataPartitioning(): SyntheticStream {
  const active: ActiveParameterSets = {
    sps: { ...defaultSps, profileIdc: 88 },
    pps: { ...defaultPps, redundantPicCntPresentFlag: true },
  };
  const partitions = (types: readonly (2 | 3 | 4)[], fields: Partial<SliceFields>): Uint8Array[] =>
    types.map((type) =>
      type === 2
        ? slice(active, { ...fields, nalUnitType: 2 })
        : sliceDataPartition(type, active, { ...fields, sliceData: sliceData(9) }),
    );
  const coded = (fields: Partial<SliceFields>): Uint8Array[] => [
    ...partitions([2, 3, 4], { ...fields, sliceId: 0 }),
    ...partitions([2, 4], { ...fields, sliceId: 1, firstMbInSlice: 33 }),
    ...partitions([2, 3], { ...fields, sliceId: 2, firstMbInSlice: 66 }),
  ];
  const about = 'slice data partitions A, B and C, of which only A has a slice header; a mixed picture among them';
  return synthesize('data-partitioning', about, [
    [...parameterSets(active), ...picture(active, idr, [0, 50])],
    coded({ frameNum: 1, picOrderCntLsb: 6 }),
    coded({ nalRefIdc: 0, frameNum: 2, picOrderCntLsb: 2 }),
    coded({ nalRefIdc: 0, frameNum: 2, picOrderCntLsb: 4 }),
    [
      ...picture(active, { frameNum: 2, picOrderCntLsb: 8 }),
      ...partitions([2, 3, 4], { frameNum: 2, picOrderCntLsb: 8, sliceId: 1, firstMbInSlice: 40 }),
    ],
    picture(active, { frameNum: 3, picOrderCntLsb: 10 }, [0, 50]),
  ]);
}

function separateColourPlanes(): SyntheticStream {
  const active: ActiveParameterSets = {
    sps: { ...defaultSps, profileIdc: 244, chromaFormatIdc: 3, separateColourPlaneFlag: true },
    pps: { ...defaultPps, transform8x8ModeFlag: true },
  };
  const planes = (fields: Partial<SliceFields>): Uint8Array[] =>
    [0, 1, 2].flatMap((colourPlaneId) => picture(active, { ...fields, colourPlaneId }, [0, 50]));
  return synthesize('separate-colour-planes', 'three colour planes, each of which starts at macroblock 0', [
    [...parameterSets(active), ...planes(idr)],
    planes({ frameNum: 1, picOrderCntLsb: 4 }),
    planes({ nalRefIdc: 0, frameNum: 2, picOrderCntLsb: 2, sliceType: sliceTypes.B }),
  ]);
}

function auxiliaryPictures(): SyntheticStream {
  const active: ActiveParameterSets = { sps: { ...defaultSps, profileIdc: 100 }, pps: defaultPps };
  const withAlpha = (fields: Partial<SliceFields>): Uint8Array[] => [
    ...picture(active, fields, [0, 50]),
    ...picture(active, { ...fields, nalUnitType: 19 }, [0, 50]),
  ];
  const [sps, pps] = parameterSets(active) as [Uint8Array, Uint8Array];
  const about =
    'auxiliary coded pictures (type 19) start again at macroblock 0; an SPS extension (type 13) announces them';
  return synthesize('auxiliary-pictures', about, [
    [sps, seqParameterSetExtension(0), pps, ...picture(active, idr, [0, 50])],
    withAlpha({ frameNum: 1, picOrderCntLsb: 4 }),
    withAlpha({ nalRefIdc: 0, frameNum: 2, picOrderCntLsb: 2 }),
    withAlpha({ frameNum: 2, picOrderCntLsb: 8 }),
  ]);
}

/** Streams whose pictures consist of slices in every arrangement the standard knows. */
export const sliceStreams: readonly SyntheticStream[] = [
  manySlices(),
  arbitrarySliceOrder(),
  ...flexibleMacroblockOrdering(),
  redundantSlices(),
  dataPartitioning(),
  separateColourPlanes(),
  auxiliaryPictures(),
];
