import { backend } from '../backend/current.js';
import { type SameBytes, allocate } from '../codec/bytes.js';
import { Framing, type H264Format, lengthPrefixedFraming } from '../codec/framing.js';
import { type LengthSize, maxNalUnitLength, nalUnitTooLarge } from '../codec/length-prefixed.js';
import { BOUNDS_LENGTH } from '../codec/results.js';
import { isFuA } from '../codec/rtp-payload.js';
import { framingLength } from '../codec/insertion.js';
import { SeiError, invalidType } from '../errors.js';
import { checkRepeatedOptions, optionNames } from '../options.js';
import { FRAMING_NAMES, type FramingOptions, framingHint, lengthSizeOption, readableBytes } from './arguments.js';
import { type NalUnitBounds, nalUnitBounds } from './nal-units.js';

/** How {@link toLengthPrefixed} frames its result. */
export interface ToLengthPrefixedOptions {
  /** Bytes of each length prefix of the result; 4 where absent. */
  readonly lengthSize?: LengthSize | undefined;
  /** The framing of the data, where the caller knows it; detected where absent. */
  readonly format?: H264Format | undefined;
  /** Bytes of each length prefix of the data, where they have some and the caller knows; detected where absent. */
  readonly sourceLengthSize?: LengthSize | undefined;
}

/**
 * The most NAL units that {@link splitNalUnits} returns: a view takes 130 bytes, so that 64 MiB of NAL units of four bytes
 * would take 2 GiB.
 */
export const MAX_NAL_UNITS = 1 << 20;

const SPLIT_OPTIONS = /* @__PURE__ */ optionNames<FramingOptions>()('splitNalUnits', FRAMING_NAMES);
const TO_ANNEX_B_OPTIONS = /* @__PURE__ */ optionNames<FramingOptions>()('toAnnexB', FRAMING_NAMES);
const TO_LENGTH_PREFIXED_OPTIONS = /* @__PURE__ */ optionNames<ToLengthPrefixedOptions>()('toLengthPrefixed', {
  lengthSize: true,
  format: true,
  sourceLengthSize: true,
});

/**
 * Finds every start code prefix `00 00 01` of a byte stream, and nothing more: the bare scan, at the speed of memory.
 *
 * @param data bytes in Annex B format; they are only read
 * @param offsets filled with the index of the byte behind each prefix, where a NAL unit begins, ascending, as far as it
 *   reaches
 * @returns how many prefixes there are, which may be more than `offsets` holds
 * @throws `TypeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_DETACHED_BUFFER` (H.264 B.1.2)
 */
export function scanNalUnits(data: Uint8Array, offsets: Uint32Array): number {
  const bytes = readableBytes('data', data);
  checkOffsets(offsets);
  return backend().scanStartCodes(bytes, offsets);
}

/**
 * Finds the NAL units of a frame that has to be whole.
 *
 * @throws {SeiError} ERR_SEI_UNKNOWN_FORMAT, ERR_SEI_FRAGMENTED, ERR_SEI_MALFORMED
 */
function wholeNalUnits(data: Uint8Array, hint: number): NalUnitBounds {
  const found = nalUnitBounds(data, hint);
  const { framing, malformedAt: offset } = found;
  if (offset !== undefined) {
    throw new SeiError('ERR_SEI_MALFORMED', `The length at offset ${offset} reaches past the end of the data.`, {
      offset,
    });
  }
  if (framing === Framing.detect) {
    throw new SeiError('ERR_SEI_UNKNOWN_FORMAT', 'data is not detected as H.264. Set format and lengthSize.');
  }
  if (framing === Framing.rtp && isFuA(data)) {
    throw new SeiError('ERR_SEI_FRAGMENTED', 'data is an FU-A packet, a part of a NAL unit. Depacketize it first.');
  }
  return found;
}

/** Joins the NAL units of a frame under another framing. */
function joinBy(data: Uint8Array, { bounds, length }: NalUnitBounds, framing: number, like: Uint8Array): Uint8Array {
  let size = (length / BOUNDS_LENGTH) * framingLength(framing);
  for (let at = 0; at < length; at += BOUNDS_LENGTH) size += bounds[at + 1] - bounds[at];
  const target = allocate(size, like);
  backend().joinNalUnits(data, bounds.subarray(0, length), framing, target);
  return target;
}

/**
 * Splits a frame into its NAL units, without framing and with their emulation prevention.
 *
 * @param data Annex B bytes, a length-prefixed sample, or a RTP payload (single NAL unit or STAP-A); they are only read
 * @param format the framing, by name or with its length size; detected where absent
 * @returns views of `data`; empty NAL units are left out
 * @throws `TypeError` and `RangeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_UNKNOWN_FORMAT`,
 *   `ERR_SEI_MALFORMED` with the offset of a length that reaches past the end, `ERR_SEI_FRAGMENTED` for FU-A,
 *   `ERR_SEI_TOO_LARGE` if there are more than 1,048,576 NAL units, `ERR_SEI_DETACHED_BUFFER` (H.264 B.1.1, ISO/IEC
 *   14496-15 5.3.3, RFC 6184 5.6, 5.7.1)
 */
export function splitNalUnits(data: Uint8Array, format?: H264Format | FramingOptions): Uint8Array[] {
  const options = typeof format === 'string' ? { format } : format;
  if (options !== undefined) checkRepeatedOptions(options, SPLIT_OPTIONS);
  const hint = framingHint(options);
  const bytes = readableBytes('data', data);
  if (bytes.length === 0) return [];
  const { bounds, length } = wholeNalUnits(bytes, hint);
  const count = length / BOUNDS_LENGTH;
  if (count > MAX_NAL_UNITS) {
    throw new SeiError(
      'ERR_SEI_TOO_LARGE',
      `data holds ${count} NAL units, but splitNalUnits returns at most ${MAX_NAL_UNITS}. Split it into access units first.`,
    );
  }
  const nalUnits: Uint8Array[] = [];
  for (let at = 0; at < length; at += BOUNDS_LENGTH) nalUnits.push(bytes.subarray(bounds[at], bounds[at + 1]));
  return nalUnits;
}

/**
 * Gives a frame the framing of Annex B.
 *
 * @param data a frame in any framing; it is only read
 * @param options its format and length size, where the caller knows them; detected where absent
 * @returns new memory, a `Buffer` where `data` is one, with a start code `00 00 00 01` in front of each NAL unit;
 *   `data` itself where it is in Annex B format already
 * @throws as {@link splitNalUnits} does (H.264 B.1.1)
 */
export function toAnnexB<T extends Uint8Array>(data: T, options?: FramingOptions): SameBytes<T>;
export function toAnnexB(data: Uint8Array, options?: FramingOptions): Uint8Array {
  if (options !== undefined) checkRepeatedOptions(options, TO_ANNEX_B_OPTIONS);
  const hint = framingHint(options);
  const bytes = readableBytes('data', data);
  if (bytes.length === 0 || hint === Framing.annexb) return data;
  const nalUnits = wholeNalUnits(bytes, hint);
  return nalUnits.framing === Framing.annexb ? data : joinBy(bytes, nalUnits, Framing.annexb, data);
}

/**
 * Gives a frame the framing of MP4 and WebCodecs' `avc`: a length in front of each NAL unit.
 *
 * @param data a frame in any framing; it is only read
 * @param options the length size of the result; the framing of the data, where the caller knows it
 * @returns new memory, a `Buffer` where `data` is one; `data` itself where it has lengths of that size already
 * @throws as {@link splitNalUnits} does; {@link SeiError} `ERR_SEI_NAL_UNIT_TOO_LARGE` where a NAL unit is longer than
 *   its length can say (ISO/IEC 14496-15 5.3.3)
 */
export function toLengthPrefixed<T extends Uint8Array>(data: T, options?: ToLengthPrefixedOptions): SameBytes<T>;
export function toLengthPrefixed(data: Uint8Array, options?: ToLengthPrefixedOptions): Uint8Array {
  if (options !== undefined) checkRepeatedOptions(options, TO_LENGTH_PREFIXED_OPTIONS);
  const lengthSize = lengthSizeOption(options);
  const hint = framingHint({ format: options?.format, lengthSize: options?.sourceLengthSize });
  const wanted = lengthPrefixedFraming(lengthSize);
  const bytes = readableBytes('data', data);
  if (bytes.length === 0 || hint === wanted) return data;
  const nalUnits = wholeNalUnits(bytes, hint);
  if (nalUnits.framing === wanted) return data;
  for (let at = 0; at < nalUnits.length; at += BOUNDS_LENGTH) {
    const size = nalUnits.bounds[at + 1] - nalUnits.bounds[at];
    if (size > maxNalUnitLength(lengthSize)) throw nalUnitTooLarge(size, lengthSize);
  }
  return joinBy(bytes, nalUnits, wanted, data);
}

function checkOffsets(offsets: unknown): asserts offsets is Uint32Array {
  if (offsets instanceof Uint32Array) return;
  // One of another realm, at a price that a short scan would notice.
  if (Object.prototype.toString.call(offsets) !== '[object Uint32Array]' || !ArrayBuffer.isView(offsets)) {
    throw invalidType('offsets', 'a Uint32Array', offsets);
  }
}
