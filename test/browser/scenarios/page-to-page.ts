/** Two peers in one page, once for each of the options in the argument; prints what the page has answered. */
import type { PageToPageOptions, PageToPageResult } from '../results.js';
import { withPage } from '../with-page.js';

void withPage('page-to-page', async (page) => {
  const results: PageToPageResult[] = [];
  for (const options of JSON.parse(process.argv[2]) as PageToPageOptions[]) {
    results.push(await page.evaluate(`pageToPage(${JSON.stringify(options)})`));
  }
  return results;
}).then((results) => {
  console.log(JSON.stringify(results));
});
