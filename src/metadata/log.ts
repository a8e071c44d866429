import { invalidType } from '../errors.js';
import type { ReceivedSeiMessage } from './received-message.js';

/** How many characters of a payload one line of {@link logSeiMessage} shows. */
export const MAX_LOGGED_LENGTH = 200;

// What would move a terminal's cursor, break the line or hide text: controls, line separators and marks of writing
// direction.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function escapeUnprintable(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function shorten(text: string): string {
  return text.length > MAX_LOGGED_LENGTH ? `${text.slice(0, MAX_LOGGED_LENGTH)}…` : text;
}

function contentOf(message: ReceivedSeiMessage): string {
  const text = message.text();
  // U+FFFD stands where the payload is no UTF-8.
  if (message.isJson || !text.includes('\ufffd')) return shorten(text).replace(UNPRINTABLE, escapeUnprintable);
  const shown = message.payload.subarray(0, MAX_LOGGED_LENGTH / 2);
  const hex = Array.from(shown, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return shown.length < message.payload.length ? `${hex}…` : hex;
}

function latencyOf(message: ReceivedSeiMessage): string {
  if (!message.isJson) return '';
  const value = message.json<{ timestamp?: unknown } | null>();
  const timestamp = value?.timestamp;
  if (typeof timestamp !== 'number') return '';
  return `, ${Math.round(message.timestamp - timestamp * 1000)} ms after it was published`;
}

function timeOf(timestamp: number): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString();
}

/**
 * Writes one readable line about a message: when it came, its UUID, its size, what it says, and how long it took where
 * it carries a `timestamp` in epoch seconds. Text is shown as it is, but for characters that a terminal would act on;
 * bytes that are no text in hexadecimal. To be used as it is for `onMessage`.
 *
 * @param message what was received
 * @param log takes the line, which has no line feed at its end. Default: `console.log`.
 * @throws {TypeError} if `message` is not a ReceivedSeiMessage
 */
export function logSeiMessage(
  message: ReceivedSeiMessage,
  // eslint-disable-next-line no-console -- whoever calls this asks for output
  log: (line: string) => void = console.log,
): void {
  if (typeof (message as Partial<ReceivedSeiMessage> | undefined)?.text !== 'function') {
    throw invalidType('message', 'a ReceivedSeiMessage', message);
  }
  const { uuid, payload, timestamp } = message;
  log(`${timeOf(timestamp)} ${uuid} ${payload.length} bytes${latencyOf(message)}: ${contentOf(message)}`);
}
