/**
 * The addon and TypeScript together: each call goes to the side that is sooner. Both return the same, so nothing but
 * time depends on the choice. Three rules decide it; the numbers are in cutoffs.ts.
 *
 * 1. A few bytes: TypeScript. A call into the addon costs 60 to 120 ns before it looks at a byte.
 * 2. Nothing to search: TypeScript. It copies a frame around a known place, sees a slice at the beginning, follows
 *    length prefixes, and copies a text, which has no zeros and needs no escapes, as soon as C++ does.
 * 3. Everything else: the addon, whatever the bytes are.
 */
import { scanStartCodes } from '../codec/start-code-scan.js';
import { copyBytes, isFreeOfZeros } from '../codec/bytes.js';
import { escape, escapedLength, unescape } from '../codec/emulation-prevention.js';
import { detect, detectedFraming } from '../codec/format-detection.js';
import { Framing } from '../codec/framing.js';
import { NalUnitCursor } from '../codec/nal-unit-cursor.js';
import { NalUnitType, isVcl, nalUnitType } from '../codec/nal-unit.js';
import { packCount } from '../codec/results.js';
import { splice } from '../codec/splice.js';
import type { Backend } from './backend.js';
import { FEW_NAL_UNITS, SHORT, TEXT } from './cutoffs.js';
import { typescriptBackend as typescript } from './typescript.js';

/** Whether the NAL units of a frame are found by their lengths, which the caller says or the first four bytes show. */
function hasLengths(data: Uint8Array, hint: number): boolean {
  if (hint === Framing.rtp || hint > Framing.avcc) return true;
  // No start code, and not a length of 256 to 511, which begins like one.
  return hint !== Framing.annexb && data[0] === 0 && data[2] !== 1 && data[3] > 1;
}

function beginsWithStartCode(data: Uint8Array): boolean {
  return data[0] === 0 && data[1] === 0 && data[2] === 0 && data[3] === 1;
}

/** Whether a frame begins with the slice that its SEI goes in front of, as most do: nothing is searched for. */
function beginsWithSlice(frame: Uint8Array): boolean {
  return beginsWithStartCode(frame) && isVcl(nalUnitType(frame[4]));
}

/** Whether the lengths lead to the end of a frame, or to its first slice, without an SEI NAL unit on the way. */
function isWithoutSei(frame: Uint8Array, framing: number, isFirstVclEnd: boolean): boolean {
  const cursor = new NalUnitCursor(frame, framing);
  for (let count = 0; count < FEW_NAL_UNITS; count++) {
    if (!cursor.next()) return cursor.position === frame.length;
    const type = nalUnitType(frame[cursor.start]);
    if (isFirstVclEnd && isVcl(type)) return true;
    if (type === NalUnitType.sei) return false;
  }
  return false;
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

    detect(data, hint) {
      const isSettled = data.length < SHORT || hasLengths(data, hint) || beginsWithStartCode(data);
      return isSettled ? detect(data, hint) : native.detect(data, hint);
    },

    locate(frame, hint) {
      const isAtOnce = frame.length < SHORT || beginsWithSlice(frame) || hasLengths(frame, hint);
      const side = isAtOnce ? typescript : native;
      return side.locate(frame, hint);
    },

    splice,

    inject(frame, nalUnits, target, hint, maxPacketSize) {
      const side = frame.length < SHORT ? typescript : native;
      return side.inject(frame, nalUnits, target, hint, maxPacketSize);
    },

    extractSeiRecords(frame, hint, isFirstVclEnd, records, scratch) {
      if (frame.length < SHORT) return typescript.extractSeiRecords(frame, hint, isFirstVclEnd, records, scratch);
      if (hasLengths(frame, hint)) {
        const framing = detectedFraming(detect(frame, hint));
        if (framing === Framing.detect || isWithoutSei(frame, framing, isFirstVclEnd)) return packCount(0, framing);
      }
      return native.extractSeiRecords(frame, hint, isFirstVclEnd, records, scratch);
    },

    removeSei(frame, framing, records, isRemoved, target) {
      const side = frame.length < SHORT ? typescript : native;
      return side.removeSei(frame, framing, records, isRemoved, target);
    },

    splitNalUnits(data, hint, bounds) {
      const side = data.length < SHORT || hasLengths(data, hint) ? typescript : native;
      return side.splitNalUnits(data, hint, bounds);
    },

    joinNalUnits(data, bounds, framing, target) {
      const side = data.length < SHORT ? typescript : native;
      return side.joinNalUnits(data, bounds, framing, target);
    },
  };
}
