/** Takes single messages out of a SEI NAL unit and leaves everything else in it. */
import { copyBytes } from './bytes.js';
import { escape, escapedLength, hasEscape, unescape } from './emulation-prevention.js';
import { SeiMessageCursor } from './sei-message.js';

const NOTHING = new Uint8Array(0);

/** What stands behind the header, without emulation prevention: a view where there is none. */
function rbspOf(nalUnit: Uint8Array): Uint8Array {
  const escaped = nalUnit.subarray(1);
  if (!hasEscape(escaped, 0, escaped.length)) return escaped;
  const rbsp = new Uint8Array(escaped.length);
  return rbsp.subarray(0, unescape(escaped, rbsp));
}

/**
 * Rebuilds a SEI NAL unit without some of its messages.
 *
 * @param nalUnit a SEI NAL unit without framing
 * @param isRemoved whether the message with this index in the NAL unit goes
 * @returns a NAL unit of its own memory with the other messages and with what follows the last readable one, be it
 *   malformed; empty where nothing is left that says something (H.264 7.3.2.3)
 */
export function removeSeiMessages(nalUnit: Uint8Array, isRemoved: (index: number) => boolean): Uint8Array {
  const rbsp = rbspOf(nalUnit);
  // Nearly always nothing is kept, and then there is nothing to make.
  let kept: Uint8Array | undefined;
  let keptLength = 0;
  const messages = new SeiMessageCursor(rbsp, 0, rbsp.length);
  for (let index = 0; messages.next(); index++) {
    if (isRemoved(index)) continue;
    kept ??= new Uint8Array(rbsp.length);
    keptLength = copyBytes(rbsp, messages.start, messages.payloadEnd, kept, keptLength);
  }
  const isComplete = messages.isAtTrailingBits() || messages.payloadEnd === rbsp.length;
  if (kept === undefined && isComplete) return NOTHING;
  kept ??= new Uint8Array(rbsp.length);
  keptLength = copyBytes(rbsp, messages.payloadEnd, rbsp.length, kept, keptLength);

  const keptRbsp = kept.subarray(0, keptLength);
  const result = new Uint8Array(1 + escapedLength(keptRbsp));
  result[0] = nalUnit[0];
  escape(keptRbsp, result, 1);
  return result;
}
