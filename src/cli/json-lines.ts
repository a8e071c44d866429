/** Output as JSON Lines, out of bytes that nobody vouches for. */
import { isUtf8 } from 'node:buffer';
import { USER_DATA_UNREGISTERED } from '../codec/sei-message.js';
import type { SeiMessage } from '../frame/extract.js';
import { isTooDeep } from '../wire/json.js';

const CONTROL_CHARACTER = /[^\P{Cc}\t\n\r]/u;

/** What JSON lets stand although terminals or readers of lines take it for more than a character. */
const UNSAFE_IN_LINE = /[\u007f-\u009f\u2028\u2029]/g;

/** A value as one line of JSON with its line feed. No byte of it can steer a terminal or end the line early. */
export function jsonLine(value: object): string {
  const json = JSON.stringify(value);
  return `${json.replace(UNSAFE_IN_LINE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
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
