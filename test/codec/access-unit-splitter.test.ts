import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AccessUnitSplitter,
  MAX_ACCESS_UNIT_SIZE,
  MAX_PARAMETER_SET_LENGTH,
  MAX_PREFIX_NAL_UNIT_LENGTH,
  type AccessUnitSplitterOptions,
} from '../../src/codec/access-unit-splitter.js';
import { scanStartCodes } from '../../src/codec/start-code-scan.js';
import { joinByteStream } from '../support/byte-stream.js';
import {
  accessUnitDelimiter,
  endOfSequence,
  nalUnit,
  opaqueNalUnit,
  seiMessage,
  svcPrefixNalUnit,
} from '../support/nal-unit-writer.js';
import { defaultPps, defaultSps, picParameterSet, seqParameterSet } from '../support/parameter-set-writer.js';
import { codedSlice, defaultParameterSets, sliceDataPartition, type SliceFields } from '../support/slice-writer.js';
import { conformanceStreams, conformanceTool, fixtureClip, fixtureClips } from '../support/streams.js';
import { describeWith } from '../support/skip.js';
import { syntheticStreams } from '../support/synthetic.js';
import { runs } from '../property/arbitraries.js';

/** Pushes `data` in chunks, each a copy of its own that is overwritten after the call, and collects what comes out. */
function split(data: Uint8Array, nextLength: () => number, options?: AccessUnitSplitterOptions): Buffer[] {
  const splitter = new AccessUnitSplitter(options);
  const accessUnits: Buffer[] = [];
  for (let at = 0; at < data.length;) {
    const chunk = Uint8Array.from(data.subarray(at, at + Math.max(0, nextLength())));
    at += chunk.length;
    for (const accessUnit of splitter.push(chunk)) accessUnits.push(Buffer.from(accessUnit));
    chunk.fill(0x5a);
  }
  for (const accessUnit of splitter.flush()) accessUnits.push(Buffer.from(accessUnit));
  return accessUnits;
}

function splitWhole(data: Uint8Array, options?: AccessUnitSplitterOptions): Buffer[] {
  return split(data, () => data.length, options);
}

function sizes(accessUnits: readonly Uint8Array[]): number[] {
  return accessUnits.map(({ length }) => length);
}

const parameterSets = [seqParameterSet(defaultSps), picParameterSet(defaultPps)];

function slice(fields: Partial<SliceFields> = {}): Uint8Array {
  return codedSlice(defaultParameterSets, fields);
}

const idr = slice({ nalUnitType: 5, nalRefIdc: 3, sliceType: 7 });

/** Expects the access units, given as lists of NAL units, to be found again, in one chunk and byte by byte. */
function expectAccessUnits(...nalUnits: Uint8Array[][]): void {
  const accessUnits = nalUnits.map((each) => joinByteStream(each));
  const data = Buffer.concat(accessUnits);
  const expected = accessUnits.map((each) => Buffer.from(each));
  expect(splitWhole(data)).toEqual(expected);
  expect(split(data, () => 1)).toEqual(expected);
}

describe('access units of streams made from syntax elements', () => {
  it.each(syntheticStreams)('$name: $about', ({ accessUnits }) => {
    const data = Buffer.concat(accessUnits);
    const expected = accessUnits.map((each) => Buffer.from(each));
    expect(splitWhole(data)).toEqual(expected);
    for (let at = 1; at < data.length; at++) {
      let isFirst = true;
      const nextLength = (): number => {
        const length = isFirst ? at : data.length;
        isFirst = false;
        return length;
      };
      if (Buffer.compare(Buffer.concat(split(data, nextLength)), data) !== 0) expect.fail(`bytes lost at ${at}`);
      isFirst = true;
      expect(sizes(split(data, nextLength))).toEqual(sizes(expected));
    }
    expect(split(data, () => 1)).toEqual(expected);
  });
});

describe('access units of an encoder', () => {
  it.each(fixtureClips)('$name', (clip) => {
    const data = clip.read();
    for (const chunkLength of [data.length, 65_536, 1316, 11, 1]) {
      const accessUnits = split(data, () => chunkLength);
      expect(sizes(accessUnits)).toEqual(clip.accessUnitSizes);
      expect(Buffer.concat(accessUnits).equals(data)).toBe(true);
    }
  });
});

describeWith(conformanceTool, 'access units of conformance streams', () => {
  it.each(conformanceStreams)('$name', (stream) => {
    const data = stream.read();
    const expected = splitWhole(data);
    // A stream without a base layer has no primary coded picture to split by.
    expect(expected.length).toBe(stream.accessUnits ?? 1);
    expect(Buffer.concat(expected).equals(data)).toBe(true);
    for (const chunkLength of [65_536, 1316, 13]) {
      expect(sizes(split(data, () => chunkLength))).toEqual(sizes(expected));
    }
  });
});

describe('where an access unit begins', () => {
  const other = { frameNum: 1, picOrderCntLsb: 2 };

  it.each([6, 7, 8, 9, 15, 16, 17, 18])('with the first NAL unit of type %i behind the last slice', (type) => {
    expectAccessUnits([...parameterSets, idr], [opaqueNalUnit(type), slice({ firstMbInSlice: 9 })]);
  });

  it.each([0, 10, 11, 12, 13, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31])('never with type %i', (type) => {
    expectAccessUnits([...parameterSets, idr, opaqueNalUnit(type)], [accessUnitDelimiter(), slice(other)]);
  });

  it('not before there is a slice, whatever comes', () => {
    const sei = seiMessage(5, new Uint8Array(20));
    const second = slice({ nalUnitType: 5, nalRefIdc: 3, sliceType: 7, firstMbInSlice: 50 });
    const accessUnit = [accessUnitDelimiter(), sei, endOfSequence, ...parameterSets, idr, second];
    expectAccessUnits([...parameterSets, ...accessUnit], [sei]);
  });

  it('behind a picture of which nothing but a slice data partition is left', () => {
    const partition = sliceDataPartition(3, defaultParameterSets, {});
    expectAccessUnits([...parameterSets, partition], [accessUnitDelimiter(), idr]);
  });

  it('with the first macroblock again, even if the headers are those of the picture before', () => {
    // Encoders of which every picture is an IDR picture with idr_pic_id 0.
    const second = slice({ nalUnitType: 5, nalRefIdc: 3, sliceType: 7, firstMbInSlice: 50 });
    expectAccessUnits([...parameterSets, idr], [idr], [idr, second, second], [idr, second]);
  });

  it('never with a redundant slice, whatever its header says, nor by comparison with one', () => {
    const redundantPicCntPresentFlag = true;
    const [first, second] = [0, 1].map((picParameterSetId) => ({
      sps: defaultSps,
      pps: { ...defaultPps, picParameterSetId, redundantPicCntPresentFlag },
    }));
    expectAccessUnits(
      [
        ...[seqParameterSet(defaultSps), picParameterSet(first.pps), picParameterSet(second.pps)],
        ...[
          codedSlice(first, {}),
          codedSlice(second, { redundantPicCnt: 1 }),
          codedSlice(first, { firstMbInSlice: 9 }),
        ],
      ],
      [codedSlice(first, other), codedSlice(second, { ...other, redundantPicCnt: 2 })],
    );
  });

  it('by no parameter set that only the zeros behind it would complete', () => {
    const pps = { ...defaultPps, picParameterSetId: 1, bottomFieldPicOrderInFramePresentFlag: true };
    const active = { sps: defaultSps, pps };
    // pic_parameter_set_id 1 and bottom_field_pic_order_in_frame_present_flag 0; two flags are missing.
    const cut = Uint8Array.of(0x68, 0b010_1_0_0_1_1, 0b1_000_1_1_1_0);
    const start = Buffer.concat([
      joinByteStream([seqParameterSet(defaultSps), picParameterSet(pps), cut]),
      Uint8Array.of(0),
    ]);
    const slices = [0, 5].map((deltaPicOrderCntBottom) =>
      joinByteStream([codedSlice(active, { deltaPicOrderCntBottom })]),
    );
    const data = Buffer.concat([start, ...slices]);
    expect(sizes(splitWhole(data))).toEqual([start.length + slices[0].length, slices[1].length]);
  });

  it('at a prefix NAL unit that no slice follows', () => {
    const prefix = svcPrefixNalUnit(2, { idrFlag: false, temporalId: 0 });
    for (const next of [accessUnitDelimiter(), opaqueNalUnit(12), prefix]) {
      expectAccessUnits([...parameterSets, idr], [prefix, next, slice(other)]);
    }
    expectAccessUnits([...parameterSets, idr], [prefix]);
  });

  it('at a prefix NAL unit that is too long to be one', () => {
    const same = slice({ nalUnitType: 5, nalRefIdc: 3, sliceType: 7, firstMbInSlice: 50 });
    // The NAL unit and the four bytes of start code behind it.
    const prefix = (distance: number): Uint8Array => Buffer.alloc(distance - 4, 0x6e);
    expectAccessUnits([...parameterSets, idr, prefix(MAX_PREFIX_NAL_UNIT_LENGTH), same]);
    expectAccessUnits([...parameterSets, idr], [prefix(MAX_PREFIX_NAL_UNIT_LENGTH + 1), same]);
  });

  it('by sequence parameter sets of type 7 only', () => {
    const data = new Uint8Array(seqParameterSet({ ...defaultSps, log2MaxFrameNumMinus4: 12 }));
    data[0] = 0x6f;
    expectAccessUnits([...parameterSets, data, idr], [slice(other)], [slice({ frameNum: 2, picOrderCntLsb: 4 })]);
  });

  it('by the parameter sets that were there before one that cannot be read', () => {
    const broken = [Uint8Array.of(0x67, 66, 0), Uint8Array.of(0x68, 0), Uint8Array.of(0x67), Uint8Array.of(0x68)];
    const second = slice({ firstMbInSlice: 30, ...other });
    expectAccessUnits([...parameterSets, ...broken, idr], [slice(other), second]);
  });

  it('by first_mb_in_slice and what differs while a parameter set is missing', () => {
    const [first, second] = [slice({ firstMbInSlice: 0 }), slice({ firstMbInSlice: 20 })];
    expectAccessUnits([first, second], [first], [first, second, second], [slice({ firstMbInSlice: 20, nalRefIdc: 0 })]);
    expectAccessUnits([parameterSets[1], first, second], [first, second]);
  });

  it('with no slice that cannot be read', () => {
    // No first_mb_in_slice; one that ends too early; slice_type 10.
    const broken = [Uint8Array.of(0x41), Uint8Array.of(0x65, 0x01), Uint8Array.of(0x41, 0b1_0001011, 0xff)];
    expectAccessUnits([...parameterSets, idr, ...broken], [slice(other)]);
  });

  it('by what is left of a slice that ends within its header', () => {
    const cut = slice({ firstMbInSlice: 0, frameNum: 1 }).subarray(0, 2);
    expectAccessUnits([...parameterSets, idr], [cut], [cut], [slice(other)]);
  });

  it('keeps a parameter set that is too long from deciding anything', () => {
    const groups = {
      mapType: 6,
      groups: 8,
      sliceGroupIds: Array<number>(MAX_PARAMETER_SET_LENGTH * 3).fill(5),
    } as const;
    const long = picParameterSet({ ...defaultPps, sliceGroups: groups, redundantPicCntPresentFlag: true });
    expect(long.length).toBeGreaterThan(MAX_PARAMETER_SET_LENGTH);
    const data = joinByteStream([...parameterSets, long, idr, slice(other)]);
    expect(splitWhole(data)).toHaveLength(2);
    expect(sizes(split(data, () => 7))).toEqual(sizes(splitWhole(data)));
  });

  it('reads a slice group map of the largest picture', () => {
    const groups = { mapType: 6, groups: 8, sliceGroupIds: Array<number>(139_264).fill(5) } as const;
    const pps = { ...defaultPps, sliceGroups: groups, redundantPicCntPresentFlag: true };
    const active = { sps: defaultSps, pps };
    const redundant = codedSlice(active, { ...other, redundantPicCnt: 1 });
    expectAccessUnits(
      [seqParameterSet(defaultSps), picParameterSet(pps), codedSlice(active, {})],
      [codedSlice(active, other), redundant],
    );
  });
});

describe('AccessUnitSplitter', () => {
  const data = joinByteStream([
    ...parameterSets,
    idr,
    slice({ frameNum: 1 }),
    accessUnitDelimiter(),
    slice({ frameNum: 2 }),
  ]);
  const expected = splitWhole(data);

  it('puts out an access unit as soon as the header behind it tells', () => {
    const stream = joinByteStream([...parameterSets, idr, accessUnitDelimiter()]);
    const header = stream.length - 2;
    const splitter = new AccessUnitSplitter();
    expect(splitter.push(stream.subarray(0, header))).toEqual([]);
    expect(sizes(splitter.push(stream.subarray(header, header + 1)))).toEqual([header - 4]);
    expect(splitter.push(stream.subarray(header + 1))).toEqual([]);
    expect(sizes(splitter.flush())).toEqual([6]);
  });

  it('puts out an access unit as soon as the slice header behind it tells, before its slice data', () => {
    const next = slice({ frameNum: 1, sliceData: new Uint8Array(5000).fill(0xaa) });
    const first = joinByteStream([...parameterSets, idr]);
    const stream = joinByteStream([...parameterSets, idr, next]);
    const splitter = new AccessUnitSplitter();
    let at = 0;
    while (splitter.push(stream.subarray(at, at + 1)).length === 0) at++;
    // Start code, header, and four bytes with everything up to pic_order_cnt_lsb.
    expect(at - first.length).toBeLessThan(4 + 1 + 4);
  });

  it('answers views of a chunk where an access unit lies in it, and copies otherwise', () => {
    const splitter = new AccessUnitSplitter();
    const chunk = Uint8Array.from(data);
    const [first, second] = splitter.push(chunk);
    expect(first.buffer === chunk.buffer && second.buffer === chunk.buffer).toBe(true);
    const [last] = splitter.flush();
    expect(last.buffer === chunk.buffer).toBe(false);
    chunk.fill(0);
    expect(Buffer.from(last)).toEqual(expected[2]);
  });

  it('answers memory that later calls leave alone', () => {
    const splitter = new AccessUnitSplitter();
    const accessUnits = Array.from(data, (byte) => splitter.push(Uint8Array.of(byte))).flat();
    accessUnits.push(...splitter.flush());
    splitter.push(new Uint8Array(data.length).fill(0xee));
    expect(accessUnits.map((each) => Buffer.from(each))).toEqual(expected);
  });

  it('answers memory that is there until the next call, with reuseMemory', () => {
    const clip = fixtureClip('1080p.h264');
    for (const chunkLength of [1, 1000, 7000, 30_000]) {
      const accessUnits = split(clip.read(), () => chunkLength, { reuseMemory: true });
      expect(sizes(accessUnits)).toEqual(clip.accessUnitSizes);
      expect(Buffer.concat(accessUnits).equals(clip.read())).toBe(true);
    }
    const splitter = new AccessUnitSplitter({ reuseMemory: true });
    const buffers = new Set<ArrayBufferLike>();
    for (let round = 0; round < 1000; round++) {
      const chunk = Uint8Array.from(data);
      for (const { buffer } of splitter.push(chunk)) if (buffer !== chunk.buffer) buffers.add(buffer);
    }
    expect(buffers.size).toBeLessThanOrEqual(2);
  });

  it('answers a Buffer for a Buffer', () => {
    const splitter = new AccessUnitSplitter();
    const accessUnits = [
      ...splitter.push(Buffer.from(data.subarray(0, 30))),
      ...splitter.push(Buffer.from(data.subarray(30))),
    ];
    accessUnits.push(...splitter.flush());
    expect(accessUnits.every((each) => Buffer.isBuffer(each))).toBe(true);
    expect(accessUnits).toEqual(expected);
  });

  it('is as new after flush', () => {
    const splitter = new AccessUnitSplitter();
    expect(splitter.flush()).toEqual([]);
    for (let round = 0; round < 3; round++) {
      const accessUnits = [...splitter.push(data.subarray(0, 40)), ...splitter.push(data.subarray(40))];
      accessUnits.push(...splitter.flush());
      expect(accessUnits.map((each) => Buffer.from(each))).toEqual(expected);
      expect(splitter.flush()).toEqual([]);
    }
    // Without its parameter sets the second slice is taken for a picture of its own only by first_mb_in_slice.
    const lone = joinByteStream([slice({ frameNum: 1 }), slice({ frameNum: 2, firstMbInSlice: 3 })]);
    expect([...splitter.push(lone), ...splitter.flush()]).toHaveLength(1);
  });

  it('passes on what holds no start code', () => {
    for (const bytes of [[], [0], [0, 0], [0, 0, 1], [0, 0, 0, 1], [1, 2, 3, 4, 5]]) {
      expect(split(Uint8Array.from(bytes), () => 1).map((each) => [...each])).toEqual(bytes.length > 0 ? [bytes] : []);
    }
  });

  it('forgets at flush what the stream ended with', () => {
    const splitter = new AccessUnitSplitter();
    splitter.push(Uint8Array.of(0, 0, 1));
    splitter.flush();
    const accessUnits = splitter.push(Buffer.concat([idr, joinByteStream([accessUnitDelimiter(), idr])]));
    expect([...accessUnits, ...splitter.flush()]).toHaveLength(1);
  });

  it('finds a start code at every place around the end of what is scanned at once', () => {
    for (let length = 65_536 - 8; length <= 65_536 + 8; length++) {
      const head = joinByteStream([...parameterSets, idr]);
      const data = Buffer.concat([
        head,
        Buffer.alloc(length - head.length, 0x77),
        joinByteStream([slice({ frameNum: 1 })]),
      ]);
      expect(sizes(splitWhole(data))).toEqual([length, data.length - length]);
    }
  });

  it('takes empty chunks', () => {
    const splitter = new AccessUnitSplitter();
    expect(splitter.push(new Uint8Array(0))).toEqual([]);
    expect(splitter.push(data.subarray(0, 9))).toEqual([]);
    expect(splitter.push(new Uint8Array(0))).toEqual([]);
    expect([...splitter.push(data.subarray(9)), ...splitter.flush()]).toEqual(
      expected.map((each) => Uint8Array.from(each)),
    );
  });

  it('uses the scan that it is given, whose offsets may be short and may reach the end', () => {
    const clip = fixtureClip('slices.h264').read();
    const scanned: number[] = [];
    const scan = (bytes: Uint8Array, offsets: Uint32Array): number => {
      scanned.push(bytes.length);
      return scanStartCodes(bytes, offsets);
    };
    expect(split(clip, () => 4000, { scan })).toEqual(split(clip, () => 4000));
    expect(scanned.length).toBeGreaterThan(0);
    expect(splitWhole(clip, { scan: () => 0 })).toEqual([Buffer.from(clip)]);
  });

  it('rejects what is no option and no chunk', () => {
    const notAFunction = 5 as unknown as () => number;
    const notANumber = '5' as unknown as number;
    const notABoolean = 1 as unknown as boolean;
    const type: unknown = expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    const range: unknown = expect.objectContaining({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
    expect(() => new AccessUnitSplitter({ scan: notAFunction })).toThrow(type);
    expect(() => new AccessUnitSplitter({ maxAccessUnitSize: notANumber })).toThrow(type);
    expect(() => new AccessUnitSplitter({ reuseMemory: notABoolean })).toThrow(type);
    for (const maxAccessUnitSize of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => new AccessUnitSplitter({ maxAccessUnitSize })).toThrow(range);
    }
    for (const chunk of [undefined, null, 'text', [0, 0, 1], new ArrayBuffer(4)]) {
      expect(() => new AccessUnitSplitter().push(chunk as unknown as Uint8Array)).toThrow(type);
    }
  });
});

describe('maxAccessUnitSize', () => {
  it('cuts an access unit that is larger, into pieces of that size, whatever the chunks', () => {
    const large = slice({ frameNum: 1, sliceData: new Uint8Array(2500).fill(0x77) });
    const data = joinByteStream([...parameterSets, idr, large, slice({ frameNum: 2 })]);
    const [first, second, third] = sizes(splitWhole(data));
    const pieces = [first, 1000, 1000, second - 2000, third];
    for (const chunkLength of [data.length, 100, 1]) {
      expect(sizes(split(data, () => chunkLength, { maxAccessUnitSize: 1000 }))).toEqual(pieces);
    }
    const splitter = new AccessUnitSplitter({ maxAccessUnitSize: 1000 });
    splitter.push(data);
    splitter.flush();
    expect(splitter.forcedCuts).toBe(2);
  });

  it('leaves alone one that has just that size', () => {
    const clip = fixtureClip('cabac.h264');
    const options = { maxAccessUnitSize: Math.max(...clip.accessUnitSizes) };
    for (const chunkLength of [4000, 1]) {
      expect(sizes(split(clip.read(), () => chunkLength, options))).toEqual(clip.accessUnitSizes);
    }
  });

  const head = joinByteStream([...parameterSets, idr]);
  it.each([
    ['zeros', [], [0]],
    ['noise without a start code', [], [0x5a, 0xa5]],
    ['NAL units without a slice', [], [0, 0, 1, 9, 0xf0]],
    ['a sequence parameter set without end', [0, 0, 1, 0x67], [0xff]],
    ['a prefix NAL unit without end', [...head, 0, 0, 1, 0x6e], [0xff]],
    ['a slice of zeros without end', [...head, 0, 0, 1, 0x41], [0]],
  ])('bounds what is held of %s', (_name, start, pattern) => {
    const splitter = new AccessUnitSplitter();
    let held = start.length;
    let most = 0;
    const take = (pieces: Uint8Array[]): void => {
      pieces.forEach(({ length }) => (held -= length));
    };
    take(splitter.push(Uint8Array.from(start)));
    const chunk = Buffer.alloc(1 << 20, Uint8Array.from(pattern));
    for (let i = 0; i < 20; i++) {
      held += chunk.length;
      take(splitter.push(chunk));
      most = Math.max(most, held);
    }
    expect(most).toBeLessThanOrEqual(MAX_ACCESS_UNIT_SIZE + 4);
    expect(splitter.forcedCuts).toBe(1);
    take(splitter.flush());
    expect(held).toBe(0);
  });
});

describe('any bytes', () => {
  const headers = Array.from({ length: 32 }, (_, type) => 0x60 | type);
  const realNalUnits = [
    ...parameterSets,
    ...[idr, slice({ firstMbInSlice: 9 }), slice({ frameNum: 1 }), slice({ frameNum: 1, firstMbInSlice: 9 })],
    ...[accessUnitDelimiter(), endOfSequence, svcPrefixNalUnit(2, { idrFlag: false, temporalId: 0 })],
    nalUnit(1, 2, Uint8Array.of(0, 0, 0, 0, 0, 0x80)),
  ];
  const piece = fc.oneof(
    fc.constantFrom(...realNalUnits.map((each) => joinByteStream([each]))),
    fc.constantFrom(...realNalUnits.map((each) => Buffer.concat([Uint8Array.of(0, 0, 1), each, Uint8Array.of(0, 0)]))),
    fc.constantFrom(...headers).map((header) => Uint8Array.of(0, 0, 1, header)),
    fc.nat({ max: 70 }).map((length) => new Uint8Array(length)),
    fc.constantFrom([0, 0, 1], [0, 0, 3], [0, 0, 2], [0], [1]).map((bytes) => Uint8Array.from(bytes)),
    fc.uint8Array({ maxLength: 40 }),
  );
  const stream = fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.concat(pieces));
  const lengths = fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 20 });
  const limit = fc.oneof(fc.constant(MAX_ACCESS_UNIT_SIZE), fc.integer({ min: 1, max: 400 }));

  function expectSame(data: Uint8Array, chunkLengths: number[], maxAccessUnitSize: number): void {
    const options = { maxAccessUnitSize };
    const whole = splitWhole(data, options);
    expect(splitWhole(data, { ...options, reuseMemory: true })).toEqual(whole);
    expect(Buffer.concat(whole).equals(data)).toBe(true);
    expect(whole.every(({ length }) => length > 0 && length <= maxAccessUnitSize)).toBe(true);
    expect(split(data, () => 1, options)).toEqual(whole);
    let i = 0;
    // Chunks of 0 bytes among them, but not without end.
    const nextLength = (): number => chunkLengths[i++ % chunkLengths.length] || (i % 7 === 0 ? 1 : 0);
    expect(split(data, nextLength, options)).toEqual(whole);
    expect(split(data, nextLength, { ...options, reuseMemory: true })).toEqual(whole);
  }

  it('come out as they went in, split the same whatever the chunks', () => {
    fc.assert(fc.property(stream, lengths, limit, expectSame), runs(1000));
  });

  it('do so when they are a real stream with some bytes changed', () => {
    const clips = ['slices.h264', 'hrd.h264'].map((name) => fixtureClip(name).read());
    const change = fc.tuple(fc.nat(), fc.constantFrom(0, 0, 1, 3, 0x65, 0x67, 0x68, 0x41, 0x6e, 0xff));
    fc.assert(
      fc.property(
        fc.constantFrom(...clips),
        fc.array(change, { maxLength: 200 }),
        lengths,
        (clip, changes, chunkLengths) => {
          const data = clip.slice(0, 6000);
          for (const [at, byte] of changes) data[at % data.length] = byte;
          expectSame(data, chunkLengths, 2000);
        },
      ),
      runs(50),
    );
  });

  it.each([
    ['tiny NAL units', [0, 0, 1, 9]],
    ['empty NAL units', [0, 0, 1]],
    ['tiny slices', [0, 0, 1, 0x41, 0x80]],
    ['tiny access units', [0, 0, 1, 9, 0, 0, 1, 0x65, 0x88]],
    ['tiny parameter sets', [0, 0, 1, 0x67, 0x42]],
    ['prefix NAL units', [0, 0, 1, 0x6e, 0, 0, 1, 0x41, 0xb4]],
    ['zeros', [0]],
  ])('are scanned once or twice each, even when they are %s', (_name, pattern) => {
    const data = Buffer.alloc(1 << 20, Uint8Array.from(pattern));
    for (const chunkLength of [data.length, 1000]) {
      let scanned = 0;
      const scan = (bytes: Uint8Array, offsets: Uint32Array): number => {
        scanned += bytes.length;
        return scanStartCodes(bytes, offsets);
      };
      const accessUnits = split(data, () => chunkLength, { scan });
      expect(sizes(accessUnits).reduce((sum, each) => sum + each, 0)).toBe(data.length);
      // The first block that is dense is scanned again, with room for all of its start codes.
      expect(scanned).toBeLessThan(data.length * 1.1);
    }
  });
});

describe('an access unit that is not complete', () => {
  it.each([...syntheticStreams.map(({ name, accessUnits }) => ({ name, data: Buffer.concat(accessUnits) }))])(
    '$name: shows what is certain to belong to it, byte by byte',
    ({ data }) => {
      const splitter = new AccessUnitSplitter();
      const expected = splitWhole(data);
      let index = 0;
      let start = 0;
      let shown = 0;
      for (let at = 0; at < data.length; at++) {
        for (const accessUnit of splitter.push(data.subarray(at, at + 1))) {
          expect(accessUnit.length).toBeGreaterThanOrEqual(shown);
          index++;
          start += accessUnit.length;
          shown = 0;
        }
        const { incomplete } = splitter;
        // It grows, is a part of the access unit that comes out in the end, and lags by no more than what is not read.
        if (incomplete.length < shown || incomplete.length > expected[index].length) expect.fail(`wrong at byte ${at}`);
        if (Buffer.compare(incomplete, data.subarray(start, start + incomplete.length)) !== 0) expect.fail(`at ${at}`);
        shown = incomplete.length;
      }
    },
  );

  it('has a picture from the moment that its first slice header is read', () => {
    const splitter = new AccessUnitSplitter();
    splitter.push(joinByteStream(parameterSets));
    expect(splitter.hasVcl).toBe(false);
    splitter.push(joinByteStream([idr]));
    expect(splitter.hasVcl).toBe(true);
    expect(splitter.incomplete.length).toBe(joinByteStream([...parameterSets, idr]).length);
    splitter.push(joinByteStream([accessUnitDelimiter()]));
    expect(splitter.hasVcl).toBe(false);
    splitter.flush();
    expect([splitter.hasVcl, splitter.incomplete.length]).toEqual([false, 0]);
  });

  it.each([
    ['00', 1],
    ['0000', 2],
    ['000000', 3],
    ['000001', 3],
    ['00000001', 4],
    ['0000000000', 3],
    ['01', 0],
    ['0002', 0],
  ])('keeps back %s at its end as far as it may be a start code: %i bytes', (end, kept) => {
    const splitter = new AccessUnitSplitter();
    const data = Buffer.concat([joinByteStream([...parameterSets, idr]), Buffer.from(end, 'hex')]);
    splitter.push(data);
    expect(data.length - splitter.incomplete.length).toBe(kept);
  });
});
