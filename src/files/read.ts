import { formatUuid, parseUuid } from '../codec/uuid.js';
import { invalidType } from '../errors.js';
import { type SeiMessage, extractSei } from '../frame/extract.js';
import { checkOptions, optionNames } from '../options.js';
import type { FileSource } from '../containers/byte-source.js';
import { openMediaFile } from './media-file.js';
import { openSource } from './node-source.js';
import { type FilePacket, h264Track } from '../containers/packet.js';
import { type PictureType, pictureTypeOf } from '../frame/picture-type.js';

/** Which part of a file is to be read. */
export interface ReadOptions {
  /** The id of the track; the first H.264 track where absent. */
  readonly track?: number | undefined;
  /**
   * Called after the last packet if the file ends before its container says, as after a crash of a recorder. All
   * packets that are whole have been read then. MPEG-TS and byte streams have no end of their own and are never cut.
   */
  readonly onTruncated?: (() => void) | undefined;
}

const READ_OPTIONS = /* @__PURE__ */ optionNames<ReadOptions>()('readPackets and readFrames', {
  track: true,
  onTruncated: true,
});

/** One access unit of a file, as a report wants it. */
export interface FileFrame extends Omit<FilePacket, 'data' | 'framing'> {
  /** Its size in bytes. */
  readonly byteLength: number;
  /** What its slices are predicted from. */
  readonly pictureType: PictureType;
  /** All its SEI messages; their payloads are there until the next frame is asked for. */
  readonly seiMessages: readonly SeiMessage[];
}

/**
 * Reads the packets of an H.264 track of a file, in decoding order: MP4, fragmented MP4, MOV, Matroska, MPEG-TS or a
 * bare byte stream.
 *
 * @param source a path (Node.js), its bytes, a `Blob`, or an object that reads them; a file that is opened by its path
 *   is closed when the reading ends, also where a loop is left early
 * @param options which track; the first one of H.264 where absent
 * @returns the packets, one at a time; the bytes of one are there until the next one is asked for. A file that is cut is
 *   read as far as it is whole
 * @throws `TypeError`; `SeiError` `ERR_SEI_UNREADABLE_FILE` where it is none of them, is damaged or has no such track;
 *   what the file system says (ISO/IEC 14496-15 5.3.3, H.264 B.1.1)
 */
export async function* readPackets(source: FileSource, options: ReadOptions = {}): AsyncGenerator<FilePacket> {
  checkOptions(options, READ_OPTIONS);
  const { track, onTruncated } = options;
  if (onTruncated !== undefined && typeof onTruncated !== 'function') {
    throw invalidType('options.onTruncated', 'a function', onTruncated);
  }
  const opened = await openSource(source);
  try {
    const file = await openMediaFile(opened.bytes);
    yield* file.packets(new Set([h264Track(file.tracks, track).id]));
    if (file.truncated) onTruncated?.();
  } finally {
    await opened.close();
  }
}

/**
 * Reads what a file is made of, an access unit at a time, in decoding order.
 *
 * @param source as {@link readPackets} takes it
 * @param options as {@link readPackets} takes them
 * @returns the frames, one at a time; the payloads of one are there until the next one is asked for
 * @throws as {@link readPackets} does (H.264 7.3.2.3, 7.4.3)
 */
export async function* readFrames(source: FileSource, options: ReadOptions = {}): AsyncGenerator<FileFrame> {
  for await (const { data, framing, ...packet } of readPackets(source, options)) {
    yield {
      ...packet,
      byteLength: data.length,
      pictureType: pictureTypeOf(data, framing),
      seiMessages: extractSei(data, framing),
    };
  }
}

/** A message of a file. */
export interface FileMessage extends SeiMessage {
  /** Number of the sample that holds it, in decoding order from 0 on. */
  readonly index: number;
  /** When its picture is shown, in milliseconds on the timeline of the file; undefined where the file does not say. */
  readonly presentationTimeMs: number | undefined;
}

/** Which messages of a file are to be read. */
export interface ExtractFileOptions extends ReadOptions {
  /** The user_data_unregistered messages of these UUIDs; every SEI message where absent. */
  readonly uuids?: readonly string[] | undefined;
}

const EXTRACT_OPTIONS = /* @__PURE__ */ optionNames<ExtractFileOptions>()('extractMessages', {
  track: true,
  uuids: true,
  onTruncated: true,
});

/**
 * Reads the messages of a file, all of them, also those that are there more than once, in decoding order.
 *
 * ```ts
 * for await (const { presentationTimeMs, payload } of extractMessages('in.mp4')) ...
 * ```
 *
 * @param source as {@link readPackets} takes it
 * @param options which messages, of which track
 * @returns the messages; a payload is there until the next one is asked for
 * @throws as {@link readPackets} does; `SeiError` `ERR_SEI_INVALID_UUID` (H.264 7.3.2.3, D.1.7)
 */
export async function* extractMessages(
  source: FileSource,
  options: ExtractFileOptions = {},
): AsyncGenerator<FileMessage> {
  checkOptions(options, EXTRACT_OPTIONS);
  const { track, onTruncated } = options;
  const uuids = options.uuids && new Set(options.uuids.map((uuid) => formatUuid(parseUuid(uuid))));
  for await (const { index, presentationTimeMs, data, framing } of readPackets(source, { track, onTruncated })) {
    for (const message of extractSei(data, framing)) {
      if (uuids !== undefined && (message.uuid === undefined || !uuids.has(message.uuid))) continue;
      yield { ...message, index, presentationTimeMs };
    }
  }
}
