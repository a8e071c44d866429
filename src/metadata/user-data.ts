/** The user data of a message: what is stamped onto a value, how it is written, and what happens if it is too large. */
import { MAX_USER_DATA_SIZE } from '../codec/limits.js';
import { SeiError, invalidType, outOfRange } from '../errors.js';
import { readableBytes } from '../frame/arguments.js';
import { checkOptions, optionNames } from '../options.js';
import { idOption } from './identity.js';
import { MAX_JSON_SIZE, encodeJson, stringifyJson } from './json.js';
import { DEFAULT_PUBLISHER_LIMITS, type OversizePolicy } from './profiles.js';
import { truncateJson } from './truncation.js';

/** The latest time that is accepted, in milliseconds since the epoch: the range of `Date`. */
const MAX_TIME_MS = 8.64e15;

/** What is stamped onto a JSON object. */
export interface Stamp {
  /** The id of the message, if the caller gave one. */
  readonly id: string | undefined;
  /** When the message was published, in milliseconds since the epoch, if the caller said so. */
  readonly publishedAt: number | undefined;
  /** Returns the time for a message that has neither, in epoch seconds. */
  readonly timestamp: () => number;
}

/** User data and what became of them. */
export interface EncodedUserData {
  /** What goes behind the UUID. */
  readonly userData: Uint8Array;
  /** Whether strings were cut to make them fit. */
  readonly truncated: boolean;
}

/** What user data may be. */
export interface UserDataLimits {
  /** The fewest bytes. */
  readonly minUserDataSize: number;
  /** The most bytes of one SEI message. */
  readonly maxUserDataSize: number;
  /** What happens to a message that is larger. */
  readonly oversize: OversizePolicy;
}

/** Members of an object that say which message it is. */
const IDENTITY_MEMBERS = ['id', 'message_id'] as const;

/** The value of a member of a JSON object; undefined if it has none of that name. */
function memberOf(text: string, name: string): unknown {
  // Only a text that spells the name can have it; all others are spared the parser.
  if (!text.includes(`"${name}":`)) return undefined;
  const object = JSON.parse(text) as Record<string, unknown>;
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isIdentity(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number';
}

/** The text of an object with one more member. */
function withMember(text: string, name: string, value: string | number): string {
  const members = text.slice(1, -1);
  return `{${members}${members && ','}"${name}":${JSON.stringify(value)}}`;
}

/**
 * Stamps the text of a JSON object with the time and the id of its message; any other text stays as it is.
 *
 * A member that is there stays. A message with an id from outside gets a timestamp only if the caller says when it was
 * published: two publishers that are given the same message have to write the same bytes.
 */
export function stamp(text: string, { id, publishedAt, timestamp }: Stamp): string {
  if (!text.startsWith('{')) return text;
  const isIdentified = id !== undefined || IDENTITY_MEMBERS.some((name) => isIdentity(memberOf(text, name)));
  let stamped = text;
  if (memberOf(text, 'timestamp') === undefined) {
    if (publishedAt !== undefined) stamped = withMember(stamped, 'timestamp', publishedAt / 1000);
    else if (!isIdentified) stamped = withMember(stamped, 'timestamp', timestamp());
  }
  if (id === undefined || isIdentity(memberOf(text, 'id'))) return stamped;
  // A name that is taken by something that is no identity, such as null, is not written twice.
  const name = IDENTITY_MEMBERS.find((each) => memberOf(text, each) === undefined);
  return name === undefined ? stamped : withMember(stamped, name, id);
}

/** The JSON of a text message, `{"text", "timestamp", "type"}` as stages_sei writes it, with the id if there is one. */
export function stampText(content: string, { id, publishedAt, timestamp }: Stamp): string {
  const seconds = publishedAt === undefined ? (id === undefined ? timestamp() : undefined) : publishedAt / 1000;
  // A member that is undefined is left out.
  return stringifyJson({ text: content, timestamp: seconds, type: 'text_content', id });
}

/** The error for user data above the limit. */
export function userDataTooLarge(length: number, { maxUserDataSize }: UserDataLimits): SeiError {
  return new SeiError(
    'ERR_SEI_TOO_LARGE',
    `The message has ${length} bytes of user data, but maxUserDataSize is ${maxUserDataSize}. Publish less, or use ` +
      "oversize: 'split'.",
  );
}

/**
 * The user data of a JSON text, cut if they are too large and the limits say so.
 *
 * @returns undefined if they are to be split: then they are the whole text in UTF-8
 * @throws {SeiError} ERR_SEI_TOO_LARGE
 */
export function encodeWithin(text: string, limits: UserDataLimits): EncodedUserData {
  const { maxUserDataSize, oversize } = limits;
  const whole = encodeJson(text, oversize === 'truncate' ? Infinity : MAX_JSON_SIZE);
  if (whole.length <= maxUserDataSize || oversize === 'split') return { userData: whole, truncated: false };
  if (oversize === 'reject') throw userDataTooLarge(whole.length, limits);
  return { userData: truncateJson(text, maxUserDataSize), truncated: true };
}

/** Bytes as user data; what is too large is never cut. */
export function checkBytesWithin(bytes: unknown, limits: UserDataLimits): Uint8Array {
  const userData = readableBytes('bytes', bytes);
  const { minUserDataSize, maxUserDataSize, oversize } = limits;
  if (userData.length < minUserDataSize)
    throw outOfRange('bytes.length', `at least ${minUserDataSize}`, userData.length);
  if (userData.length > maxUserDataSize && oversize !== 'split') throw userDataTooLarge(userData.length, limits);
  return userData;
}

/** A time of the caller's, in milliseconds since the epoch. */
export function timeOption(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!(Math.abs(value) <= MAX_TIME_MS)) throw outOfRange(name, 'milliseconds since the epoch', value);
  return value;
}

/** Options of {@link encodeUserData}. */
export interface EncodeUserDataOptions {
  /** The id of the message. It is written into a JSON object that has no `id`. Default: none. */
  readonly id?: string | undefined;
  /** The name of the source of the message: its id is `source`, a hyphen and `sequence`, unless `id` is set. */
  readonly source?: string | undefined;
  /** The number of the message at its source, an integer from 0 on. */
  readonly sequence?: number | undefined;
  /**
   * When the message is published, in milliseconds since the epoch. It is written into a JSON object that has no
   * `timestamp`, in seconds. Default: now, or no timestamp if the message has an id.
   */
  readonly publishedAt?: number | undefined;
  /** The most bytes of the result. Default: 400. */
  readonly maxUserDataSize?: number | undefined;
  /** `truncate` cuts long strings of a JSON object that is too large, `reject` throws. Default: 'truncate'. */
  readonly oversize?: 'truncate' | 'reject' | undefined;
}

const OPTIONS = /* @__PURE__ */ optionNames<EncodeUserDataOptions>()('encodeUserData', {
  id: true,
  source: true,
  sequence: true,
  publishedAt: true,
  maxUserDataSize: true,
  oversize: true,
});

/**
 * Encodes a value as the user data of an SEI message, as a publisher does: a string as `publishText`, bytes as they are,
 * and any other value as `publishJson`. An application that hands one message to several servers encodes it once.
 *
 * @example
 *   const id = crypto.randomUUID();
 *   const userData = encodeUserData({ score: 3 }, { id, publishedAt: Date.now() });
 *   // On each server:
 *   publisher.publishBytes(userData, { id });
 *
 * @param value a text, a JSON value, or bytes, which are only read
 * @param options identity, time and limits
 * @returns new memory
 * @throws {TypeError} if an argument has the wrong type or an option is unknown
 * @throws {RangeError} if an option has a value that is not allowed
 * @throws {SeiError} ERR_SEI_NOT_JSON, ERR_SEI_TOO_LARGE if the value does not fit and cannot be cut,
 *   ERR_SEI_DETACHED_BUFFER (docs/wire-format.md)
 */
export function encodeUserData(value: unknown, options: EncodeUserDataOptions = {}): Uint8Array {
  checkOptions(options, OPTIONS);
  const { maxUserDataSize = DEFAULT_PUBLISHER_LIMITS.maxUserDataSize, oversize = 'truncate' } = options;
  if (typeof maxUserDataSize !== 'number') throw invalidType('options.maxUserDataSize', 'a number', maxUserDataSize);
  if (!Number.isInteger(maxUserDataSize) || maxUserDataSize < 1 || maxUserDataSize > MAX_USER_DATA_SIZE) {
    throw outOfRange('options.maxUserDataSize', `an integer from 1 to ${MAX_USER_DATA_SIZE}`, maxUserDataSize);
  }
  if (oversize !== 'truncate' && oversize !== 'reject') {
    throw outOfRange('options.oversize', "'truncate' or 'reject'", oversize);
  }
  const limits = { minUserDataSize: 0, maxUserDataSize, oversize };
  const stampOf = {
    id: idOption(options),
    publishedAt: timeOption('options.publishedAt', options.publishedAt),
    timestamp: () => Date.now() / 1000,
  };
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return Uint8Array.from(checkBytesWithin(value, limits));
  const text = typeof value === 'string' ? stampText(value, stampOf) : stamp(stringifyJson(value), stampOf);
  return encodeWithin(text, limits).userData;
}
