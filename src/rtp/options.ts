/** Checks of the options of this room. */
import { isUint8Array, plainBytes } from '../codec/bytes.js';
import { invalidType, outOfRange } from '../errors.js';
import type { PacketizationMode } from './payload-writer.js';

const MAX_PAYLOAD_TYPE = 127;
const FIRST_RTCP_PAYLOAD_TYPE = 64;
const LAST_RTCP_PAYLOAD_TYPE = 95;

/**
 * An option that is an integer.
 *
 * @param name what the message of an error calls it
 * @param value what the caller has given, if anything
 * @param fallback what holds where nothing was given
 * @throws `TypeError` for what is no number, `RangeError` for one that is no integer from `min` to `max`
 */
export function integerOption(name: string, value: unknown, fallback: number, min: number, max: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw outOfRange(name, `an integer from ${min} to ${max}`, value);
  }
  return value;
}

/**
 * An option that is true or false.
 *
 * @throws `TypeError` for any other value
 */
export function booleanOption(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') throw invalidType(name, 'a boolean', value);
  return value;
}

/**
 * The option `packetizationMode`; 1 where none is given.
 *
 * @throws `TypeError` for what is no number, `RangeError` for another one than 0 and 1
 */
export function modeOption(mode: unknown = 1): PacketizationMode {
  if (typeof mode !== 'number') throw invalidType('options.packetizationMode', 'a number', mode);
  if (mode !== 0 && mode !== 1) throw outOfRange('options.packetizationMode', '0 or 1', mode);
  return mode;
}

/**
 * The option `payloadType`: a set of those that carry H.264; undefined where all do.
 *
 * @throws `TypeError` or `RangeError` for what is neither a payload type ({@link payloadTypeOption}) nor an array of such
 */
export function payloadTypesOption(value: number | readonly number[] | undefined): ReadonlySet<number> | undefined {
  if (value === undefined) return undefined;
  const types: readonly unknown[] = Array.isArray(value) ? value : [value];
  return new Set(types.map(payloadTypeOption));
}

/**
 * An option that is one payload type, seven bits (RFC 3550 5.1). With the marker bit in front of it, 64 to 95 is the
 * packet type of RTCP, and nobody could tell the two apart (RFC 5761 4).
 *
 * @throws `TypeError` for what is no number, `RangeError` for one that is no payload type or one of these
 */
export function payloadTypeOption(value: unknown): number {
  const type = integerOption('options.payloadType', value ?? null, 0, 0, MAX_PAYLOAD_TYPE);
  if (type >= FIRST_RTCP_PAYLOAD_TYPE && type <= LAST_RTCP_PAYLOAD_TYPE) {
    const without = `none of ${FIRST_RTCP_PAYLOAD_TYPE} to ${LAST_RTCP_PAYLOAD_TYPE}, which look like RTCP (RFC 5761 4)`;
    throw outOfRange('options.payloadType', without, type);
  }
  return type;
}

/** A function that tells the time in milliseconds; `Date.now` where none is given. */
export function nowOption(now: (() => number) | undefined): () => number {
  if (now === undefined) return Date.now;
  if (typeof now !== 'function') throw invalidType('options.now', 'a function', now);
  return now;
}

/** A packet that the caller hands over, of whatever bytes. */
export function packetArgument(packet: Uint8Array): Uint8Array {
  if (!isUint8Array(packet)) throw invalidType('packet', 'a Uint8Array', packet);
  return plainBytes(packet);
}
