/**
 * The addon and TypeScript together: each call goes to the side that answers it sooner. Both answer the same, so this
 * is about time alone.
 */
import { scanStartCodes } from '../codec/byte-stream.js';
import { copyBytes, isFreeOfZeros } from '../codec/bytes.js';
import { escape, escapedLength, unescape } from '../codec/emulation-prevention.js';
import { detect } from '../codec/format-detection.js';
import { Framing, NalUnitCursor } from '../codec/framing.js';
import { readLength } from '../codec/length-prefixed.js';
import { NalUnitType, hasForbiddenZeroBit, isVcl, nalUnitType } from '../codec/nal-unit.js';
import { extractSeiRecords } from '../codec/sei-extraction.js';
import { SpliceResult, locate, splice } from '../codec/splice.js';
import type { Backend } from './backend.js';
import {
  DETECTION_CUTOFF,
  ESCAPE_CUTOFF,
  FEW_NAL_UNITS,
  FULL_EXTRACTION_CUTOFF,
  NEAR_SLICE,
  SCAN_CUTOFF,
  UNESCAPE_CUTOFF,
  ZERO_FREE_COUNT_CUTOFF,
  ZERO_FREE_CUTOFF,
  ZERO_HEAVY_CUTOFF,
} from './cutoffs.js';

/** Bytes of a piece that are looked at to guess how many zeros it has. */
const SAMPLES = 8;

/** Whether there are zeros among a few bytes of `data`, as there are wherever a loop in JavaScript would be slow. */
function looksZeroHeavy(data: Uint8Array): boolean {
  const { length } = data;
  // An odd step, so that bytes that alternate are all met.
  const step = (length / SAMPLES) | 1;
  for (let at = step >> 1; at < length; at += step) {
    if (data[at] === 0) return true;
  }
  return false;
}

/** Whether JavaScript is done with `data` before a call into the addon would be. */
function isShort(data: Uint8Array, cutoff: number): boolean {
  const { length } = data;
  return length < ZERO_HEAVY_CUTOFF || (length < cutoff && !looksZeroHeavy(data));
}

/**
 * Whether the first bytes settle the framing, or all but: with a hint, behind a start code, with lengths of four bytes,
 * which are few, and where no NAL unit can stand behind a length of one or two bytes.
 */
function isDetectedAtOnce(data: Uint8Array, hint: number): boolean {
  const { length } = data;
  if (length < DETECTION_CUTOFF) return true;
  if (data[0] !== 0) {
    if (hint !== Framing.detect) return hint === Framing.rtp;
    return hasForbiddenZeroBit(data[1]) && hasForbiddenZeroBit(data[2]);
  }
  if (data[1] !== 0 || data[2] > 1) return true;
  if (data[2] === 0) return data[3] !== 0;
  if (hint === Framing.annexb) return true;
  // The start code of three bytes could be a length. Where it is none, the next one leads out of the data.
  const next = 0x104 + data[3];
  return next + 4 <= length && readLength(data, next, 4) > length;
}

/** Whether a look at the first NAL units shows that there is no SEI to extract. */
function isWithoutSei(frame: Uint8Array, framing: number, isFirstVclEnd: boolean): boolean {
  const isByteStream = framing === Framing.annexb;
  if (isByteStream && !isFirstVclEnd) return false;
  const searchEnd = Math.min(NEAR_SLICE, frame.length);
  const cursor = new NalUnitCursor(frame, framing, searchEnd);
  let count = 0;
  while (cursor.next()) {
    const type = nalUnitType(frame[cursor.start]);
    if (isFirstVclEnd && isVcl(type)) return true;
    if (type === NalUnitType.sei || ++count === FEW_NAL_UNITS) return false;
  }
  // Where the search has ended early, what is behind it may hold SEI.
  return !isByteStream || searchEnd === frame.length;
}

/**
 * Where TypeScript finds the insertion point, looking no further than it is likely to be; {@link
 * SpliceResult.undecided} where the addon is to be asked.
 */
function locateNear(frame: Uint8Array, nalUnits: readonly Uint8Array[], hint: number, maxPacketSize: number): number {
  if (!isDetectedAtOnce(frame, hint)) return SpliceResult.undecided;
  return locate(frame, nalUnits, hint, maxPacketSize, Math.min(NEAR_SLICE, frame.length));
}

/**
 * The backend that is at work where the addon could be loaded and nothing is forced.
 *
 * @param native the addon
 * @returns a backend of its name and kernel, which does in TypeScript what a call into the addon would only delay
 */
export function autoBackend(native: Backend): Backend {
  return {
    name: native.name,
    get kernel() {
      return native.kernel;
    },

    scanStartCodes: (data, offsets) =>
      isShort(data, SCAN_CUTOFF) ? scanStartCodes(data, offsets) : native.scanStartCodes(data, offsets),

    escapedLength(rbsp) {
      const { length } = rbsp;
      if (length < ESCAPE_CUTOFF) return escapedLength(rbsp);
      return length < ZERO_FREE_COUNT_CUTOFF && isFreeOfZeros(rbsp) ? length : native.escapedLength(rbsp);
    },

    escape(rbsp, target) {
      const { length } = rbsp;
      if (length < ESCAPE_CUTOFF) return escape(rbsp, target);
      if (length < ZERO_FREE_CUTOFF && isFreeOfZeros(rbsp)) return copyBytes(rbsp, 0, length, target, 0);
      return native.escape(rbsp, target);
    },

    unescape: (bytes, target) =>
      bytes.length < UNESCAPE_CUTOFF ? unescape(bytes, target) : native.unescape(bytes, target),

    detect: (data, hint) => (isDetectedAtOnce(data, hint) ? detect(data, hint) : native.detect(data, hint)),

    locate(frame, nalUnits, hint, maxPacketSize) {
      const location = locateNear(frame, nalUnits, hint, maxPacketSize);
      return location === SpliceResult.undecided ? native.locate(frame, nalUnits, hint, maxPacketSize) : location;
    },

    inject(frame, nalUnits, target, hint, maxPacketSize) {
      // A start code, or a length of four bytes: most likely a frame that is to be copied, which takes the addon one
      // call, and JavaScript three. Else a packet, most of which are no place for SEI.
      if (frame[0] === 0) return native.inject(frame, nalUnits, target, hint, maxPacketSize);
      const location = locateNear(frame, nalUnits, hint, maxPacketSize);
      if (location >= 0) return splice(frame, nalUnits, target, location);
      if (location !== SpliceResult.undecided) return location;
      return native.inject(frame, nalUnits, target, hint, maxPacketSize);
    },

    extractSeiRecords(frame, framing, isFirstVclEnd, records, scratch) {
      if (isWithoutSei(frame, framing, isFirstVclEnd)) return 0;
      if (isShort(frame, FULL_EXTRACTION_CUTOFF)) {
        return extractSeiRecords(frame, framing, isFirstVclEnd, records, scratch);
      }
      return native.extractSeiRecords(frame, framing, isFirstVclEnd, records, scratch);
    },
  };
}
