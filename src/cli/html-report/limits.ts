/** How large a report may become: a browser has to open it, whatever is in the stream. */
export interface ReportLimits {
  /** Bytes of a payload that are in the report; of a longer one its beginning is. */
  readonly payload: number;
  /** Characters of all payloads together; the messages behind are listed without their payload. */
  readonly payloads: number;
  /** NAL units of a frame that are listed; the others are counted. */
  readonly nalUnits: number;
  /** Messages of a frame that are listed; the others are counted. */
  readonly messages: number;
  /** Characters of all rows together; the frames behind are counted. */
  readonly rows: number;
}

/** The limits of the command: half a million frames fit, or a hundred thousand with a message of 500 bytes each. */
export const REPORT_LIMITS: ReportLimits = {
  payload: 4096,
  payloads: 32 * 1024 * 1024,
  nalUnits: 256,
  messages: 64,
  rows: 64 * 1024 * 1024,
};
