import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSeiNalUnit, injectSei } from '../../../src/index.js';
import { chromiumTool, launchChromium } from '../../support/chromium.js';
import { describeWith } from '../../support/skip.js';
import { fixtureClip } from '../../support/streams.js';
import { runInProcess, useFolder } from '../run.js';

const TIMEOUT_MS = 120_000;

/** In the lane of the marks, over the bars. */
const LANE_Y = 11;

/** In front of the first bar; left of it is the name of the lane, in the same color. */
const FIRST_BAR_X = 64;

/** What must stay text, whatever an attacker writes. */
const HOSTILE =
  '</script><img src=x onerror="window.hacked = true"><script>window.hacked = true</script> مرحبا 👋 \u202e!';

/** What the page shows of {@link HOSTILE}: the character that turns text around is to be seen, and does nothing. */
const HOSTILE_SHOWN = HOSTILE.replace('\u202e', 'U+202E');

const folder = useFolder();

/** An open report, and what has happened in it that must not. */
interface OpenReport {
  readonly page: Page;
  readonly problems: readonly string[];
}

/** The pixels of a canvas, a string such as `#3b5bdb` for each, row by row; an empty one where it is transparent. */
async function pixelsOf(page: Page, selector: string): Promise<{ readonly width: number; readonly colors: string[] }> {
  const { width, height, data } = await page.evaluate<{ width: number; height: number; data: string }>(`(() => {
    const canvas = document.querySelector('${selector}');
    // A copy, since the browser draws otherwise on a canvas that is read.
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { width, height, data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    let text = '';
    for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
    return { width, height, data: btoa(text) };
  })()`);
  const pixels = Buffer.from(data, 'base64');
  const color = (at: number) => (pixels[at + 3] === 255 ? `#${pixels.toString('hex', at, at + 3)}` : '');
  return { width, colors: Array.from({ length: width * height }, (_, i) => color(4 * i)) };
}

/** How many pixels of a canvas have each color. */
async function colorsOf(page: Page, selector: string): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const color of (await pixelsOf(page, selector)).colors) counts[color] = (counts[color] ?? 0) + 1;
  return counts;
}

/** Where in the lane of the marks the next mark of a color is, from `from` on; -1 where there is none. */
async function findMark(page: Page, color: string, from = 0): Promise<number> {
  const { width, colors } = await pixelsOf(page, '#timeline');
  const row = colors.slice(LANE_Y * width, (LANE_Y + 1) * width);
  const start = row.indexOf(color, from);
  return start < 0 ? -1 : start + 1;
}

describeWith(chromiumTool, 'the page of inspect --html', () => {
  let browser: Browser;
  let clipReport: string;
  let longReport: string;

  async function writeReport(name: string, stream: Uint8Array): Promise<string> {
    const [input, report] = [folder.path(`${name}.h264`), folder.path(`${name}.html`)];
    writeFileSync(input, stream);
    const { code, stderr } = await runInProcess(['inspect', '--fps', '25', '--html', report, input]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return report;
  }

  /** A clip of 40 frames with messages on 3 of them: text on 10, hostile text and bytes on 20, and what x264 says. */
  async function makeClipReport(): Promise<string> {
    const clip = fixtureClip('b-pyramid.h264');
    const lines = [
      { frame: 10, message: { type: 'caption', text: 'A quiet sentence', words: [1, 2.5, true, null] } },
      { frame: 20, message: HOSTILE },
      { frame: 20, base64: 'AAEC/w==', uuid: '9e504ea5-ee5a-4f02-949f-b033a3768da2' },
    ];
    const messages = folder.path('messages.jsonl');
    writeFileSync(messages, lines.map((line) => JSON.stringify(line)).join('\n'));
    const { code, stdout } = await runInProcess(['inject', '--messages', messages, clip.path]);
    expect(code).toBe(0);
    return writeReport('clip', stdout);
  }

  /** 100,000 access units of a few bytes, every thousandth with a message. */
  function makeLongReport(): Promise<string> {
    const frame = (size: number) => {
      const bytes = Buffer.alloc(size, 0x55);
      bytes.set([0, 0, 0, 1, 0x41, 0x9a, 0x84]);
      return bytes;
    };
    const thousand = Array.from({ length: 999 }, (_, i) => frame(20 + ((i * 37) % 50)));
    const seconds = Array.from({ length: 100 }, (_, i) => [
      injectSei(frame(90), [createSeiNalUnit(new TextEncoder().encode(`message ${i}`))]),
      ...thousand,
    ]);
    return writeReport('long', Buffer.concat(seconds.flat()));
  }

  beforeAll(async () => {
    [browser, clipReport, longReport] = await Promise.all([launchChromium(), makeClipReport(), makeLongReport()]);
  }, TIMEOUT_MS);
  afterAll(() => browser?.close());

  async function open(report: string, options: BrowserContextOptions = {}): Promise<OpenReport> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const problems: string[] = [];
    const url = pathToFileURL(report).href;
    page.on('console', (message) => problems.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:')) problems.push(`request: ${request.url()}`);
    });
    await page.goto(url);
    await page.locator('#detail h2').waitFor();
    // The canvases are drawn before the next frame of the screen; this is the one after.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    return { page, problems };
  }

  async function close({ page, problems }: OpenReport): Promise<void> {
    expect(problems).toEqual([]);
    await page.context().close();
  }

  const heading = (page: Page) => page.locator('#detail h2').textContent();
  const matches = (page: Page) => page.locator('#matches');

  /** Waits until the element holds the text. */
  async function shows(page: Page, selector: string, text: string): Promise<void> {
    await page.locator(selector).filter({ hasText: text }).first().waitFor();
  }

  it('shows the figures and a timeline with each type of frame, and loads nothing', async () => {
    const report = await open(clipReport);
    const { page } = report;
    expect(await page.title()).toMatch(/^clip\.h264 – h264-sei \d/);
    const figures = await page.locator('#figures').innerText();
    for (const text of [
      '40',
      '2 IDR · 10 P · 28 B',
      '0:01.600',
      '25 frames/s',
      'in 3 frames',
      'h264-sei, x264, Amazon IVS',
    ]) {
      expect(figures).toContain(text);
    }
    const colors = await colorsOf(page, '#timeline');
    for (const color of ['#e8590c', '#4263eb', '#7cb8f5', '#ae3ec9']) expect(colors[color], color).toBeGreaterThan(50);
    expect((await page.screenshot()).length).toBeGreaterThan(10_000);
    await close(report);
  });

  it('shows the frame and the messages of a mark that is clicked, as text', async () => {
    const report = await open(clipReport);
    const { page } = report;
    const [selected, marked] = [page.locator('#timeline'), '#ae3ec9'];
    // The first mark is that of x264's own message, on frame 0; the next ones are on frames 10 and 20.
    let x = FIRST_BAR_X;
    for (const frame of [0, 10, 20]) {
      x = await findMark(page, marked, x);
      expect(x).toBeGreaterThan(0);
      await selected.click({ position: { x, y: LANE_Y } });
      expect(await heading(page)).toBe(`Frame ${frame}`);
      expect(await selected.getAttribute('aria-valuenow')).toBe(String(frame));
      x += 14;
    }
    const texts = page.locator('#detail pre');
    expect(await texts.nth(0).textContent()).toBe(HOSTILE_SHOWN);
    expect(await texts.nth(1).textContent()).toContain('00 01 02 ff');
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.locator('#detail table').innerText()).toMatch(/SEI\s+6/);
    // The message is open and has the focus.
    expect(await page.evaluate('document.activeElement.tagName')).toBe('SUMMARY');
    await close(report);
  });

  it('shows JSON in lines, as text and as bytes', async () => {
    const report = await open(clipReport);
    const { page } = report;
    await page.locator('[data-frame="10"]').click();
    expect(await page.locator('#detail pre').textContent()).toContain('  "text": "A quiet sentence",\n  "words": [\n');
    await page.getByRole('button', { name: 'Text', exact: true }).click();
    expect(await page.locator('#detail pre').textContent()).toMatch(/^\{"type":"caption",/);
    await page.getByRole('button', { name: 'Hex', exact: true }).click();
    expect(await page.locator('#detail pre').textContent()).toMatch(
      /^0000 {2}7b 22 74 79 70 65 22 3a {2}22.*\{"type":"/,
    );
    await close(report);
  });

  it('filters by text, UUID, type and messages', async () => {
    const report = await open(clipReport);
    const { page } = report;
    await page.getByRole('searchbox').fill('QUIET');
    await shows(page, '#matches', '1 frame of 40');
    expect(await heading(page)).toBe('Frame 10');
    expect(await page.locator('.row').count()).toBe(1);
    await page.getByRole('searchbox').fill('no message says this');
    await shows(page, '#matches', '0 frames of 40');
    expect(await page.locator('#no-match').isVisible()).toBe(true);
    await page.getByRole('searchbox').fill('');
    await shows(page, '#matches', '40 frames');
    await page.locator('#uuid').selectOption('9e504ea5-ee5a-4f02-949f-b033a3768da2');
    await shows(page, '#matches', '1 frame of 40');
    expect(await heading(page)).toBe('Frame 20');
    await page.locator('#uuid').selectOption('');
    await page.getByLabel('With messages only').check();
    await shows(page, '#matches', '3 frames of 40');
    await page.getByLabel('With messages only').uncheck();
    await page.locator('.chip', { hasText: 'B' }).click();
    await page.locator('.chip', { hasText: 'P' }).click();
    await shows(page, '#matches', '2 frames of 40');
    expect(await matches(page).getAttribute('aria-live')).toBe('polite');
    await close(report);
  });

  it('goes by the keyboard', async () => {
    const report = await open(clipReport);
    const { page } = report;
    const timeline = page.locator('#timeline');
    await timeline.focus();
    const at = () => timeline.getAttribute('aria-valuenow');
    const press = async (...keys: readonly string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await press('Home', 'ArrowRight', 'ArrowRight', 'ArrowLeft');
    expect(await at()).toBe('1');
    expect(await timeline.getAttribute('aria-valuetext')).toMatch(/^frame 1, P, \d+ B, 0:00\.040$/);
    await press('n');
    expect(await at()).toBe('10');
    await press('n', 'n', 'p');
    expect(await at()).toBe('10');
    await press('End');
    expect(await heading(page)).toBe('Frame 39');
    await press('ArrowRight', 'p');
    expect(await at()).toBe('20');
    await press('Enter');
    expect(await page.evaluate('document.activeElement.closest(".message") !== null')).toBe(true);
    await press('/');
    expect(await page.evaluate('document.activeElement.id')).toBe('text');
    await page.keyboard.type('np0');
    expect(await at()).toBe('20');
    await shows(page, '#matches', '0 frames of 40');
    await page.getByRole('searchbox').fill('');
    await shows(page, '#matches', '40 frames');
    const list = page.getByRole('listbox');
    await list.focus();
    await press('Home', 'ArrowDown');
    await page.locator('#list[aria-activedescendant="frame-1"]').waitFor();
    await press('End', 'ArrowUp');
    await page.locator('#list[aria-activedescendant="frame-38"]').waitFor();
    await close(report);
  });

  it('follows the color scheme, and fits a phone', async () => {
    const options = {
      colorScheme: 'dark',
      viewport: { width: 360, height: 740 },
      isMobile: true,
      hasTouch: true,
    } as const;
    const report = await open(clipReport, options);
    const { page } = report;
    const colors = await colorsOf(page, '#timeline');
    for (const color of ['#ff8a4c', '#748ffc', '#3a6fb5', '#e599f7']) expect(colors[color], color).toBeGreaterThan(20);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(async () => (await colorsOf(page, '#timeline'))['#e8590c'] ?? 0).toBeGreaterThan(20);
    const x = await findMark(page, '#ae3ec9', FIRST_BAR_X + 14);
    await page.locator('#timeline').tap({ position: { x, y: LANE_Y } });
    expect(await heading(page)).not.toBe('Frame 0');
    await close(report);
  });

  it('prints', async () => {
    const report = await open(clipReport, { colorScheme: 'dark' });
    const pdf = await report.page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    await report.page.emulateMedia({ media: 'print' });
    expect(await report.page.locator('#list').isVisible()).toBe(false);
    expect(await report.page.locator('#timeline').isVisible()).toBe(true);
    await close(report);
  });

  it(
    'stays usable with 100,000 frames',
    async () => {
      const report = await open(longReport);
      const { page } = report;
      await shows(page, '#matches', '100,000 frames');
      const colors = await colorsOf(page, '#timeline');
      expect(colors['#4263eb']).toBeGreaterThan(10_000);
      await page.locator('#timeline').focus();
      await page.keyboard.press('End');
      expect(await heading(page)).toBe('Frame 99,999');
      await page.locator('[data-frame="99999"]').waitFor();
      expect(await page.locator('.row').count()).toBeLessThan(40);
      await page.keyboard.press('p');
      expect(await heading(page)).toBe('Frame 99,000');
      expect(await page.locator('#detail pre').textContent()).toBe('message 99');
      // Zoomed in all the way, the frames are bars again.
      for (let i = 0; i < 20; i++) await page.keyboard.press('+');
      expect(await page.locator('#zoom-in').isDisabled()).toBe(true);
      await expect.poll(() => findMark(page, '#ae3ec9')).toBeGreaterThan(0);
      await page.getByRole('searchbox').fill('message 57');
      await shows(page, '#matches', '1 frame of 100,000');
      expect(await heading(page)).toBe('Frame 57,000');
      await close(report);
    },
    TIMEOUT_MS,
  );
});
