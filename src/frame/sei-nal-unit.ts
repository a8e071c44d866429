import { backend } from '../backend/current.js';
import { type SameBytes, allocate } from '../codec/bytes.js';
import { MAX_USER_DATA_SIZE } from '../codec/limits.js';
import { USER_DATA_UNREGISTERED, serializeSei } from '../codec/sei-message.js';
import { DEFAULT_SEI_UUID, parseUuid } from '../codec/uuid.js';
import { SeiError, invalidType } from '../errors.js';
import { checkOptions, optionNames } from '../options.js';
import { checkPayloadType, readableBytes } from './arguments.js';

/** Options of {@link createSeiNalUnit}. */
export interface SeiNalUnitOptions {
  /**
   * uuid_iso_iec_11578, which tells receivers whose data these are (H.264 D.1.7). Default: {@link DEFAULT_SEI_UUID}.
   */
  readonly uuid?: string | undefined;
}

/** One sei_message to be written by {@link createSei}. */
export interface SeiPayload {
  /** payloadType (H.264 Table D-1), such as 1 for pic_timing or 4 for user_data_registered_itu_t_t35. */
  readonly payloadType: number;
  /** The payload in the syntax of its type (H.264 D.1), without emulation prevention. */
  readonly payload: Uint8Array;
}

const OPTIONS = /* @__PURE__ */ optionNames<SeiNalUnitOptions>()('createSeiNalUnit', { uuid: true });
const MEMBERS = /* @__PURE__ */ optionNames<SeiPayload>()('createSei', { payloadType: true, payload: true });

const NO_BYTES = new Uint8Array(0);

let encoder: ReturnType<typeof createEncoder> | undefined;

const createEncoder = () => new TextEncoder();

/** The UTF-8 of a text. The encoder is created when a text comes: not every runtime has one. */
function utf8(text: string): Uint8Array {
  encoder ??= createEncoder();
  return encoder.encode(text);
}

// A publisher sends many messages under few UUIDs.
let lastUuid = DEFAULT_SEI_UUID;
let lastUuidBytes = /* @__PURE__ */ parseUuid(DEFAULT_SEI_UUID);

function uuidBytes(uuid: string): Uint8Array {
  if (uuid !== lastUuid) {
    lastUuidBytes = parseUuid(uuid);
    lastUuid = uuid;
  }
  return lastUuidBytes;
}

/** The NAL unit with one sei_message, whose payload is `prefix` and `payload`. */
function seiNalUnit(payloadType: number, prefix: Uint8Array, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const plain = serializeSei(payloadType, prefix, payload);
  // The header is not a zero byte, so the escaped bytes begin after it.
  const length = backend().escapedLength(plain);
  if (length === plain.length) return plain;
  const nalUnit = new Uint8Array(length);
  backend().escape(plain, nalUnit);
  return nalUnit;
}

/** Checks the size of user data or a payload. */
function checkSize(name: string, { length }: Uint8Array): void {
  if (length <= MAX_USER_DATA_SIZE) return;
  throw new SeiError('ERR_SEI_TOO_LARGE', `${name} has ${length} bytes. The limit is ${MAX_USER_DATA_SIZE}.`);
}

/**
 * Creates an SEI NAL unit with one user_data_unregistered message.
 *
 * @example
 *   const nalUnit = createSeiNalUnit('hello');
 *   const tagged = injectSei(frame, [nalUnit]);
 *
 * @param userData the bytes to send, or a text that is sent as UTF-8; up to {@link MAX_USER_DATA_SIZE} bytes. Many
 *   receivers accept 1 kB at most
 * @param options the UUID
 * @returns new memory: the NAL unit without framing, header `06` first, with emulation prevention
 * @throws {TypeError} if an argument has the wrong type or an option is unknown
 * @throws {SeiError} ERR_SEI_TOO_LARGE, ERR_SEI_INVALID_UUID, ERR_SEI_DETACHED_BUFFER (H.264 7.3.1, 7.3.2.3, D.1.7)
 */
export function createSeiNalUnit(
  userData: Uint8Array | string,
  options: SeiNalUnitOptions = {},
): Uint8Array<ArrayBuffer> {
  const data = typeof userData === 'string' ? utf8(userData) : readableBytes('userData', userData);
  checkOptions(options, OPTIONS);
  const { uuid = DEFAULT_SEI_UUID } = options;
  checkSize('userData', data);
  return seiNalUnit(USER_DATA_UNREGISTERED, uuidBytes(uuid), data);
}

/**
 * Creates an SEI NAL unit with one message of any type.
 *
 * @example
 *   // A recovery_point message: the picture is an exact point to start decoding at (H.264 D.1.8).
 *   const nalUnit = createSei({ payloadType: 6, payload: Uint8Array.of(0xc4) });
 *
 * @param message payloadType and payload; the payload has up to {@link MAX_USER_DATA_SIZE} bytes and is only read
 * @returns new memory: the NAL unit without framing, header `06` first, with emulation prevention
 * @throws {TypeError} if an argument has the wrong type or an option is unknown
 * @throws {RangeError} if `payloadType` is not an integer from 0 to 65535
 * @throws {SeiError} ERR_SEI_TOO_LARGE, ERR_SEI_DETACHED_BUFFER (H.264 7.3.1, 7.3.2.3.1)
 */
export function createSei(message: SeiPayload): Uint8Array<ArrayBuffer> {
  if (Array.isArray(message)) throw invalidType('message', 'an object with payloadType and payload', message);
  checkOptions(message, MEMBERS, 'message');
  const { payloadType, payload } = message;
  checkPayloadType('message.payloadType', payloadType);
  const data = readableBytes('message.payload', payload);
  checkSize('message.payload', data);
  return seiNalUnit(payloadType, NO_BYTES, data);
}

/**
 * Inserts emulation prevention: `03` wherever two zero bytes would be followed by a byte of at most 3, and at the end
 * of an RBSP that ends in `00`, since a NAL unit never does.
 *
 * @param rbsp the bytes behind a NAL unit header; they are only read
 * @returns new memory. {@link unescapeRbsp} gives `rbsp` back, unless it ends in an odd number of zeros, which an RBSP
 *   does not
 * @throws `TypeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_DETACHED_BUFFER` (H.264 7.3.1, 7.4.1)
 */
export function escapeRbsp<T extends Uint8Array>(rbsp: T): SameBytes<T>;
export function escapeRbsp(rbsp: Uint8Array): Uint8Array {
  const data = readableBytes('rbsp', rbsp);
  const target = allocate(backend().escapedLength(data), rbsp);
  backend().escape(data, target);
  return target;
}

/**
 * Removes emulation prevention: the `03` of every `00 00 03`.
 *
 * @param bytes what stands behind a NAL unit header; they are only read
 * @returns new memory
 * @throws `TypeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_DETACHED_BUFFER` (H.264 7.3.1)
 */
export function unescapeRbsp<T extends Uint8Array>(bytes: T): SameBytes<T>;
export function unescapeRbsp(bytes: Uint8Array): Uint8Array {
  const data = readableBytes('bytes', bytes);
  const target = allocate(data.length, bytes);
  return target.subarray(0, backend().unescape(data, target));
}
