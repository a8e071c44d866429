/**
 * Makes JSON fit by cutting its strings. It works on the JSON text itself, in which a string is measured as it is sent,
 * escapes included, and in which no nesting is too deep: every step is one walk over the text.
 */
import { SeiError, outOfRange } from '../errors.js';
import { encodeJson, stringifyJson } from '../wire/json.js';

/**
 * Strings of up to so many code points are left alone, and no other is made shorter than that, with the three dots at
 * its end.
 */
export const MIN_TRUNCATED_STRING_LENGTH = 16;

/** What stands at the end of a string that was cut. */
const ELLIPSIS = '...';

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const SMALL_U = 0x75;

/** A string value in the JSON text; object keys are none. */
interface TextString {
  /** Where it starts in the text, behind its quote. */
  readonly start: number;
  /** Where it ends in the text, at its quote. */
  readonly end: number;
  /** Its length in code points. */
  readonly length: number;
}

/**
 * How many UTF-16 code units the code point at `at`, inside a string, takes in the text; `JSON.stringify` escapes lone
 * surrogates.
 */
function unitsAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit === BACKSLASH) return text.charCodeAt(at + 1) === SMALL_U ? 6 : 2;
  return unit >= 0xd800 && unit <= 0xdbff ? 2 : 1;
}

/** How many bytes of UTF-8 the code point at `at`, inside a string, takes. */
function bytesAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit >= 0x800) return unit >= 0xd800 && unit <= 0xdbff ? 4 : 3;
  if (unit >= 0x80) return 2;
  return unit === BACKSLASH ? unitsAt(text, at) : 1;
}

/** The string values of a text without white space that may be cut, in their order. */
function findLongStrings(text: string): TextString[] {
  const strings: TextString[] = [];
  for (let quote = text.indexOf('"'); quote >= 0;) {
    const start = quote + 1;
    let length = 0;
    let end = start;
    for (; text.charCodeAt(end) !== QUOTE; end += unitsAt(text, end)) length++;
    const isKey = text.charCodeAt(end + 1) === COLON;
    if (!isKey && length > MIN_TRUNCATED_STRING_LENGTH) strings.push({ start, end, length });
    quote = text.indexOf('"', end + 1);
  }
  return strings;
}

/** How long strings may be, and what the text then takes. */
interface Fit {
  /** In code points: strings that are longer are cut to this, the dots counted. */
  readonly length: number;
  /** Of the whole text, in bytes. */
  readonly byteLength: number;
}

/** The largest length to which all longer strings can be cut so that the text takes at most `maxBytes`. */
function fitStrings(text: string, strings: readonly TextString[], maxBytes: number): Fit | undefined {
  let byteLength = encodeJson(text, Infinity).length;
  const longest = strings.reduce((most, string) => Math.max(most, string.length), 0);
  // growth[n] is what the text takes more when the strings may have n code points instead of n - 1. A string of n code
  // points takes n bytes and more, so that growth beyond maxBytes is not asked for.
  const growth = new Uint32Array(Math.min(longest, maxBytes) + 1);
  const grow = (length: number, by: number) => {
    byteLength -= by;
    if (length < growth.length) growth[length] += by;
  };
  for (const { start, end, length } of strings) {
    let index = 0;
    let last = 0;
    for (let at = start; at < end; at += unitsAt(text, at), index++) {
      const stays = index + 1 + ELLIPSIS.length;
      if (stays >= length) last += bytesAt(text, at);
      else if (stays > MIN_TRUNCATED_STRING_LENGTH) grow(stays, bytesAt(text, at));
    }
    // A string that need not be cut any more has its last code points, and no dots.
    grow(length, last - ELLIPSIS.length);
  }
  if (byteLength > maxBytes) return undefined;
  let length = MIN_TRUNCATED_STRING_LENGTH;
  while (length + 1 < growth.length && byteLength + growth[length + 1] <= maxBytes) byteLength += growth[++length];
  return { length, byteLength };
}

/**
 * The text with its strings cut to the length that fits; what is left over of `maxBytes` gives the first of them a code
 * point more.
 */
function cutStrings(text: string, strings: readonly TextString[], fit: Fit, maxBytes: number): string {
  const pieces: string[] = [];
  let left = maxBytes - fit.byteLength;
  let from = 0;
  for (const { start, end, length } of strings) {
    if (length <= fit.length) continue;
    let to = start;
    for (let index = 0; index < fit.length - ELLIPSIS.length; index++) to += unitsAt(text, to);

    const next = length === fit.length + 1 ? end : to + unitsAt(text, to);
    let more = next === end ? -ELLIPSIS.length : 0;
    for (let at = to; at < next; at += unitsAt(text, at)) more += bytesAt(text, at);
    if (more <= left) {
      left -= more;
      to = next;
    }
    if (to === end) continue;
    pieces.push(text.slice(from, to), ELLIPSIS);
    from = end;
  }
  pieces.push(text.slice(from));
  return pieces.join('');
}

/** Members that say which message it is: receivers that got it from several servers compare them. */
const IDENTITY_MEMBERS = ['timestamp', 'id', 'message_id'] as const;

/** The text of an object that is to be cut, and how much of it may be. */
interface Cuttable {
  readonly text: string;
  /** Where the members begin that stay as they are. */
  readonly end: number;
}

/**
 * The members of an object that may be cut, those that say so, which replace any of the same names, and those that
 * identify the message.
 */
function markTruncated(text: string, originalLength: number): Cuttable | undefined {
  const value = JSON.parse(text) as unknown;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const object = value as Record<string, unknown>;
  delete object['truncated'];
  delete object['original_length'];
  const identity: Record<string, unknown> = {};
  for (const name of IDENTITY_MEMBERS) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    // What is not long is not cut wherever it stands.
    if (typeof value !== 'string' || Array.from(value).length <= MIN_TRUNCATED_STRING_LENGTH) continue;
    identity[name] = value;
    Reflect.deleteProperty(object, name);
  }
  const members = stringifyJson(object).slice(1, -1);
  const cuttable = `{${members}${members && ','}"truncated":true,"original_length":${originalLength}`;
  const rest = stringifyJson(identity).slice(1);
  return { text: `${cuttable}${rest.length > 1 ? ',' : ''}${rest}`, end: cuttable.length };
}

/**
 * The JSON text of a value in at most `maxBytes` bytes of UTF-8. Where it does not fit, its longest strings are cut, at
 * whatever depth they stand, all to one length and never inside of a code point, and get `...` at their ends; the
 * object gets `truncated: true` and `original_length`, the bytes of its whole JSON. Everything else stays as it is:
 * keys, numbers, strings of up to 16 code points, and the texts by which receivers
 * recognise the message, which come last. The time that it takes grows with the length of the JSON, and with nothing
 * else.
 *
 * @param whole what {@link stringifyJson} wrote, of any length; only an object can be cut
 * @param maxBytes the limit, in bytes
 * @returns new memory: the whole JSON where it fits, else the cut one
 * @throws `RangeError` for a limit that is no integer from 0 on; {@link SeiError} `ERR_SEI_TOO_LARGE` for what is no
 *   object, and where all that is no long string is too much
 */
export function truncateJson(whole: string, maxBytes: number): Uint8Array {
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 0) throw outOfRange('maxBytes', 'an integer from 0 on', maxBytes);
  const bytes = encodeJson(whole, Infinity);
  if (bytes.length <= maxBytes) return bytes;

  const tooLarge = (why: string) =>
    new SeiError(
      'ERR_SEI_TOO_LARGE',
      `JSON of ${bytes.length} bytes is more than ${maxBytes}, and ${why}; send less, or have it split`,
    );
  const cuttable = markTruncated(whole, bytes.length);
  if (cuttable === undefined) throw tooLarge('only an object can be cut');
  const { text } = cuttable;
  const strings = findLongStrings(text).filter(({ end }) => end < cuttable.end);
  const fit = fitStrings(text, strings, maxBytes);
  if (fit === undefined) throw tooLarge('it stays so when its strings are cut');
  return encodeJson(cutStrings(text, strings, fit, maxBytes), maxBytes);
}
