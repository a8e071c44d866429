import { describe, expect, it } from 'vitest';
import { scanStartCodes } from '../../src/codec/start-code-scan.js';
import {
  parsePictureParameterSet,
  parseSequenceParameterSet,
  type PictureParameterSet,
  type SequenceParameterSet,
} from '../../src/codec/parameter-sets.js';
import {
  MAX_SLICE_HEADER_LENGTH,
  isFirstVclOfPicture,
  mayBeFirstVclOfPicture,
  parseSliceHeader,
  type SliceHeader,
} from '../../src/codec/slice-header.js';
import { ffmpegTool, traceHeaders } from '../support/ffmpeg-cli.js';
import { defaultPps, defaultSps, picParameterSet, seqParameterSet } from '../support/parameter-set-writer.js';
import type { PpsFields, SpsFields } from '../support/parameter-set-writer.js';
import { describeWith } from '../support/skip.js';
import { codedSlice, type SliceFields } from '../support/slice-writer.js';
import { conformanceStreams, fixtureClips } from '../support/streams.js';

interface Active {
  sps?: Partial<SpsFields>;
  pps?: Partial<PpsFields>;
}

function parse(slice: Partial<SliceFields>, active: Active = {}, length?: number): SliceHeader | undefined {
  const sps = { ...defaultSps, ...active.sps };
  const pps = { ...defaultPps, ...active.pps };
  const spsById = new Map([[sps.seqParameterSetId, parseSequenceParameterSet(seqParameterSet(sps))]]);
  const ppsById = new Map([[pps.picParameterSetId, parsePictureParameterSet(picParameterSet(pps))]]);
  return parseSliceHeader(codedSlice({ sps, pps }, slice).subarray(0, length), spsById, ppsById);
}

/** Every slice header of a byte stream. */
function parseAll(data: Uint8Array): SliceHeader[] {
  const offsets = new Uint32Array(data.length / 3);
  const count = scanStartCodes(data, offsets);
  const spsById = new Map<number, SequenceParameterSet>();
  const ppsById = new Map<number, PictureParameterSet>();
  const headers: SliceHeader[] = [];
  for (let i = 0; i < count; i++) {
    const nal = data.subarray(offsets[i], i + 1 < count ? offsets[i + 1] - 3 : data.length);
    const type = nal[0] & 31;
    if (type === 7) {
      const sps = parseSequenceParameterSet(nal);
      spsById.set(sps.sequenceParameterSetId, sps);
    } else if (type === 8) {
      const pps = parsePictureParameterSet(nal);
      ppsById.set(pps.pictureParameterSetId, pps);
    } else if (type === 1 || type === 5) {
      const header = parseSliceHeader(nal, spsById, ppsById);
      if (header === undefined) throw new Error('a slice refers to a parameter set that is not there');
      headers.push(header);
    }
  }
  return headers;
}

describeWith(ffmpegTool, 'parseSliceHeader, against what FFmpeg reads', () => {
  // FFmpeg refuses a stream without base layer.
  const streams = [...fixtureClips, ...conformanceStreams.filter((stream) => stream.accessUnits !== undefined)];
  it.each(streams)('$name', async (stream) => {
    const data = stream.read();
    const traced = (await traceHeaders(data))
      .map((unit) => new Map(unit.elements))
      .filter((elements) => elements.has('first_mb_in_slice'));
    expect(traced.length).toBeGreaterThan(0);
    const expected = traced.map((elements) => ({
      nalUnitType: elements.get('nal_unit_type'),
      nalRefIdc: elements.get('nal_ref_idc'),
      firstMbInSlice: elements.get('first_mb_in_slice'),
      sliceType: elements.get('slice_type'),
      pictureParameterSetId: elements.get('pic_parameter_set_id'),
      frameNum: elements.get('frame_num'),
      fieldPicFlag: elements.get('field_pic_flag') === 1,
      bottomFieldFlag: elements.get('bottom_field_flag') === 1,
      idrPicId: elements.get('idr_pic_id') ?? 0,
      picOrderCntLsb: elements.get('pic_order_cnt_lsb') ?? 0,
      deltaPicOrderCntBottom: elements.get('delta_pic_order_cnt_bottom') ?? 0,
      deltaPicOrderCnt0: elements.get('delta_pic_order_cnt[0]') ?? 0,
      deltaPicOrderCnt1: elements.get('delta_pic_order_cnt[1]') ?? 0,
      redundantPicCnt: elements.get('redundant_pic_cnt') ?? 0,
    }));
    expect(parseAll(data)).toEqual(expected.map((each): unknown => expect.objectContaining(each)));
  });
});

describe('parseSliceHeader', () => {
  it('reads a plain P slice', () => {
    expect(parse({ firstMbInSlice: 360, sliceType: 5, frameNum: 9, picOrderCntLsb: 33 })).toEqual({
      nalUnitType: 1,
      nalRefIdc: 2,
      firstMbInSlice: 360,
      sliceType: 5,
      pictureParameterSetId: 0,
      frameNum: 9,
      fieldPicFlag: false,
      bottomFieldFlag: false,
      idrPicId: 0,
      picOrderCntType: 0,
      picOrderCntLsb: 33,
      deltaPicOrderCntBottom: 0,
      deltaPicOrderCnt0: 0,
      deltaPicOrderCnt1: 0,
      redundantPicCnt: 0,
    });
  });

  it('reads fields, and the delta of the bottom field only in frames', () => {
    const active = { sps: { frameMbsOnlyFlag: false }, pps: { bottomFieldPicOrderInFramePresentFlag: true } };
    const field = { fieldPicFlag: true, bottomFieldFlag: true, picOrderCntLsb: 5, nalUnitType: 5, idrPicId: 65535 };
    expect(parse({ ...field, sliceType: 7 }, active)).toMatchObject({ ...field, deltaPicOrderCntBottom: 0 });
    expect(parse({ deltaPicOrderCntBottom: -3 }, active)).toMatchObject({
      fieldPicFlag: false,
      deltaPicOrderCntBottom: -3,
    });
  });

  it('reads the deltas of pic_order_cnt_type 1, with redundant_pic_cnt behind them', () => {
    const pps = { bottomFieldPicOrderInFramePresentFlag: true, redundantPicCntPresentFlag: true };
    const slice: Partial<SliceFields> = { deltaPicOrderCnt: [-70_000, 12], redundantPicCnt: 127 };
    expect(parse(slice, { sps: { picOrderCntType: 1 }, pps })).toMatchObject({
      picOrderCntType: 1,
      deltaPicOrderCnt0: -70_000,
      deltaPicOrderCnt1: 12,
      redundantPicCnt: 127,
    });
    const zero = { picOrderCntType: 1, deltaPicOrderAlwaysZeroFlag: true } as const;
    expect(parse({ ...slice, redundantPicCnt: 3 }, { sps: zero, pps })).toMatchObject({
      deltaPicOrderCnt0: 0,
      redundantPicCnt: 3,
    });
    expect(parse({ redundantPicCnt: 2 }, { sps: { picOrderCntType: 2 }, pps })).toMatchObject({ redundantPicCnt: 2 });
  });

  it('reads the colour plane of separate planes', () => {
    const sps = { profileIdc: 244, chromaFormatIdc: 3, separateColourPlaneFlag: true };
    expect(parse({ colourPlaneId: 2, frameNum: 11 }, { sps })).toMatchObject({ frameNum: 11 });
  });

  it('reads slice data partition A', () => {
    expect(parse({ nalUnitType: 2, frameNum: 3, sliceId: 9 })).toMatchObject({ nalUnitType: 2, frameNum: 3 });
  });

  it('finds the longest header, escaped, within MAX_SLICE_HEADER_LENGTH', () => {
    const sps = {
      ...{ profileIdc: 244, chromaFormatIdc: 3, separateColourPlaneFlag: true, frameMbsOnlyFlag: false },
      ...{ log2MaxFrameNumMinus4: 12, picOrderCntType: 1 as const },
    };
    const pps = {
      ...{ picParameterSetId: 255, bottomFieldPicOrderInFramePresentFlag: true, redundantPicCntPresentFlag: true },
    };
    const slice: Partial<SliceFields> = {
      ...{ nalUnitType: 5, firstMbInSlice: 2 ** 32 - 2, sliceType: 9, idrPicId: 65535, redundantPicCnt: 127 },
      deltaPicOrderCnt: [2 ** 30, 2 ** 30],
    };
    expect(parse(slice, { sps, pps }, 1 + MAX_SLICE_HEADER_LENGTH)).toMatchObject({ redundantPicCnt: 127 });
  });

  it('answers undefined where a parameter set is missing', () => {
    const { sps, pps } = { sps: defaultSps, pps: defaultPps };
    const slice = codedSlice({ sps, pps }, {});
    const spsById = new Map([[0, parseSequenceParameterSet(seqParameterSet(sps))]]);
    const ppsById = new Map([[0, parsePictureParameterSet(picParameterSet(pps))]]);
    expect(parseSliceHeader(slice, spsById, ppsById)).toBeDefined();
    expect(parseSliceHeader(slice, spsById, new Map())).toBeUndefined();
    expect(parseSliceHeader(slice, new Map(), ppsById)).toBeUndefined();
  });

  it.each([
    ['no bytes', [], 0],
    ['a type without slice header', [0x06, 5, 1, 0, 0x80], 0],
    ['slice data partition B', [0x43, 0x80, 0x80], 0],
    ['a header alone', [0x41], 1],
    ['slice_type 10', [0x41, 0b1_0001011, 0xff], 1],
    ['a first_mb_in_slice that does not end', [0x41, 0, 0, 3, 0, 0, 3, 0, 0, 3], 5],
  ])('throws for %s', (_name, bytes, offset) => {
    const attempt = (): unknown => parseSliceHeader(Uint8Array.from(bytes), new Map(), new Map());
    expect(attempt).toThrow(expect.objectContaining({ name: 'SeiError', code: 'ERR_SEI_MALFORMED', offset }));
  });

  it('throws where a header ends behind pic_parameter_set_id', () => {
    expect(() => parse({}, {}, 2)).toThrow(expect.objectContaining({ code: 'ERR_SEI_MALFORMED', offset: 2 }));
  });
});

describe('isFirstVclOfPicture', () => {
  const slice: SliceHeader = {
    ...{ nalUnitType: 1, nalRefIdc: 2, firstMbInSlice: 0, sliceType: 5, pictureParameterSetId: 0, frameNum: 4 },
    ...{ fieldPicFlag: true, bottomFieldFlag: false, idrPicId: 0, picOrderCntType: 0, picOrderCntLsb: 8 },
    ...{ deltaPicOrderCntBottom: 0, deltaPicOrderCnt0: 0, deltaPicOrderCnt1: 0, redundantPicCnt: 0 },
  };
  const idr: SliceHeader = { ...slice, nalUnitType: 5, idrPicId: 1 };
  const type1: SliceHeader = { ...slice, picOrderCntType: 1 };

  it.each<[string, SliceHeader, Partial<SliceHeader>]>([
    ['frame_num', slice, { frameNum: 5 }],
    ['pic_parameter_set_id', slice, { pictureParameterSetId: 1 }],
    ['field_pic_flag', slice, { fieldPicFlag: false }],
    ['bottom_field_flag', slice, { bottomFieldFlag: true }],
    ['nal_ref_idc, one being 0', slice, { nalRefIdc: 0 }],
    ['pic_order_cnt_lsb', slice, { picOrderCntLsb: 10 }],
    ['delta_pic_order_cnt_bottom', slice, { deltaPicOrderCntBottom: -1 }],
    ['delta_pic_order_cnt[ 0 ]', type1, { deltaPicOrderCnt0: 1 }],
    ['delta_pic_order_cnt[ 1 ]', type1, { deltaPicOrderCnt1: 1 }],
    ['IdrPicFlag', slice, { nalUnitType: 5 }],
    ['idr_pic_id', idr, { idrPicId: 0 }],
  ])('is true where %s differs, either way round', (_name, base, difference) => {
    expect(isFirstVclOfPicture(base, { ...base, ...difference })).toBe(true);
    expect(isFirstVclOfPicture({ ...base, ...difference }, base)).toBe(true);
  });

  it.each<[string, SliceHeader, Partial<SliceHeader>]>([
    ['nothing', slice, {}],
    ['first_mb_in_slice and slice_type', slice, { firstMbInSlice: 44, sliceType: 7 }],
    ['nal_ref_idc, none being 0', slice, { nalRefIdc: 1 }],
    ['slice data partitioning', slice, { nalUnitType: 2 }],
    ['the elements of the other pic_order_cnt_type', slice, { deltaPicOrderCnt0: 1, deltaPicOrderCnt1: 1 }],
    ['the elements of pic_order_cnt_type 0', type1, { picOrderCntLsb: 1, deltaPicOrderCntBottom: 1 }],
  ])('is false where %s differs', (_name, base, difference) => {
    expect(isFirstVclOfPicture(base, { ...base, ...difference })).toBe(false);
  });
});

describe('mayBeFirstVclOfPicture', () => {
  const slice = { nalUnitType: 1, nalRefIdc: 2, firstMbInSlice: 7, sliceType: 5, pictureParameterSetId: 0 };

  it('goes by first_mb_in_slice, and by what differs', () => {
    expect(mayBeFirstVclOfPicture(slice, slice)).toBe(false);
    expect(mayBeFirstVclOfPicture(undefined, slice)).toBe(false);
    expect(mayBeFirstVclOfPicture(undefined, { ...slice, firstMbInSlice: 0 })).toBe(true);
    expect(mayBeFirstVclOfPicture(slice, { ...slice, firstMbInSlice: 8 })).toBe(false);
    for (const difference of [
      { firstMbInSlice: 0 },
      { firstMbInSlice: 6 },
      { nalUnitType: 5 },
      { nalRefIdc: 0 },
      { pictureParameterSetId: 1 },
    ]) {
      expect(mayBeFirstVclOfPicture(slice, { ...slice, ...difference })).toBe(true);
    }
    expect(mayBeFirstVclOfPicture(slice, { ...slice, nalRefIdc: 1, nalUnitType: 2, sliceType: 0 })).toBe(false);
  });
});
