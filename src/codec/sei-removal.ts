/** Takes single messages out of a SEI NAL unit and leaves everything else in it. */
import { copyBytes } from './bytes.js';
import { escape, escapedLength, unescape } from './emulation-prevention.js';
import { SeiMessageCursor } from './sei-message.js';

/**
 * Rebuilds a SEI NAL unit without some of its messages.
 *
 * @param nalUnit a SEI NAL unit without framing
 * @param isRemoved whether the message with this index in the NAL unit goes
 * @returns a NAL unit of its own memory with the other messages and with what follows the last readable one, be it
 *   malformed; empty where nothing is left that says something (H.264 7.3.2.3)
 */
export function removeSeiMessages(nalUnit: Uint8Array, isRemoved: (index: number) => boolean): Uint8Array {
  const rbsp = new Uint8Array(nalUnit.length - 1);
  const rbspLength = unescape(nalUnit.subarray(1), rbsp);
  const kept = new Uint8Array(rbspLength);
  let keptLength = 0;
  const messages = new SeiMessageCursor(rbsp, 0, rbspLength);
  for (let index = 0; messages.next(); index++) {
    if (!isRemoved(index)) keptLength = copyBytes(rbsp, messages.start, messages.payloadEnd, kept, keptLength);
  }
  const isComplete = messages.isAtTrailingBits() || messages.payloadEnd === rbspLength;
  if (keptLength === 0 && isComplete) return new Uint8Array(0);
  keptLength = copyBytes(rbsp, messages.payloadEnd, rbspLength, kept, keptLength);

  const keptRbsp = kept.subarray(0, keptLength);
  const result = new Uint8Array(1 + escapedLength(keptRbsp));
  result[0] = nalUnit[0];
  escape(keptRbsp, result, 1);
  return result;
}
