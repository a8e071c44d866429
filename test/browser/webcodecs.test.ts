/** WebCodecs of a real browser: the decoder shows the same pictures with messages as without. */
import { beforeAll, describe, expect, it } from 'vitest';
import { chromiumTool } from '../support/chromium.js';
import { describeWith } from '../support/skip.js';
import { fixtureClip } from '../support/streams.js';
import type { WebCodecsResult } from './results.js';
import { withPage } from './with-page.js';

const functions = ['canvas', 'patchedClass', 'clip'] as const;
const formats = ['annexb', 'avc'] as const;
const clip = fixtureClip('b-pyramid.h264');

describeWith(chromiumTool, 'WebCodecs in Chromium', () => {
  const results = new Map<string, WebCodecsResult>();

  beforeAll(async () => {
    const act = async (page: { evaluate(expression: string): Promise<unknown> }): Promise<void> => {
      for (const name of functions) {
        for (const format of formats) {
          results.set(`${name} ${format}`, (await page.evaluate(`${name}('${format}')`)) as WebCodecsResult);
        }
      }
    };
    await withPage('webcodecs', act, [['/clip.h264', { type: 'video/h264', body: clip.read() }]]);
  }, 90_000);

  describe.each(formats)('%s', (format) => {
    it('the pictures of its own encoder stay as they are, and the messages come out', () => {
      const result = results.get(`canvas ${format}`);
      expect(result).toMatchObject({ chunks: 30, pictures: 30, equalPictures: 30, messages: [0, 1, 2, 3, 4] });
      expect(result?.taggedChunks).toBeGreaterThanOrEqual(3);
      expect(result?.differentPictures).toBe(29);
    });

    it('so do those of x264, with B pictures', () => {
      const { frames } = clip;
      const result = results.get(`clip ${format}`);
      expect(result).toMatchObject({ chunks: frames, pictures: frames, equalPictures: frames });
      expect(result?.messages).toEqual([0, 1, 2, 3, 4]);
      expect(result?.taggedChunks).toBeGreaterThanOrEqual(3);
    });

    it('every encoder has the messages where the class is patched', () => {
      expect(results.get(`patchedClass ${format}`)).toMatchObject({ pictures: 30, messages: [0, 1, 2, 3, 4] });
    });
  });
});
