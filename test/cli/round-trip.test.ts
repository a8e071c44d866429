import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { READ_SIZE } from '../../src/cli/chunk-memory.js';
import { conformanceStreams, fixtureClip, fixtureClips } from '../support/streams.js';
import { parseLines, pieces, runInProcess, useFolder } from './run.js';

const folder = useFolder();

// Its picture lies in an enhancement layer only, so it has none that takes SEI.
const WITHOUT_PICTURE = 'sps_subsetsps_bothVUI.264';

const streams = [...fixtureClips, ...conformanceStreams].filter(({ name }) => name !== WITHOUT_PICTURE);

describe('inject, extract and strip', () => {
  it.each(streams)(
    '$name: each picture takes a message, gives it back, and is as before without it',
    async (stream) => {
      const input = Buffer.from(stream.read());
      const output = folder.path(`${stream.name}.out`);
      const message = `π ${stream.name} "quoted"`;
      const injected = await runInProcess(['inject', '--every', '1', '-m', message, stream.path, output]);
      expect(injected).toMatchObject({ code: 0, stdout: Buffer.alloc(0) });

      const extracted = await runInProcess(['extract', '--ours', output]);
      const lines = parseLines(extracted.stdout);
      expect(lines.length).toBeGreaterThan(0);
      expect(injected.stderr).toBe(
        `injected ${lines.length} message${lines.length === 1 ? '' : 's'} into ${lines.length} of ${lines.length} access unit${lines.length === 1 ? '' : 's'}\n`,
      );
      expect(lines.map(({ accessUnit }) => accessUnit)).toEqual(lines.map((_, i) => i));
      for (const line of lines) expect(line).toMatchObject({ payloadType: 5, text: message });

      const stripped = await runInProcess(['strip', output]);
      expect(stripped.code).toBe(0);
      expect(stripped.stdout.equals(input)).toBe(true);
      expect(stripped.stderr).toMatch(`removed ${lines.length} message`);
    },
  );

  it.each(fixtureClips)('$name: there are as many access units as the encoder made', async (clip) => {
    const { stderr } = await runInProcess(['inject', '--every', '1', '-m', 'x', clip.path, folder.path('counted')]);
    expect(stderr).toContain(`of ${clip.accessUnitSizes.length} access units`);
  });

  it.each([1, 7, 1000, 65_536])('chunks of %i bytes on stdin make no difference', async (length) => {
    const clip = fixtureClip('hrd.h264');
    const whole = await runInProcess(['inject', '--every', '3', '-m', 'x', clip.path, '-']);
    const piped = await runInProcess(['inject', '--every', '3', '-m', 'x', '-'], {
      stdin: pieces(clip.read(), length),
    });
    expect(piped.code).toBe(0);
    expect(piped.stdout.equals(whole.stdout)).toBe(true);
    expect(piped.stdout.length).toBeGreaterThan(clip.read().length);
  });

  it('a file that takes several reads comes out as from a pipe', async () => {
    const clip = fixtureClip('1080p.h264').read();
    const long = Buffer.concat(Array.from({ length: Math.ceil((3.5 * READ_SIZE) / clip.length) }, () => clip));
    const [input, output] = [folder.path('long.h264'), folder.path('long.out')];
    await writeFile(input, long);
    const args = ['inject', '--every', '2', '-m', 'x'.repeat(3000)];
    expect((await runInProcess([...args, input, output])).code).toBe(0);
    const piped = await runInProcess([...args, '-'], { stdin: pieces(long, 100_000) });
    expect((await readFile(output)).equals(piped.stdout)).toBe(true);
    expect((await runInProcess(['strip', output])).stdout.equals(long)).toBe(true);
  });

  it('sends bytes that need emulation prevention, and gives them back', async () => {
    const bytes = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0xff, 0xfe, 0]);
    await writeFile(folder.path('bytes.jsonl'), JSON.stringify({ frame: 2, base64: bytes.toString('base64') }));
    const clip = fixtureClip('cabac.h264');
    const injected = await runInProcess(['inject', '--messages', folder.path('bytes.jsonl'), clip.path]);
    const extracted = await runInProcess(['extract', '--ours', '-'], { stdin: [injected.stdout] });
    const [line] = parseLines(extracted.stdout);
    expect(line).toEqual({
      accessUnit: 2,
      offset: expect.any(Number) as number,
      payloadType: 5,
      uuid: 'b16d7d56-892e-419c-8d82-e069cd3aa5c1',
      size: bytes.length,
      base64: bytes.toString('base64'),
    });
    expect(injected.stdout[line['offset'] as number]).toBe(6);
  });
});

describe('strip', () => {
  const other = '9e504ea5-ee5a-4f02-949f-b033a3768da2';

  it('leaves other UUIDs alone unless told', async () => {
    const { path } = fixtureClip('cabac.h264');
    const injected = await runInProcess(['inject', '-m', 'x', '--uuid', other.toUpperCase(), path]);
    const stdin = [injected.stdout];
    expect((await runInProcess(['strip', '-'], { stdin })).stdout.equals(injected.stdout)).toBe(true);
    const stripped = await runInProcess(['strip', '--uuid', other, '-'], { stdin });
    expect(stripped.stdout.equals(Buffer.from(fixtureClip('cabac.h264').read()))).toBe(true);
    const all = await runInProcess(['strip', '--all', '-'], { stdin });
    // The encoder's own message goes as well.
    expect(all.stderr).toBe('removed 2 messages from 1 access unit\n');
    expect(parseLines((await runInProcess(['extract', '--type', '5', '-'], { stdin: [all.stdout] })).stdout)).toEqual(
      [],
    );
  });
});
