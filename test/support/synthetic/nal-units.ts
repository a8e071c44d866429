import {
  accessUnitDelimiter,
  endOfSequence,
  endOfStream,
  fillerData,
  mvcPrefixNalUnit,
  opaqueNalUnit,
  seiMessage,
  svcPrefixNalUnit,
} from '../nal-unit-writer.js';
import {
  defaultPps,
  defaultSps,
  picParameterSet,
  seqParameterSet,
  stereoSubsetSeqParameterSet,
} from '../parameter-set-writer.js';
import { codedSliceExtension, type ActiveParameterSets, type SliceFields } from '../slice-writer.js';
import { idr, picture, slice, sliceData, synthesize, type SyntheticStream } from './stream.js';

const plain: ActiveParameterSets = { sps: defaultSps, pps: defaultPps };
const parameterSets = [seqParameterSet(defaultSps), picParameterSet(defaultPps)];
const sei = (fill: number): Uint8Array => seiMessage(5, new Uint8Array(20).fill(fill));

function delimited(): SyntheticStream {
  return synthesize('delimited', 'access unit delimiters, SEI, parameter sets in every access unit', [
    [accessUnitDelimiter(0), ...parameterSets, sei(0), sei(1), ...picture(plain, idr, [0, 50])],
    [accessUnitDelimiter(1), sei(0), sei(2), ...picture(plain, { frameNum: 1, picOrderCntLsb: 2 }, [0, 50])],
    [accessUnitDelimiter(1), sei(3), ...parameterSets, sei(0), ...picture(plain, { frameNum: 2, picOrderCntLsb: 4 })],
    [accessUnitDelimiter(1), ...picture(plain, { frameNum: 3, picOrderCntLsb: 6 })],
  ]);
}

function endOfSequences(): SyntheticStream {
  const about = 'end of sequence and end of stream close their access unit; the IDR pictures are equal but for that';
  return synthesize('end-of-sequence', about, [
    [...parameterSets, ...picture(plain, idr, [0, 50]), endOfSequence],
    [...picture(plain, idr, [0, 50]), endOfSequence],
    picture(plain, idr, [0, 50]),
    [...picture(plain, { frameNum: 1, picOrderCntLsb: 2 }), endOfSequence, endOfStream],
    [...parameterSets, ...picture(plain, idr), endOfStream],
  ]);
}

function trailingNalUnits(): SyntheticStream {
  const about = 'filler data, reserved and unspecified types stay in the access unit of the slices before them';
  return synthesize('trailing-nal-units', about, [
    [
      ...parameterSets,
      ...picture(plain, idr),
      fillerData(40),
      ...[22, 23, 24, 30, 31].map((type) => opaqueNalUnit(type)),
    ],
    [...picture(plain, { frameNum: 1, picOrderCntLsb: 2 }, [0, 50]), fillerData(1)],
    [...picture(plain, { frameNum: 2, picOrderCntLsb: 4 }), fillerData(3), fillerData(3), opaqueNalUnit(25, 1)],
    picture(plain, { frameNum: 3, picOrderCntLsb: 6 }),
  ]);
}

function scalable(): SyntheticStream {
  const coded = (fields: Partial<SliceFields>, temporalId: number): Uint8Array[] =>
    [0, 33, 66].flatMap((firstMbInSlice) => {
      const { nalRefIdc = 2, nalUnitType } = fields;
      const prefix = svcPrefixNalUnit(nalRefIdc, { idrFlag: nalUnitType === 5, temporalId });
      return [prefix, slice(plain, { ...fields, firstMbInSlice })];
    });
  const about = 'scalable video: a prefix NAL unit (type 14) before each slice, two temporal layers, no delimiters';
  return synthesize('svc-prefix-nal-units', about, [
    [...parameterSets, ...coded(idr, 0)],
    coded({ nalRefIdc: 0, frameNum: 1, picOrderCntLsb: 2 }, 1),
    coded({ frameNum: 1, picOrderCntLsb: 4 }, 0),
    coded({ nalRefIdc: 0, frameNum: 2, picOrderCntLsb: 6 }, 1),
    [sei(9), ...coded({ frameNum: 2, picOrderCntLsb: 8 }, 0)],
  ]);
}

function stereo(): SyntheticStream {
  const sps = { ...defaultSps, profileIdc: 100 };
  const base: ActiveParameterSets = { sps, pps: defaultPps };
  const other: ActiveParameterSets = { sps, pps: { ...defaultPps, picParameterSetId: 1 } };
  const coded = (fields: Partial<SliceFields>): Uint8Array[] => {
    const { nalRefIdc = 2 } = fields;
    const header = { nonIdrFlag: fields.nalUnitType !== 5, anchorPicFlag: fields.nalUnitType === 5 };
    const firstMbs = [0, 50];
    return [
      ...firstMbs.flatMap((firstMbInSlice) => [
        mvcPrefixNalUnit(nalRefIdc, { ...header, viewId: 0 }),
        slice(base, { ...fields, firstMbInSlice }),
      ]),
      ...firstMbs.map((firstMbInSlice) =>
        codedSliceExtension(
          other,
          { ...fields, sliceType: 0, firstMbInSlice, sliceData: sliceData(12) },
          { ...header, viewId: 1 },
        ),
      ),
    ];
  };
  const sets = [
    seqParameterSet(sps),
    stereoSubsetSeqParameterSet(sps),
    picParameterSet(defaultPps),
    picParameterSet(other.pps),
  ];
  const about =
    'two views: the second in slice extensions (type 20) that start again at macroblock 0, with another PPS';
  return synthesize('mvc-stereo', about, [
    [...sets, ...coded(idr)],
    coded({ frameNum: 1, picOrderCntLsb: 4 }),
    coded({ nalRefIdc: 0, frameNum: 2, picOrderCntLsb: 2 }),
    coded({ nalRefIdc: 0, frameNum: 2, picOrderCntLsb: 6 }),
  ]);
}

/** Streams with the NAL units that stand around the slices. */
export const nalUnitStreams: readonly SyntheticStream[] = [
  delimited(),
  endOfSequences(),
  trailingNalUnits(),
  scalable(),
  stereo(),
];
