import { type FrameRow, FRAMES_CLASS, type MessageRow, type ReportSummary, SUMMARY_ID } from '../model.js';

/** What the page shows: the rows of the frames, and what is asked of them often in typed arrays. */
export class ReportData {
  /** What is known of the whole stream. */
  readonly summary: ReportSummary;
  /** The frames, in the order of the file. */
  readonly frames: readonly FrameRow[];
  /** The size of each frame. */
  readonly sizes: Float64Array;
  /** What each frame holds: a value of `Picture`. */
  readonly pictures: Uint8Array;
  /** How many messages each frame has, those included that are not listed. */
  readonly messageCounts: Uint32Array;

  /** @param summary of the whole stream @param frames the rows */
  constructor(summary: ReportSummary, frames: readonly FrameRow[]) {
    this.summary = summary;
    this.frames = frames;
    this.sizes = Float64Array.from(frames, (frame) => frame[1]);
    this.pictures = Uint8Array.from(frames, (frame) => frame[2]);
    this.messageCounts = Uint32Array.from(frames, (frame) => frame[5].length + (frame[7] ?? 0));
  }

  /** How often each UUID is there, the most frequent first. */
  uuids(): (readonly [uuid: string, count: number])[] {
    const counts = new Map<string, number>();
    for (const [, , , , , messages] of this.frames) {
      for (const [, , , uuid] of messages) if (uuid !== '') counts.set(uuid, (counts.get(uuid) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1]);
  }

  /** How many of the listed frames hold each kind of picture. */
  pictureCounts(): readonly number[] {
    const counts = [0, 0, 0, 0, 0];
    for (const picture of this.pictures) counts[picture]++;
    return counts;
  }
}

/** Reads the data out of the page, and takes the text out of it: it would be there twice otherwise. */
export function readReportData(): ReportData {
  const frames: FrameRow[] = [];
  for (const block of document.querySelectorAll(`script.${FRAMES_CLASS}`)) {
    for (const row of JSON.parse(block.textContent) as FrameRow[]) frames.push(row);
    block.remove();
  }
  const summary = document.getElementById(SUMMARY_ID);
  if (summary === null) throw new Error('the end of the report is missing: the file is not complete');
  return new ReportData(JSON.parse(summary.textContent) as ReportSummary, frames);
}

/** A test of one message. */
export type MessageTest = (message: MessageRow) => boolean;
