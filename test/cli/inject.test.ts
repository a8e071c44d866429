import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { MAX_ACCESS_UNIT_SIZE } from '../../src/codec/access-unit-splitter.js';
import { joinByteStream } from '../support/byte-stream.js';
import { accessUnitDelimiter } from '../support/nal-unit-writer.js';
import { defaultPps, defaultSps, picParameterSet, seqParameterSet } from '../support/parameter-set-writer.js';
import { codedSlice, sliceTypes } from '../support/slice-writer.js';
import { fixtureClip } from '../support/streams.js';
import { parseLines, runInProcess, useFolder } from './run.js';

const folder = useFolder();
const clip = fixtureClip('cabac.h264'); // 30 frames, 25 a second

async function placesOf(video: Buffer): Promise<[unknown, unknown][]> {
  const { stdout } = await runInProcess(['extract', '--ours', '-'], { stdin: [video] });
  return parseLines(stdout).map(({ accessUnit, text }) => [accessUnit, text]);
}

async function injectFile(lines: readonly object[], ...args: string[]) {
  const file = folder.path('messages.jsonl');
  await writeFile(file, `\n${lines.map((line) => JSON.stringify(line)).join('\r\n')}\n\n`);
  return runInProcess(['inject', '--messages', file, ...args]);
}

/** A stream without VUI, of 10 frames or of 10 pairs of fields. */
function streamWithoutVui(isFields: boolean): Buffer {
  const sps = { ...defaultSps, profileIdc: 77, frameMbsOnlyFlag: false };
  const active = { sps, pps: defaultPps };
  const nalUnits = [seqParameterSet(sps), picParameterSet(defaultPps)];
  for (let frameNum = 0; frameNum < 10; frameNum++) {
    const idr = frameNum === 0 ? { nalUnitType: 5, sliceType: sliceTypes.I } : {};
    const frame = { frameNum, picOrderCntLsb: 2 * frameNum };
    if (!isFields) {
      nalUnits.push(codedSlice(active, { ...frame, ...idr }));
      continue;
    }
    nalUnits.push(codedSlice(active, { ...frame, ...idr, fieldPicFlag: true }));
    nalUnits.push(codedSlice(active, { ...frame, fieldPicFlag: true, bottomFieldFlag: true }));
  }
  return Buffer.from(joinByteStream(nalUnits));
}

describe('inject', () => {
  it('puts messages into the first picture only, without --every', async () => {
    const { stdout } = await runInProcess(['inject', '-m', 'a', '--message', 'b', clip.path]);
    expect(await placesOf(stdout)).toEqual([
      [0, 'a'],
      [0, 'b'],
    ]);
  });

  it('repeats with --every', async () => {
    const { stdout } = await runInProcess(['inject', '-m', 'a', '--every', '12', clip.path]);
    expect(await placesOf(stdout)).toEqual([
      [0, 'a'],
      [12, 'a'],
      [24, 'a'],
    ]);
  });

  it('takes seconds, access units, and JSON, in any order, and keeps the order of lines within a picture', async () => {
    const { code, stdout } = await injectFile(
      [
        { at: 0.5, message: 'half' },
        { frame: 3, message: { b: 1, a: [null, 'é'] } },
        { at: '12f', message: 'twelve' },
        { at: '0.04s', message: '' },
        { at: 0.52, message: 'same' },
        { at: 0, message: 7 },
      ],
      clip.path,
    );
    expect(code).toBe(0);
    expect(await placesOf(stdout)).toEqual([
      [0, '7'],
      [1, ''],
      [3, '{"b":1,"a":[null,"é"]}'],
      [12, 'twelve'],
      [13, 'half'],
      [13, 'same'],
    ]);
  });

  it('counts time with the frame rate it is given', async () => {
    const { stdout } = await injectFile([{ at: 0.5, message: 'x' }], '--fps', '10', clip.path);
    expect(await placesOf(stdout)).toEqual([[5, 'x']]);
    const ntsc = await injectFile([{ at: 1.001, message: 'x' }], '--fps', '24000/1001', clip.path);
    expect(await placesOf(ntsc.stdout)).toEqual([[24, 'x']]);
  });

  it('reads the frame rate behind interlaced parameter sets and HRD', async () => {
    for (const name of ['mbaff.h264', 'hrd.h264']) {
      const { stdout } = await injectFile([{ at: 0.2, message: 'x' }], fixtureClip(name).path);
      expect(await placesOf(stdout)).toEqual([[5, 'x']]);
    }
  });

  it('counts a field as half a frame', async () => {
    for (const [isFields, accessUnit] of [
      [false, 5],
      [true, 10],
    ] as const) {
      await writeFile(folder.path('pictures.h264'), streamWithoutVui(isFields));
      const { stdout } = await injectFile([{ at: 0.5, message: 'x' }], '--fps', '10', folder.path('pictures.h264'));
      expect(await placesOf(stdout)).toEqual([[accessUnit, 'x']]);
    }
  });

  it('asks for --fps where the stream does not say its frame rate, and only where it matters', async () => {
    const path = folder.path('no-vui.h264');
    await writeFile(path, streamWithoutVui(false));
    const failed = await injectFile([{ at: 0.5, message: 'x' }], path, folder.path('none.h264'));
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toMatch(/frame rate.*--fps/);
    expect((await injectFile([{ frame: 1, message: 'x' }], path, folder.path('some.h264'))).code).toBe(0);
  });

  it('takes a UUID for all messages and one for a line', async () => {
    const own = '00000000-0000-0000-0000-000000000001';
    const all = '9E504EA5-EE5A-4F02-949F-B033A3768DA2';
    const { stdout } = await injectFile(
      [
        { frame: 0, message: 'own', uuid: own },
        { frame: 0, message: 'all' },
      ],
      '--uuid',
      all,
      clip.path,
    );
    const lines = parseLines(
      (await runInProcess(['extract', '--uuid', own, '--uuid', all, '-'], { stdin: [stdout] })).stdout,
    );
    expect(lines.map(({ uuid, text }) => [uuid, text])).toEqual([
      [own, 'own'],
      [all.toLowerCase(), 'all'],
    ]);
  });

  it('ends with 3 where a place lies past the end, with the output complete', async () => {
    const output = folder.path('past.h264');
    const run = await injectFile(
      [
        { at: 1.16, message: 'in' },
        { at: 1.2, message: 'out' },
        { frame: 30, message: 'out' },
      ],
      clip.path,
      output,
    );
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('h264-sei: 2 messages not injected');
    expect((await runInProcess(['strip', output])).stdout.equals(Buffer.from(clip.read()))).toBe(true);
    expect((await runInProcess(['extract', '--ours', output])).stderr).toBe('extracted 1 message\n');
  });

  it('gives an access unit without a picture nothing', async () => {
    const stream = Buffer.concat([clip.read(), joinByteStream([accessUnitDelimiter()])]);
    const run = await runInProcess(['inject', '-m', 'x', '--every', '1', '-'], { stdin: [stream] });
    expect(run.stderr).toBe('injected 30 messages into 30 of 31 access units\n');
    const onlyDelimiter = await runInProcess(['inject', '-m', 'x', '-'], {
      stdin: [joinByteStream([accessUnitDelimiter()])],
    });
    expect(onlyDelimiter).toMatchObject({ code: 3, stdout: Buffer.from([0, 0, 0, 1, 9, 0xf0]) });
  });

  it('puts nothing between the slices of a picture that is larger than an access unit may be', async () => {
    const active = { sps: defaultSps, pps: defaultPps };
    const slice = (firstMbInSlice: number) =>
      codedSlice(active, { nalUnitType: 5, nalRefIdc: 3, sliceType: sliceTypes.I, firstMbInSlice });
    const parameterSets = joinByteStream([seqParameterSet(defaultSps), picParameterSet(defaultPps)]);
    const firstSlice = [joinByteStream([slice(0)]), Buffer.alloc(MAX_ACCESS_UNIT_SIZE, 0x55)];
    const stream = Buffer.concat([parameterSets, ...firstSlice, joinByteStream([slice(50)]), clip.read()]);
    const run = await runInProcess(['inject', '-m', 'x', '--every', '1', '-'], { stdin: [stream] });
    expect(run.stderr).toBe('injected 31 messages into 31 of 31 access units\n');
    expect((await runInProcess(['strip', '-'], { stdin: [run.stdout] })).stdout.equals(stream)).toBe(true);
  });

  it('says nothing with --quiet, but errors', async () => {
    const run = await runInProcess(['inject', '-q', '-m', 'x', clip.path]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect((await runInProcess(['inject', '-q', '-m', 'x', folder.path('absent')])).stderr).toMatch(
      /cannot read .*absent: no such/,
    );
  });

  it('reads messages from stdin', async () => {
    const stdin = [Buffer.from('{"frame":1,"message":"from stdin"}\n')];
    const { stdout } = await runInProcess(['inject', '--messages', '-', clip.path], { stdin });
    expect(await placesOf(stdout)).toEqual([[1, 'from stdin']]);
  });
});

describe('usage', () => {
  it.each([
    [['inject', 'in.h264'], /--message/],
    [['inject', '--every', '2', '--messages', 'm', 'in.h264'], /--every/],
    [['inject', '--every', '0', '-m', 'x', 'in.h264'], /--every/],
    [['inject', '--every', '1.5', '-m', 'x', 'in.h264'], /--every/],
    [['inject', '--fps', '0', '-m', 'x', 'in.h264'], /--fps/],
    [['inject', '--fps', '25/0', '-m', 'x', 'in.h264'], /--fps/],
    [['inject', '--uuid', 'abc', '-m', 'x', 'in.h264'], /'abc' is no UUID/],
    [['inject', '--messages', '-', '-'], /stdin/],
    [['inject', '-m', 'x'], /missing required argument 'input'/],
    [['extract', '--type', '-1', 'in.h264'], /--type/],
    [['strip', 'a', 'b', 'c'], /too many arguments/],
    [['stripp', 'a'], /unknown command 'stripp'.*\n.*strip/],
    [['strip', '--al', 'a'], /unknown option '--al'/],
    [[], /Usage: h264-sei/],
  ])('%j ends with 2', async (args, message) => {
    const run = await runInProcess(args);
    expect(run).toMatchObject({ code: 2, stdout: Buffer.alloc(0) });
    expect(run.stderr).toMatch(message);
  });

  it('writes no video to a terminal', async () => {
    for (const args of [['inject', '-m', 'x'], ['strip']]) {
      const run = await runInProcess([...args, clip.path], { isTerminal: true });
      expect(run).toMatchObject({ code: 2, stdout: Buffer.alloc(0) });
      expect(run.stderr).toMatch(/terminal.*output file/);
    }
    expect((await runInProcess(['extract', clip.path], { isTerminal: true })).code).toBe(0);
  });

  it('has help with examples for each command, and a version', async () => {
    for (const command of ['inject', 'extract', 'inspect', 'strip', 'detect']) {
      const run = await runInProcess([command, '--help']);
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect(run.stdout.toString()).toContain(`$ h264-sei ${command}`);
    }
    expect((await runInProcess(['--version'])).stdout.toString()).toMatch(/^\d+\.\d+\.\d+/);
  });
});
