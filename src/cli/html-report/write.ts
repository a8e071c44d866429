import { LineBatch } from '../json-lines.js';
import { FrameRowBuilder, type ReportCounts } from './frame-row.js';
import type { FrameSource } from './frame-source.js';
import { REPORT_LIMITS, type ReportLimits } from './limits.js';
import { FRAMES_CLASS, type ReportSummary, SUMMARY_ID } from './model.js';
import { readPageTemplate } from './page-template.js';
import { PayloadContents } from './payload-content.js';
import { scriptJson } from './script-json.js';

/** What a report says of its making. */
export type ReportOrigin = Pick<ReportSummary, 'name' | 'generator'>;

/** The builders of the rows, each when the last piece of its frame has come. */
async function* rowBuilders(
  source: FrameSource,
  limits: ReportLimits,
  counts: ReportCounts,
): AsyncGenerator<FrameRowBuilder> {
  const contents = new PayloadContents(limits);
  let builder: FrameRowBuilder | undefined;
  for await (const pieces of source.pieces) {
    for (const piece of pieces) {
      if (builder === undefined || !piece.isContinuation) {
        if (builder !== undefined) yield builder;
        builder = new FrameRowBuilder(piece, contents, limits, counts);
      }
      builder.add(piece);
    }
  }
  if (builder !== undefined) yield builder;
}

/**
 * Writes a report: a page with the data of every frame in it.
 *
 * @param source the frames
 * @param origin what the report says of its making
 * @param counts brought up to date with each frame
 * @param limits how large it may become
 * @returns the text of the page, made with the memory of a few frames
 * @throws {@link CliError} where the page is not there
 */
export async function* writeHtmlReport(
  source: FrameSource,
  origin: ReportOrigin,
  counts: ReportCounts,
  limits: ReportLimits = REPORT_LIMITS,
): AsyncGenerator<string> {
  const template = await readPageTemplate();
  const rows = new LineBatch();
  let rowsLeft = limits.rows;
  let listedFrames = 0;
  yield template.head;
  let separator = '[';
  const takeBlock = () => `<script type="application/json" class="${FRAMES_CLASS}">${rows.take()}]</script>\n`;
  for await (const frame of rowBuilders(source, limits, counts)) {
    if (rowsLeft <= 0) continue;
    const row = scriptJson(frame.build());
    rowsLeft -= row.length;
    listedFrames++;
    const isFull = rows.add(separator + row);
    separator = ',';
    if (!isFull) continue;
    yield takeBlock();
    separator = '[';
  }
  if (separator === ',') yield takeBlock();
  const { accessUnits, nalUnits, messages, size, seiBytes } = counts;
  const summary: ReportSummary = {
    ...origin,
    size,
    frames: accessUnits,
    listedFrames,
    milliseconds: source.duration() ?? null,
    timeKind: source.timeKind,
    nalUnits,
    messages,
    seiBytes,
  };
  yield `<script type="application/json" id="${SUMMARY_ID}">${scriptJson(summary)}</script>`;
  yield template.tail;
}
