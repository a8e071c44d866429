import { accessUnitDelimiter, opaqueNalUnit, seiMessage } from '../nal-unit-writer.js';
import {
  defaultPps,
  defaultSps,
  picParameterSet,
  seqParameterSet,
  stereoSubsetSeqParameterSet,
} from '../parameter-set-writer.js';
import { sliceTypes, type ActiveParameterSets, type SliceFields } from '../slice-writer.js';
import { idr, picture, slice, synthesize, type SyntheticStream } from './stream.js';

const parameterSets = ({ sps, pps }: ActiveParameterSets): Uint8Array[] => [seqParameterSet(sps), picParameterSet(pps)];

const frames: ActiveParameterSets = { sps: defaultSps, pps: defaultPps };
const fields: ActiveParameterSets = {
  sps: { ...defaultSps, profileIdc: 77, frameMbsOnlyFlag: false, mbAdaptiveFrameFieldFlag: true },
  pps: defaultPps,
};
const nonReference = { nalRefIdc: 0 };

function plainFrames(): SyntheticStream {
  return synthesize('frames', 'frames told apart by frame_num alone, without any delimiter', [
    [...parameterSets(frames), ...picture(frames, idr, [0, 33])],
    ...[1, 2, 3, 4].map((frameNum) => picture(frames, { frameNum, picOrderCntLsb: 2 * frameNum }, [0, 33])),
  ]);
}

function nonReferencePictures(): SyntheticStream {
  const about = 'consecutive non-reference pictures share frame_num and differ in pic_order_cnt_lsb';
  return synthesize('non-reference-pictures', about, [
    [...parameterSets(frames), ...picture(frames, idr)],
    picture(frames, { frameNum: 1, picOrderCntLsb: 6 }),
    picture(frames, { ...nonReference, frameNum: 2, picOrderCntLsb: 2 }),
    picture(frames, { ...nonReference, frameNum: 2, picOrderCntLsb: 4 }),
    // A reference picture after them has the same frame_num again.
    picture(frames, { frameNum: 2, picOrderCntLsb: 8 }),
  ]);
}

function picOrderCntType1(): SyntheticStream {
  const active: ActiveParameterSets = {
    sps: {
      ...defaultSps,
      picOrderCntType: 1,
      offsetForNonRefPic: -2,
      offsetForTopToBottomField: 1,
      offsetsForRefFrame: [4, 2],
    },
    pps: { ...defaultPps, bottomFieldPicOrderInFramePresentFlag: true },
  };
  const at = (first: number, second: number): Partial<SliceFields> => ({
    ...nonReference,
    frameNum: 2,
    deltaPicOrderCnt: [first, second],
  });
  return synthesize('poc-type-1', 'pictures differ in delta_pic_order_cnt[0] or [1] alone', [
    [...parameterSets(active), ...picture(active, idr)],
    picture(active, { frameNum: 1 }, [0, 50]),
    picture(active, at(0, 0), [0, 50]),
    picture(active, at(-1, 0), [0, 50]),
    picture(active, at(-1, 3), [0, 50]),
  ]);
}

function picOrderCntType1AlwaysZero(): SyntheticStream {
  const active: ActiveParameterSets = {
    sps: { ...defaultSps, picOrderCntType: 1, deltaPicOrderAlwaysZeroFlag: true, offsetsForRefFrame: [2] },
    pps: { ...defaultPps, bottomFieldPicOrderInFramePresentFlag: true },
  };
  return synthesize(
    'poc-type-1-always-zero',
    'delta_pic_order_always_zero_flag: no picture order count in the header',
    [
      [...parameterSets(active), ...picture(active, idr)],
      ...[1, 2, 3].map((frameNum) => picture(active, { frameNum }, [0, 50])),
    ],
  );
}

function picOrderCntType2(): SyntheticStream {
  const active: ActiveParameterSets = { sps: { ...defaultSps, picOrderCntType: 2 }, pps: defaultPps };
  const about = 'pictures of equal frame_num, told apart only by nal_ref_idc being zero or not';
  return synthesize('poc-type-2', about, [
    [...parameterSets(active), ...picture(active, idr)],
    picture(active, { ...nonReference, frameNum: 1 }, [0, 50]),
    picture(active, { frameNum: 1 }, [0, 50]),
    picture(active, { ...nonReference, frameNum: 2 }, [0, 50]),
    picture(active, { frameNum: 2 }, [0, 50]),
  ]);
}

function consecutiveIdrPictures(): SyntheticStream {
  const about = 'IDR pictures in a row, told apart by idr_pic_id alone; parameter sets before the first only';
  return synthesize('consecutive-idr-pictures', about, [
    [...parameterSets(frames), ...picture(frames, idr, [0, 50])],
    ...[1, 0, 65535, 7].map((idrPicId) => picture(frames, { ...idr, idrPicId }, [0, 50])),
  ]);
}

function fieldPairs(): SyntheticStream {
  const top = { fieldPicFlag: true };
  const bottom = { fieldPicFlag: true, bottomFieldFlag: true };
  const pair = (shared: Partial<SliceFields>, picOrderCntLsb: number): Uint8Array[][] => [
    picture(fields, { ...shared, ...top, picOrderCntLsb }, [0, 22]),
    picture(fields, { ...shared, ...bottom, picOrderCntLsb: picOrderCntLsb + 1 }, [0, 22]),
  ];
  const frameNum = 4;
  return synthesize(
    'field-pairs',
    'each field is an access unit; the second field of an IDR picture is no IDR picture',
    [
      [...parameterSets(fields), ...picture(fields, { ...idr, ...top }, [0, 22])],
      picture(fields, { ...bottom, nalRefIdc: 3, picOrderCntLsb: 1 }, [0, 22]),
      ...pair({ frameNum: 1 }, 8),
      ...pair({ ...nonReference, frameNum: 2, sliceType: sliceTypes.B }, 4),
      ...pair({ frameNum: 2 }, 12),
      // Frames between fields.
      picture(fields, { frameNum: 3, picOrderCntLsb: 16 }, [0, 22]),
      picture(fields, { ...nonReference, ...top, frameNum, picOrderCntLsb: 20 }),
      picture(fields, { ...nonReference, frameNum, picOrderCntLsb: 22 }),
      picture(fields, { ...nonReference, ...bottom, frameNum, picOrderCntLsb: 26 }),
      picture(fields, { ...nonReference, ...top, frameNum, picOrderCntLsb: 28 }),
    ],
  );
}

function oneDifferenceEach(): SyntheticStream {
  const pps = { ...defaultPps, bottomFieldPicOrderInFramePresentFlag: true };
  const other = { sps: fields.sps, pps: { ...pps, picParameterSetId: 1 } };
  const active = { sps: fields.sps, pps };
  const intra = { sliceType: sliceTypes.I, nalRefIdc: 3 };
  // Slices of one picture may differ in their type, in which non-zero nal_ref_idc they have and in much else.
  const twoSlices = (sets: ActiveParameterSets, shared: Partial<SliceFields>): Uint8Array[] => [
    slice(sets, { ...intra, ...shared }),
    slice(sets, { nalRefIdc: 1, sliceType: sliceTypes.P, sliceQpDelta: -3, ...shared, firstMbInSlice: 40 }),
  ];
  const field = { fieldPicFlag: true, frameNum: 1, picOrderCntLsb: 2 };
  const about = 'each access unit differs from the one before in a single one of the conditions of clause 7.4.1.2.4';
  return synthesize('one-difference-each', about, [
    [...parameterSets(active), picParameterSet(other.pps), ...picture(active, idr, [0, 40])],
    picture(active, { ...idr, idrPicId: 1 }, [0, 40]),
    twoSlices(active, {}), // IdrPicFlag
    twoSlices(active, { frameNum: 1 }),
    twoSlices(other, { frameNum: 1 }), // pic_parameter_set_id
    twoSlices(other, { frameNum: 1, picOrderCntLsb: 2 }),
    twoSlices(other, { frameNum: 1, picOrderCntLsb: 2, deltaPicOrderCntBottom: -1 }),
    twoSlices(other, { frameNum: 1, picOrderCntLsb: 2 }),
    twoSlices(other, field), // field_pic_flag
    twoSlices(other, { ...field, bottomFieldFlag: true }),
    twoSlices(other, { ...field, bottomFieldFlag: true, nalRefIdc: 0 }),
  ]);
}

function boundaryByNalUnitType(): SyntheticStream {
  const same = { frameNum: 1, picOrderCntLsb: 2 };
  const about =
    'equal slice headers, as after a loss: the NAL units of types 6 to 9 and 15 to 18 alone start access units';
  const starters = [
    accessUnitDelimiter(),
    seiMessage(5, new Uint8Array(16).fill(0x11)),
    seqParameterSet(frames.sps),
    picParameterSet(frames.pps),
    stereoSubsetSeqParameterSet({ ...defaultSps, profileIdc: 128 }),
    opaqueNalUnit(16),
    opaqueNalUnit(17),
    opaqueNalUnit(18),
  ];
  return synthesize('boundary-by-nal-unit-type', about, [
    [...parameterSets(frames), ...picture(frames, idr)],
    picture(frames, same),
    ...starters.map((starter) => [starter, ...picture(frames, same, [0, 50])]),
  ]);
}

function memoryManagement(): SyntheticStream {
  const about = 'memory_management_control_operations in reference pictures, none in the others';
  return synthesize('memory-management', about, [
    [...parameterSets(frames), ...picture(frames, idr)],
    picture(frames, { frameNum: 1, picOrderCntLsb: 4, memoryManagement: [[1, 0]] }, [0, 50]),
    picture(frames, { ...nonReference, frameNum: 2, picOrderCntLsb: 2 }, [0, 50]),
    picture(
      frames,
      {
        frameNum: 2,
        picOrderCntLsb: 8,
        memoryManagement: [
          [4, 1],
          [6, 0],
        ],
      },
      [0, 50],
    ),
    picture(frames, { ...nonReference, frameNum: 3, picOrderCntLsb: 6 }, [0, 50]),
    picture(frames, { frameNum: 3, picOrderCntLsb: 12, memoryManagement: [[5]] }, [0, 50]),
    // Operation 5 sets frame_num back: the next picture counts from zero.
    picture(frames, { frameNum: 1, picOrderCntLsb: 4 }, [0, 50]),
  ]);
}

function escapedSliceHeaders(): SyntheticStream {
  const active: ActiveParameterSets = {
    sps: {
      ...defaultSps,
      log2MaxFrameNumMinus4: 12,
      log2MaxPicOrderCntLsbMinus4: 12,
      gapsInFrameNumValueAllowedFlag: true,
    },
    pps: defaultPps,
  };
  // 1 011 1, sixteen zeros of frame_num, then zeros of idr_pic_id: the header needs an escape before its last fields.
  const idrs = [600, 601].map((idrPicId) => picture(active, { ...idr, sliceType: sliceTypes.I, idrPicId }, [0, 1]));
  const late = [1, 2, 3].map((picOrderCntLsb) =>
    picture(active, { nalRefIdc: 0, frameNum: 8192, picOrderCntLsb }, [0, 1]),
  );
  const escaped = (unit: Uint8Array): boolean => Buffer.from(unit.subarray(0, 8)).includes('000003', 0, 'hex');
  if (![...idrs, ...late].flat().every(escaped)) throw new Error('the slice headers were to hold an escape');
  const about = 'emulation_prevention_three_bytes inside the slice header, in front of the fields that differ';
  return synthesize('escaped-slice-headers', about, [
    [...parameterSets(active), ...(idrs[0] ?? [])],
    ...idrs.slice(1),
    ...late,
  ]);
}

/** Streams whose pictures are told apart by every rule of clauses 7.4.1.2.3 and 7.4.1.2.4. */
export const pictureStreams: readonly SyntheticStream[] = [
  plainFrames(),
  nonReferencePictures(),
  picOrderCntType1(),
  picOrderCntType1AlwaysZero(),
  picOrderCntType2(),
  consecutiveIdrPictures(),
  fieldPairs(),
  oneDifferenceEach(),
  boundaryByNalUnitType(),
  memoryManagement(),
  escapedSliceHeaders(),
];
