import { describe, expect, it } from 'vitest';
import { splitNalUnits } from '../../src/index.js';
import { fixtureClip, fixtureClips } from '../support/streams.js';
import { parseLines, runInProcess } from './run.js';

describe('inspect --json', () => {
  it.each(fixtureClips)('$name: lists every NAL unit, where it is and what it is', async (clip) => {
    const { code, stdout, stderr } = await runInProcess(['inspect', '--json', clip.path]);
    expect(code).toBe(0);
    const data = clip.read();
    const expected = splitNalUnits(data, 'annexb').map((nalUnit) => ({
      offset: nalUnit.byteOffset - data.byteOffset,
      size: nalUnit.length,
      nalUnitType: nalUnit[0] & 0x1f,
      nalRefIdc: nalUnit[0] >> 5,
    }));
    const lines = parseLines(stdout);
    expect(lines).toMatchObject(expected);
    expect(lines.at(-1)).toMatchObject({ accessUnit: clip.accessUnitSizes.length - 1 });
    expect(stderr).toContain(`${clip.accessUnitSizes.length} access units, ${expected.length} NAL units, `);
  });

  it('lists the messages of SEI', async () => {
    const { stdout } = await runInProcess(['inspect', '--json', fixtureClip('hrd.h264').path]);
    const sei = parseLines(stdout).filter(({ nalUnitType }) => nalUnitType === 6);
    expect(sei[0]).toMatchObject({ name: 'SEI', messages: [{ payloadType: 0, name: 'buffering_period' }] });
    expect(sei[1]).toMatchObject({ messages: [{ payloadType: 5, uuid: 'dc45e9bd-e6d9-48b7-962c-d820d923eeef' }] });
  });
});

describe('inspect', () => {
  it('shows a table', async () => {
    const injected = await runInProcess([
      'inject',
      '-m',
      `é\u001b[2J${'x'.repeat(1000)}`,
      fixtureClip('cabac.h264').path,
    ]);
    const { stdout } = await runInProcess(['inspect', '-'], { stdin: [injected.stdout] });
    const lines = stdout.toString().split('\n');
    expect(lines[0]).toMatch(/^access unit +offset +size +ref +nal_unit_type$/);
    expect(lines[1]).toMatch(/^0 +4 +\d+ +3 +7 sequence parameter set$/);
    const ours = lines.find((line) => line.includes('b16d7d56-892e-419c-8d82-e069cd3aa5c1'));
    expect(ours).toMatch(/^ +1006 +5 user_data_unregistered b16d7d56\S+ "é\\u001b\[2Jx+"…$/);
    expect(stdout.includes(0x1b)).toBe(false);
  });
});
