import { backend } from '../backend/current.js';
import { allocate, copyBytes } from '../codec/bytes.js';
import { detectedFraming } from '../codec/format-detection.js';
import { Framing, unitStartOf } from '../codec/framing.js';
import { maxNalUnitLength, writeLength } from '../codec/length-prefixed.js';
import { STAP_A_HEADER_LENGTH, isStapA } from '../codec/rtp-payload.js';
import { removeSeiMessages } from '../codec/sei-removal.js';
import { framingLength } from '../codec/splice.js';
import { DEFAULT_SEI_UUID, formatUuid, parseUuid } from '../codec/uuid.js';
import { invalidType } from '../errors.js';
import { type FramingOptions, framingHint, readableBytes } from './arguments.js';
import { type LocatedSeiMessage, type SeiMessage, extractLocated } from './extract.js';

/** Which messages go. */
export interface StripOptions extends FramingOptions {
  /** The user_data_unregistered messages of these UUIDs go; {@link DEFAULT_SEI_UUID} alone where absent. */
  readonly uuids?: readonly string[] | undefined;
  /** Decides instead of `uuids` for each message, of any payloadType, whether it goes. */
  readonly filter?: ((message: SeiMessage) => boolean) | undefined;
}

/** A piece `[from, to)` of the frame and the bytes that stand there afterwards. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly replacement: Uint8Array;
}

const NOTHING = new Uint8Array(0);

function filterOf(options: StripOptions | undefined): (message: SeiMessage) => boolean {
  const { filter, uuids = [DEFAULT_SEI_UUID] } = options ?? {};
  if (filter !== undefined) {
    if (typeof filter !== 'function') throw invalidType('options.filter', 'a function', filter);
    return filter;
  }
  if (!Array.isArray(uuids)) throw invalidType('options.uuids', 'an array of strings', uuids);
  const ours = new Set(uuids.map((uuid: string) => formatUuid(parseUuid(uuid))));
  return ({ uuid }) => uuid !== undefined && ours.has(uuid);
}

/** What has to be done to the NAL unit that holds these messages, all of one NAL unit; undefined where it stays. */
function editOf(
  frame: Uint8Array,
  framing: number,
  messages: readonly LocatedSeiMessage[],
  filter: (message: SeiMessage) => boolean,
): Edit | undefined {
  const isRemoved = messages.map(({ message }) => filter(message));
  if (!isRemoved.includes(true)) return undefined;
  const { message, nalUnitEnd: to } = messages[0];
  const start = message.nalUnitOffset;
  const unitStart = unitStartOf(frame, start, framing);
  const nalUnit = removeSeiMessages(frame.subarray(start, to), (index) => isRemoved[index] ?? false);
  if (nalUnit.length === 0) return { from: unitStart, to, replacement: NOTHING };
  if (framing === Framing.annexb || unitStart === start) return { from: start, to, replacement: nalUnit };
  const lengthSize = framingLength(framing);
  // Hostile bytes that lack escapes can grow when they are escaped; where they outgrow their length field they stay as
  // they are.
  if (nalUnit.length > maxNalUnitLength(lengthSize)) return undefined;
  const replacement = new Uint8Array(lengthSize + nalUnit.length);
  copyBytes(nalUnit, 0, nalUnit.length, replacement, writeLength(replacement, 0, nalUnit.length, lengthSize));
  return { from: unitStart, to, replacement };
}

function groupByNalUnit(messages: readonly LocatedSeiMessage[]): LocatedSeiMessage[][] {
  const groups: LocatedSeiMessage[][] = [];
  for (const message of messages) {
    const group = groups.at(-1);
    if (group?.[0].message.nalUnitOffset === message.message.nalUnitOffset) group.push(message);
    else groups.push([message]);
  }
  return groups;
}

function applyEdits(frame: Uint8Array, edits: readonly Edit[], like: Uint8Array): Uint8Array {
  let length = frame.length;
  for (const { from, to, replacement } of edits) length += replacement.length - (to - from);
  const target = allocate(length, like);
  let at = 0;
  let position = 0;
  for (const { from, to, replacement } of edits) {
    at = copyBytes(frame, position, from, target, at);
    at = copyBytes(replacement, 0, replacement.length, target, at);
    position = to;
  }
  copyBytes(frame, position, frame.length, target, at);
  return target;
}

/**
 * Removes SEI messages from a frame, and nothing else: a SEI NAL unit that holds nothing more goes with its framing,
 * one that holds other messages keeps them. What {@link injectSei} put in comes out byte for byte, so that
 * `stripSei(injectSei(x))` is `x` for each `x` that held no such message (a single NAL unit in `rtp` that became a
 * STAP-A packet stays one). What stands behind the first {@link MAX_SEI_MESSAGES_PER_FRAME} messages is not seen.
 *
 * @param frame one access unit, sample or RTP payload; it is only read
 * @param options which messages: those of {@link DEFAULT_SEI_UUID} unless told; format and length size, where the
 *   caller knows them
 * @returns new memory, a `Buffer` where `frame` is one; `frame` itself, the same object, where there is nothing to do;
 *   empty where a RTP payload held nothing else
 * @throws `TypeError` and `RangeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_INVALID_UUID`,
 *   `ERR_SEI_DETACHED_BUFFER`; what `filter` throws (H.264 7.3.2.3)
 */
export function stripSei<T extends Uint8Array>(frame: T, options?: StripOptions): T | Uint8Array {
  const hint = framingHint(options);
  const filter = filterOf(options);
  const data = readableBytes('frame', frame);
  const framing = detectedFraming(backend().detect(data, hint));
  if (framing === 0) return frame;
  const edits = groupByNalUnit(extractLocated(data, framing, false))
    .map((messages) => editOf(data, framing, messages, filter))
    .filter((edit) => edit !== undefined);
  if (edits.length === 0) return frame;
  const stripped = applyEdits(data, edits, frame);
  // A STAP-A that has lost its last NAL unit is no packet any more.
  const isEmptyStapA = framing === Framing.rtp && isStapA(data) && stripped.length === STAP_A_HEADER_LENGTH;
  return isEmptyStapA ? allocate(0, frame) : stripped;
}
