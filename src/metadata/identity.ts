/** Who a message is: the id by which receivers recognise it, whichever server sent the copy that they got. */
import { digest } from './digest.js';
import { invalidType, outOfRange } from '../errors.js';

/** The longest id of a message, in bytes of UTF-8. It is in every fragment, so it limits what is left for the data. */
export const MAX_MESSAGE_ID_LENGTH = 128;

const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/;

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes of the random name of a publisher. */
const SOURCE_LENGTH = 8;

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A random name for a publisher, 11 characters: no two publishers have the same one. */
export function randomSource(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SOURCE_LENGTH));
  let name = '';
  for (let at = 0; at < SOURCE_LENGTH * 8; at += 6) {
    const word = (bytes[at >> 3] << 8) | (bytes[(at >> 3) + 1] ?? 0);
    name += BASE64URL[(word >> (10 - (at & 7))) & 0x3f];
  }
  return name;
}

/** The id of a message by its source and its number there. */
export function idOf(source: string, sequence: number): string {
  return `${source}-${sequence}`;
}

/** Keys of the two digests in {@link contentId}: every publisher has the same ones. */
const CONTENT_KEYS = [0x68323634, 0x73656921] as const;

/**
 * The id of a message by what it says, 24 characters: the same for each publisher that is given the same message.
 *
 * @param userData the whole message
 * @param publishedAt when it was published, in milliseconds since the epoch; 0 if nobody says
 */
export function contentId(userData: Uint8Array, publishedAt: number): string {
  const [high, low] = new Int32Array(Float64Array.of(publishedAt).buffer);
  const [first, second] = CONTENT_KEYS.map((key) => digest(userData, [high ^ key, low ^ key]));
  return first + second.slice(0, 8);
}

/** The UTF-8 of an id; undefined if it cannot be one: empty, too long, or with control characters or lone surrogates. */
export function encodeId(id: string): Uint8Array | undefined {
  if (id.length === 0 || id.length > MAX_MESSAGE_ID_LENGTH || CONTROL_CHARACTER.test(id)) return undefined;
  const bytes = encoder.encode(id);
  return bytes.length <= MAX_MESSAGE_ID_LENGTH && decoder.decode(bytes) === id ? bytes : undefined;
}

/** The id in some bytes; undefined if there is none that {@link encodeId} writes. */
export function decodeId(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0 || bytes.length > MAX_MESSAGE_ID_LENGTH) return undefined;
  try {
    const id = decoder.decode(bytes);
    return CONTROL_CHARACTER.test(id) ? undefined : id;
  } catch {
    return undefined;
  }
}

function checkId(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value);
  if (encodeId(value) !== undefined) return;
  const expected = `1 to ${MAX_MESSAGE_ID_LENGTH} bytes of UTF-8 without control characters`;
  throw outOfRange(name, expected, value.slice(0, MAX_MESSAGE_ID_LENGTH));
}

/** What a caller may say about the identity of a message. */
export interface IdentityOptions {
  /** The identity as one text. */
  readonly id?: unknown;
  /** What counts. */
  readonly source?: unknown;
  /** Its count. */
  readonly sequence?: unknown;
}

/**
 * The id that the caller gives a message: `id`, else `source` and `sequence` together.
 *
 * @returns undefined if the caller gives none
 * @throws {TypeError} if an option has the wrong type, or if `source` or `sequence` comes alone
 * @throws {RangeError} if the id has more than {@link MAX_MESSAGE_ID_LENGTH} bytes or control characters, or `sequence`
 *   is not an integer from 0 on
 */
export function idOption({ id, source, sequence }: IdentityOptions): string | undefined {
  if (id !== undefined) checkId('options.id', id);
  if (source === undefined && sequence === undefined) return id;
  if (typeof source !== 'string') throw invalidType('options.source', 'a string, with options.sequence', source);
  if (typeof sequence !== 'number') throw invalidType('options.sequence', 'a number, with options.source', sequence);
  if (!Number.isSafeInteger(sequence) || sequence < 0) {
    throw outOfRange('options.sequence', 'an integer from 0 on', sequence);
  }
  const own = idOf(source, sequence);
  checkId('options.source with options.sequence', own);
  return id ?? own;
}
