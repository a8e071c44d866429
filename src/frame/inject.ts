import { backend } from '../backend/current.js';
import { type SameBytes, allocate } from '../codec/bytes.js';
import { Framing, lengthSizeOf } from '../codec/framing.js';
import { becomesStapA, fits, framingLength, growth, roomIn, whyNot, writeFraming } from '../codec/insertion.js';
import { nalUnitTooLarge, writeLength } from '../codec/length-prefixed.js';
import { SpliceResult, locatedFraming, locatedOffset } from '../codec/results.js';
import { STAP_A_SIZE_LENGTH, isFuA, stapAHeader } from '../codec/rtp-payload.js';
import { SeiError } from '../errors.js';
import { checkRepeatedOptions, optionNames } from '../options.js';
import {
  INJECT_NAMES,
  type InjectOptions,
  checkBytes,
  framingHint,
  maxPacketSizeOption,
  readableBytes,
  readableSeiNalUnits,
} from './arguments.js';

const OPTIONS = /* @__PURE__ */ optionNames<InjectOptions>()(
  'injectSei, injectSeiParts and injectSeiInto',
  INJECT_NAMES,
);

/** The location of a frame that passes as it is. */
const PASSES = 0;

/** A {@link SeiError} that says that a target cannot hold the result. */
export function targetTooSmall(targetLength: number): SeiError {
  return new SeiError(
    'ERR_SEI_TARGET_TOO_SMALL',
    `target has ${targetLength} bytes, which cannot hold the frame and its SEI. Use a larger target.`,
  );
}

/** The error for the longest of `nalUnits`, which is longer than its length prefix can say. */
function tooLarge(nalUnits: readonly Uint8Array[], framing: number): SeiError {
  return nalUnitTooLarge(Math.max(...nalUnits.map(({ length }) => length)), lengthSizeOf(framing));
}

/**
 * The location at which `nalUnits` go into a frame; {@link PASSES} if the frame is to pass as it is.
 *
 * @throws {SeiError} ERR_SEI_NAL_UNIT_TOO_LARGE
 */
function locationFor(frame: Uint8Array, nalUnits: readonly Uint8Array[], hint: number, maxPacketSize: number): number {
  const location = backend().locate(frame, hint);
  const reason = whyNot(frame, nalUnits, location, maxPacketSize);
  if (reason === SpliceResult.nalUnitTooLarge) throw tooLarge(nalUnits, locatedFraming(location));
  return reason < 0 ? PASSES : location;
}

/**
 * Whether the length of the result is known before the frame is looked at, so that one call can do all: one framing is
 * given, everything fits, and a slice can begin in the frame.
 */
function isLengthKnown(
  frame: Uint8Array,
  nalUnits: readonly Uint8Array[],
  hint: number,
  maxPacketSize: number,
): boolean {
  if (hint === Framing.detect || hint === Framing.avcc || (hint === Framing.rtp && isFuA(frame))) return false;
  return fits(nalUnits, roomIn(frame, hint, maxPacketSize));
}

/**
 * Inserts SEI NAL units into a frame: behind what has to stand in front of them, directly before the first slice.
 *
 * A frame that holds no picture, is not H.264, or is broken is answered as it is, as is one of which only the first
 * byte says that it could be H.264 unless `format: 'rtp'` says so. With `rtp`, the result is a STAP-A packet of the SEI
 * and the NAL unit, where that one starts a picture and everything fits `maxPacketSize`.
 *
 * @param frame one access unit (Annex B), sample (length-prefixed) or RTP payload; it is only read
 * @param nalUnits SEI NAL units without framing, in order, as {@link createSeiNalUnit} makes them
 * @param options format, length size and packet size, where the caller knows them; detected where absent
 * @returns new memory, a `Buffer` where `frame` is one; `frame` itself, the same object, where there is nothing to do
 * @throws `TypeError` and `RangeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_INVALID_NAL_UNIT`,
 *   `ERR_SEI_NAL_UNIT_TOO_LARGE` where the length prefix cannot hold a NAL unit, `ERR_SEI_DETACHED_BUFFER` (H.264
 *   7.4.1.2.3, RFC 6184 5.7.1)
 */
export function injectSei<T extends Uint8Array>(
  frame: T,
  nalUnits: readonly Uint8Array[],
  options?: InjectOptions,
): SameBytes<T>;
export function injectSei(frame: Uint8Array, nalUnits: readonly Uint8Array[], options?: InjectOptions): Uint8Array {
  if (options !== undefined) checkRepeatedOptions(options, OPTIONS);
  const hint = framingHint(options);
  const maxPacketSize = maxPacketSizeOption(options);
  const units = readableSeiNalUnits(nalUnits);
  const data = readableBytes('frame', frame);
  if (units.length === 0 || data.length === 0) return frame;
  if (isLengthKnown(data, units, hint, maxPacketSize)) {
    const target = allocate(data.length + growth(data, units, hint), frame);
    return backend().inject(data, units, target, hint, maxPacketSize) < 0 ? frame : target;
  }
  const location = locationFor(data, units, hint, maxPacketSize);
  if (location === PASSES) return frame;
  const target = allocate(data.length + growth(data, units, locatedFraming(location)), frame);
  backend().splice(data, units, target, location);
  return target;
}

/**
 * Inserts SEI NAL units into a frame as {@link injectSei} does, and copies nothing: the result is a list of pieces for
 * `writev`.
 *
 * @returns views of `frame` and of `nalUnits`, with a few bytes of framing between them; in order they are what
 *   `injectSei` answers. `[frame]` where there is nothing to do. The caller must not change `frame` while the pieces
 *   are in use. (Memory that is shared between threads is copied first.)
 * @throws as {@link injectSei} does
 */
export function injectSeiParts(
  frame: Uint8Array,
  nalUnits: readonly Uint8Array[],
  options?: InjectOptions,
): Uint8Array[] {
  if (options !== undefined) checkRepeatedOptions(options, OPTIONS);
  const hint = framingHint(options);
  const maxPacketSize = maxPacketSizeOption(options);
  const units = readableSeiNalUnits(nalUnits);
  const data = readableBytes('frame', frame);
  if (units.length === 0 || data.length === 0) return [frame];
  const location = locationFor(data, units, hint, maxPacketSize);
  return location === PASSES ? [frame] : piecesOf(data, units, location);
}

/** The start code or the length that stands in front of a NAL unit. */
function framingOf(unit: Uint8Array, framing: number): Uint8Array {
  const bytes = new Uint8Array(framingLength(framing));
  writeFraming(bytes, 0, unit.length, framing);
  return bytes;
}

/** The pieces of a frame with NAL units inserted at the location that a backend has found. */
export function piecesOf(data: Uint8Array, units: readonly Uint8Array[], location: number): Uint8Array[] {
  const framing = locatedFraming(location);
  const offset = locatedOffset(location);
  // Asked for once: it takes longer than all the rest. A view made by hand costs half of what subarray does.
  const { buffer, byteOffset } = data;
  const rest = offset === 0 ? data : new Uint8Array(buffer, byteOffset + offset, data.length - offset);
  const wraps = becomesStapA(data, framing);
  if (units.length === 1 && offset > 0 && !wraps) {
    // What nearly every frame gets: an array that is written at once costs half of one that grows.
    const [unit] = units;
    return [new Uint8Array(buffer, byteOffset, offset), framingOf(unit, framing), unit, rest];
  }
  const parts: Uint8Array[] = [];
  if (offset > 0) parts.push(new Uint8Array(buffer, byteOffset, offset));
  if (wraps) parts.push(Uint8Array.of(stapAHeader(data[0])));
  for (const unit of units) parts.push(framingOf(unit, framing), unit);
  if (wraps) {
    const size = new Uint8Array(STAP_A_SIZE_LENGTH);
    writeLength(size, 0, data.length, STAP_A_SIZE_LENGTH);
    parts.push(size);
  }
  parts.push(rest);
  return parts;
}

/**
 * Inserts SEI NAL units into a frame as {@link injectSei} does, into the caller's memory.
 *
 * @param target where the result is written, from its start on; it overlaps neither `frame` nor any of `nalUnits`
 * @returns how many bytes were written; `frame.length` where there is nothing to do, and then they are those of `frame`
 * @throws as {@link injectSei} does; {@link SeiError} `ERR_SEI_TARGET_TOO_SMALL` where the result does not fit, and
 *   then nothing was written; `ERR_SEI_OVERLAP`
 */
export function injectSeiInto(
  frame: Uint8Array,
  nalUnits: readonly Uint8Array[],
  target: Uint8Array,
  options?: InjectOptions,
): number {
  if (options !== undefined) checkRepeatedOptions(options, OPTIONS);
  const hint = framingHint(options);
  const maxPacketSize = maxPacketSizeOption(options);
  checkBytes('target', target);
  const destination = { target, memory: target.buffer };
  const units = readableSeiNalUnits(nalUnits, destination);
  const data = readableBytes('frame', frame, destination);
  if (units.length === 0 || data.length === 0) return copyInto(data, target);
  const length = backend().inject(data, units, target, hint, maxPacketSize);
  if (length >= 0) return length;
  if (length === SpliceResult.targetTooSmall) throw targetTooSmall(target.length);
  if (length === SpliceResult.nalUnitTooLarge) throw tooLarge(units, locatedFraming(backend().locate(data, hint)));
  return copyInto(data, target);
}

/**
 * Copies a frame that passes as it is into the caller's memory.
 *
 * @returns its length
 * @throws {@link SeiError} `ERR_SEI_TARGET_TOO_SMALL`
 */
export function copyInto(data: Uint8Array, target: Uint8Array): number {
  if (data.length > target.length) throw targetTooSmall(target.length);
  target.set(data);
  return data.length;
}
