/** Whole files: messages in, messages out. */
import { isUint8Array } from '../codec/bytes.js';
import { DEFAULT_SEI_UUID, formatUuid, parseUuid } from '../codec/uuid.js';
import { invalidType, outOfRange } from '../errors.js';
import type { SeiMessage } from '../frame/extract.js';
import { createSeiNalUnit } from '../frame/sei-nal-unit.js';
import type { StripByFilter, StripByPayloadType, StripByUuid } from '../frame/strip.js';
import { payloadTypesOption } from '../frame/arguments.js';
import { checkOptions, exclusiveOption, optionNames } from '../options.js';
import { checkPublisher } from '../patch/global.js';
import type { SeiPublisher } from '../publish/publisher.js';
import type { FileSource } from '../containers/byte-source.js';
import { type TransformOf, h264Track } from '../containers/packet.js';
import type { Container } from '../containers/file-kind.js';
import { checkNoConversion } from './conversion.js';
import { openMediaFile } from './media-file.js';
import { openSource } from './node-source.js';
import { type Place, Schedule } from './schedule.js';
import { type FileTarget, writeTo } from './target.js';
import { type FileCounts, publishedInjection, removal, scheduledInjection, noCounts } from './transform.js';

/** A message and its place in a file. */
export type FileMessageInput = FileMessageContent & FilePlace;

/** The place of a message in a file: one of three. */
export type FilePlace = PlaceInTime | PlaceOnTimeline | PlaceAtFrame;

/** What a message of a file consists of. */
export interface FileMessageContent {
  /** What is sent: bytes as they are, text in UTF-8, anything else as JSON. */
  readonly content: unknown;
  /** uuid_iso_iec_11578 in canonical form. Default: {@link DEFAULT_SEI_UUID}. */
  readonly uuid?: string | undefined;
}

/** A place by the time from the beginning. */
export interface PlaceInTime {
  /**
   * Milliseconds from the beginning: from 0 on the timeline of the file, or in MPEG-TS, whose clock begins anywhere,
   * from its first picture. The message goes into the first picture that is shown at that time or after it.
   */
  readonly timeMs: number;
  /** Not with `timeMs`. */
  readonly presentationTimeMs?: undefined;
  /** Not with `timeMs`. */
  readonly frameIndex?: undefined;
}

/** A place by the time on the timeline of the file. */
export interface PlaceOnTimeline {
  /** Milliseconds on the timeline of the file, as {@link extractMessages} returns them. */
  readonly presentationTimeMs: number;
  /** Not with `presentationTimeMs`. */
  readonly timeMs?: undefined;
  /** Not with `presentationTimeMs`. */
  readonly frameIndex?: undefined;
}

/** A place by the number of a sample. */
export interface PlaceAtFrame {
  /** Number of the sample in decoding order, from 0 on. If it holds no picture, the next one that does is used. */
  readonly frameIndex: number;
  /** Not with `frameIndex`. */
  readonly timeMs?: undefined;
  /** Not with `frameIndex`. */
  readonly presentationTimeMs?: undefined;
}

/** What goes into a file: messages with a place, or those of a publisher. */
export type InjectFileOptions = FileTrackOption & (InjectMessagesOption | InjectPublisherOption);

/** The track of a file that is changed. */
export interface FileTrackOption {
  /** The id of the track. Default: the first H.264 track; for {@link stripFile}, all of them. */
  readonly track?: number | undefined;
}

/** Messages with a place of their own. */
export interface InjectMessagesOption {
  /** The messages, each with its place. */
  readonly messages: Iterable<FileMessageInput>;
  /** Not with `messages`. */
  readonly publisher?: undefined;
}

/** The messages of a publisher. */
export interface InjectPublisherOption {
  /**
   * The publisher: its messages go in as into a live stream, at the pace of its options, with the times of the pictures
   * as the clock.
   */
  readonly publisher: SeiPublisher;
  /** Not with `publisher`. */
  readonly messages?: undefined;
}

/** Which messages are removed from a file: by UUID, by payloadType, or by a function. */
export type StripFileOptions = FileTrackOption & (StripByUuid | StripByPayloadType | StripByFilter);

const INJECT_OPTIONS = /* @__PURE__ */ optionNames<InjectFileOptions>()('injectIntoFile', {
  messages: true,
  publisher: true,
  track: true,
});

const STRIP_OPTIONS = /* @__PURE__ */ optionNames<StripFileOptions>()(
  'stripFile',
  { uuids: true, payloadTypes: true, filter: true, track: true },
  ['uuids', 'payloadTypes', 'filter'],
);

const MESSAGE_MEMBERS = /* @__PURE__ */ optionNames<FileMessageInput>()('a message of injectIntoFile', {
  timeMs: true,
  presentationTimeMs: true,
  frameIndex: true,
  content: true,
  uuid: true,
});

/** What was done to a file. */
export interface FileResult {
  /** Messages that went in or out. */
  readonly messages: number;
  /** Samples that they went into or out of. */
  readonly changedPackets: number;
  /** Samples that were looked at. */
  readonly packets: number;
  /** Messages that found no picture, since their place lies behind the last one. */
  readonly unplaced: number;
}

function resultOf({ messages, changed, packets }: FileCounts, unplaced: number): FileResult {
  return { messages, changedPackets: changed, packets, unplaced };
}

function bytesOf(content: unknown): Uint8Array {
  if (isUint8Array(content)) return content;
  const text = typeof content === 'string' ? content : (JSON.stringify(content) as string | undefined);
  if (text === undefined) throw invalidType('messages[].content', 'bytes, text or a value that JSON can say', content);
  return new TextEncoder().encode(text);
}

function placeOf(message: FileMessageInput): Place {
  checkOptions(message, MESSAGE_MEMBERS, 'options.messages[]');
  const name = exclusiveOption(message, ['timeMs', 'presentationTimeMs', 'frameIndex'], 'options.messages[]');
  const { timeMs, presentationTimeMs, frameIndex } = message;
  const value = timeMs ?? presentationTimeMs ?? frameIndex;
  if (!Number.isFinite(value)) {
    const path = `options.messages[].${name ?? 'timeMs, .presentationTimeMs or .frameIndex'}`;
    throw outOfRange(path, 'a finite number', value);
  }
  if (presentationTimeMs !== undefined) return { presentationTimeMs };
  return timeMs !== undefined ? { seconds: timeMs / 1000 } : { frame: frameIndex };
}

function scheduleOf(messages: Iterable<FileMessageInput>): Schedule {
  if (typeof (messages as Partial<typeof messages> | null)?.[Symbol.iterator] !== 'function') {
    throw invalidType('options.messages', 'an iterable of messages', messages);
  }
  const placed = [...messages].map((message) => ({
    place: placeOf(message),
    nalUnit: createSeiNalUnit(bytesOf(message.content), { uuid: message.uuid ?? DEFAULT_SEI_UUID }),
  }));
  return new Schedule({ repeated: [], placed });
}

/** Rewrites a file by what `transformOf` returns for its container and the track that was asked for. */
async function rewrite(
  source: FileSource,
  target: FileTarget,
  track: number | undefined,
  transformFor: (container: Container, trackId: number) => TransformOf,
): Promise<void> {
  const opened = await openSource(source);
  try {
    const file = await openMediaFile(opened.bytes);
    const { id } = h264Track(file.tracks, track);
    if (typeof target === 'string') {
      const [name, path] = typeof source === 'string' ? [source, source] : ['the source', 'in'];
      checkNoConversion(name, file.container, target, path);
    }
    await writeTo(target, file.rewrite(transformFor(file.container, id)));
  } finally {
    await opened.close();
  }
}

/**
 * Puts messages into an H.264 track of a file: MP4, fragmented MP4, MOV, Matroska, MPEG-TS or a bare byte stream. The
 * container stays what it is and every other byte of it, so that other tracks, times, edit lists and tags are those that
 * were; what follows are sizes and offsets. Nothing is encoded again.
 *
 * ```ts
 * await injectIntoFile('in.mp4', 'out.mp4', { messages: [{ timeMs: 1500, content: { score: 3 } }] });
 * ```
 *
 * What goes in is held in memory until the file is written, its video is not.
 *
 * @param source a path (Node.js), its bytes, a `Blob`, or an object that reads them; it is read twice
 * @param target where the new file is written
 * @param options which messages
 * @returns how many, and how many found no picture
 * @throws `TypeError`, `RangeError`, `SeiError` `ERR_SEI_INVALID_UUID`, `ERR_SEI_TOO_LARGE` for messages that are none;
 *   `ERR_SEI_UNREADABLE_FILE` where the file is none of those, is damaged or has no such track;
 *   `ERR_SEI_UNSUPPORTED_FILE` where something in it would be wrong afterwards, or the path of the target has the
 *   extension of another container; `ERR_SEI_NAL_UNIT_TOO_LARGE` where the track's length prefix cannot hold a message;
 *   what the file system says. Then there is no new file (H.264 7.4.1.2.3)
 */
export async function injectIntoFile(
  source: FileSource,
  target: FileTarget,
  options: InjectFileOptions,
): Promise<FileResult> {
  checkOptions(options, INJECT_OPTIONS);
  const { messages = [], publisher, track } = options;
  if (exclusiveOption(options, ['messages', 'publisher']) === undefined) {
    throw invalidType('options.messages', 'an iterable of messages, or options.publisher a SeiPublisher', undefined);
  }
  if (publisher !== undefined) checkPublisher('options.publisher', publisher);
  const schedule = scheduleOf(messages);
  const counts = noCounts();
  await rewrite(source, target, track, (container, trackId) => {
    const transform =
      publisher === undefined
        ? scheduledInjection(schedule, container === 'mpegts', counts)
        : publishedInjection(publisher, counts);
    return (id) => (id === trackId ? transform : undefined);
  });
  return resultOf(counts, schedule.pending);
}

/**
 * Takes messages out of a file, and nothing else, as {@link injectIntoFile} puts them in: what that has put into a file
 * comes out byte for byte.
 *
 * @param source as {@link injectIntoFile} takes it
 * @param target where the new file is written
 * @param options which messages
 * @returns how many
 * @throws as {@link injectIntoFile} does (H.264 7.3.2.3)
 */
export async function stripFile(
  source: FileSource,
  target: FileTarget,
  options: StripFileOptions = {},
): Promise<FileResult> {
  checkOptions(options, STRIP_OPTIONS);
  const { uuids = [DEFAULT_SEI_UUID], payloadTypes, filter, track } = options;
  const ours = new Set(uuids.map((uuid) => formatUuid(parseUuid(uuid))));
  const types = payloadTypesOption(payloadTypes);
  const counts = noCounts();
  const isChosen = ({ uuid, payloadType }: SeiMessage) =>
    types === undefined ? uuid !== undefined && ours.has(uuid) : types.includes(payloadType);
  const goes = filter ?? isChosen;
  const transformOf = (id: number) => (track === undefined || id === track ? removal(goes, counts) : undefined);
  await rewrite(source, target, track, () => transformOf);
  return resultOf(counts, 0);
}
