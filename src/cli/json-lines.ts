/** Output as JSON Lines, out of bytes that nobody vouches for. */
import { isUtf8 } from 'node:buffer';
import { USER_DATA_UNREGISTERED } from '../codec/sei-message.js';
import type { SeiMessage } from '../frame/extract.js';

/** JSON that is nested deeper than this is given as text alone: many readers refuse it, and some fall over. */
export const MAX_JSON_DEPTH = 100;

const CONTROL_CHARACTER = /[^\P{Cc}\t\n\r]/u;

/** What JSON lets stand although terminals or readers of lines take it for more than a character. */
const UNSAFE_IN_LINE = /[\u007f-\u009f\u2028\u2029]/g;

/** A value as one line of JSON with its line feed. No byte of it can steer a terminal or end the line early. */
export function jsonLine(value: object): string {
  const json = JSON.stringify(value);
  return `${json.replace(UNSAFE_IN_LINE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

function isTooDeep(json: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (isInString) {
      if (char === '\\') i++;
      else if (char === '"') isInString = false;
    } else if (char === '"') {
      isInString = true;
    } else if (char === '[' || char === '{') {
      if (++depth > MAX_JSON_DEPTH) return true;
    } else if (char === ']' || char === '}') {
      depth--;
    }
  }
  return false;
}

function parsed(text: string): { json?: unknown } {
  if (isTooDeep(text)) return {};
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return {};
  }
}

/**
 * What a message holds, as members of a JSON object: user data in UTF-8 without control characters (but tab and line
 * ends) as `text`, and where that is JSON also as `json`; everything else as `base64`. Both `text` and `base64` give
 * every byte back.
 */
export function contentOf({ payloadType, uuid, payload }: SeiMessage): {
  text?: string;
  json?: unknown;
  base64?: string;
} {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  if (payloadType === USER_DATA_UNREGISTERED && uuid !== undefined && isUtf8(bytes)) {
    const text = bytes.toString('utf8');
    if (!CONTROL_CHARACTER.test(text)) return { text, ...parsed(text) };
  }
  return { base64: bytes.toString('base64') };
}

/** Text that waits to be written, so that a line does not cost a write. */
const BATCH_LENGTH = 64 * 1024;

/** Joins lines into larger pieces, but holds none back when `flush` is asked for. */
export class LineBatch {
  #text = '';

  /** Adds text; whether there is enough to be written. */
  add(text: string): boolean {
    this.#text += text;
    return this.#text.length >= BATCH_LENGTH;
  }

  /** Takes what there is. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}
