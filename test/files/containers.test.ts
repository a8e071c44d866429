import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { DEFAULT_SEI_UUID } from '../../src/index.js';
import { extractMessages, injectIntoFile, readPackets, stripFile } from '../../src/files/index.js';
import { ffmpegTool, ffprobeTool } from '../support/ffmpeg-cli.js';
import { ffmpeg, mediaReport, shownMessages } from '../support/media.js';
import { describeWith } from '../support/skip.js';
import { useFolder } from '../cli/run.js';
import { BASE, CASES, writeTexts } from './media-files.js';

const folder = useFolder();

/** The times of the pictures as they are shown, in milliseconds. */
async function shownTimes(path: string): Promise<number[]> {
  const times: number[] = [];
  for await (const { presentationTimeMs } of readPackets(path)) times.push(presentationTimeMs ?? NaN);
  return times.sort((a, b) => a - b);
}

describeWith([ffmpegTool, ffprobeTool], 'files that FFmpeg has made', () => {
  beforeAll(async () => {
    await writeTexts(folder.root);
    for (const { name, args } of [BASE, ...CASES]) await ffmpeg([...args, name], folder.root);
  }, 240_000);

  it.each([BASE, ...CASES])(
    '$name: messages go in and come out, and nothing else changes',
    async ({ name, hasFreeClock = false, ffmpegShiftMs = 0, keepsLongSizes = false }) => {
      const [source, target, stripped] = [name, `injected-${name}`, `stripped-${name}`].map((each) =>
        join(folder.root, each),
      );
      const times = await shownTimes(source);
      // A message on each picture, a long one now and then, asked for in the middle between two pictures.
      const origin = hasFreeClock ? times[0] : 0;
      const messages = times
        .map((time, i) => ({
          timeMs: (i === 0 ? time : (times[i - 1] + time) / 2) - origin,
          content: `at ${time.toFixed(0)} ${'x'.repeat(i % 7 === 0 ? 3000 : i)}`,
        }))
        .filter(({ timeMs }) => timeMs >= 0);
      const result = await injectIntoFile(source, target, { messages });
      expect(result).toMatchObject({ messages: messages.length, unplaced: 0, packets: times.length });

      const before = await mediaReport(source);
      const after = await mediaReport(target);
      expect(after.streams).toEqual(before.streams);
      expect(after.packets).toEqual(before.packets);
      expect(after.pictures).toEqual(before.pictures);

      const read: { time: number; text: string }[] = [];
      for await (const { presentationTimeMs = NaN, payload } of extractMessages(target, {
        uuids: [DEFAULT_SEI_UUID],
      })) {
        read.push({ time: presentationTimeMs / 1000, text: Buffer.from(payload).toString() });
      }
      read.sort((a, b) => a.time - b.time);
      expect(read.map(({ text }) => text)).toEqual(messages.map(({ content }) => content));
      for (const { time, text } of read)
        expect(Math.abs(time * 1000 - Number(/^at (-?\d+) /.exec(text)?.[1]))).toBeLessThan(0.502);
      // FFmpeg's decoder leaves out pictures in front of the start of an edit list, and says times in its own timeline.
      const shown = await shownMessages(target, DEFAULT_SEI_UUID);
      expect(shown.length).toBeGreaterThan(times.length / 2);
      expect(shown.map(({ text }) => text)).toEqual(read.slice(-shown.length).map(({ text }) => text));
      for (const { time, text } of shown) {
        const told = Number(/^at (-?\d+) /.exec(text)?.[1]) / 1000;
        expect(Math.abs(told + ffmpegShiftMs / 1000 - time)).toBeLessThan(0.002);
      }

      expect(await stripFile(target, stripped)).toMatchObject({ messages: messages.length });
      if (keepsLongSizes) expect(await mediaReport(stripped)).toEqual(before);
      else expect((await readFile(stripped)).equals(await readFile(source))).toBe(true);
    },
    120_000,
  );
});
