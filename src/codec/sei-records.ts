/** Arithmetic on the records of SEI messages: which of them share a NAL unit, and what is left without some of them. */
import { SEI_RECORD_LENGTH, SeiFlag, SeiRecord } from './results.js';

/** Index after the last record of the NAL unit that the record `first` belongs to. */
export function endOfNalUnit(records: Uint32Array, first: number, count: number): number {
  const start = records[first * SEI_RECORD_LENGTH + SeiRecord.nalUnitOffset];
  let end = first + 1;
  while (end < count && records[end * SEI_RECORD_LENGTH + SeiRecord.nalUnitOffset] === start) end++;
  return end;
}

/** Whether an SEI NAL unit goes as a whole: nothing that says something is left in it. */
export function isRemovedWhole(records: Uint32Array, first: number, end: number, isRemoved: Uint8Array): boolean {
  const flags = records[(end - 1) * SEI_RECORD_LENGTH + SeiRecord.flags];
  return (flags & SeiFlag.endsNalUnit) !== 0 && isRemoved.subarray(first, end).every((value) => value !== 0);
}

/**
 * The length of a frame without the messages that go, as far as the records tell it: the NAL units that lose only some
 * of their messages are counted with their whole length.
 *
 * @param isRemoved a byte for each record, not 0 if its message goes
 */
export function lengthWithoutSei(frame: Uint8Array, records: Uint32Array, isRemoved: Uint8Array): number {
  let { length } = frame;
  const count = isRemoved.length;
  for (let first = 0; first < count;) {
    const end = endOfNalUnit(records, first, count);
    const at = first * SEI_RECORD_LENGTH;
    if (isRemovedWhole(records, first, end, isRemoved)) {
      length -= records[at + SeiRecord.nalUnitEnd] - records[at + SeiRecord.unitStart];
    }
    first = end;
  }
  return length;
}
