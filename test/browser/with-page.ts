import type { BuildOptions } from 'esbuild';
import type { Page } from 'playwright-core';
import { bundleForPage } from '../support/browser-bundle.js';
import { type ServedFile, consoleOf, launchChromium, serveFiles } from '../support/chromium.js';

/**
 * Opens a page of `test/browser/pages` in Chromium, does something with it, and closes all.
 *
 * @param name of the page
 * @param act what is done with it
 * @param served what the page can fetch besides, by its path
 * @param options of esbuild for the page, where they differ
 */
export async function withPage<Result>(
  name: string,
  act: (page: Page) => Promise<Result>,
  served: readonly (readonly [path: string, file: ServedFile])[] = [],
  options: BuildOptions = {},
): Promise<Result> {
  const javascript = async (file: string, build: BuildOptions = {}) => ({
    type: 'text/javascript',
    body: await bundleForPage(`test/browser/pages/${file}.ts`, build),
  });
  const html = '<!doctype html><title>test</title><link rel="icon" href="data:,"><script type="module" src="/page.js">';
  const files = new Map<string, ServedFile>([
    ['/', { type: 'text/html', body: `${html}</script>` }],
    ['/page.js', await javascript(name, options)],
    ['/worker.js', await javascript('transform-worker')],
    ...served,
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
