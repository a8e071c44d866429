/**
 * The addon and TypeScript together: each call goes to the side that is sooner. Both return the same, so nothing but
 * time depends on the choice. Three rules decide it; the numbers are in cutoffs.ts.
 *
 * 1. Short: a call into the addon costs 60 to 120 ns before it looks at a byte. TypeScript does what is done by then.
 * 2. Beginnings: the format of a frame and the place for SEI are in its first bytes. TypeScript looks at those, and
 *    asks the addon only if they do not decide.
 * 3. The addon does everything else: it goes over every byte, whatever the bytes are.
 */
import { scanStartCodes } from '../codec/byte-stream.js';
import { copyBytes, isFreeOfZeros } from '../codec/bytes.js';
import { escape, escapedLength, unescape } from '../codec/emulation-prevention.js';
import { detect, detectedFraming } from '../codec/format-detection.js';
import { Framing } from '../codec/framing.js';
import { readLength } from '../codec/length-prefixed.js';
import { UNDECIDED, locate, locatedOffset } from '../codec/location.js';
import { splitNalUnits } from '../codec/nal-unit-bounds.js';
import { NalUnitCursor } from '../codec/nal-unit-cursor.js';
import { NalUnitType, hasForbiddenZeroBit, isVcl, nalUnitType } from '../codec/nal-unit.js';
import { packCount } from '../codec/packed-count.js';
import { SpliceResult, splice } from '../codec/splice.js';
import type { Backend } from './backend.js';
import { COPY, FEW_NAL_UNITS, NEAR, SHORT, TEXT } from './cutoffs.js';
import { typescriptBackend as typescript } from './typescript.js';

/**
 * Whether the first bytes decide the framing, or nearly: with a hint, after a start code, with lengths of four bytes,
 * of which there are few, and if no NAL unit can follow a length of one or two bytes.
 */
function isDetectedAtOnce(data: Uint8Array, hint: number): boolean {
  const { length } = data;
  if (length < SHORT) return true;
  if (data[0] !== 0) {
    if (hint !== Framing.detect) return hint === Framing.rtp;
    return hasForbiddenZeroBit(data[1]) && hasForbiddenZeroBit(data[2]);
  }
  if (data[1] !== 0 || data[2] > 1) return true;
  if (data[2] === 0) return data[3] !== 0;
  if (hint === Framing.annexb) return true;
  // The start code of three bytes could be a length. If it is not, the next one leads out of the data.
  const next = 0x104 + data[3];
  return next + 4 <= length && readLength(data, next, 4) > length;
}

/** Whether a look at the first NAL units shows that there is no SEI to extract. */
function isWithoutSei(frame: Uint8Array, framing: number, isFirstVclEnd: boolean): boolean {
  const isByteStream = framing === Framing.annexb;
  if (isByteStream && !isFirstVclEnd) return false;
  const searchEnd = Math.min(NEAR, frame.length);
  const cursor = new NalUnitCursor(frame, framing, searchEnd);
  let count = 0;
  while (cursor.next()) {
    const type = nalUnitType(frame[cursor.start]);
    if (isFirstVclEnd && isVcl(type)) return true;
    if (type === NalUnitType.sei || ++count === FEW_NAL_UNITS) return false;
  }
  // If the search ended early, the rest may hold SEI.
  return !isByteStream || searchEnd === frame.length;
}

/** Where TypeScript finds the insertion point near the beginning of a frame, or `UNDECIDED`. */
function locateNear(frame: Uint8Array, hint: number): number {
  return isDetectedAtOnce(frame, hint) ? locate(frame, hint, Math.min(NEAR, frame.length)) : UNDECIDED;
}

/**
 * The backend if the addon could be loaded and nothing is forced.
 *
 * @param native the addon
 * @returns a backend with its name and kernel that gives TypeScript what a call into the addon would only delay
 */
export function autoBackend(native: Backend): Backend {
  return {
    name: native.name,
    get kernel() {
      return native.kernel;
    },

    scanStartCodes: (data, offsets) =>
      data.length < SHORT ? scanStartCodes(data, offsets) : native.scanStartCodes(data, offsets),

    escapedLength(rbsp) {
      const { length } = rbsp;
      if (length < SHORT) return escapedLength(rbsp);
      return length < TEXT && isFreeOfZeros(rbsp) ? length : native.escapedLength(rbsp);
    },

    escape(rbsp, target) {
      const { length } = rbsp;
      if (length < SHORT) return escape(rbsp, target);
      if (length < TEXT && isFreeOfZeros(rbsp)) return copyBytes(rbsp, 0, length, target, 0);
      return native.escape(rbsp, target);
    },

    unescape: (bytes, target) => (bytes.length < SHORT ? unescape(bytes, target) : native.unescape(bytes, target)),

    detect: (data, hint) => (isDetectedAtOnce(data, hint) ? detect(data, hint) : native.detect(data, hint)),

    locate(frame, hint) {
      const location = locateNear(frame, hint);
      return location === UNDECIDED ? native.locate(frame, hint) : location;
    },

    splice: (frame, nalUnits, target, location) =>
      frame.length < COPY ? splice(frame, nalUnits, target, location) : native.splice(frame, nalUnits, target, location),

    inject(frame, nalUnits, target, framing) {
      if (frame.length >= COPY) return native.inject(frame, nalUnits, target, framing);
      const location = locateNear(frame, framing);
      if (location === UNDECIDED) return native.inject(frame, nalUnits, target, framing);
      return locatedOffset(location) < 0 ? SpliceResult.passThrough : splice(frame, nalUnits, target, location);
    },

    extractSeiRecords(frame, hint, isFirstVclEnd, records, scratch) {
      if (!isDetectedAtOnce(frame, hint)) return native.extractSeiRecords(frame, hint, isFirstVclEnd, records, scratch);
      const framing = detectedFraming(detect(frame, hint));
      if (framing === Framing.detect) return 0;
      if (isWithoutSei(frame, framing, isFirstVclEnd)) return packCount(0, framing);
      const side = frame.length < SHORT ? typescript : native;
      return side.extractSeiRecords(frame, framing, isFirstVclEnd, records, scratch);
    },

    removeSei(frame, framing, records, isRemoved, target) {
      const side = frame.length < COPY ? typescript : native;
      return side.removeSei(frame, framing, records, isRemoved, target);
    },

    splitNalUnits: (data, hint, bounds) =>
      data.length < SHORT ? splitNalUnits(data, hint, bounds) : native.splitNalUnits(data, hint, bounds),

    joinNalUnits(data, bounds, framing, target) {
      const side = data.length < COPY ? typescript : native;
      return side.joinNalUnits(data, bounds, framing, target);
    },
  };
}
