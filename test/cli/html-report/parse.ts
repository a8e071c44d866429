import { type FrameRow, FRAMES_CLASS, type ReportSummary, SUMMARY_ID } from '../../../src/cli/html-report/model.js';

/** The data in a page, found as a browser finds them: a script element ends with the first `</script`. */
export function parseReport(html: string): { readonly frames: readonly FrameRow[]; readonly summary: ReportSummary } {
  const blocks = [...html.matchAll(/<script type="application\/json" (class|id)="(\w+)">(.*?)<\/script/gs)];
  const named = (attribute: string, value: string) =>
    blocks
      .filter(([, key, name]) => key === attribute && name === value)
      .map(([, , , json]) => JSON.parse(json) as unknown);
  const summaries = named('id', SUMMARY_ID) as ReportSummary[];
  if (summaries.length !== 1) throw new Error(`the page has ${summaries.length} summaries`);
  return { frames: named('class', FRAMES_CLASS).flat() as FrameRow[], summary: summaries[0] };
}
