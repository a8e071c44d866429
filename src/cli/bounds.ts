/** What a run could not look at as a whole, since every loop and buffer has its bound. */
import { MAX_ACCESS_UNIT_SIZE } from '../codec/access-unit-splitter.js';
import { MAX_SEI_MESSAGES_PER_FRAME } from '../codec/results.js';
import type { Context } from './context.js';
import { counted } from './report.js';

/** How many access units were beyond a bound. */
export interface BoundCounts {
  /** Access units above {@link MAX_ACCESS_UNIT_SIZE}, which come in pieces. */
  cut: number;
  /** Access units of which {@link MAX_SEI_MESSAGES_PER_FRAME} messages were read, and no more. */
  overfull: number;
}

/** Counts an access unit of which so many messages were read. */
export function countMessages(messages: number, counts: BoundCounts): void {
  if (messages >= MAX_SEI_MESSAGES_PER_FRAME) counts.overfull++;
}

/** Tells on stderr, also where the run is to be quiet, what was not looked at: the output may lack it. */
export function warnOfBounds({ cut, overfull }: BoundCounts, context: Context): void {
  const warn = (count: number, what: string) => {
    if (count > 0) context.stderr.write(`h264-sei: warning: ${counted(count, 'access unit')} ${what}\n`);
  };
  warn(cut, `larger than ${MAX_ACCESS_UNIT_SIZE} bytes: read in pieces, and a message that lies in two was not seen`);
  warn(overfull, `with ${MAX_SEI_MESSAGES_PER_FRAME} SEI messages or more: those behind were neither read nor removed`);
}
