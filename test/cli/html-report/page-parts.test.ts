import { describe, expect, it } from 'vitest';
import { Encoding, type MessageRow } from '../../../src/cli/html-report/model.js';
import { hexDump, oneLine, payloadBytes, payloadText, prettyJson } from '../../../src/cli/html-report/page/payload.js';
import { tickStep } from '../../../src/cli/html-report/page/ticks.js';
import {
  counted,
  formatBitRate,
  formatBytes,
  formatShare,
  formatTime,
} from '../../../src/cli/html-report/page/units.js';
import { Viewport } from '../../../src/cli/html-report/page/viewport.js';

describe('numbers in the report', () => {
  it.each([
    [formatBytes(0), '0 B'],
    [formatBytes(999), '999 B'],
    [formatBytes(1000), '1 kB'],
    [formatBytes(999_499), '999 kB'],
    [formatBytes(999_500), '1 MB'],
    [formatBytes(12_345_678), '12.3 MB'],
    [formatBitRate(2_345_000), '2.35 Mbit/s'],
    [formatTime(0), '0:00.000'],
    [formatTime(59_999.6), '1:00.000'],
    [formatTime(-80), '−0:00.080'],
    [formatTime(3_723_004), '1:02:03.004'],
    [formatShare(1, 8), '12.5 %'],
    [formatShare(0, 0), '0 %'],
    [counted(1, 'frame'), '1 frame'],
    [counted(2000, 'frame'), '2,000 frames'],
  ])('%s is %s', (actual, expected) => {
    expect(actual).toBe(expected);
  });

  it('has ticks at round numbers, and not too many', () => {
    for (const range of [3, 16, 99, 1234, 100_000, 2 ** 31]) {
      for (const count of [1, 4, 11]) {
        const step = tickStep(range, count);
        expect(range / step).toBeLessThanOrEqual(count);
        expect(range / step).toBeGreaterThan(count / 3);
        expect(String(step).replace(/[0.]/g, '')).toMatch(/^[125]$|e/);
      }
    }
  });
});

describe('the viewport of the timeline', () => {
  it('zooms about a frame that stays where it is, and not beyond the ends', () => {
    const viewport = new Viewport(1000);
    expect(viewport.showsAll).toBe(true);
    viewport.zoom(0.5, 800);
    expect([viewport.start, viewport.count]).toEqual([400, 500]);
    viewport.zoom(0.5, 800);
    expect([viewport.start, viewport.count]).toEqual([600, 250]);
    for (let i = 0; i < 20; i++) viewport.zoom(0.5, 999);
    expect(viewport.isClosest).toBe(true);
    expect(viewport.start + viewport.count).toBeLessThanOrEqual(1000);
    viewport.panBy(1e9);
    expect(viewport.start + viewport.count).toBe(1000);
    viewport.panBy(-1e9);
    expect(viewport.start).toBe(0);
    viewport.zoom(1e9, 5);
    expect([viewport.start, viewport.showsAll]).toEqual([0, true]);
  });

  it('goes to a frame that is not to be seen, and stays where it is for others', () => {
    const viewport = new Viewport(1000);
    viewport.zoom(0.1, 0);
    viewport.reveal(50);
    expect(viewport.start).toBe(0);
    for (const frame of [500, 0, 999]) {
      viewport.reveal(frame);
      expect(viewport.start).toBeLessThanOrEqual(frame);
      expect(viewport.start + viewport.count).toBeGreaterThanOrEqual(frame + 1);
    }
  });

  it('shows a frame alone no wider than others', () => {
    const viewport = new Viewport(1);
    viewport.zoom(0.5, 0);
    viewport.reveal(0);
    expect([viewport.start, viewport.count]).toEqual([0, 16]);
  });
});

describe('payloads in the report', () => {
  const row = (encoding: number, content: string, size = content.length): MessageRow => [
    0,
    5,
    size,
    '',
    encoding,
    content,
  ];

  it('gives text and bytes back', () => {
    expect(payloadText(row(Encoding.text, 'é\u0000'))).toBe('é\u0000');
    expect([...payloadBytes(row(Encoding.text, 'é\u0000'))]).toEqual([0xc3, 0xa9, 0]);
    expect([...payloadBytes(row(Encoding.base64, '/wCA'))]).toEqual([0xff, 0, 0x80]);
    expect(payloadText(row(Encoding.base64, '/wCA'))).toBeUndefined();
    expect(payloadText(row(Encoding.text, '', 10))).toBeUndefined();
  });

  it('puts JSON in lines where that is of use', () => {
    expect(prettyJson('{"a":[1]}\u0000')).toBe('{\n  "a": [\n    1\n  ]\n}');
    for (const text of ['7', '"a"', '{"a":', 'text', '']) expect(prettyJson(text)).toBeUndefined();
    expect(prettyJson(`${'['.repeat(2000)}${']'.repeat(2000)}`)).toBeUndefined();
  });

  it('dumps bytes', () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, i) => i + 0x39);
    expect(hexDump(bytes).split('\n')).toEqual([
      '0000  39 3a 3b 3c 3d 3e 3f 40  41 42 43 44 45 46 47 48  9:;<=>?@ABCDEFGH',
      '0010  49 4a                                             IJ',
    ]);
  });

  it('has previews of one line that cannot turn text around', () => {
    expect(oneLine('a\n\u202eb\u2066c\u0000d', 100)).toBe('a b c d');
    expect(oneLine('abcdef', 3)).toBe('abc');
  });
});
