/**
 * Finds every sei_message of a frame. The result is a table of numbers, so that the addon creates no object; the
 * backends fill the table, and the code that makes messages of it is the same for both.
 */
import { hasEscape, unescape } from './emulation-prevention.js';
import { detect, detectedFraming } from './format-detection.js';
import { NalUnitCursor } from './nal-unit-cursor.js';
import { NalUnitType, hasForbiddenZeroBit, isVcl, nalUnitType } from './nal-unit.js';
import {
  MAX_SEI_MESSAGES_PER_FRAME,
  SCRATCH_TOO_SMALL,
  SEI_RECORD_LENGTH,
  SeiFlag,
  SeiRecord,
  packCount,
} from './results.js';
import { SeiMessageCursor } from './sei-message.js';

/**
 * Finds the messages of every SEI NAL unit of a frame. A message that is cut short, too long or not terminated ends its
 * NAL unit.
 *
 * @param frame one access unit, sample or RTP payload
 * @param hint a value of `Framing`: what the caller knows
 * @param isFirstVclEnd whether to stop at the first VCL NAL unit; SEI after it is not found then
 * @param records filled with {@link SEI_RECORD_LENGTH} numbers for each message, as far as it reaches
 * @param scratch memory for the NAL units that have to be unescaped; as many bytes as the frame has are always enough
 * @returns the number of messages and the framing, packed by {@link packCount}; 0 if the bytes are not H.264. There may
 *   be more messages than `records` holds, but never more than {@link MAX_SEI_MESSAGES_PER_FRAME}. {@link
 *   SCRATCH_TOO_SMALL} if they do not fit the scratch memory (H.264 7.3.2.3)
 */
export function extractSeiRecords(
  frame: Uint8Array,
  hint: number,
  isFirstVclEnd: boolean,
  records: Uint32Array,
  scratch: Uint8Array,
): number {
  const framing = detectedFraming(detect(frame, hint));
  if (framing === 0) return 0;
  const cursor = new NalUnitCursor(frame, framing);
  let count = 0;
  let scratchLength = 0;
  while (cursor.next()) {
    const header = frame[cursor.start];
    const type = nalUnitType(header);
    if (isFirstVclEnd && isVcl(type)) break;
    if (type !== NalUnitType.sei || hasForbiddenZeroBit(header)) continue;

    const nalUnitEnd = cursor.end;
    let rbsp = frame;
    let start = cursor.start + 1;
    let end = nalUnitEnd;
    const isInScratch = hasEscape(frame, start, end);
    if (isInScratch) {
      if (end - start > scratch.length - scratchLength) return SCRATCH_TOO_SMALL;
      const escaped = frame.subarray(start, end);
      rbsp = scratch;
      start = scratchLength;
      scratchLength = end = unescape(escaped, scratch, start);
    }

    const messages = new SeiMessageCursor(rbsp, start, end);
    while (messages.next()) {
      const at = count * SEI_RECORD_LENGTH;
      if (at + SEI_RECORD_LENGTH <= records.length) {
        records[at + SeiRecord.unitStart] = cursor.unitStart;
        records[at + SeiRecord.nalUnitOffset] = cursor.start;
        records[at + SeiRecord.nalUnitEnd] = nalUnitEnd;
        records[at + SeiRecord.payloadType] = messages.payloadType;
        records[at + SeiRecord.payloadOffset] = messages.payloadStart;
        records[at + SeiRecord.payloadLength] = messages.payloadEnd - messages.payloadStart;
        records[at + SeiRecord.flags] =
          (isInScratch ? SeiFlag.inScratch : 0) | (messages.isAtEnd() ? SeiFlag.endsNalUnit : 0);
      }
      if (++count === MAX_SEI_MESSAGES_PER_FRAME) return packCount(count, framing);
    }
  }
  return packCount(count, framing);
}
