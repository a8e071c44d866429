import { backend } from '../backend/current.js';
import { type SameBytes, allocate, copyBytes } from '../codec/bytes.js';
import { SEI_RECORD_LENGTH, SeiRecord, SpliceResult } from '../codec/results.js';
import { USER_DATA_UNREGISTERED, UUID_LENGTH } from '../codec/sei-message.js';
import { lengthWithoutSei } from '../codec/sei-records.js';
import { DEFAULT_SEI_UUID, parseUuid } from '../codec/uuid.js';
import { invalidType } from '../errors.js';
import { checkRepeatedOptions, optionNames } from '../options.js';
import { type FramingOptions, framingHint, payloadTypesOption, readableBytes } from './arguments.js';
import { type SeiMessage, type SeiTable, extractTable, messagesOf, payloadMemory } from './extract.js';

/** Which messages are removed: by UUID, by payloadType, or by a function. */
export type StripOptions = FramingOptions & (StripByUuid | StripByPayloadType | StripByFilter);

/** Removes the user_data_unregistered messages of some UUIDs. */
export interface StripByUuid {
  /** The UUIDs in canonical form. Default: [DEFAULT_SEI_UUID]. */
  readonly uuids?: readonly string[] | undefined;
  /** Not with `uuids` or `filter`. */
  readonly payloadTypes?: undefined;
  /** Not with `uuids` or `payloadTypes`. */
  readonly filter?: undefined;
}

/** Removes all messages of some types. */
export interface StripByPayloadType {
  /** The payloadType values (H.264 Table D-1), such as 5 for every user_data_unregistered message. */
  readonly payloadTypes: readonly number[];
  /** Not with `payloadTypes` or `filter`. */
  readonly uuids?: undefined;
  /** Not with `uuids` or `payloadTypes`. */
  readonly filter?: undefined;
}

/** Removes the messages that a function picks. */
export interface StripByFilter {
  /** Returns true for each message that is to be removed, of any payloadType. */
  readonly filter: (message: SeiMessage) => boolean;
  /** Not with `payloadTypes` or `filter`. */
  readonly uuids?: undefined;
  /** Not with `uuids` or `filter`. */
  readonly payloadTypes?: undefined;
}

const OPTIONS = /* @__PURE__ */ optionNames<StripOptions>()(
  'stripSei',
  { format: true, lengthSize: true, avcC: true, uuids: true, payloadTypes: true, filter: true },
  ['uuids', 'payloadTypes', 'filter'],
);

/** Marks the messages to remove: a byte for each, not 0 if it goes; undefined if all stay. */
type Choice = (frame: Uint8Array, table: SeiTable) => Uint8Array | undefined;

function markIf(count: number, isChosen: (index: number) => boolean): Uint8Array | undefined {
  let marks: Uint8Array | undefined;
  for (let index = 0; index < count; index++) {
    if (!isChosen(index)) continue;
    marks ??= new Uint8Array(count);
    marks[index] = 1;
  }
  return marks;
}

function hasUuid(frame: Uint8Array, table: SeiTable, index: number, uuids: readonly Uint8Array[]): boolean {
  const { records } = table;
  const at = index * SEI_RECORD_LENGTH;
  if (records[at + SeiRecord.payloadType] !== USER_DATA_UNREGISTERED) return false;
  if (records[at + SeiRecord.payloadLength] < UUID_LENGTH) return false;
  const bytes = payloadMemory(frame, table, index);
  const start = records[at + SeiRecord.payloadOffset];
  return uuids.some((uuid) => uuid.every((byte, i) => bytes[start + i] === byte));
}

function choiceByUuids(uuids: readonly string[]): Choice {
  const ours = uuids.map((uuid) => parseUuid(uuid));
  return (frame, table) => markIf(table.count, (index) => hasUuid(frame, table, index, ours));
}

const choosesDefault = /* @__PURE__ */ choiceByUuids([DEFAULT_SEI_UUID]);

// A caller strips all frames by the same UUIDs.
let latestUuids: readonly string[] = [];
let choosesLatest: Choice = () => undefined;

function uuidsChoice(uuids: unknown): Choice {
  if (uuids === undefined) return choosesDefault;
  if (!Array.isArray(uuids)) throw invalidType('options.uuids', 'an array of strings', uuids);
  const given = uuids as readonly string[];
  if (given.length !== latestUuids.length || given.some((uuid, i) => uuid !== latestUuids[i])) {
    choosesLatest = choiceByUuids(given);
    latestUuids = [...given];
  }
  return choosesLatest;
}

function choiceOf(options: StripOptions | undefined): Choice {
  if (options === undefined) return choosesDefault;
  const { filter, uuids, payloadTypes } = options as {
    filter?: (message: SeiMessage) => boolean;
    uuids?: unknown;
    payloadTypes?: unknown;
  };
  const types = payloadTypesOption(payloadTypes);
  if (types !== undefined) {
    return (_, { count, records }) =>
      markIf(count, (index) => types.includes(records[index * SEI_RECORD_LENGTH + SeiRecord.payloadType]));
  }
  if (filter === undefined) return uuidsChoice(uuids);
  if (typeof filter !== 'function') throw invalidType('options.filter', 'a function', filter);
  return (frame, table) => {
    const messages = messagesOf(frame, table);
    return markIf(table.count, (index) => filter(messages[index]));
  };
}

function startOf(bytes: Uint8Array, length: number, like: Uint8Array): Uint8Array {
  const copy = allocate(length, like);
  copyBytes(bytes, 0, length, copy, 0);
  return copy;
}

/**
 * Removes SEI messages from a frame, and nothing else: an SEI NAL unit that holds nothing more goes with its framing,
 * one that holds other messages keeps them. `stripSei(injectSei(x))` is `x`, byte for byte, for each `x` that held no
 * such message. (A single NAL unit in `rtp` that became a STAP-A packet stays one.) Only the first
 * {@link MAX_SEI_MESSAGES_PER_FRAME} messages are read.
 *
 * @param frame one access unit, sample or RTP payload; it is only read
 * @param options which messages, by default those of {@link DEFAULT_SEI_UUID}; the format and length size, by default
 *   detected
 * @returns new memory, a `Buffer` if `frame` is one; `frame` itself, the same object, if nothing is removed; empty if
 *   an RTP payload held nothing else
 * @throws {TypeError} if an argument has the wrong type, an option is unknown or two of `uuids`, `payloadTypes` and
 *   `filter` are given
 * @throws {RangeError} if an option has a value that is not allowed
 * @throws {SeiError} ERR_SEI_INVALID_UUID, ERR_SEI_DETACHED_BUFFER; what `filter` throws (H.264 7.3.2.3)
 */
export function stripSei<T extends Uint8Array>(frame: T, options?: StripOptions): SameBytes<T>;
export function stripSei(frame: Uint8Array, options?: StripOptions): Uint8Array {
  if (options !== undefined) checkRepeatedOptions(options, OPTIONS);
  const hint = framingHint(options);
  const choose = choiceOf(options);
  const data = readableBytes('frame', frame);
  const table = extractTable(data, hint, false);
  if (table.count === 0) return frame;
  // The filter may extract, which uses the memory of the table.
  const records = options?.filter === undefined ? table.records : table.records.slice();
  const marks = choose(data, table);
  if (marks === undefined) return frame;

  const target = allocate(lengthWithoutSei(data, records, marks), frame);
  const written = backend().removeSei(data, table.framing, records, marks, target);
  if (written === target.length) return target;
  if (written === SpliceResult.passThrough) return frame;
  if (written >= 0) return startOf(target, written, frame);
  // NAL units that lack escapes can grow when they are rebuilt, by half at most.
  const larger = allocate(data.length + (data.length >> 1) + 1, frame);
  return startOf(larger, backend().removeSei(data, table.framing, records, marks, larger), frame);
}
