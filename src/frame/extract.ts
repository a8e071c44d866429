import { backend } from '../backend/current.js';
import { allocate, copyBytes } from '../codec/bytes.js';
import { detectedFraming } from '../codec/format-detection.js';
import { SCRATCH_TOO_SMALL, SEI_RECORD_LENGTH, SeiRecord } from '../codec/sei-extraction.js';
import { USER_DATA_UNREGISTERED, UUID_LENGTH } from '../codec/sei-message.js';
import { formatUuid } from '../codec/uuid.js';
import { invalidType, outOfRange } from '../errors.js';
import { type FramingOptions, framingHint, readableBytes } from './arguments.js';

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
}

/** A message and where its NAL unit ends. */
export interface LocatedSeiMessage {
  /** The message. */
  readonly message: SeiMessage;
  /** Offset in the frame behind the SEI NAL unit that holds it. */
  readonly nalUnitEnd: number;
}

// Shared by all calls of a thread: they are read out before any other code runs.
const sharedRecords = new Uint32Array(64 * SEI_RECORD_LENGTH);
const sharedScratch = new Uint8Array(16_384);

function copyOf(scratch: Uint8Array, from: number, to: number, like: Uint8Array): Uint8Array {
  const copy = allocate(to - from, like);
  copyBytes(scratch, from, to, copy, 0);
  return copy;
}

function toMessage(frame: Uint8Array, records: Uint32Array, at: number, scratch: Uint8Array): SeiMessage {
  const payloadType = records[at + SeiRecord.payloadType];
  const nalUnitOffset = records[at + SeiRecord.nalUnitOffset];
  const start = records[at + SeiRecord.payloadOffset];
  const end = start + records[at + SeiRecord.payloadLength];
  const isInScratch = records[at + SeiRecord.isInScratch] !== 0;
  const bytes = isInScratch ? scratch : frame;
  const hasUuid = payloadType === USER_DATA_UNREGISTERED && end - start >= UUID_LENGTH;
  const from = hasUuid ? start + UUID_LENGTH : start;
  const payload = isInScratch ? copyOf(scratch, from, end, frame) : frame.subarray(from, end);
  if (hasUuid) return { payloadType, uuid: formatUuid(bytes, start), payload, nalUnitOffset };
  return { payloadType, payload, nalUnitOffset };
}

/** Makes something of each message of a frame whose framing is known; `make` must not extract. */
function extractEach<T>(
  frame: Uint8Array,
  framing: number,
  isFirstVclEnd: boolean,
  make: (message: SeiMessage, nalUnitEnd: number) => T,
): T[] {
  let records = sharedRecords;
  let scratch: Uint8Array = sharedScratch;
  let count: number;
  for (;;) {
    count = backend().extractSeiRecords(frame, framing, isFirstVclEnd, records, scratch);
    if (count === SCRATCH_TOO_SMALL) scratch = allocate(frame.length);
    else if (count * SEI_RECORD_LENGTH > records.length) records = new Uint32Array(count * SEI_RECORD_LENGTH);
    else break;
  }
  const made: T[] = [];
  for (let at = 0; at < count * SEI_RECORD_LENGTH; at += SEI_RECORD_LENGTH) {
    made.push(make(toMessage(frame, records, at, scratch), records[at + SeiRecord.nalUnitEnd]));
  }
  return made;
}

/** Extracts the messages of a frame whose framing is known, each with the end of its NAL unit. */
export function extractLocated(frame: Uint8Array, framing: number, isFirstVclEnd: boolean): LocatedSeiMessage[] {
  return extractEach(frame, framing, isFirstVclEnd, (message, nalUnitEnd) => ({ message, nalUnitEnd }));
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
  const hint = framingHint(options);
  const scan = options?.scan ?? 'full';
  if (typeof scan !== 'string') throw invalidType('options.scan', 'a string', scan);
  if (scan !== 'full' && scan !== 'first-vcl') throw outOfRange('options.scan', "'full' or 'first-vcl'", scan);
  const data = readableBytes('frame', frame);
  const framing = detectedFraming(backend().detect(data, hint));
  if (framing === 0) return [];
  return extractEach(data, framing, scan === 'first-vcl', (message) => message);
}
