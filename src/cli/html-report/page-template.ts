import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError, failure } from '../failure.js';

/** The comment in the page that the data take the place of. */
const DATA_MARK = '<!--data-->';

/** Where the build puts the page: the same place seen from src/cli/html-report and from dist/cli/html-report. */
const PAGE_PATH = join(__dirname, '..', '..', '..', 'dist', 'cli', 'html-report', 'page.html');

/** The page with its style and its script, around the data. */
export interface PageTemplate {
  /** What stands in front of the data. */
  readonly head: string;
  /** What stands behind them. */
  readonly tail: string;
}

/**
 * Reads the page that the build has made of page/.
 *
 * @throws {@link CliError} where it is not there, or is another file
 */
export async function readPageTemplate(): Promise<PageTemplate> {
  let page: string;
  try {
    page = await readFile(PAGE_PATH, 'utf8');
  } catch (error) {
    throw failure(`cannot read ${PAGE_PATH}, which is part of the package`, error);
  }
  const at = page.indexOf(DATA_MARK);
  if (at < 0) throw new CliError(`${PAGE_PATH} is not the page that is part of the package`);
  return { head: page.slice(0, at), tail: page.slice(at + DATA_MARK.length) };
}
