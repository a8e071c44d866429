/**
 * The data of a report: what the command writes into the page, and what the script of the page reads. Rows are arrays,
 * since a stream may have a hundred thousand of them. This file runs in Node.js and in the page.
 */

/** What a frame, or a slice, holds. Among the slices of a frame the largest value but `i` and `idr` tells. */
export const Picture = {
  /** No slice that can be read. */
  none: 0,
  /** A B slice. */
  b: 1,
  /** A P or SP slice. */
  p: 2,
  /** An I or SI slice. */
  i: 3,
  /** A slice of an IDR picture, where a decoder can begin. */
  idr: 4,
} as const;

/** How the content of a message is written. */
export const Encoding = {
  /** As it is: the payload is UTF-8. */
  text: 0,
  /** In base64. */
  base64: 1,
} as const;

/** How many numbers of {@link FrameRow} describe a NAL unit: offset in the frame, size, header byte, {@link Picture}. */
export const NAL_UNIT_LENGTH = 4;

/** One SEI message. */
export type MessageRow = readonly [
  /** Which of the NAL units of the frame holds it, from 0 on. */
  nalUnit: number,
  /** The payloadType. */
  payloadType: number,
  /** The length of the payload in bytes, without a UUID. */
  size: number,
  /** The UUID, or an empty string where there is none. */
  uuid: string,
  /** A value of {@link Encoding}. */
  encoding: number,
  /** The payload, or its beginning; empty where the page has no room for it. */
  content: string,
];

/** One frame: an access unit of a byte stream, or a sample of a container. */
export type FrameRow = readonly [
  /** Where it begins in the file, in bytes; null where that is not one place. */
  offset: number | null,
  /** Its length in bytes, framing included. */
  size: number,
  /** A value of {@link Picture}. */
  picture: number,
  /** Its time in milliseconds; null where nothing says it. */
  milliseconds: number | null,
  /** {@link NAL_UNIT_LENGTH} numbers for each NAL unit. */
  nalUnits: readonly number[],
  /** Its SEI messages. */
  messages: readonly MessageRow[],
  /** NAL units that are not listed. */
  unlistedNalUnits?: number,
  /** Messages that are not listed. */
  unlistedMessages?: number,
];

/** What is known of the whole stream, also of frames that are not listed. */
export interface ReportSummary {
  /** What the input is called. */
  readonly name: string;
  /** What wrote the report, with its version. */
  readonly generator: string;
  /** All bytes of the frames. */
  readonly size: number;
  /** How many frames there are. */
  readonly frames: number;
  /** How many have a row. */
  readonly listedFrames: number;
  /** How long the stream lasts in milliseconds; null where nothing says it. */
  readonly milliseconds: number | null;
  /** What the times in the rows are. */
  readonly timeKind: 'decoding' | 'presentation';
  /** How many NAL units there are. */
  readonly nalUnits: number;
  /** How many SEI messages there are. */
  readonly messages: number;
  /** The bytes of all SEI NAL units, headers included. */
  readonly seiBytes: number;
}

/** The class of the script elements that hold lists of {@link FrameRow}. */
export const FRAMES_CLASS = 'frames';

/** The id of the script element that holds the {@link ReportSummary}. */
export const SUMMARY_ID = 'summary';
