/**
 * The JSON of messages, in UTF-8 (RFC 8259): `JSON.stringify` on the way out, and on the way in a parser for bytes of
 * strangers.
 */
import { MAX_USER_DATA_SIZE } from '../codec/limits.js';
import { SeiError } from '../errors.js';

/** The longest JSON text that is sent as it is, in bytes of UTF-8: 1 MiB, as much as one message can hold. */
export const MAX_JSON_SIZE = MAX_USER_DATA_SIZE;

/**
 * The deepest nesting of arrays and objects that is sent, and that is read: many readers refuse what is deeper, and some
 * overflow their stack, as `JSON.stringify` does.
 */
export const MAX_JSON_DEPTH = 100;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A key that reaches the prototype of whatever object it is assigned to. */
const PROTOTYPE_KEY = '__proto__';

/** Keys that reach it one after the other, where somebody merges an object into another one. */
const [CONSTRUCTOR_KEY, PROTOTYPE_OF_CONSTRUCTOR_KEY] = ['constructor', 'prototype'];

/** Only a text that spells one of the keys, plain or with an escape of ASCII, can hold it. */
const SUSPICIOUS = /__proto__|prototype|\\u00/;

function notJson(problem: string, remedy: string, details: { cause?: unknown } = {}): SeiError {
  return new SeiError('ERR_SEI_NOT_JSON', `${problem}; ${remedy}`, details);
}

/** Whether a JSON text is nested deeper than {@link MAX_JSON_DEPTH}; of other texts it says nothing. */
export function isTooDeep(json: string): boolean {
  // Each level takes two characters.
  if (json.length <= 2 * MAX_JSON_DEPTH) return false;
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

/**
 * Writes a value as JSON text, as `JSON.stringify` does: NaN becomes `null`, `toJSON` is asked, functions in objects
 * are left out.
 *
 * @param value any JSON value
 * @returns the text, without a lone surrogate, since those are escaped
 * @throws {@link SeiError} `ERR_SEI_NOT_JSON` for cycles, BigInt, more than 100 levels, a `toJSON` or getter that
 *   throws (with its error as `cause`), and for undefined, functions and symbols
 */
export function stringifyJson(value: unknown): string {
  let text: string | undefined;
  try {
    // Its type hides that it answers undefined for what JSON has no word for.
    text = JSON.stringify(value);
  } catch (cause) {
    throw notJson(
      `the value cannot be written as JSON${cause instanceof Error ? ` (${cause.message})` : ''}`,
      'leave out cycles, make a BigInt a string or a number, and see that no toJSON or getter throws',
      { cause },
    );
  }
  if (text === undefined) {
    const problem =
      typeof value === 'object' ? 'a value whose toJSON answers nothing is no JSON' : `${typeof value} is no JSON`;
    throw notJson(problem, 'send null, a boolean, a number, a string, an array or an object');
  }
  if (isTooDeep(text)) {
    throw notJson(`the value is nested more than ${MAX_JSON_DEPTH} levels deep`, 'nest it less, or send it as text');
  }
  return text;
}

/**
 * The UTF-8 of a text that {@link stringifyJson} wrote.
 *
 * @param text the JSON text
 * @param maxBytes the limit; `Infinity` for none
 * @returns new memory
 * @throws {@link SeiError} `ERR_SEI_TOO_LARGE` above the limit
 */
export function encodeJson(text: string, maxBytes: number = MAX_JSON_SIZE): Uint8Array {
  const bytes = encoder.encode(text);
  if (bytes.length <= maxBytes) return bytes;
  throw new SeiError(
    'ERR_SEI_TOO_LARGE',
    `JSON of ${bytes.length} bytes is more than the ${maxBytes} that a message holds`,
  );
}

/**
 * Writes a value as JSON in UTF-8.
 *
 * @param value any JSON value; see {@link stringifyJson} for what becomes of others
 * @returns new memory
 * @throws {@link SeiError} `ERR_SEI_NOT_JSON` for what is no JSON value, with a `cause` where there is one;
 *   `ERR_SEI_TOO_LARGE` above 1 MiB
 */
export function serializeJson(value: unknown): Uint8Array {
  return encodeJson(stringifyJson(value));
}

/** Deletes every own property that can reach a prototype in `root`, which is no deeper than {@link MAX_JSON_DEPTH}. */
function deletePrototypeKeys(root: unknown): void {
  if (typeof root !== 'object' || root === null) return;
  Reflect.deleteProperty(root, PROTOTYPE_KEY);
  const constructor = Object.hasOwn(root, CONSTRUCTOR_KEY) ? (root as Record<string, unknown>)[CONSTRUCTOR_KEY] : null;
  if (typeof constructor === 'object' && constructor !== null) {
    Reflect.deleteProperty(constructor, PROTOTYPE_OF_CONSTRUCTOR_KEY);
  }
  for (const child of Object.values(root) as unknown[]) deletePrototypeKeys(child);
}

/**
 * Reads JSON that a stranger may have written. Keys named `__proto__`, and `prototype` in a `constructor`, are left out at
 * every depth: harmless where they stand, they change a prototype as soon as somebody copies or merges the object.
 *
 * @param bytes UTF-8, with or without a byte order mark; they are only read
 * @returns the value, in memory of its own; undefined, which no JSON is, for invalid UTF-8, for what is no JSON, and for
 *   more than 100 levels. It says not why: what parsers say quotes the stranger
 */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    const text = decoder.decode(bytes);
    if (isTooDeep(text)) return undefined;
    const value: unknown = JSON.parse(text);
    if (SUSPICIOUS.test(text)) deletePrototypeKeys(value);
    return value;
  } catch {
    return undefined;
  }
}
