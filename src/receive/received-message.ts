import { SeiError } from '../errors.js';
import { type DigestKey, digest } from '../wire/digest.js';
import { parseJson } from '../wire/json.js';

/** A received message as plain data, with the fields that `stages_sei` gives it. */
export interface ReceivedSeiMessageData {
  /** The payload: the parsed value where it is JSON, else its bytes in base64. */
  readonly payload: unknown;
  /** `binary` where the payload is in base64; absent where it is JSON. */
  readonly payload_type?: 'binary';
  /** When the message was received, in epoch seconds. */
  readonly timestamp: number;
  /** The timestamp of the frame that held it, in seconds; null where it had none. */
  readonly frame_timestamp: number | null;
  /** See {@link ReceivedSeiMessage.messageId}. */
  readonly message_id: string;
  /** uuid_iso_iec_11578 in canonical lower-case form. */
  readonly uuid: string;
}

/** What is known of a message when it is received. */
export interface Reception {
  /** uuid_iso_iec_11578 in canonical lower-case form. */
  readonly uuid: string;
  /** The user data behind the UUID; they are copied. */
  readonly payload: Uint8Array;
  /** When it was received, in milliseconds since the epoch. */
  readonly timestamp: number;
  /** The timestamp of its frame in milliseconds, on the clock of whoever gave it. */
  readonly frameTimestamp?: number | undefined;
  /** The id that the message was sent with, where it had one: that of a message that came in fragments. */
  readonly id?: string | undefined;
}

// ignoreBOM keeps a byte order mark, so that the text is what was sent.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const bits = (bytes[at] << 16) | ((left > 1 ? bytes[at + 1] : 0) << 8) | (left > 2 ? bytes[at + 2] : 0);
    text += BASE64[bits >> 18] + BASE64[(bits >> 12) & 63];
    text += left > 1 ? BASE64[(bits >> 6) & 63] : '=';
    text += left > 2 ? BASE64[bits & 63] : '=';
  }
  return text;
}

/**
 * The UUID as the two keys of 64 bits that it holds, so that a digest under both tells UUIDs apart as well as contents.
 */
function digestKeys(uuid: string): [DigestKey, DigestKey] {
  const digits = uuid.replaceAll('-', '');
  const word = (at: number) => Number.parseInt(digits.slice(at, at + 8), 16) | 0;
  // The second key differs from the first for the nil UUID as well.
  return [
    [word(0), word(8)],
    [word(16), word(24) ^ 1],
  ];
}

/**
 * A message that was received: a user_data_unregistered message of a frame, or one put together from fragments. It owns
 * its bytes. (H.264 D.1.7)
 */
export class ReceivedSeiMessage {
  /** uuid_iso_iec_11578 in canonical lower-case form. */
  readonly uuid: string;
  /** The user data behind the UUID: a plain Uint8Array with memory of its own. */
  readonly payload: Uint8Array;
  /** When the message was received, in milliseconds since the epoch. */
  readonly timestamp: number;
  /** The timestamp of the frame that held it, in milliseconds; undefined where none was given. */
  readonly frameTimestamp: number | undefined;
  #messageId: string | undefined;
  #isJson: boolean | undefined;
  /** The parsed value, which can take 25 times the memory of the payload: only as long as somebody else holds it. */
  #value: WeakRef<object> | undefined;

  /** @param reception what was received; the payload is copied */
  constructor({ uuid, payload, timestamp, frameTimestamp, id }: Reception) {
    this.uuid = uuid;
    this.payload = new Uint8Array(payload);
    this.timestamp = timestamp;
    this.frameTimestamp = frameTimestamp;
    this.#messageId = id;
  }

  /**
   * Which message it is, the same for every copy at every receiver: the id that it was sent with where it came in
   * fragments, else 128 bits in hexadecimal that follow from UUID and payload. It tells messages apart; it proves
   * nothing about who sent them.
   */
  get messageId(): string {
    if (this.#messageId === undefined) {
      const [first, second] = digestKeys(this.uuid);
      this.#messageId = digest(this.payload, first) + digest(this.payload, second);
    }
    return this.#messageId;
  }

  /** Whether the payload is JSON in UTF-8, so that {@link ReceivedSeiMessage.json} answers. */
  get isJson(): boolean {
    if (this.#isJson === undefined) this.#parse();
    return this.#isJson === true;
  }

  /**
   * The payload as text in UTF-8, all of it; U+FFFD stands for what is none. Of what `publishText` has sent this is the
   * JSON around the text, which is `json().text`.
   */
  text(): string {
    return utf8.decode(this.payload);
  }

  /**
   * The value that the payload holds as JSON, without the keys `__proto__` and `constructor.prototype`. Every call returns
   * the same value as long as you hold it; the message does not keep it.
   *
   * @throws {@link SeiError} `ERR_SEI_NOT_JSON` if the payload is not JSON in UTF-8 of at most 100 levels. Anybody may
   *   have sent it: check {@link ReceivedSeiMessage.isJson} first
   */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller names the type
  json<T = unknown>(): T {
    const value = this.#parse();
    if (value !== undefined) return value as T;
    throw new SeiError('ERR_SEI_NOT_JSON', 'the payload is no JSON in UTF-8: read it as payload or text()');
  }

  /** The message as plain data, so that `JSON.stringify` can write it; times are in seconds. */
  toJSON(): ReceivedSeiMessageData {
    const value = this.#parse();
    return {
      ...(value === undefined
        ? { payload: toBase64(this.payload), payload_type: 'binary' as const }
        : { payload: value }),
      timestamp: this.timestamp / 1000,
      frame_timestamp: this.frameTimestamp === undefined ? null : this.frameTimestamp / 1000,
      message_id: this.messageId,
      uuid: this.uuid,
    };
  }

  /** The value as JSON; undefined, which no JSON is, where the payload is none. */
  #parse(): unknown {
    if (this.#isJson === false) return undefined;
    const kept = this.#value?.deref();
    if (kept !== undefined) return kept;
    const value = parseJson(this.payload);
    this.#isJson = value !== undefined;
    if (typeof value === 'object' && value !== null) this.#value = new WeakRef(value);
    return value;
  }
}
