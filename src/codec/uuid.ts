/**
 * UUIDs, whose public form is the canonical lower-case string and whose form on the wire is 16 bytes (RFC 9562, H.264
 * D.2.7).
 */
import { SeiError, invalidType } from '../errors.js';
import { UUID_LENGTH } from './sei-message.js';

/** The UUID of this library's messages, which is that of the Amazon IVS real-time samples' `stages_sei`. */
export const DEFAULT_SEI_UUID = 'b16d7d56-892e-419c-8d82-e069cd3aa5c1';

/** The UUID under which the Amazon IVS Web Broadcast SDK writes and reads SEI messages. */
export const IVS_SEI_UUID = '9e504ea5-ee5a-4f02-949f-b033a3768da2';

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * Parses a UUID.
 *
 * @param uuid in canonical form, of either case
 * @returns its 16 bytes, in memory of its own
 * @throws {@link SeiError} `ERR_SEI_INVALID_UUID` for any other text; `TypeError` for what is no string
 */
export function parseUuid(uuid: string): Uint8Array {
  if (typeof uuid !== 'string') throw invalidType('uuid', 'a string', uuid);
  if (!CANONICAL.test(uuid)) {
    throw new SeiError('ERR_SEI_INVALID_UUID', `'${uuid}' is no UUID; write it like ${DEFAULT_SEI_UUID}`);
  }
  const digits = uuid.replaceAll('-', '');
  return Uint8Array.from({ length: UUID_LENGTH }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

// The messages of a stream have few UUIDs, and comparing 16 bytes takes a tenth of putting a string together.
let lastText = DEFAULT_SEI_UUID;
const lastBytes = /* @__PURE__ */ parseUuid(DEFAULT_SEI_UUID);

function isLast(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < UUID_LENGTH; i++) {
    if (bytes[at + i] !== lastBytes[i]) return false;
  }
  return true;
}

/** The canonical lower-case form of the 16 bytes at `at`. */
export function formatUuid(bytes: Uint8Array, at = 0): string {
  if (isLast(bytes, at)) return lastText;
  let text = '';
  for (let i = 0; i < UUID_LENGTH; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += HEX[bytes[at + i]];
    lastBytes[i] = bytes[at + i];
  }
  lastText = text;
  return text;
}
