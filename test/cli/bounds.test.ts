import { describe, expect, it } from 'vitest';
import { MAX_ACCESS_UNIT_SIZE } from '../../src/codec/access-unit-splitter.js';
import { joinByteStream } from '../support/byte-stream.js';
import { MAX_SEI_MESSAGES_PER_FRAME } from '../../src/codec/results.js';
import { createSeiNalUnit } from '../../src/index.js';
import { defaultPps, defaultSps, picParameterSet, seqParameterSet } from '../support/parameter-set-writer.js';
import { codedSlice, sliceTypes } from '../support/slice-writer.js';
import { parseLines, runInProcess } from './run.js';

const active = { sps: defaultSps, pps: defaultPps };
const parameterSets = [seqParameterSet(defaultSps), picParameterSet(defaultPps)];
const idr = codedSlice(active, { nalUnitType: 5, nalRefIdc: 3, sliceType: sliceTypes.I });
const next = codedSlice(active, { frameNum: 1, picOrderCntLsb: 2 });

/** An access unit of a length, nearly all of it the data of its slice. */
function accessUnitOf(length: number): Buffer {
  const head = joinByteStream([...parameterSets, idr]);
  return Buffer.concat([head, Buffer.alloc(length - head.length, 0x55)]);
}

describe('an access unit that is too large', () => {
  const stream = Buffer.concat([accessUnitOf(2 * MAX_ACCESS_UNIT_SIZE + 5), joinByteStream([next])]);

  it('is marked by inspect where it is cut', async () => {
    const run = await runInProcess(['inspect', '--json', '-'], { stdin: [stream] });
    const lines = parseLines(run.stdout);
    expect(lines.map(({ accessUnit, nalUnitType, isCut }) => [accessUnit, nalUnitType, isCut])).toEqual([
      [0, 7, undefined],
      [0, 8, undefined],
      [0, 5, true],
      [1, 1, undefined],
    ]);
    expect(run.stderr).toMatch(
      /^2 access units, 4 NAL units, .*\nh264-sei: warning: 1 access unit larger than 16777216 bytes: read in pieces/,
    );
    const table = (await runInProcess(['inspect', '-'], { stdin: [stream] })).stdout.toString();
    expect(table.split('\n')[3]).toMatch(/5 IDR slice \(cut/);
    expect(table.match(/cut/g)).toHaveLength(1);
  });

  it('is told of by extract and strip, also with --quiet', async () => {
    for (const command of ['extract', 'strip']) {
      const { code, stderr } = await runInProcess([command, '-q', '-'], { stdin: [stream] });
      expect(code).toBe(0);
      expect(stderr).toMatch(/^h264-sei: warning: 1 access unit larger than [^\n]*\n$/);
    }
  });

  it('is no access unit of just the size that it may have: the picture behind that takes a message', async () => {
    const whole = Buffer.concat([accessUnitOf(MAX_ACCESS_UNIT_SIZE), joinByteStream([next])]);
    const injected = await runInProcess(['inject', '--every', '1', '-m', 'x', '-'], { stdin: [whole] });
    expect(injected.stderr).toBe('injected 2 messages into 2 of 2 access units\n');
    const inspected = await runInProcess(['inspect', '-q', '--json', '-'], { stdin: [whole] });
    expect(inspected).toMatchObject({ stderr: '' });
    expect(inspected.stdout.toString()).not.toContain('isCut');
  });
});

describe('an access unit with too many messages', () => {
  const streamWith = (count: number) =>
    joinByteStream([...parameterSets, ...Array<Uint8Array>(count).fill(createSeiNalUnit(Uint8Array.of(1))), idr]);

  it.each(['extract', 'strip', 'inspect'])('is told of by %s, also with --quiet', async (command) => {
    const full = await runInProcess([command, '-q', '-'], { stdin: [streamWith(MAX_SEI_MESSAGES_PER_FRAME + 1)] });
    expect(full.code).toBe(0);
    expect(full.stderr).toMatch(/^h264-sei: warning: 1 access unit with 16384 SEI messages or more: [^\n]*\n$/);
    const most = await runInProcess([command, '-q', '-'], { stdin: [streamWith(MAX_SEI_MESSAGES_PER_FRAME - 1)] });
    expect(most).toMatchObject({ code: 0, stderr: '' });
  });
});
