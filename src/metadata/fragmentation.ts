/**
 * Messages that are too large for one SEI message, in fragments that each go as a message of their own
 * (docs/wire-format.md).
 */
import { formatUuid, parseUuid } from '../codec/uuid.js';
import { SeiError, invalidType, outOfRange } from '../errors.js';

/** The uuid_iso_iec_11578 of the user_data_unregistered messages that hold fragments (H.264 D.1.7). */
export const FRAGMENT_SEI_UUID = '49fe0359-4fb0-4eee-bf03-6c02dfb4ecc0';

/** The largest message that is split, in bytes of its user data. */
export const MAX_SPLIT_MESSAGE_SIZE = 65_536;

/** Bytes of the random number that stands for a publisher. */
export const FRAGMENT_SOURCE_LENGTH = 8;

/** Bytes in front of the data of each fragment. */
export const FRAGMENT_HEADER_LENGTH = 37;

/** The version of the header that is written and read. */
const VERSION = 1;

/** The most fragments of one message: their count has 16 bits. */
const MAX_FRAGMENTS = 0xffff;

/** The most user data in one SEI message has to be so much at least, in bytes, for any message to be split. */
export const MIN_SPLIT_SIZE = FRAGMENT_HEADER_LENGTH + Math.ceil(MAX_SPLIT_MESSAGE_SIZE / MAX_FRAGMENTS);

/** Where the fields of the header are; numbers are big endian. */
const Offset = { version: 0, uuid: 1, source: 17, number: 25, index: 29, count: 31, totalLength: 33 } as const;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** What is written into the fragments of a message. */
export interface FragmentOptions {
  /** The UUID of the whole message. */
  readonly uuid: string;
  /** {@link FRAGMENT_SOURCE_LENGTH} random bytes that a publisher keeps for life. */
  readonly source: Uint8Array;
  /** The number of the message among those of its publisher: 32 bits, no two the same in a row. */
  readonly number: number;
  /** The most user data in one SEI message, in bytes, the header of the fragment included. */
  readonly maxUserDataSize: number;
}

/** One fragment, as it was read. */
export interface Fragment {
  /** The same for all fragments of a message, and for no others: the source in hexadecimal digits, `-`, the number. */
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

function checkOptions({ source, number, maxUserDataSize }: FragmentOptions, totalLength: number): void {
  if (!(source instanceof Uint8Array)) throw invalidType('source', 'a Uint8Array', source);
  if (source.length !== FRAGMENT_SOURCE_LENGTH) {
    throw outOfRange('source.length', `${FRAGMENT_SOURCE_LENGTH}`, source.length);
  }
  if (!Number.isInteger(number) || number < 0 || number > 0xffff_ffff) {
    throw outOfRange('number', 'an integer of 32 bits', number);
  }
  const smallest = FRAGMENT_HEADER_LENGTH + fragmentLength(totalLength, MAX_FRAGMENTS);
  if (!Number.isSafeInteger(maxUserDataSize) || maxUserDataSize < smallest) {
    const why = `an integer from ${smallest} on to split ${totalLength} bytes`;
    throw outOfRange('maxUserDataSize', why, maxUserDataSize);
  }
}

/**
 * Splits the user data of a message into fragments of about equal size: as few as hold it, and one for a message that
 * is small.
 *
 * @param userData the whole message, up to {@link MAX_SPLIT_MESSAGE_SIZE}; it is only read
 * @param options whose message it is, and the size of the fragments
 * @returns the user data of one SEI message each, to be sent under {@link FRAGMENT_SEI_UUID}; views of one new memory
 * @throws `TypeError` and `RangeError` for arguments of the wrong kind, and for a `maxUserDataSize` that leaves no room
 *   behind the header; {@link SeiError} `ERR_SEI_TOO_LARGE`, `ERR_SEI_INVALID_UUID`
 */
export function splitIntoFragments(userData: Uint8Array, options: FragmentOptions): Uint8Array[] {
  if (!(userData instanceof Uint8Array)) throw invalidType('userData', 'a Uint8Array', userData);
  const totalLength = userData.length;
  if (totalLength > MAX_SPLIT_MESSAGE_SIZE) {
    throw new SeiError(
      'ERR_SEI_TOO_LARGE',
      `${totalLength} bytes are more than the ${MAX_SPLIT_MESSAGE_SIZE} that are split`,
    );
  }
  checkOptions(options, totalLength);

  const count = countFragments(totalLength, options.maxUserDataSize - FRAGMENT_HEADER_LENGTH);
  const length = fragmentLength(totalLength, count);
  const header = new Uint8Array(FRAGMENT_HEADER_LENGTH);
  const fields = new DataView(header.buffer);
  fields.setUint8(Offset.version, VERSION);
  header.set(parseUuid(options.uuid), Offset.uuid);
  header.set(options.source, Offset.source);
  fields.setUint32(Offset.number, options.number);
  fields.setUint16(Offset.count, count);
  fields.setUint32(Offset.totalLength, totalLength);

  const memory = new Uint8Array(count * FRAGMENT_HEADER_LENGTH + totalLength);
  return Array.from({ length: count }, (_, index) => {
    const data = userData.subarray(index * length, (index + 1) * length);
    const start = index * (FRAGMENT_HEADER_LENGTH + length);
    fields.setUint16(Offset.index, index);
    memory.set(header, start);
    memory.set(data, start + FRAGMENT_HEADER_LENGTH);
    return memory.subarray(start, start + FRAGMENT_HEADER_LENGTH + data.length);
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
  const data = userData.subarray(FRAGMENT_HEADER_LENGTH);
  if (data.length !== Math.min(length, totalLength - index * length)) return undefined;

  let source = '';
  for (let at: number = Offset.source; at < Offset.number; at++) source += HEX[userData[at]];
  const id = `${source}-${fields.getUint32(Offset.number)}`;
  return { id, uuid: formatUuid(userData, Offset.uuid), index, count, totalLength, data };
}
