import { backend } from '../backend/current.js';
import { allocate } from '../codec/bytes.js';
import { detectedFraming } from '../codec/format-detection.js';
import { lengthSizeOf } from '../codec/framing.js';
import { maxNalUnitLength, nalUnitTooLarge, writeLength } from '../codec/length-prefixed.js';
import { STAP_A_SIZE_LENGTH, stapAHeader } from '../codec/rtp-payload.js';
import {
  LOCATION_SCALE,
  SpliceResult,
  becomesStapA,
  framingLength,
  splice,
  splicedLength,
  writeFraming,
} from '../codec/splice.js';
import { SeiError } from '../errors.js';
import {
  type InjectOptions,
  checkBytes,
  framingHint,
  maxPacketSizeOption,
  readableBytes,
  readableSeiNalUnits,
} from './arguments.js';

/** A {@link SeiError} that says that a target cannot hold the result. */
export function targetTooSmall(targetLength: number): SeiError {
  return new SeiError(
    'ERR_SEI_TARGET_TOO_SMALL',
    `the target of ${targetLength} bytes cannot hold the frame with its SEI`,
  );
}

function unitTooLarge(frame: Uint8Array, nalUnits: readonly Uint8Array[], hint: number): SeiError {
  const lengthSize = lengthSizeOf(detectedFraming(backend().detect(frame, hint)));
  const tooLong = nalUnits.find((nalUnit) => nalUnit.length > maxNalUnitLength(lengthSize)) as Uint8Array;
  return nalUnitTooLarge(tooLong.length, lengthSize);
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
): T | Uint8Array {
  const hint = framingHint(options);
  const maxPacketSize = maxPacketSizeOption(options);
  const units = readableSeiNalUnits(nalUnits);
  const data = readableBytes('frame', frame);
  if (units.length === 0 || data.length === 0) return frame;
  // In two steps: memory of the right size costs less than a view of memory that may be too large.
  const location = backend().locate(data, units, hint, maxPacketSize);
  if (location === SpliceResult.passThrough) return frame;
  if (location === SpliceResult.nalUnitTooLarge) throw unitTooLarge(data, units, hint);
  const target = allocate(splicedLength(data, units, location), frame);
  splice(data, units, target, location);
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
  const hint = framingHint(options);
  const maxPacketSize = maxPacketSizeOption(options);
  const units = readableSeiNalUnits(nalUnits);
  const data = readableBytes('frame', frame);
  if (units.length === 0 || data.length === 0) return [frame];
  const location = backend().locate(data, units, hint, maxPacketSize);
  if (location === SpliceResult.passThrough) return [frame];
  if (location === SpliceResult.nalUnitTooLarge) throw unitTooLarge(data, units, hint);

  return piecesOf(data, units, location);
}

/** The start code or the length that stands in front of a NAL unit. */
function framingOf(unit: Uint8Array, framing: number): Uint8Array {
  const bytes = new Uint8Array(framingLength(framing));
  writeFraming(bytes, 0, unit.length, framing);
  return bytes;
}

/** The pieces of a frame with NAL units inserted at a location, which a backend has found. */
export function piecesOf(data: Uint8Array, units: readonly Uint8Array[], location: number): Uint8Array[] {
  const framing = location % LOCATION_SCALE;
  const offset = Math.floor(location / LOCATION_SCALE);
  const wraps = becomesStapA(data, framing);
  if (units.length === 1 && offset > 0 && !wraps) {
    // What nearly every frame gets: an array that is written at once costs half of one that grows, and views that are
    // made by hand cost half of what subarray does.
    const [unit] = units;
    const { buffer, byteOffset } = data;
    const head = new Uint8Array(buffer, byteOffset, offset);
    const rest = new Uint8Array(buffer, byteOffset + offset, data.length - offset);
    return [head, framingOf(unit, framing), unit, rest];
  }
  const parts: Uint8Array[] = [];
  if (offset > 0) parts.push(data.subarray(0, offset));
  if (wraps) parts.push(Uint8Array.of(stapAHeader(data[0])));
  for (const unit of units) parts.push(framingOf(unit, framing), unit);
  if (wraps) {
    const size = new Uint8Array(STAP_A_SIZE_LENGTH);
    writeLength(size, 0, data.length, STAP_A_SIZE_LENGTH);
    parts.push(size);
  }
  parts.push(offset > 0 ? data.subarray(offset) : data);
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
  const hint = framingHint(options);
  const maxPacketSize = maxPacketSizeOption(options);
  checkBytes('target', target);
  const destination = { target, memory: target.buffer };
  const units = readableSeiNalUnits(nalUnits, destination);
  const data = readableBytes('frame', frame, undefined, destination);
  const length =
    units.length === 0 || data.length === 0
      ? SpliceResult.passThrough
      : backend().inject(data, units, target, hint, maxPacketSize);
  if (length >= 0) return length;
  if (length === SpliceResult.nalUnitTooLarge) throw unitTooLarge(data, units, hint);
  if (length === SpliceResult.targetTooSmall) throw targetTooSmall(target.length);
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
