import { expect, it } from 'vitest';
import { ffmpegTool, traceHeaders } from './ffmpeg-cli.js';
import { defaultPps, defaultSps, picParameterSet, seqParameterSet, type SliceGroups } from './parameter-set-writer.js';
import { describeWith } from './skip.js';
import { codedSlice, sliceTypes, type ActiveParameterSets, type SliceFields } from './slice-writer.js';
import { syntheticStream } from './synthetic.js';

let seed = 7;

/** A number from 0 to `limit - 1`: another at each call, the same ones in each run. */
function random(limit: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * limit);
}

const chance = (): boolean => random(2) === 1;

const sliceGroups: readonly (SliceGroups | undefined)[] = [
  undefined,
  { mapType: 0, runLengthsMinus1: [4, 5, 6] },
  { mapType: 1, groups: 2 },
  { mapType: 2, rectangles: [[0, 1]] },
  { mapType: 3, changeDirectionFlag: true, changeRateMinus1: 12 },
  { mapType: 4, changeDirectionFlag: false, changeRateMinus1: 0 },
  { mapType: 5, changeDirectionFlag: true, changeRateMinus1: 98 },
  { mapType: 6, groups: 5, sliceGroupIds: Array.from({ length: 99 }, (_, index) => index % 5) },
];

function randomParameterSets(): ActiveParameterSets {
  const frameMbsOnlyFlag = chance();
  const high = chance();
  const groups = frameMbsOnlyFlag && !high ? sliceGroups[random(sliceGroups.length)] : undefined;
  const planes = high && chance();
  const seqParameterSetId = random(32);
  return {
    sps: {
      ...defaultSps,
      profileIdc: high ? 244 : 88,
      chromaFormatIdc: planes ? 3 : random(3),
      separateColourPlaneFlag: planes,
      seqParameterSetId,
      log2MaxFrameNumMinus4: random(13),
      picOrderCntType: random(3) as 0 | 1 | 2,
      log2MaxPicOrderCntLsbMinus4: random(13),
      deltaPicOrderAlwaysZeroFlag: chance(),
      offsetForNonRefPic: random(9) - 4,
      offsetForTopToBottomField: random(9) - 4,
      offsetsForRefFrame: Array.from({ length: random(4) }, () => random(200) - 100),
      frameMbsOnlyFlag,
      mbAdaptiveFrameFieldFlag: chance(),
    },
    pps: {
      ...defaultPps,
      picParameterSetId: random(256),
      seqParameterSetId,
      entropyCodingModeFlag: chance(),
      bottomFieldPicOrderInFramePresentFlag: chance(),
      sliceGroups: groups,
      deblockingFilterControlPresentFlag: chance(),
      redundantPicCntPresentFlag: chance(),
      transform8x8ModeFlag: high ? chance() : undefined,
    },
  };
}

function randomSlice({ sps }: ActiveParameterSets): SliceFields {
  const idrPicFlag = chance();
  const fieldPicFlag = !sps.frameMbsOnlyFlag && chance();
  return {
    nalUnitType: idrPicFlag ? 5 : 1,
    nalRefIdc: idrPicFlag ? 1 + random(3) : random(4),
    firstMbInSlice: random(40),
    sliceType: idrPicFlag ? sliceTypes.I + 5 * random(2) : random(3) + 5 * random(2),
    colourPlaneId: random(3),
    frameNum: idrPicFlag ? 0 : random(2 ** (sps.log2MaxFrameNumMinus4 + 4)),
    fieldPicFlag,
    bottomFieldFlag: fieldPicFlag && !idrPicFlag && chance(),
    idrPicId: random(65536),
    picOrderCntLsb: random(2 ** (sps.log2MaxPicOrderCntLsbMinus4 + 4)),
    deltaPicOrderCntBottom: random(41) - 20,
    deltaPicOrderCnt: [random(2001) - 1000, random(2001) - 1000],
    redundantPicCnt: random(128),
    memoryManagement: chance() ? [[1, random(2)], [5]] : undefined,
    sliceQpDelta: random(11) - 5,
    sliceGroupChangeCycle: random(2),
    sliceId: 0,
    sliceData: Uint8Array.of(0xa5, 0x5a, 0xc3),
  };
}

/** The syntax elements that clause 7.3.3 asks for, under their names there; `undefined` for one that is not present. */
function expectedElements({ sps, pps }: ActiveParameterSets, slice: SliceFields): Record<string, number | undefined> {
  const idrPicFlag = slice.nalUnitType === 5;
  const frame = !slice.fieldPicFlag;
  const deltas = sps.picOrderCntType === 1 && !sps.deltaPicOrderAlwaysZeroFlag;
  const bottom = frame && pps.bottomFieldPicOrderInFramePresentFlag;
  const changes = pps.sliceGroups !== undefined && 'changeRateMinus1' in pps.sliceGroups;
  const when = (present: boolean, value: number | boolean): number | undefined => (present ? Number(value) : undefined);
  return {
    nal_ref_idc: slice.nalRefIdc,
    first_mb_in_slice: slice.firstMbInSlice,
    slice_type: slice.sliceType,
    pic_parameter_set_id: pps.picParameterSetId,
    colour_plane_id: when(sps.separateColourPlaneFlag, slice.colourPlaneId),
    frame_num: slice.frameNum,
    field_pic_flag: when(!sps.frameMbsOnlyFlag, slice.fieldPicFlag),
    bottom_field_flag: when(slice.fieldPicFlag, slice.bottomFieldFlag),
    idr_pic_id: when(idrPicFlag, slice.idrPicId),
    pic_order_cnt_lsb: when(sps.picOrderCntType === 0, slice.picOrderCntLsb),
    delta_pic_order_cnt_bottom: when(sps.picOrderCntType === 0 && bottom, slice.deltaPicOrderCntBottom),
    'delta_pic_order_cnt[0]': when(deltas, slice.deltaPicOrderCnt[0]),
    'delta_pic_order_cnt[1]': when(deltas && bottom, slice.deltaPicOrderCnt[1]),
    redundant_pic_cnt: when(pps.redundantPicCntPresentFlag, slice.redundantPicCnt),
    adaptive_ref_pic_marking_mode_flag: when(slice.nalRefIdc > 0 && !idrPicFlag, slice.memoryManagement !== undefined),
    slice_qp_delta: slice.sliceQpDelta,
    slice_group_change_cycle: when(changes, slice.sliceGroupChangeCycle),
  };
}

describeWith(ffmpegTool, 'slice writer', () => {
  it('writes headers that FFmpeg reads field by field', async () => {
    // FFmpeg opens no stream that begins with slice groups or colour planes.
    const units = [...syntheticStream('frames').nalUnits.flat()];
    const opening = units.length;
    const expected: Record<string, number | undefined>[] = [];
    for (let round = 0; round < 400; round++) {
      const active = randomParameterSets();
      const slice = randomSlice(active);
      units.push(seqParameterSet(active.sps), picParameterSet(active.pps), codedSlice(active, slice));
      expected.push(expectedElements(active, slice));
    }
    const traced = await traceHeaders(Buffer.concat(units.flatMap((unit) => [Uint8Array.of(0, 0, 0, 1), unit])));
    const headers = traced.slice(opening).map(({ elements }) => new Map(elements));
    const slices = headers.filter((elements) => [1, 5].includes(elements.get('nal_unit_type') ?? 0));
    expect(slices).toHaveLength(expected.length);
    slices.forEach((elements, index) => {
      const wanted = expected[index] ?? {};
      const found = Object.fromEntries(Object.keys(wanted).map((name) => [name, elements.get(name)]));
      expect(found, `slice ${index}`).toEqual(wanted);
    });
  });
});
