import { describe, expect, it } from 'vitest';
import { decodeFrameChecksums, decodeSideData, splitWithFfmpegParser } from './decoder.js';
import {
  ffmpegFrameChecksums,
  ffmpegTool,
  ffmpegUserData,
  ffprobeAccessUnitSizes,
  ffprobeTool,
  isFfmpegAvailable,
  traceHeaders,
} from './ffmpeg-cli.js';
import { nodeAvTool } from './node-av.js';
import { describeWith } from './skip.js';
import { clipsFolder, conformanceStreams, conformanceTool, fixtureClip, fixtureClips } from './streams.js';
import { syntheticStream, syntheticStreams } from './synthetic.js';
import { expectLinearTime } from './growth.js';

const sizes = (units: readonly Uint8Array[]): number[] => units.map((unit) => unit.length);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const uuidOfX264 = Buffer.from('dc45e9bde6d948b7962cd820d923eeef', 'hex');

/** FFmpeg's decoder finds no picture here: one access unit of parameter sets and slice extensions alone. */
const undecodable = new Set(['sps_subsetsps_bothVUI.264']);

describe('fixture clips', () => {
  it('are there', () => {
    expect(fixtureClips.map((clip) => clip.name)).toContain('cabac.h264');
    expect(fixtureClips.length, clipsFolder).toBeGreaterThanOrEqual(9);
  });

  it.each(fixtureClips)('$name has the bytes that clips.json speaks of', (clip) => {
    expect(clip.read().length).toBe(sum(clip.accessUnitSizes));
  });

  it('has no clip under a wrong name', () => {
    expect(() => fixtureClip('none.h264')).toThrow('none.h264');
  });
});

describeWith(nodeAvTool, 'decoder of node-av', () => {
  it.each(fixtureClips)('decodes every frame of $name', async (clip) => {
    const checksums = await decodeFrameChecksums(clip.read());
    expect(checksums).toHaveLength(clip.frames);
    expect(new Set(checksums).size).toBeGreaterThan(clip.frames / 2);
  });

  it.each(fixtureClips)('cuts $name where the encoder did', async (clip) => {
    const stream = clip.read();
    const units = await splitWithFfmpegParser(stream);
    expect(sizes(units)).toEqual(clip.accessUnitSizes);
    expect(Buffer.concat(units).equals(stream)).toBe(true);
  });

  it('tells changed pixels', async () => {
    const clip = fixtureClip('cavlc-baseline.h264');
    const stream = clip.read();
    const [first = 0, second = 0] = clip.accessUnitSizes;
    const without = Buffer.concat([stream.subarray(0, first), stream.subarray(first + second)]);
    const [intact, broken] = [await decodeFrameChecksums(stream), await decodeFrameChecksums(without)];
    expect(broken[0]).toBe(intact[0]);
    expect(broken).not.toEqual(intact);
  });

  it('refuses what is no video', async () => {
    await expect(decodeFrameChecksums(Uint8Array.of(0, 0, 0, 1, 0x65, 0xff, 0xff))).rejects.toThrow('access unit 0');
  });

  it('finds the message that x264 writes', async () => {
    const clip = fixtureClip('cabac.h264');
    const messages = await decodeSideData(clip.read());
    expect(messages).toHaveLength(clip.frames);
    expect(Buffer.from(messages[0] ?? []).subarray(0, 16)).toEqual(uuidOfX264);
    expect(messages[1]).toBeUndefined();
  });
});

describeWith([ffmpegTool, ffprobeTool, nodeAvTool], 'ffmpeg and ffprobe', () => {
  it.each(fixtureClips)('agree with node-av about $name', async (clip) => {
    const stream = clip.read();
    expect(await ffmpegFrameChecksums(stream)).toEqual(await decodeFrameChecksums(stream));
    expect(await ffprobeAccessUnitSizes(stream)).toEqual(clip.accessUnitSizes);
  });

  it('find the message that x264 writes, whole', async () => {
    const [message, ...others] = await ffmpegUserData(fixtureClip('slices.h264').read());
    const [sideData] = await decodeSideData(fixtureClip('slices.h264').read());
    expect(others).toEqual([]);
    expect(message?.packet).toBe(0);
    expect(Buffer.concat([message?.uuid ?? new Uint8Array(), message?.userData ?? new Uint8Array()])).toEqual(
      Buffer.from(sideData ?? []),
    );
  });

  it('find each message of an access unit', async () => {
    const { accessUnits } = syntheticStream('delimited');
    const messages = await ffmpegUserData(Buffer.concat(accessUnits));
    expect(messages.map(({ packet, uuid, userData }) => [packet, uuid[0], [...userData]])).toEqual([
      [0, 0, [0, 0, 0, 0]],
      [0, 1, [1, 1, 1, 1]],
      [1, 0, [0, 0, 0, 0]],
      [1, 2, [2, 2, 2, 2]],
      [2, 3, [3, 3, 3, 3]],
      [2, 0, [0, 0, 0, 0]],
    ]);
  });

  it('say why they fail', async () => {
    await expect(ffmpegFrameChecksums(Uint8Array.of(1, 2, 3))).rejects.toThrow('ffmpeg ended with status');
  });
});

describeWith([conformanceTool, nodeAvTool], 'conformance streams', () => {
  const counted = conformanceStreams.filter((stream) => stream.accessUnits !== undefined);

  it.each(counted)('$name has as many access units as known', async (stream) => {
    expect(await splitWithFfmpegParser(stream.read())).toHaveLength(stream.accessUnits ?? 0);
  });

  const decodable = conformanceStreams.filter(({ name }) => !undecodable.has(name));

  it.each(decodable)('$name decodes', async (stream) => {
    const checksums = await decodeFrameChecksums(stream.read());
    expect(checksums.length).toBeGreaterThan(0);
    if (isFfmpegAvailable().available) expect(await ffmpegFrameChecksums(stream.read())).toEqual(checksums);
  });
});

/** The NAL units between start codes, without the zeros around them: the simplest scan there is. */
function nalUnitsOf(stream: Uint8Array): string[] {
  const hex = Buffer.from(stream).toString('latin1').split('\0\0\x01').slice(1);
  return hex.map((unit) => Buffer.from(unit.replace(/\0+$/, ''), 'latin1').toString('hex'));
}

/** What FFmpeg's parser gets wrong, going by first_mb_in_slice and knowing nothing of types 14 to 20. */
const beyondFfmpegParser = [
  'boundary-by-nal-unit-type',
  'arbitrary-slice-order',
  'fmo-type-2',
  'fmo-type-3',
  'fmo-type-4',
  'fmo-type-6',
  'redundant-slices',
  'separate-colour-planes',
  'svc-prefix-nal-units',
  'mvc-stereo',
  'changed-parameter-sets',
];

describe('synthetic streams', () => {
  it('have names of their own', () => {
    expect(new Set(syntheticStreams.map(({ name }) => name)).size).toBe(syntheticStreams.length);
    expect(() => syntheticStream('none')).toThrow('none');
  });

  it.each(syntheticStreams)('$name consists of the NAL units it says', ({ accessUnits, nalUnits }) => {
    const found = accessUnits.map(nalUnitsOf);
    expect(found).toEqual(nalUnits.map((units) => units.map((unit) => Buffer.from(unit).toString('hex'))));
    // Joined, no start code comes about or goes away where two access units meet.
    expect(nalUnitsOf(Buffer.concat(accessUnits))).toEqual(found.flat());
  });

  it.each(syntheticStreams)('$name holds no start code or run of zeros inside a NAL unit', ({ nalUnits }) => {
    for (const unit of nalUnits.flat()) {
      expect(Buffer.from(unit).toString('latin1')).not.toMatch(/\0\0[\0\x01\x02]|\0$/);
    }
  });
});

describeWith(nodeAvTool, 'synthetic streams in FFmpeg', () => {
  it.each(syntheticStreams)('$name is cut as far as FFmpeg knows', async ({ name, accessUnits }) => {
    const found = sizes(await splitWithFfmpegParser(Buffer.concat(accessUnits)));
    if (beyondFfmpegParser.includes(name)) expect(found).not.toEqual(sizes(accessUnits));
    else expect(found).toEqual(sizes(accessUnits));
  });
});

describeWith(ffmpegTool, 'headers of synthetic streams', () => {
  /**
   * FFmpeg opens no stream that begins with slice groups or colour planes, though it reads their headers further on.
   */
  const opener = Buffer.concat(syntheticStream('frames').accessUnits);
  /** FFmpeg wants the SPS first. */
  const streams = syntheticStreams.filter(({ name }) => name !== 'pps-before-sps');
  const readable = new Set([1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 19]);

  it.each(streams)('$name is read whole by trace_headers', async ({ accessUnits, nalUnits }) => {
    const units = (await traceHeaders(Buffer.concat([opener, ...accessUnits]))).map(
      ({ elements }) => new Map(elements),
    );
    const types = units.map((elements) => elements.get('nal_unit_type') ?? -1);
    const expected = [...syntheticStream('frames').nalUnits, ...nalUnits].flat().map((unit) => (unit[0] ?? 0) & 31);
    const known = (type: number): boolean => readable.has(type);
    expect(types.filter(known)).toEqual(expected.filter(known));
    // The trailing bits of a parameter set are where its last field ends only if all fields before are right.
    for (const elements of units) {
      if ([7, 8].includes(elements.get('nal_unit_type') ?? 0)) expect(elements.get('rbsp_stop_one_bit')).toBe(1);
    }
  });
});

describe('expectLinearTime', () => {
  const steps = (count: number) => {
    let state = 1;
    for (let step = 0; step < count; step++) state = Math.imul(state, 1_664_525) + 1;
    return state;
  };

  it('tells work that grows with the square from work that grows with the size', () => {
    expectLinearTime(5000, (size) => () => steps(1000 * size));
    expect(() => {
      expectLinearTime(5000, (size) => () => steps(size * size));
    }).toThrow('out of proportion');
  });
});
