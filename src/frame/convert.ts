import { backend } from '../backend/current.js';
import { joinByteStream, trimTrailingZeros } from '../codec/byte-stream.js';
import { detectedFraming } from '../codec/format-detection.js';
import { Framing, type H264Format, NalUnitCursor, isLengthPrefixed, lengthSizeOf } from '../codec/framing.js';
import { type LengthSize, joinLengthPrefixed } from '../codec/length-prefixed.js';
import { isFuA } from '../codec/rtp-payload.js';
import { SeiError, invalidType } from '../errors.js';
import { type FramingOptions, framingHint, lengthSizeOption, readableBytes } from './arguments.js';

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

function splitByteStream(data: Uint8Array): Uint8Array[] {
  let offsets = new Uint32Array(64);
  let count = backend().scanStartCodes(data, offsets);
  if (count > offsets.length) {
    offsets = new Uint32Array(count);
    count = backend().scanStartCodes(data, offsets);
  }
  const nalUnits: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const start = offsets[i];
    const end = trimTrailingZeros(data, start, i + 1 < count ? offsets[i + 1] - 3 : data.length);
    if (end > start) nalUnits.push(data.subarray(start, end));
  }
  return nalUnits;
}

function splitBy(data: Uint8Array, framing: number): Uint8Array[] {
  if (framing === Framing.annexb) return splitByteStream(data);
  if (framing === Framing.rtp && isFuA(data)) {
    throw new SeiError('ERR_SEI_FRAGMENTED', 'an FU-A packet holds a piece of a NAL unit; depacketize it first');
  }
  const cursor = new NalUnitCursor(data, framing);
  const nalUnits: Uint8Array[] = [];
  while (cursor.next()) nalUnits.push(data.subarray(cursor.start, cursor.end));
  if (cursor.position === data.length) return nalUnits;
  const offset = cursor.position;
  throw new SeiError('ERR_SEI_MALFORMED', `the length at offset ${offset} reaches past the end of the data`, {
    offset,
  });
}

function unknownFormat(): SeiError {
  return new SeiError(
    'ERR_SEI_UNKNOWN_FORMAT',
    'the data are no H.264 that could be told; give a format and length size',
  );
}

/** The framing that is given, as it is, or the one that is detected. */
function knownFraming(data: Uint8Array, hint: number): number {
  if (hint === Framing.annexb || hint === Framing.rtp || hint > Framing.avcc) return hint;
  const framing = detectedFraming(backend().detect(data, hint));
  if (framing === 0) throw unknownFormat();
  return framing;
}

/**
 * Splits a frame into its NAL units, without framing and with their emulation prevention.
 *
 * @param data Annex B bytes, a length-prefixed sample, or a RTP payload (single NAL unit or STAP-A); they are only read
 * @param format the framing, by name or with its length size; detected where absent
 * @returns views of `data`; empty NAL units are left out
 * @throws `TypeError` and `RangeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_UNKNOWN_FORMAT`,
 *   `ERR_SEI_MALFORMED` with the offset of a length that reaches past the end, `ERR_SEI_FRAGMENTED` for FU-A,
 *   `ERR_SEI_DETACHED_BUFFER` (H.264 B.1.1, ISO/IEC 14496-15 5.3.3, RFC 6184 5.6, 5.7.1)
 */
export function splitNalUnits(data: Uint8Array, format?: H264Format | FramingOptions): Uint8Array[] {
  const hint = framingHint(typeof format === 'string' ? { format } : format);
  const bytes = readableBytes('data', data);
  return bytes.length === 0 ? [] : splitBy(bytes, knownFraming(bytes, hint));
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
export function toAnnexB<T extends Uint8Array>(data: T, options?: FramingOptions): T | Uint8Array {
  const hint = framingHint(options);
  const bytes = readableBytes('data', data);
  if (bytes.length === 0) return data;
  const framing = knownFraming(bytes, hint);
  return framing === Framing.annexb ? data : joinByteStream(splitBy(bytes, framing), data);
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
export function toLengthPrefixed<T extends Uint8Array>(data: T, options?: ToLengthPrefixedOptions): T | Uint8Array {
  const lengthSize = lengthSizeOption(options);
  const hint = framingHint({ format: options?.format, lengthSize: options?.sourceLengthSize });
  const bytes = readableBytes('data', data);
  if (bytes.length === 0) return data;
  const framing = knownFraming(bytes, hint);
  if (isLengthPrefixed(framing) && lengthSizeOf(framing) === lengthSize) return data;
  return joinLengthPrefixed(splitBy(bytes, framing), lengthSize, data);
}

function checkOffsets(offsets: unknown): asserts offsets is Uint32Array {
  if (offsets instanceof Uint32Array) return;
  // One of another realm, at a price that a short scan would notice.
  if (Object.prototype.toString.call(offsets) !== '[object Uint32Array]' || !ArrayBuffer.isView(offsets)) {
    throw invalidType('offsets', 'a Uint32Array', offsets);
  }
}
