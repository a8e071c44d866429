import { Encoding, type MessageRow } from '../model.js';

/** Pretty-printed JSON that is longer is not shown: deep nesting makes much of little. */
const MAX_PRETTY_LENGTH = 65_536;

const HEX_WIDTH = 16;

/** The bytes of a payload, as far as the report has them. */
export function payloadBytes([, , , , encoding, content]: MessageRow): Uint8Array {
  if (encoding === Encoding.text) return new TextEncoder().encode(content);
  return Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
}

/** The payload as text; undefined where it is none. */
export function payloadText([, , size, , encoding, content]: MessageRow): string | undefined {
  return encoding === Encoding.text && (content !== '' || size === 0) ? content : undefined;
}

/** JSON objects and arrays in lines; undefined where the text is none, or would be too long. */
export function prettyJson(text: string): string | undefined {
  // A number alone is JSON too, but gains nothing. Some writers end the text with a zero byte.
  const json = text.replace(/\0+$/, '').trim();
  if (!/^[[{]/.test(json)) return undefined;
  try {
    const pretty = JSON.stringify(JSON.parse(json), undefined, 2);
    return pretty.length <= MAX_PRETTY_LENGTH ? pretty : undefined;
  } catch {
    return undefined;
  }
}

/** A dump: offset, 16 bytes, and what of them is ASCII. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += HEX_WIDTH) {
    const row = [...bytes.subarray(at, at + HEX_WIDTH)];
    const hex = row
      .map((byte, i) => `${i === HEX_WIDTH / 2 ? ' ' : ''}${byte.toString(16).padStart(2, '0')}`)
      .join(' ');
    const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('');
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * HEX_WIDTH)}  ${ascii}`);
  }
  return lines.join('\n');
}

/** One line of text, with nothing in it that is not to be seen or turns what is behind it around. */
export function oneLine(text: string, length: number): string {
  return text.slice(0, length).replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu, ' ');
}
