/**
 * How copies of one message are told from new messages: what publishers and receivers agree on (docs/wire-format.md,
 * "Copies, and which message they are of").
 */

/** How long a message that carries a timestamp or an id is remembered after its last copy, in milliseconds. */
export const DEDUP_WINDOW_MS = 60_000;

/** How long a message that is known by its content alone is remembered after its first copy, in milliseconds. */
export const CONTENT_DEDUP_WINDOW_MS = 2_000;

/** A message with an identity that comes back so long after its first copy, in milliseconds, is standing. */
export const STANDING_AFTER_MS = 1_000;

/** How long an incomplete message waits for its next fragment, in milliseconds. */
export const REASSEMBLY_TIMEOUT_MS = 10_000;

const OPENING_BRACE = 0x7b;

/**
 * Offset of the first byte of `payload` that is neither a byte order mark nor white space of JSON (RFC 8259 2, 8.1).
 */
function startOfJson(payload: Uint8Array): number {
  let at = payload[0] === 0xef && payload[1] === 0xbb && payload[2] === 0xbf ? 3 : 0;
  while (payload[at] === 0x20 || payload[at] === 0x09 || payload[at] === 0x0a || payload[at] === 0x0d) at++;
  return at;
}

/**
 * Whether a payload says by itself which message it is: a JSON object with a `timestamp`, an `id` or a `message_id`,
 * each a number or a text.
 *
 * @param payload its bytes
 * @param parse answers the value that they hold as JSON; undefined where they are none
 */
export function carriesIdentity(payload: Uint8Array, parse: () => unknown): boolean {
  // What does not begin as an object is not worth parsing.
  const object = payload[startOfJson(payload)] === OPENING_BRACE ? parse() : undefined;
  if (object === undefined) return false;
  const { timestamp, id, message_id: messageId } = object as Record<string, unknown>;
  return [timestamp, id, messageId].some((each) => typeof each === 'number' || typeof each === 'string');
}
