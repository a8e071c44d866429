import { describe, expect, it } from 'vitest';
import { parsePictureParameterSet, parseSequenceParameterSet } from '../../src/codec/parameter-sets.js';
import { BitWriter } from '../support/bitstream-writer.js';
import { nalUnit } from '../support/nal-unit-writer.js';
import {
  defaultPps,
  defaultSps,
  picParameterSet,
  seqParameterSet,
  type PpsFields,
  type SliceGroups,
  type SpsFields,
} from '../support/parameter-set-writer.js';

function sps(fields: Partial<SpsFields>): Uint8Array {
  return seqParameterSet({ ...defaultSps, ...fields });
}

function pps(fields: Partial<PpsFields>): Uint8Array {
  return picParameterSet({ ...defaultPps, ...fields });
}

describe('parseSequenceParameterSet', () => {
  it('reads one that x264 wrote', () => {
    // High profile, level 3.1, 1280x720, with VUI.
    const nal = Buffer.from('6764001facd9405005bb011000000300100000030320f1831960', 'hex');
    expect(parseSequenceParameterSet(nal)).toEqual({
      sequenceParameterSetId: 0,
      separateColorPlaneFlag: false,
      log2MaxFrameNum: 4,
      picOrderCntType: 0,
      log2MaxPicOrderCntLsb: 6,
      deltaPicOrderAlwaysZeroFlag: false,
      frameMbsOnlyFlag: true,
    });
  });

  it.each([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])(
    'steps over the chroma format of profile %i',
    (profileIdc) => {
      const fields = { profileIdc, bitDepthLumaMinus8: 2, log2MaxFrameNumMinus4: 9, seqParameterSetId: 31 };
      expect(parseSequenceParameterSet(sps(fields))).toMatchObject({ sequenceParameterSetId: 31, log2MaxFrameNum: 13 });
    },
  );

  it('steps over scaling lists, with and without an early end', () => {
    // A delta_scale of -8 makes next_scale 0 at once: the default list (7.3.2.1.1.1).
    const lists = [
      Array(16).fill(1),
      undefined,
      [-8],
      undefined,
      undefined,
      [3, -11],
      Array.from({ length: 64 }, (_, i) => (i % 2 ? 5 : -5)),
      undefined,
    ];
    const fields = { profileIdc: 100, scalingLists: lists as number[][], log2MaxFrameNumMinus4: 5 };
    expect(parseSequenceParameterSet(sps({ ...fields, frameMbsOnlyFlag: false }))).toMatchObject({
      log2MaxFrameNum: 9,
      frameMbsOnlyFlag: false,
    });
  });

  it('reads separate_colour_plane_flag and all twelve scaling lists of 4:4:4', () => {
    const lists = Array.from({ length: 12 }, (_, i) => Array<number>(i < 6 ? 16 : 64).fill(i % 2));
    const fields = { profileIdc: 244, chromaFormatIdc: 3, separateColourPlaneFlag: true, log2MaxFrameNumMinus4: 12 };
    expect(parseSequenceParameterSet(sps({ ...fields, scalingLists: lists }))).toMatchObject({
      separateColorPlaneFlag: true,
      log2MaxFrameNum: 16,
    });
  });

  it('reads pic_order_cnt_type 0, 1 and 2', () => {
    expect(parseSequenceParameterSet(sps({ log2MaxPicOrderCntLsbMinus4: 12 }))).toMatchObject({
      picOrderCntType: 0,
      log2MaxPicOrderCntLsb: 16,
    });
    const offsetsForRefFrame = Array.from({ length: 255 }, (_, i) => i * 100_000 - 5_000_000);
    const type1 = { picOrderCntType: 1, deltaPicOrderAlwaysZeroFlag: true, offsetsForRefFrame } as const;
    expect(parseSequenceParameterSet(sps({ ...type1, frameMbsOnlyFlag: false }))).toMatchObject({
      picOrderCntType: 1,
      log2MaxPicOrderCntLsb: 0,
      deltaPicOrderAlwaysZeroFlag: true,
      frameMbsOnlyFlag: false,
    });
    expect(parseSequenceParameterSet(sps({ picOrderCntType: 2 }))).toMatchObject({ picOrderCntType: 2 });
  });

  const prefix = (): BitWriter => new BitWriter().u(8, 66).u(16, 30);
  it.each([
    ['seq_parameter_set_id', prefix().ue(32)],
    ['log2_max_frame_num_minus4', prefix().ue(0).ue(13)],
    ['pic_order_cnt_type', prefix().ue(0).ue(0).ue(3)],
    ['log2_max_pic_order_cnt_lsb_minus4', prefix().ue(0).ue(0).ue(0).ue(13)],
    ['num_ref_frames_in_pic_order_cnt_cycle', prefix().ue(0).ue(0).ue(1).u(1, 0).se(0).se(0).ue(256)],
    ['chroma_format_idc', new BitWriter().u(8, 100).u(16, 30).ue(0).ue(4)],
  ])('throws for a %s that is too large', (_name, writer) => {
    const nal = nalUnit(7, 3, writer.bytes(Array(400).fill(0xff)).trailingBits().toBytes());
    expect(() => parseSequenceParameterSet(nal)).toThrow(expect.objectContaining({ code: 'ERR_SEI_MALFORMED' }));
  });

  it('says where one ends too early, at whatever byte', () => {
    const nal = sps({ picOrderCntType: 1, offsetsForRefFrame: [1, -70_000, 3], profileIdc: 100 });
    let whole = 0;
    for (let length = 1; length < nal.length; length++) {
      try {
        parseSequenceParameterSet(nal.subarray(0, length));
        whole++;
      } catch (error) {
        expect(error).toMatchObject({ name: 'SeiError', code: 'ERR_SEI_MALFORMED', offset: length });
      }
    }
    // The last byte may hold nothing but what is not read.
    expect(whole).toBeLessThanOrEqual(1);
  });

  it.each([
    ['nothing', []],
    ['another type', [0x68, 0xce, 0x3c, 0x80]],
    ['a subset sequence parameter set', [0x6f, 0x53, 0, 0x0d]],
  ])('throws for %s', (_name, bytes) => {
    const parse = (): unknown => parseSequenceParameterSet(Uint8Array.from(bytes));
    expect(parse).toThrow(expect.objectContaining({ code: 'ERR_SEI_MALFORMED', offset: 0 }));
  });
});

describe('parsePictureParameterSet', () => {
  it('reads one that x264 wrote', () => {
    expect(parsePictureParameterSet(Buffer.from('68ebe3cb22c0', 'hex'))).toEqual({
      pictureParameterSetId: 0,
      sequenceParameterSetId: 0,
      bottomFieldPicOrderInFramePresentFlag: false,
      redundantPicCntPresentFlag: false,
    });
  });

  it('reads the elements in front of redundant_pic_cnt_present_flag at the ends of their ranges', () => {
    const bits = new BitWriter().ue(7).ue(31).u(2, 1).ue(0).ue(31).ue(31).u(3, 6).se(-26).se(25).se(-12).u(3, 5);
    expect(parsePictureParameterSet(nalUnit(8, 3, bits.trailingBits().toBytes()))).toEqual({
      pictureParameterSetId: 7,
      sequenceParameterSetId: 31,
      bottomFieldPicOrderInFramePresentFlag: true,
      redundantPicCntPresentFlag: true,
    });
  });

  const sliceGroups: SliceGroups[] = [
    { mapType: 0, runLengthsMinus1: [0, 10, 20, 30, 40, 50, 60, 70] },
    { mapType: 1, groups: 8 },
    { mapType: 2, rectangles: Array.from({ length: 7 }, (_, i) => [i, 12 + i] as const) },
    { mapType: 3, changeDirectionFlag: true, changeRateMinus1: 98 },
    { mapType: 4, changeDirectionFlag: false, changeRateMinus1: 0 },
    { mapType: 5, changeDirectionFlag: true, changeRateMinus1: 7 },
    ...[2, 3, 4, 5, 8].map((groups): SliceGroups => ({
      mapType: 6,
      groups,
      sliceGroupIds: Array.from({ length: 99 }, (_, i) => i % groups),
    })),
  ];
  it.each(sliceGroups)('steps over slice groups: %j', (groups) => {
    for (const flag of [false, true]) {
      const fields = {
        picParameterSetId: 255,
        seqParameterSetId: 17,
        sliceGroups: groups,
        redundantPicCntPresentFlag: flag,
      };
      expect(parsePictureParameterSet(pps({ ...fields, bottomFieldPicOrderInFramePresentFlag: !flag }))).toEqual({
        pictureParameterSetId: 255,
        sequenceParameterSetId: 17,
        bottomFieldPicOrderInFramePresentFlag: !flag,
        redundantPicCntPresentFlag: flag,
      });
    }
  });

  it.each([
    ['pic_parameter_set_id', new BitWriter().ue(256)],
    ['seq_parameter_set_id', new BitWriter().ue(0).ue(32)],
    ['num_slice_groups_minus1', new BitWriter().ue(0).ue(0).u(2, 0).ue(8)],
    ['slice_group_map_type', new BitWriter().ue(0).ue(0).u(2, 0).ue(1).ue(7)],
  ])('throws for a %s that is too large', (_name, writer) => {
    const nal = nalUnit(8, 3, writer.bytes(Array(100).fill(0xff)).trailingBits().toBytes());
    expect(() => parsePictureParameterSet(nal)).toThrow(expect.objectContaining({ code: 'ERR_SEI_MALFORMED' }));
  });

  it('ends at once where four billion slice group ids are announced', () => {
    const bits = new BitWriter()
      .ue(0)
      .ue(0)
      .u(2, 0)
      .ue(1)
      .ue(6)
      .ue(2 ** 32 - 2);
    const nal = nalUnit(8, 3, bits.trailingBits().toBytes());
    expect(() => parsePictureParameterSet(nal)).toThrow(
      expect.objectContaining({ code: 'ERR_SEI_MALFORMED', offset: nal.length }),
    );
  });

  it('throws for nothing, and for another type', () => {
    for (const bytes of [[], [0x67, 0x42, 0, 30]]) {
      const parse = (): unknown => parsePictureParameterSet(Uint8Array.from(bytes));
      expect(parse).toThrow(expect.objectContaining({ code: 'ERR_SEI_MALFORMED', offset: 0 }));
    }
  });
});
