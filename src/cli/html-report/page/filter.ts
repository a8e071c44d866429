import { seiPayloadTypeName } from '../../names.js';
import { Encoding } from '../model.js';
import type { MessageTest, ReportData } from './report-data.js';

/** What the frames are asked for. */
export interface Criteria {
  /** What a message says, in any case; an empty string for any. */
  readonly text: string;
  /** The UUID of a message; an empty string for any. */
  readonly uuid: string;
  /** The kinds of pictures, each a value of `Picture`. */
  readonly pictures: ReadonlySet<number>;
  /** Whether only frames with messages are asked for. */
  readonly withMessages: boolean;
}

/** The frames that a filter lets through. */
export interface Matches {
  /** Their indices, rising. */
  readonly frames: Uint32Array;
  /** For each frame of the report 1 where it is one of them, else 0. */
  readonly isMatch: Uint8Array;
  /** Which messages are asked for; undefined where that is any. */
  readonly test: MessageTest | undefined;
}

function messageTest({ text, uuid }: Criteria): MessageTest | undefined {
  const wanted = text.trim().toLowerCase();
  if (wanted === '' && uuid === '') return undefined;
  return ([, payloadType, , uuidOfMessage, encoding, content]) => {
    if (uuid !== '' && uuidOfMessage !== uuid) return false;
    if (wanted === '' || uuidOfMessage.includes(wanted)) return true;
    if (encoding === Encoding.text && content.toLowerCase().includes(wanted)) return true;
    return seiPayloadTypeName(payloadType).includes(wanted);
  };
}

/** Finds the frames of which at least one message is asked for, where messages are, and whose picture is. */
export function findMatches(data: ReportData, criteria: Criteria): Matches {
  const { frames, pictures, messageCounts } = data;
  const test = messageTest(criteria);
  const isMatch = new Uint8Array(frames.length);
  const found = new Uint32Array(frames.length);
  let count = 0;
  for (let i = 0; i < frames.length; i++) {
    if (!criteria.pictures.has(pictures[i])) continue;
    if (criteria.withMessages && messageCounts[i] === 0) continue;
    if (test !== undefined && !frames[i][5].some(test)) continue;
    isMatch[i] = 1;
    found[count++] = i;
  }
  return { frames: found.slice(0, count), isMatch, test };
}

/** Where in rising numbers `value` stands, or would: the index of the first that is not smaller. */
export function positionOf(numbers: Uint32Array, value: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
