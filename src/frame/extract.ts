import { backend } from '../backend/current.js';
import { allocate, copyBytes } from '../codec/bytes.js';
import {
  packedCount,
  packedFraming,
  SCRATCH_TOO_SMALL,
  SEI_RECORD_LENGTH,
  SeiFlag,
  SeiRecord,
} from '../codec/results.js';
import { USER_DATA_UNREGISTERED, UUID_LENGTH } from '../codec/sei-message.js';
import { formatUuid } from '../codec/uuid.js';
import { invalidType, outOfRange } from '../errors.js';
import { checkRepeatedOptions, optionNames } from '../options.js';
import { type FramingOptions, framingHint, payloadTypesOption, readableBytes } from './arguments.js';

/** One sei_message of a frame (H.264 7.3.2.3.1, D.1.7). */
export interface SeiMessage {
  /** payloadType (H.264 Table D-1): 5 for user_data_unregistered. */
  readonly payloadType: number;
  /** uuid_iso_iec_11578 of a user_data_unregistered message, in canonical lower-case form. */
  readonly uuid?: string;
  /**
   * The payload, without emulation prevention; of a user_data_unregistered message what follows the UUID. It may be a
   * view of the frame: copy it to keep it beyond the frame.
   */
  readonly payload: Uint8Array;
  /** Offset in the frame of the header of the SEI NAL unit that holds the message. */
  readonly nalUnitOffset: number;
}

/** How SEI is to be extracted. */
export interface ExtractOptions extends FramingOptions {
  /**
   * `full` (the default) reads the whole frame, since some writers put SEI behind the slices; `first-vcl` stops at the
   * first slice, which costs the same for a frame of any size.
   */
  readonly scan?: 'full' | 'first-vcl' | undefined;
  /** The payloadType values of the messages to return (H.264 Table D-1). Default: all. */
  readonly payloadTypes?: readonly number[] | undefined;
}

/** The names of {@link ExtractOptions}. */
export const EXTRACT_NAMES = { format: true, lengthSize: true, avcC: true, scan: true, payloadTypes: true } as const;

const OPTIONS = /* @__PURE__ */ optionNames<ExtractOptions>()('extractSei', EXTRACT_NAMES);

/** The messages of a frame as the backend returns them, in memory that the next extraction writes to. */
export interface SeiTable {
  /** The framing of the frame; 0 if the bytes are not H.264. */
  readonly framing: number;
  /** The number of messages. */
  readonly count: number;
  /** {@link SEI_RECORD_LENGTH} numbers for each message; see codec/sei-extraction. */
  readonly records: Uint32Array;
  /** The payloads that had to be unescaped. */
  readonly scratch: Uint8Array;
}

// Shared by all calls of a thread: they are read out before any other code runs.
const sharedRecords = new Uint32Array(64 * SEI_RECORD_LENGTH);
const sharedScratch = new Uint8Array(16_384);

function copyOf(scratch: Uint8Array, from: number, to: number, like: Uint8Array): Uint8Array {
  const copy = allocate(to - from, like);
  copyBytes(scratch, from, to, copy, 0);
  return copy;
}

/** The bytes that hold the payload of a message. */
export function payloadMemory(frame: Uint8Array, { records, scratch }: SeiTable, index: number): Uint8Array {
  const flags = records[index * SEI_RECORD_LENGTH + SeiRecord.flags];
  return (flags & SeiFlag.inScratch) !== 0 ? scratch : frame;
}

/** The message of a frame with this index. */
export function messageAt(frame: Uint8Array, table: SeiTable, index: number): SeiMessage {
  const { records } = table;
  const at = index * SEI_RECORD_LENGTH;
  const payloadType = records[at + SeiRecord.payloadType];
  const nalUnitOffset = records[at + SeiRecord.nalUnitOffset];
  const start = records[at + SeiRecord.payloadOffset];
  const end = start + records[at + SeiRecord.payloadLength];
  const bytes = payloadMemory(frame, table, index);
  const hasUuid = payloadType === USER_DATA_UNREGISTERED && end - start >= UUID_LENGTH;
  const from = hasUuid ? start + UUID_LENGTH : start;
  const payload = bytes === frame ? frame.subarray(from, end) : copyOf(bytes, from, end, frame);
  if (hasUuid) return { payloadType, uuid: formatUuid(bytes, start), payload, nalUnitOffset };
  return { payloadType, payload, nalUnitOffset };
}

/** Finds the messages of a frame; the table is valid until the next call. */
export function extractTable(frame: Uint8Array, hint: number, isFirstVclEnd: boolean): SeiTable {
  let records = sharedRecords;
  let scratch: Uint8Array = sharedScratch;
  for (;;) {
    const found = backend().extractSeiRecords(frame, hint, isFirstVclEnd, records, scratch);
    if (found === SCRATCH_TOO_SMALL) {
      scratch = allocate(frame.length);
      continue;
    }
    const count = packedCount(found);
    if (count * SEI_RECORD_LENGTH <= records.length) return { framing: packedFraming(found), count, records, scratch };
    records = new Uint32Array(count * SEI_RECORD_LENGTH);
  }
}

/** The messages of a table, in order. */
export function messagesOf(frame: Uint8Array, table: SeiTable): SeiMessage[] {
  const messages: SeiMessage[] = [];
  for (let index = 0; index < table.count; index++) messages.push(messageAt(frame, table, index));
  return messages;
}

/** The first user_data_unregistered messages of a table, in order, and how many more there are. */
export function userDataOf(frame: Uint8Array, table: SeiTable, max: number): { messages: SeiMessage[]; left: number } {
  const messages: SeiMessage[] = [];
  let left = 0;
  for (let index = 0; index < table.count; index++) {
    if (table.records[index * SEI_RECORD_LENGTH + SeiRecord.payloadType] !== USER_DATA_UNREGISTERED) continue;
    if (messages.length < max) messages.push(messageAt(frame, table, index));
    else left++;
  }
  return { messages, left };
}

/**
 * Extracts every sei_message of a frame, of any payloadType, in order.
 *
 * A message that is cut short, too long or not terminated ends its SEI NAL unit; the next NAL unit is read all the
 * same. At most {@link MAX_SEI_MESSAGES_PER_FRAME} messages are read. Bytes that are no H.264 hold none. RTP payloads
 * are read where they are a single NAL unit or a STAP-A.
 *
 * @param frame one access unit, sample or RTP payload; it is only read
 * @param options format and length size, where the caller knows them; where to stop
 * @returns the messages; their payloads may be views of `frame`
 * @throws `TypeError` and `RangeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_DETACHED_BUFFER`
 *   (H.264 7.3.2.3, D.1.7; RFC 6184 5.6, 5.7.1)
 */
export function extractSei(frame: Uint8Array, options?: ExtractOptions): SeiMessage[] {
  if (options !== undefined) checkRepeatedOptions(options, OPTIONS);
  const hint = framingHint(options);
  const types = payloadTypesOption(options?.payloadTypes);
  const scan = options?.scan ?? 'full';
  if (typeof scan !== 'string') throw invalidType('options.scan', 'a string', scan);
  if (scan !== 'full' && scan !== 'first-vcl') throw outOfRange('options.scan', "'full' or 'first-vcl'", scan);
  const data = readableBytes('frame', frame);
  const messages = messagesOf(data, extractTable(data, hint, scan === 'first-vcl'));
  return types === undefined ? messages : messages.filter(({ payloadType }) => types.includes(payloadType));
}
