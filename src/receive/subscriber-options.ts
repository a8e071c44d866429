/** The options of a subscriber: what they mean, and their checks. */
import { DEFAULT_SEI_UUID, formatUuid, parseUuid } from '../codec/uuid.js';
import type { DiagnosticListener } from '../diagnostics.js';
import { invalidType, outOfRange } from '../errors.js';
import type { ExtractOptions } from '../frame/extract.js';
import { type OptionNames, checkOptions, optionNames } from '../options.js';
import { Deduplicator, type DeduplicatorOptions } from './deduplicator.js';
import { SUBSCRIBER_BUFFER_SIZE } from './message-buffer.js';
import type { ReceivedSeiMessage } from './received-message.js';

/** Takes each new message. What it throws, or a promise of its that is rejected, is counted and reported. */
export type MessageCallback = (message: ReceivedSeiMessage) => unknown;

/**
 * What makes a message the same as another: of messages with one key the first is delivered, and a further one when
 * none was seen for the length of the window. A number is the same key as its text.
 */
export type DedupKey = (message: ReceivedSeiMessage) => string | number;

/** How copies of a message are told. */
export interface DedupOptions extends DeduplicatorOptions {
  /**
   * Used in place of UUID and content. `windowMs` holds for all its keys, and for as long as they come back within it;
   * none is taken for standing, since a key may name a kind of messages.
   */
  readonly key?: DedupKey | undefined;
}

/** Options of {@link SeiSubscriber}; `format`, `lengthSize` and `avcC` hold for `processFrame`. */
export interface SeiSubscriberOptions extends Omit<ExtractOptions, 'payloadTypes'> {
  /** Takes each new message, in order; see `setMessageCallback`. */
  readonly onMessage?: MessageCallback | undefined;
  /** The UUIDs whose messages are wanted, {@link DEFAULT_SEI_UUID} alone where absent; `any` for all. */
  readonly uuids?: readonly string[] | 'any' | undefined;
  /** Whether copies are told, and how; true where absent. */
  readonly dedup?: boolean | DedupKey | DedupOptions | undefined;
  /**
   * The clock of the machine, in milliseconds since the epoch; `Date.now` where absent. Where it answers no time it
   * stands still, where it goes back no time passes, and where it is set forward that time has passed.
   */
  readonly now?: (() => number) | undefined;
  /**
   * The messages that wait for each `for await` at most, and for the first one before it begins; {@link
   * SUBSCRIBER_BUFFER_SIZE} where absent.
   */
  readonly bufferSize?: number | undefined;
  /**
   * Is told what the subscriber could not read, and which callback failed; for where there is no
   * `node:diagnostics_channel`.
   */
  readonly onDiagnostic?: DiagnosticListener | undefined;
}

/** What is known of one frame. */
export interface ProcessOptions {
  /** Its timestamp in milliseconds, from any origin. */
  readonly timestamp?: number | undefined;
  /**
   * The name of its track, where frames of several tracks come to one subscriber: timestamps of different tracks have
   * nothing to do with each other. Copies are told whatever the track.
   */
  readonly track?: string | undefined;
}

/** The names of {@link SeiSubscriberOptions}. */
export const SUBSCRIBER_OPTIONS: OptionNames = /* @__PURE__ */ optionNames<SeiSubscriberOptions>()('SeiSubscriber', {
  format: true,
  lengthSize: true,
  avcC: true,
  scan: true,
  onMessage: true,
  uuids: true,
  dedup: true,
  now: true,
  bufferSize: true,
  onDiagnostic: true,
});

const DEDUP_OPTIONS = /* @__PURE__ */ optionNames<DedupOptions>()('dedup', {
  maxEntries: true,
  windowMs: true,
  contentWindowMs: true,
  key: true,
});

const PROCESS_OPTIONS = /* @__PURE__ */ optionNames<ProcessOptions>()('processFrame and processPacketData', {
  timestamp: true,
  track: true,
});

/** How one subscriber tells copies. */
export interface Dedup {
  /** Knows the keys of the messages that were seen. */
  readonly deduplicator: Deduplicator;
  /** The caller's own key of a message. */
  readonly key: DedupKey | undefined;
}

/** A function, or none. */
export function functionOption<T>(name: string, value: T | undefined): T | undefined {
  if (value !== undefined && typeof value !== 'function') throw invalidType(name, 'a function', value);
  return value;
}

/** The wanted UUIDs in canonical lower-case form; undefined for all. */
export function uuidsOption(uuids: unknown = [DEFAULT_SEI_UUID]): ReadonlySet<string> | undefined {
  if (uuids === 'any') return undefined;
  if (!Array.isArray(uuids)) throw invalidType('options.uuids', "an array of strings or 'any'", uuids);
  return new Set(uuids.map((uuid: string) => formatUuid(parseUuid(uuid))));
}

/** How copies are told; undefined if they are not. */
export function dedupOption(dedup: unknown = true): Dedup | undefined {
  if (dedup === false) return undefined;
  if (dedup === true) return { deduplicator: new Deduplicator(), key: undefined };
  if (typeof dedup === 'function') return { deduplicator: new Deduplicator({}, false), key: dedup as DedupKey };
  if (typeof dedup !== 'object' || dedup === null) {
    throw invalidType('options.dedup', 'a boolean, an object or a function', dedup);
  }
  const options = dedup as DedupOptions;
  checkOptions(options, DEDUP_OPTIONS, 'options.dedup');
  const key = functionOption('options.dedup.key', options.key);
  return { deduplicator: new Deduplicator(options, key === undefined), key };
}

/** How far a frame is read. */
export function scanOption(scan: unknown = 'full'): 'full' | 'first-vcl' {
  if (typeof scan !== 'string') throw invalidType('options.scan', 'a string', scan);
  if (scan !== 'full' && scan !== 'first-vcl') throw outOfRange('options.scan', "'full' or 'first-vcl'", scan);
  return scan;
}

/** How many messages wait for an iterator. */
export function bufferSizeOption(bufferSize: unknown = SUBSCRIBER_BUFFER_SIZE): number {
  if (typeof bufferSize !== 'number') throw invalidType('options.bufferSize', 'a number', bufferSize);
  if (!Number.isSafeInteger(bufferSize) || bufferSize < 1) {
    throw outOfRange('options.bufferSize', 'an integer of at least 1', bufferSize);
  }
  return bufferSize;
}

/** Checks the options of a frame and returns its timestamp. */
export function timestampOption(options: ProcessOptions): number | undefined {
  checkOptions(options, PROCESS_OPTIONS);
  const { timestamp, track } = options;
  if (track !== undefined && typeof track !== 'string') throw invalidType('options.track', 'a string', track);
  if (timestamp === undefined) return undefined;
  if (typeof timestamp !== 'number') throw invalidType('options.timestamp', 'a number', timestamp);
  if (!Number.isFinite(timestamp)) throw outOfRange('options.timestamp', 'finite', timestamp);
  return timestamp;
}
