/**
 * Finds every sei_message of a frame. The result is a table of numbers, so that the addon can answer it without making
 * an object; the backends fill the table, and the code that makes messages of it is the same for both.
 */
import { hasEscape, unescape } from './emulation-prevention.js';
import { NalUnitCursor } from './framing.js';
import { NalUnitType, hasForbiddenZeroBit, isVcl, nalUnitType } from './nal-unit.js';
import { SeiMessageCursor } from './sei-message.js';

/** The most messages that are read from one frame; hostile bytes can hold half as many as they are long. */
export const MAX_SEI_MESSAGES_PER_FRAME = 16_384;

/** The numbers of one message in the table of records. */
export const SeiRecord = {
  /** Offset in the frame of the header of the SEI NAL unit. */
  nalUnitOffset: 0,
  /** Offset in the frame behind the SEI NAL unit. */
  nalUnitEnd: 1,
  /** payloadType. */
  payloadType: 2,
  /** Offset of the payload, in the frame or in the scratch memory. */
  payloadOffset: 3,
  /** payloadSize. */
  payloadLength: 4,
  /**
   * 1 where the payload is in the scratch memory, since the NAL unit had to be unescaped; 0 where it is in the frame.
   */
  isInScratch: 5,
} as const;

/** Numbers of one record. */
export const SEI_RECORD_LENGTH = 6;

/** The answer of {@link extractSeiRecords} where the scratch memory is too small. */
export const SCRATCH_TOO_SMALL = -1;

/**
 * Finds the messages of every SEI NAL unit of a frame. A message that is cut short, too long or not terminated ends its
 * NAL unit.
 *
 * @param frame one access unit, sample or RTP payload
 * @param framing the framing of the frame, which is known
 * @param isFirstVclEnd whether to stop at the first VCL NAL unit; where SEI stands behind it, it is not found
 * @param records filled with {@link SEI_RECORD_LENGTH} numbers for each message, as far as it reaches
 * @param scratch memory for the NAL units that have to be unescaped; as many bytes as the frame has are always enough
 * @returns how many messages there are, which may be more than `records` holds but is never above {@link
 *   MAX_SEI_MESSAGES_PER_FRAME}; {@link SCRATCH_TOO_SMALL} where they do not fit the scratch memory (H.264 7.3.2.3)
 */
export function extractSeiRecords(
  frame: Uint8Array,
  framing: number,
  isFirstVclEnd: boolean,
  records: Uint32Array,
  scratch: Uint8Array,
): number {
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
        records[at + SeiRecord.nalUnitOffset] = cursor.start;
        records[at + SeiRecord.nalUnitEnd] = nalUnitEnd;
        records[at + SeiRecord.payloadType] = messages.payloadType;
        records[at + SeiRecord.payloadOffset] = messages.payloadStart;
        records[at + SeiRecord.payloadLength] = messages.payloadEnd - messages.payloadStart;
        records[at + SeiRecord.isInScratch] = isInScratch ? 1 : 0;
      }
      if (++count === MAX_SEI_MESSAGES_PER_FRAME) return count;
    }
  }
  return count;
}
