/**
 * The file of `inject --messages`: JSON Lines, each an object with a place (`at` or `frame`), what to send (`message`
 * or `base64`) and, if it is not that of all, a `uuid`.
 */
import { createSeiNalUnit } from '../frame/sei-nal-unit.js';
import { CliError, reasonOf } from './failure.js';
import type { Place, PlacedMessage } from '../files/schedule.js';

const KEYS = new Set(['at', 'frame', 'presentationTimeMs', 'message', 'base64', 'uuid']);

const FRAME = /^\d{1,15}f$/;
const SECONDS = /^\d{1,15}(\.\d{1,15})?s$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

type Entry = Readonly<Record<string, unknown>>;

function isNumberFrom0(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function placeOf({ at, frame, presentationTimeMs }: Entry): Place {
  const given = [at, frame, presentationTimeMs].filter((place) => place !== undefined);
  if (given.length !== 1) throw new Error('give either "at" or "frame" (or "presentationTimeMs")');
  if (presentationTimeMs !== undefined) {
    if (typeof presentationTimeMs === 'number' && Number.isFinite(presentationTimeMs)) return { presentationTimeMs };
    throw new Error('"presentationTimeMs" must be milliseconds on the timeline of the file');
  }
  if (frame !== undefined) {
    if (isNumberFrom0(frame) && Number.isInteger(frame)) return { frame };
    throw new Error('"frame" must be the number of an access unit, 0 or more');
  }
  if (isNumberFrom0(at)) return { seconds: at };
  if (typeof at === 'string' && SECONDS.test(at)) return { seconds: Number(at.slice(0, -1)) };
  if (typeof at === 'string' && FRAME.test(at)) return { frame: Number(at.slice(0, -1)) };
  throw new Error('"at" must be seconds, such as 1.5 or "1.5s", or an access unit, such as "37f"');
}

/**
 * The bytes of a text in UTF-8.
 *
 * @throws Error where half of a surrogate pair has no such bytes
 */
export function exactUtf8(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text))
    throw new Error('the message holds half of a surrogate pair, which UTF-8 cannot say');
  return Buffer.from(text, 'utf8');
}

function userDataOf({ message, base64 }: Entry): Uint8Array {
  if ((message === undefined) === (base64 === undefined)) throw new Error('give either "message" or "base64"');
  if (message !== undefined) return exactUtf8(typeof message === 'string' ? message : JSON.stringify(message));
  if (typeof base64 === 'string' && BASE64.test(base64)) return Buffer.from(base64, 'base64');
  throw new Error('"base64" must be base64 with its padding');
}

function parseEntry(line: string): Entry {
  const entry: unknown = JSON.parse(line);
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw new Error('it must be a JSON object');
  const unknown = Object.keys(entry).find((key) => !KEYS.has(key));
  if (unknown === undefined) return entry as Entry;
  throw new Error(`"${unknown}" is none of ${[...KEYS].map((key) => `"${key}"`).join(', ')}`);
}

function parseLine(line: string, defaultUuid: string): PlacedMessage {
  const entry = parseEntry(line);
  const { uuid = defaultUuid } = entry;
  if (typeof uuid !== 'string') throw new Error('"uuid" must be a string');
  return { place: placeOf(entry), nalUnit: createSeiNalUnit(userDataOf(entry), { uuid }) };
}

/**
 * Parses a messages file.
 *
 * @param text its contents; empty lines are passed over
 * @param name how messages call the file
 * @param uuid for the lines that give none
 * @returns the messages in the order of their lines, each as a SEI NAL unit. A message that is no string is sent as
 *   compact JSON, its numbers as JavaScript has them
 * @throws {@link CliError} that names the line
 */
export function parseMessages(text: string, name: string, uuid: string): PlacedMessage[] {
  const messages: PlacedMessage[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      messages.push(parseLine(line, uuid));
    } catch (error) {
      throw new CliError(`${name}:${index + 1}: ${reasonOf(error)}`);
    }
  }
  return messages;
}
