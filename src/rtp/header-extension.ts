/**
 * The header extension of an RTP packet (RFC 3550 5.3.1) in the two forms that carry elements: one byte or two bytes in
 * front of each (RFC 8285 4.2, 4.3).
 */
import { allocate, copyBytes } from '../codec/bytes.js';
import { outOfRange } from '../errors.js';

/** Bytes in front of the elements: 16 bits that tell the kind, and 16 that count words of 32 bits (RFC 3550 5.3.1). */
export const HEADER_EXTENSION_HEADER_LENGTH = 4;

/** What the first 16 bits of the header extension say of its elements (RFC 8285 4.2, 4.3). */
export const HeaderExtensionProfile = {
  /** One byte in front of each element: ids 1 to 14, 1 to 16 bytes of data. */
  oneByte: 0xbede,
  /** Two bytes in front of each element: ids 1 to 255, 0 to 255 bytes of data. The low four bits are the application's. */
  twoByte: 0x1000,
} as const;

/** One element of a header extension. */
export interface HeaderExtensionElement {
  /** The local identifier, which the session description maps to a URI. */
  readonly id: number;
  /** Its data, without the bytes that tell their length. */
  readonly data: Uint8Array;
}

const MAX_ONE_BYTE_ID = 14;
const MAX_ONE_BYTE_LENGTH = 16;
const MAX_TWO_BYTE_ID = 255;
const MAX_TWO_BYTE_LENGTH = 255;
/** Ends the elements of the one-byte form (RFC 8285 4.2). */
const RESERVED_ID = 15;

function isTwoByteForm(profile: number): boolean {
  return (profile & 0xfff0) === HeaderExtensionProfile.twoByte;
}

/** The first 16 bits of the header extension at `start` (RFC 3550 5.3.1). */
export function headerExtensionProfile(data: Uint8Array, start: number): number {
  return (data[start] << 8) | data[start + 1];
}

/**
 * The elements of a header extension, as views of it.
 *
 * @param data the packet
 * @param start offset of the header extension, its own header included
 * @param end offset behind it
 * @returns the elements up to the first one that is broken; none where the kind is one that RFC 8285 does not define
 *   (RFC 3550 5.3.1, RFC 8285 4.2, 4.3)
 */
export function parseHeaderExtension(data: Uint8Array, start: number, end: number): HeaderExtensionElement[] {
  const profile = headerExtensionProfile(data, start);
  const isOneByteForm = profile === HeaderExtensionProfile.oneByte;
  const elements: HeaderExtensionElement[] = [];
  if (!isOneByteForm && !isTwoByteForm(profile)) return elements;
  let at = start + HEADER_EXTENSION_HEADER_LENGTH;
  while (at < end) {
    const first = data[at++];
    // A zero byte is padding, in both forms and between any elements.
    if (first === 0) continue;
    const id = isOneByteForm ? first >> 4 : first;
    if (isOneByteForm && (id === 0 || id === RESERVED_ID)) break;
    if (!isOneByteForm && at === end) break;
    const length = isOneByteForm ? (first & 0x0f) + 1 : data[at++];
    const elementEnd = at + length;
    if (elementEnd > end) break;
    elements.push({ id, data: data.subarray(at, elementEnd) });
    at = elementEnd;
  }
  return elements;
}

/**
 * Writes a header extension, padded to whole words of 32 bits.
 *
 * @param elements in the order in which they are to stand
 * @param profile `oneByte` or `twoByte` of {@link HeaderExtensionProfile}, or another of the two-byte form; where absent
 *   the one-byte form if it can hold all elements, since a receiver takes the other one only where that was negotiated
 *   (RFC 8285 4.1.2)
 * @returns the header extension with its own header, in new memory
 * @throws `RangeError` for an id or a length that the form cannot hold, and for a profile of neither form
 */
export function serializeHeaderExtension(elements: readonly HeaderExtensionElement[], profile?: number): Uint8Array {
  const form = profile ?? smallestProfile(elements);
  const isOneByteForm = form === HeaderExtensionProfile.oneByte;
  if (!isOneByteForm && !isTwoByteForm(form)) throw outOfRange('profile', '0xbede or 0x1000 to 0x100f', form);
  let length = HEADER_EXTENSION_HEADER_LENGTH;
  for (const element of elements) {
    check(element, isOneByteForm);
    length += element.data.length + (isOneByteForm ? 1 : 2);
  }
  const words = Math.ceil(length / 4) - 1;
  if (words > 0xffff) throw outOfRange('elements', 'of 262,140 bytes at most', length);
  const target = allocate(4 * (words + 1)).fill(0, length);
  target[0] = form >> 8;
  target[1] = form;
  target[2] = words >> 8;
  target[3] = words;
  let at = HEADER_EXTENSION_HEADER_LENGTH;
  for (const { id, data } of elements) {
    if (isOneByteForm) {
      target[at++] = (id << 4) | (data.length - 1);
    } else {
      target[at++] = id;
      target[at++] = data.length;
    }
    at = copyBytes(data, 0, data.length, target, at);
  }
  return target;
}

function smallestProfile(elements: readonly HeaderExtensionElement[]): number {
  const fits = ({ id, data }: HeaderExtensionElement): boolean =>
    id <= MAX_ONE_BYTE_ID && data.length >= 1 && data.length <= MAX_ONE_BYTE_LENGTH;
  return elements.every(fits) ? HeaderExtensionProfile.oneByte : HeaderExtensionProfile.twoByte;
}

function check({ id, data }: HeaderExtensionElement, isOneByteForm: boolean): void {
  const maxId = isOneByteForm ? MAX_ONE_BYTE_ID : MAX_TWO_BYTE_ID;
  if (!Number.isInteger(id) || id < 1 || id > maxId)
    throw outOfRange('element.id', `an integer from 1 to ${maxId}`, id);
  const minLength = isOneByteForm ? 1 : 0;
  const maxLength = isOneByteForm ? MAX_ONE_BYTE_LENGTH : MAX_TWO_BYTE_LENGTH;
  if (data.length < minLength || data.length > maxLength) {
    throw outOfRange('element.data', `${minLength} to ${maxLength} bytes long`, data.length);
  }
}
