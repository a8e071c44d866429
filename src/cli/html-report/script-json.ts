import { jsonLine } from '../json-lines.js';

/**
 * JSON as the content of a script element: nothing in it can end the element, begin a comment in it, or be taken for a
 * line end.
 */
export function scriptJson(value: object): string {
  // In JSON an angle bracket stands in strings only, where it may as well be an escape sequence.
  return jsonLine(value).replace(/</g, '\\u003c');
}
