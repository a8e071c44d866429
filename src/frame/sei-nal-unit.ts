import { backend } from '../backend/current.js';
import { allocate } from '../codec/bytes.js';
import { MAX_USER_DATA_SIZE } from '../codec/limits.js';
import { serializeUserDataUnregistered } from '../codec/sei-message.js';
import { DEFAULT_SEI_UUID, parseUuid } from '../codec/uuid.js';
import { SeiError, invalidType } from '../errors.js';
import { readableBytes } from './arguments.js';

/** What a SEI NAL unit of ours says of itself. */
export interface SeiNalUnitOptions {
  /** uuid_iso_iec_11578, by which receivers know whose data these are; {@link DEFAULT_SEI_UUID} where absent. */
  readonly uuid?: string | undefined;
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

/**
 * Makes a SEI NAL unit with one user_data_unregistered message.
 *
 * @param userData the bytes to send, up to {@link MAX_USER_DATA_SIZE}; many receivers take 1 kB and less
 * @param options the UUID
 * @returns new memory: the NAL unit without framing, header `06` first, with emulation prevention
 * @throws `TypeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_TOO_LARGE`, `ERR_SEI_INVALID_UUID`,
 *   `ERR_SEI_DETACHED_BUFFER` (H.264 7.3.1, 7.3.2.3, D.1.7)
 */
export function createSeiNalUnit(userData: Uint8Array, options: SeiNalUnitOptions = {}): Uint8Array {
  const data = readableBytes('userData', userData);
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options);
  const { uuid = DEFAULT_SEI_UUID } = options;
  if (data.length > MAX_USER_DATA_SIZE) {
    throw new SeiError('ERR_SEI_TOO_LARGE', `${data.length} bytes of user data are more than ${MAX_USER_DATA_SIZE}`);
  }
  const plain = serializeUserDataUnregistered(uuidBytes(uuid), data);
  // The header is no zero byte, so that what is escaped begins behind it.
  const length = backend().escapedLength(plain);
  if (length === plain.length) return plain;
  const nalUnit = new Uint8Array(length);
  backend().escape(plain, nalUnit);
  return nalUnit;
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
export function unescapeRbsp(bytes: Uint8Array): Uint8Array {
  const data = readableBytes('bytes', bytes);
  const target = allocate(data.length, bytes);
  return target.subarray(0, backend().unescape(data, target));
}
