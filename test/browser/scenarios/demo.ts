/** Drives `examples/browser` as a user would: two pages, a caption and some chat. Prints what the viewer shows. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { consoleOf, launchChromium } from '../../support/chromium.js';
import type { DemoResult } from '../results.js';

const CAPTION = 'Goal for the home team';
/** Counts the colors in the lower half of a picture; it runs in the page, which can read PNG. */
const COUNT_COLORS = `async (base64) => {
  const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + base64)).blob());
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, image.height / 2, image.width, image.height / 2);
  const colors = new Map();
  for (let at = 0; at < data.length; at += 4) {
    const color = [data[at], data[at + 1], data[at + 2]].join();
    colors.set(color, (colors.get(color) ?? 0) + 1);
  }
  return [...colors];
}`;

const [folder] = process.argv.slice(2);

/** Starts the example; answers the addresses that it prints, and how to end it. */
async function startExample(): Promise<{ publisher: string; viewer: string; stop(): void }> {
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', 'examples/browser/serve.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += String(chunk);
    const [, publisher, viewer] = /publisher: (\S+)\nviewer: +(\S+)\n/.exec(printed) ?? [];
    if (publisher === undefined || viewer === undefined) continue;
    return { publisher, viewer, stop: () => void child.kill() };
  }
  throw new Error(`the example has ended: ${printed}`);
}

/** Takes a screenshot of the viewer's picture; answers how many of its pixels have which color. */
async function screenshot(page: Page, path: string): Promise<Map<string, number>> {
  await page.screenshot({ path: join(folder, `page-${path}`) });
  const png = (await page.locator('.stage').screenshot({ path: join(folder, path) })).toString('base64');
  return new Map(await page.evaluate<[string, number][]>(`(${COUNT_COLORS})('${png}')`));
}

const texts = (page: Page, selector: string): Promise<string[]> => page.locator(selector).allInnerTexts();

async function main(): Promise<DemoResult> {
  const example = await startExample();
  const browser = await launchChromium();
  const context = await browser.newContext({ viewport: { width: 1100, height: 560 } });
  context.setDefaultTimeout(60_000);
  const lines: (readonly string[])[] = [];
  try {
    const publisher = await context.newPage();
    lines.push(consoleOf(publisher));
    await publisher.goto(example.publisher);
    const viewer = await context.newPage();
    lines.push(consoleOf(viewer));
    await viewer.goto(example.viewer);
    await viewer.locator('#status[data-live]').waitFor();
    await publisher.locator('#status[data-live]').waitFor();
    await viewer.waitForFunction('document.querySelector("video").currentTime > 1');
    const before = await screenshot(viewer, 'before.png');

    const say = async (form: string, text: string): Promise<void> => {
      await publisher.locator(`#${form} input`).fill(text);
      await publisher.locator(`#${form} button`).click();
    };
    await say('chat', 'Hello from the studio');
    await say('caption', 'Kick-off');
    // The next one would overtake it otherwise.
    await viewer.locator('#caption', { hasText: 'Kick-off' }).waitFor();
    await say('chat', 'こんにちは 👋');
    await say('caption', CAPTION);
    await viewer.locator('#caption', { hasText: CAPTION }).waitFor();
    await viewer.locator('#chat li').nth(1).waitFor();
    await publisher.locator('#sent li', { hasText: 'injected' }).nth(3).waitFor();
    const after = await screenshot(viewer, 'after.png');
    await publisher.screenshot({ path: join(folder, 'publisher.png') });

    const yellow = (colors: Map<string, number>): number => colors.get('255,225,77') ?? 0;
    return {
      caption: {
        text: (await texts(viewer, '#caption'))[0],
        late: Number(await viewer.locator('#caption').getAttribute('data-late')),
      },
      chat: await texts(viewer, '#chat li'),
      sent: await texts(publisher, '#sent li'),
      captionPixels: [yellow(before), yellow(after)],
      colors: before.size,
      screenshots: ['page-before.png', 'page-after.png', 'publisher.png'].map((name) => join(folder, name)),
    };
  } finally {
    console.error(lines.flat().join('\n'));
    await browser.close();
    example.stop();
  }
}

void main().then((result) => {
  console.log(JSON.stringify(result));
});
