/** Checks the arguments of the public functions, once, so that nothing behind them has to. */
import { exclusiveOption } from '../options.js';
import { allocate, copyBytes, isUint8Array, plainBytes } from '../codec/bytes.js';
import { Framing, lengthPrefixedFraming, type H264Format } from '../codec/framing.js';
import { type LengthSize, parseAvcDecoderConfigurationRecord } from '../codec/length-prefixed.js';
import { MAX_FRAME_SIZE } from '../codec/limits.js';
import { SEI_NAL_UNIT_HEADER } from '../codec/nal-unit.js';
import { DEFAULT_MAX_RTP_PAYLOAD_SIZE } from '../codec/rtp-payload.js';
import { SeiError, invalidType, outOfRange } from '../errors.js';

/** The largest payloadType that is written: far above those of H.264 Table D-1, it limits the length of its coding. */
const MAX_PAYLOAD_TYPE = 0xffff;

/** What a caller may know about the framing of the bytes; what is absent is detected. */
export interface FramingOptions {
  /** `annexb` for start codes, `avcc` for length prefixes, `rtp` for the payload of one RTP packet. */
  readonly format?: H264Format | undefined;
  /** Bytes of each length prefix; it alone says `avcc`. */
  readonly lengthSize?: LengthSize | undefined;
  /**
   * The AVCDecoderConfigurationRecord of the stream, which says `avcc` and the length size (ISO/IEC 14496-15 5.3.3.1).
   */
  readonly avcC?: Uint8Array | undefined;
}

/** How SEI is to be injected. */
export interface InjectOptions extends FramingOptions {
  /**
   * The largest RTP payload that may come out, in bytes; 1200 where absent. A packet that would grow larger passes as
   * it is.
   */
  readonly maxPacketSize?: number | undefined;
}

/** The names of {@link FramingOptions}. */
export const FRAMING_NAMES = { format: true, lengthSize: true, avcC: true } as const;

/** The names of {@link InjectOptions}. */
export const INJECT_NAMES = { format: true, lengthSize: true, avcC: true, maxPacketSize: true } as const;

/** Whether a view has lost its memory, by a transfer or because its resizable buffer has shrunk, and is not just empty. */
function isDetached(view: Uint8Array): boolean {
  try {
    return view.at(0) !== undefined;
  } catch {
    return true;
  }
}

function isShared(buffer: ArrayBufferLike): boolean {
  return !(buffer instanceof ArrayBuffer) && Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';
}

/** The name of an argument, or of one of its elements; it is put together where something is wrong only. */
function nameOf(name: string, index: number | undefined): string {
  return index === undefined ? name : `${name}[${index}]`;
}

/**
 * Checks that an argument is a Uint8Array whose memory is there.
 *
 * @param name of the argument
 * @param value the argument
 * @param index where the value is an element of the argument
 * @throws `TypeError`, `RangeError` (`ERR_OUT_OF_RANGE`) above {@link MAX_FRAME_SIZE}, {@link SeiError}
 *   `ERR_SEI_DETACHED_BUFFER`
 */
export function checkBytes(name: string, value: unknown, index?: number): asserts value is Uint8Array {
  if (!isUint8Array(value)) throw invalidType(nameOf(name, index), 'a Uint8Array', value);
  const { length } = value;
  if (length > MAX_FRAME_SIZE) throw outOfRange(`${nameOf(name, index)}.length`, `at most ${MAX_FRAME_SIZE}`, length);
  if (length === 0 && isDetached(value)) {
    throw new SeiError(
      'ERR_SEI_DETACHED_BUFFER',
      `the memory of ${nameOf(name, index)} is gone: it was transferred away, or its buffer has shrunk`,
    );
  }
}

/** Memory that is going to be written to. */
export interface Destination {
  /** Where. */
  readonly target: Uint8Array;
  /** That of the target: asking a view for it takes longer than all the rest of a check. */
  readonly memory: ArrayBufferLike;
}

function overlap(name: string): SeiError {
  return new SeiError('ERR_SEI_OVERLAP', `target overlaps ${name}`);
}

function areApart(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === 0 || a.byteOffset + a.length <= b.byteOffset || b.byteOffset + b.length <= a.byteOffset;
}

/**
 * Checks an argument as {@link checkBytes} does; answers bytes that nobody changes while they are read: the argument
 * itself, a plain view of a subclass, or a copy where its memory is shared with other threads.
 *
 * @param name of the argument
 * @param value the argument
 * @param index where the value is an element of the argument
 * @param destination what is written to while the bytes are read
 * @throws as {@link checkBytes} does; {@link SeiError} `ERR_SEI_OVERLAP` where they share a byte with the destination
 */
export function readableBytes(name: string, value: unknown, index?: number, destination?: Destination): Uint8Array {
  checkBytes(name, value, index);
  const bytes = plainBytes(value);
  // What a subclass said of itself is not what it is.
  if (bytes !== value) checkBytes(name, bytes, index);
  const { buffer } = bytes;
  if (buffer === destination?.memory && !areApart(bytes, destination.target)) throw overlap(nameOf(name, index));
  if (!isShared(buffer)) return bytes;
  const copy = allocate(bytes.length, bytes);
  copyBytes(bytes, 0, copy.length, copy, 0);
  return copy;
}

function checkLengthSize(lengthSize: unknown): asserts lengthSize is LengthSize {
  if (lengthSize !== 1 && lengthSize !== 2 && lengthSize !== 4) {
    throw outOfRange('options.lengthSize', '1, 2 or 4', lengthSize);
  }
}

/** The value of `Framing` that the options say; `Framing.detect` where they say nothing. */
export function framingHint(options: FramingOptions | undefined): number {
  if (options === undefined) return Framing.detect;
  const { format, avcC } = options;
  let { lengthSize } = options;
  if (lengthSize !== undefined) checkLengthSize(lengthSize);
  if (avcC !== undefined) {
    exclusiveOption(options, ['lengthSize', 'avcC']);
    lengthSize = parseAvcDecoderConfigurationRecord(readableBytes('options.avcC', avcC)).lengthSize;
  }
  if (lengthSize !== undefined && (format === 'annexb' || format === 'rtp')) {
    throw outOfRange('options.format', "'avcc' with a length size", format);
  }
  switch (format) {
    case 'annexb':
      return Framing.annexb;
    case 'rtp':
      return Framing.rtp;
    case 'avcc':
      return lengthSize === undefined ? Framing.avcc : lengthPrefixedFraming(lengthSize);
    case undefined:
      return lengthSize === undefined ? Framing.detect : lengthPrefixedFraming(lengthSize);
    default:
      throw outOfRange('options.format', "'annexb', 'avcc' or 'rtp'", format);
  }
}

/** The length size that the options ask for, 4 where they do not. */
export function lengthSizeOption(options: { readonly lengthSize?: LengthSize | undefined } | undefined): LengthSize {
  if (options === undefined) return 4;
  const { lengthSize = 4 } = options;
  checkLengthSize(lengthSize);
  return lengthSize;
}

/** `maxPacketSize` of the options, checked. */
export function maxPacketSizeOption(options: InjectOptions | undefined): number {
  const maxPacketSize = options?.maxPacketSize;
  if (maxPacketSize === undefined) return DEFAULT_MAX_RTP_PAYLOAD_SIZE;
  if (typeof maxPacketSize !== 'number') throw invalidType('options.maxPacketSize', 'a number', maxPacketSize);
  if (!Number.isInteger(maxPacketSize) || maxPacketSize < 1 || maxPacketSize > MAX_FRAME_SIZE) {
    throw outOfRange('options.maxPacketSize', `an integer from 1 to ${MAX_FRAME_SIZE}`, maxPacketSize);
  }
  return maxPacketSize;
}

/** `payloadTypes` of the options, checked; undefined if it is not given. */
export function payloadTypesOption(payloadTypes: unknown): readonly number[] | undefined {
  if (payloadTypes === undefined) return undefined;
  if (!Array.isArray(payloadTypes)) throw invalidType('options.payloadTypes', 'an array of numbers', payloadTypes);
  const types = payloadTypes as readonly number[];
  for (let index = 0; index < types.length; index++) {
    if (!isPayloadType(types[index])) checkPayloadType(`options.payloadTypes[${index}]`, types[index]);
  }
  return types;
}

function isPayloadType(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_PAYLOAD_TYPE;
}

/** Checks a payloadType (H.264 7.3.2.3.1). */
export function checkPayloadType(name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!isPayloadType(value)) {
    throw outOfRange(name, `an integer from 0 to ${MAX_PAYLOAD_TYPE}`, value);
  }
}

function checkSeiNalUnit(nalUnit: Uint8Array, index: number): void {
  const { length } = nalUnit;
  // The last byte holds rbsp_trailing_bits; one of 00 would be taken for framing.
  if (length >= 2 && nalUnit[0] === SEI_NAL_UNIT_HEADER && nalUnit[length - 1] !== 0) return;
  throw new SeiError(
    'ERR_SEI_INVALID_NAL_UNIT',
    `nalUnits[${index}] is no SEI NAL unit: it must begin with the header 06, without a start code, and not end in 00`,
  );
}

function readableSeiNalUnit(value: unknown, index: number, destination: Destination | undefined): Uint8Array {
  const nalUnit = readableBytes('nalUnits', value, index, destination);
  checkSeiNalUnit(nalUnit, index);
  return nalUnit;
}

/**
 * Checks the NAL units that are to be injected: each a SEI NAL unit without framing, as createSeiNalUnit makes them.
 *
 * @param nalUnits the argument
 * @param destination what is written to while they are read
 * @returns NAL units that nobody changes while they are read, in an array that is no one else's: each element of the
 *   caller's, which may be a Proxy, is read once
 */
export function readableSeiNalUnits(nalUnits: unknown, destination?: Destination): readonly Uint8Array[] {
  if (!Array.isArray(nalUnits)) throw invalidType('nalUnits', 'an array of Uint8Array', nalUnits);
  const given = nalUnits as unknown[];
  // Nearly always it is one, and an array that is written at once costs less than one that grows.
  if (given.length === 1) return [readableSeiNalUnit(given[0], 0, destination)];
  const readable: Uint8Array[] = [];
  for (let i = 0; i < given.length; i++) readable.push(readableSeiNalUnit(given[i], i, destination));
  return readable;
}
