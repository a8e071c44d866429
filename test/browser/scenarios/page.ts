import type { Page } from 'playwright-core';
import { bundleForPage } from '../../support/browser-bundle.js';
import { consoleOf, launchChromium, serveFiles } from '../../support/chromium.js';

/** Opens a page of `test/browser/pages` in Chromium, does something with it, and closes all. */
export async function withPage<Result>(name: string, act: (page: Page) => Promise<Result>): Promise<Result> {
  const javascript = async (file: string) => ({
    type: 'text/javascript',
    body: await bundleForPage(`test/browser/pages/${file}.ts`),
  });
  const html = '<!doctype html><title>test</title><link rel="icon" href="data:,"><script type="module" src="/page.js">';
  const files = new Map([
    ['/', { type: 'text/html', body: `${html}</script>` }],
    ['/page.js', await javascript(name)],
    ['/worker.js', await javascript('transform-worker')],
  ]);
  const server = await serveFiles(files);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const lines = consoleOf(page);
    try {
      await page.goto(server.origin);
      return await act(page);
    } finally {
      // What a program says on standard error is shown where it fails.
      if (lines.length > 0) console.error(lines.join('\n'));
    }
  } finally {
    await browser.close();
    await server.close();
  }
}
