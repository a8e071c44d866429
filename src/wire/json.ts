/**
 * The JSON of messages, in UTF-8 (RFC 8259): `JSON.stringify` on the way out, and on the way in a parser for bytes of
 * strangers.
 */
import { MAX_USER_DATA_SIZE } from '../codec/limits.js';
import { SeiError } from '../errors.js';

/** The longest JSON text that is sent as it is, in bytes of UTF-8: 1 MiB, as much as one message can hold. */
export const MAX_JSON_SIZE = MAX_USER_DATA_SIZE;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A key that reaches the prototype of whatever object it is assigned to. */
const PROTOTYPE_KEY = '__proto__';

/** How every escape of a character of {@link PROTOTYPE_KEY} begins. */
const ESCAPED_ASCII = '\\u00';

function notJson(problem: string, remedy: string, details: { cause?: unknown } = {}): SeiError {
  return new SeiError('ERR_SEI_NOT_JSON', `${problem}; ${remedy}`, details);
}

/**
 * Writes a value as JSON text, as `JSON.stringify` does: NaN becomes `null`, `toJSON` is asked, functions in objects
 * are left out.
 *
 * @param value any JSON value
 * @returns the text, without a lone surrogate, since those are escaped
 * @throws {@link SeiError} `ERR_SEI_NOT_JSON` for cycles, BigInt, what is nested too deep, a `toJSON` or getter that
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

/** Deletes every own property `__proto__` in `root`; a loop, since hostile nesting is deeper than the stack. */
function deletePrototypeKeys(root: unknown): void {
  const pending = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (Object.hasOwn(value, PROTOTYPE_KEY)) Reflect.deleteProperty(value, PROTOTYPE_KEY);
    for (const child of Object.values(value) as unknown[]) if (typeof child === 'object') pending.push(child);
  }
}

/**
 * Reads JSON that a stranger may have written. Keys named `__proto__` are left out at every depth: harmless where they
 * stand, they change a prototype as soon as somebody copies the object property by property.
 *
 * @param bytes UTF-8, with or without a byte order mark; they are only read
 * @returns the value, in memory of its own
 * @throws {@link SeiError} `ERR_SEI_MALFORMED` for invalid UTF-8 and for what is no JSON, with the `cause`
 */
export function parseJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    const text = decoder.decode(bytes);
    value = JSON.parse(text);
    // Only a text that spells the key, plain or escaped, can hold it; all others are spared the walk.
    if (text.includes(PROTOTYPE_KEY) || text.includes(ESCAPED_ASCII)) deletePrototypeKeys(value);
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? `no JSON (${cause.message})` : 'no UTF-8';
    throw new SeiError('ERR_SEI_MALFORMED', `the ${bytes.length} bytes are ${reason}`, { cause });
  }
  return value;
}

/** Reads JSON as {@link parseJson} does; answers undefined, which no JSON is, where that throws. */
export function tryParseJson(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch {
    return undefined;
  }
}
