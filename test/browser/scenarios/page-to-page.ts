/** Runs in a network namespace; prints what the page has answered, for each of the options in the argument. */
import { bundleForPage } from '../../support/browser-bundle.js';
import { consoleOf, launchChromium, serveFiles } from '../../support/chromium.js';

async function main(options: readonly object[]): Promise<unknown[]> {
  const javascript = async (file: string) => ({ type: 'text/javascript', body: await bundleForPage(file) });
  const files = new Map([
    [
      '/',
      { type: 'text/html', body: '<!doctype html><title>peers</title><script type="module" src="/page.js"></script>' },
    ],
    ['/page.js', await javascript('test/browser/pages/page-to-page.ts')],
    ['/worker.js', await javascript('test/browser/pages/transform-worker.ts')],
  ]);
  const server = await serveFiles(files);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const lines = consoleOf(page);
    await page.goto(server.origin);
    const results: unknown[] = [];
    for (const each of options) {
      results.push(await page.evaluate(`pageToPage(${JSON.stringify(each)})`));
      if (lines.length > 0) console.error(lines.join('\n'));
    }
    return results;
  } finally {
    await browser.close();
    await server.close();
  }
}

void main(JSON.parse(process.argv[2]) as object[]).then((results) => {
  console.log(JSON.stringify(results));
});
