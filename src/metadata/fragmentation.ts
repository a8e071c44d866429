/**
 * The envelope of messages that are too large for one SEI message, or that carry no identity of their own: fragments
 * that each go as a message (docs/wire-format.md).
 */
import { isUint8Array } from '../codec/bytes.js';
import { formatUuid, parseUuid } from '../codec/uuid.js';
import { SeiError, invalidType, outOfRange } from '../errors.js';
import { MAX_MESSAGE_ID_LENGTH, decodeId, encodeId } from './identity.js';

/** The uuid_iso_iec_11578 of the user_data_unregistered messages that hold fragments (H.264 D.1.7). */
export const FRAGMENT_SEI_UUID = '49fe0359-4fb0-4eee-bf03-6c02dfb4ecc0';

/** The largest message that is split, in bytes of its user data. */
export const MAX_SPLIT_MESSAGE_SIZE = 65_536;

/** Bytes before the id and the data of each fragment. */
export const FRAGMENT_HEADER_LENGTH = 26;

/** The version of the header that is written and read. */
const VERSION = 2;

/** The most fragments of one message: their count has 16 bits. */
const MAX_FRAGMENTS = 0xffff;

/** The longest id that a publisher makes by itself: 11 characters, a hyphen, and a number of up to 16 digits. */
const MAX_OWN_ID_LENGTH = 28;

/** If messages are to be split, one SEI message has to hold so much user data at least, in bytes. */
export const MIN_SPLIT_SIZE =
  FRAGMENT_HEADER_LENGTH + MAX_OWN_ID_LENGTH + Math.ceil(MAX_SPLIT_MESSAGE_SIZE / MAX_FRAGMENTS);

/** Where the fields of the header are; numbers are big endian. */
const Offset = { version: 0, uuid: 1, index: 17, count: 19, totalLength: 21, idLength: 25 } as const;

/** What is written into the fragments of a message. */
export interface FragmentOptions {
  /** The UUID of the whole message. */
  readonly uuid: string;
  /** The id of the message, up to {@link MAX_MESSAGE_ID_LENGTH} bytes of UTF-8. */
  readonly id: string;
  /** The most user data in one SEI message, in bytes, the header of the fragment and the id included. */
  readonly maxUserDataSize: number;
}

/** One fragment, as it was read. */
export interface Fragment {
  /** The same for all fragments of a message, and for no others. */
  readonly id: string;
  /** The UUID of the whole message. */
  readonly uuid: string;
  /** Which fragment it is, from 0. */
  readonly index: number;
  /** How many fragments the message has, 1 to 65,535. */
  readonly count: number;
  /** Of the whole message, in bytes. */
  readonly totalLength: number;
  /**
   * A view of its bytes in what was parsed. They stand at {@link Fragment.index} times {@link fragmentLength} of the
   * message.
   */
  readonly data: Uint8Array;
}

/** Bytes of each fragment but the last, which has the rest: the message in equal parts, rounded up, and at least 1. */
export function fragmentLength(totalLength: number, count: number): number {
  return Math.max(1, Math.ceil(totalLength / count));
}

/** How many fragments a message has at least, where each takes up to `capacity` bytes; an empty message has one too. */
function countFragments(totalLength: number, capacity: number): number {
  return Math.max(1, Math.ceil(totalLength / capacity));
}

function idBytes(id: unknown): Uint8Array {
  if (typeof id !== 'string') throw invalidType('id', 'a string', id);
  const bytes = encodeId(id);
  if (bytes === undefined) throw outOfRange('id', `1 to ${MAX_MESSAGE_ID_LENGTH} bytes of UTF-8`, id);
  return bytes;
}

/**
 * Splits the user data of a message into fragments of about equal size: as few as hold it, and one for a message that
 * is small.
 *
 * @param userData the whole message, up to {@link MAX_SPLIT_MESSAGE_SIZE}; it is only read
 * @param options whose message it is, and the size of the fragments
 * @returns the user data of one SEI message each, to be sent under {@link FRAGMENT_SEI_UUID}; views of one new memory
 * @throws {TypeError} if an argument has the wrong type
 * @throws {RangeError} if the id cannot be one
 * @throws {SeiError} ERR_SEI_TOO_LARGE if the message is too large, or if header and id leave too little room for data;
 *   ERR_SEI_INVALID_UUID
 */
export function splitIntoFragments(userData: Uint8Array, options: FragmentOptions): Uint8Array[] {
  if (!isUint8Array(userData)) throw invalidType('userData', 'a Uint8Array', userData);
  const totalLength = userData.length;
  if (totalLength > MAX_SPLIT_MESSAGE_SIZE) {
    throw new SeiError(
      'ERR_SEI_TOO_LARGE',
      `${totalLength} bytes are more than the ${MAX_SPLIT_MESSAGE_SIZE} that are split`,
    );
  }
  const id = idBytes(options.id);
  const headLength = FRAGMENT_HEADER_LENGTH + id.length;
  const capacity = options.maxUserDataSize - headLength;
  if (!(capacity >= fragmentLength(totalLength, MAX_FRAGMENTS))) {
    throw new SeiError(
      'ERR_SEI_TOO_LARGE',
      `The id of ${id.length} bytes and the header leave no room for data: maxUserDataSize is ` +
        `${options.maxUserDataSize}. Use a shorter id or raise maxUserDataSize.`,
    );
  }

  const count = countFragments(totalLength, capacity);
  const length = fragmentLength(totalLength, count);
  const head = new Uint8Array(headLength);
  const fields = new DataView(head.buffer);
  fields.setUint8(Offset.version, VERSION);
  head.set(parseUuid(options.uuid), Offset.uuid);
  fields.setUint16(Offset.count, count);
  fields.setUint32(Offset.totalLength, totalLength);
  fields.setUint8(Offset.idLength, id.length);
  head.set(id, FRAGMENT_HEADER_LENGTH);

  const memory = new Uint8Array(count * headLength + totalLength);
  return Array.from({ length: count }, (_, index) => {
    const data = userData.subarray(index * length, (index + 1) * length);
    const start = index * (headLength + length);
    fields.setUint16(Offset.index, index);
    memory.set(head, start);
    memory.set(data, start + headLength);
    return memory.subarray(start, start + headLength + data.length);
  });
}

/**
 * Reads one fragment.
 *
 * @param userData the user data of a SEI message under {@link FRAGMENT_SEI_UUID}; they are only read
 * @returns the fragment, whose `data` is a view of `userData`; undefined for what {@link splitIntoFragments} does not
 *   write, such as another version, a length that contradicts the header, or a message of more than {@link
 *   MAX_SPLIT_MESSAGE_SIZE}
 */
export function parseFragment(userData: Uint8Array): Fragment | undefined {
  if (userData.length < FRAGMENT_HEADER_LENGTH || userData[Offset.version] !== VERSION) return undefined;
  const fields = new DataView(userData.buffer, userData.byteOffset, FRAGMENT_HEADER_LENGTH);
  const index = fields.getUint16(Offset.index);
  const count = fields.getUint16(Offset.count);
  const totalLength = fields.getUint32(Offset.totalLength);
  if (index >= count || totalLength > MAX_SPLIT_MESSAGE_SIZE) return undefined;
  // So many parts of that size must be needed, or some would be empty.
  const length = fragmentLength(totalLength, count);
  if (countFragments(totalLength, length) !== count) return undefined;
  const headLength = FRAGMENT_HEADER_LENGTH + userData[Offset.idLength];
  if (userData.length - headLength !== Math.min(length, totalLength - index * length)) return undefined;
  const id = decodeId(userData.subarray(FRAGMENT_HEADER_LENGTH, headLength));
  if (id === undefined) return undefined;
  const data = userData.subarray(headLength);
  return { id, uuid: formatUuid(userData, Offset.uuid), index, count, totalLength, data };
}
