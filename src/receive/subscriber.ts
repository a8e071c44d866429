import { type Disposal, disposable } from '../disposal.js';
import { Framing } from '../codec/framing.js';
import { DEFAULT_SEI_UUID, formatUuid, parseUuid } from '../codec/uuid.js';
import { invalidType, outOfRange } from '../errors.js';
import { framingHint, readableBytes } from '../frame/arguments.js';
import { checkOptions, optionNames } from '../options.js';
import { type ExtractOptions, extractTable, userDataOf } from '../frame/extract.js';
import { clockOption } from '../time/clock.js';
import { carriesIdentity } from '../wire/copies.js';
import { Deduplicator, type DeduplicatorOptions } from './deduplicator.js';
import { type DiagnosticListener, type SubscriberEvents, diagnose, isDiagnosed } from '../diagnostics.js';
import { digest, randomDigestKey } from '../wire/digest.js';
import { FRAGMENT_SEI_UUID, parseFragment } from '../wire/fragmentation.js';
import { MessageBuffer, SUBSCRIBER_BUFFER_SIZE } from './message-buffer.js';
import { FragmentReassembler, type ReassembledMessage } from './reassembly.js';
import { ReceivedSeiMessage, type Reception } from './received-message.js';
import { ReceptionClock } from '../time/reception-clock.js';

/**
 * The most user_data_unregistered messages that are read from one frame, fragments and foreign UUIDs counted: each takes
 * up to 30 µs, and the event loop is held meanwhile. A message of 64 KiB, three times in one frame, has 510 fragments.
 */
export const MAX_MESSAGES_PER_FRAME = 1024;

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

/** Options of {@link SeiSubscriber}; `format`, `lengthSize` and `avcC` hold for {@link SeiSubscriber.processFrame}. */
export interface SeiSubscriberOptions extends Omit<ExtractOptions, 'payloadTypes'> {
  /** Takes each new message, in order; see {@link SeiSubscriber.setMessageCallback}. */
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

/** What a subscriber has done since it was made. */
export interface SubscriberStats {
  /** Frames and packets that were given to it. */
  readonly framesProcessed: number;
  /** Those among them that are no H.264. */
  readonly framesUnreadable: number;
  /** Messages of the wanted UUIDs, every copy counted; one in several fragments once, when it is whole. */
  readonly messagesFound: number;
  /** Messages that were delivered. */
  readonly messagesProcessed: number;
  /** Copies that were not delivered. */
  readonly duplicates: number;
  /** Callbacks and key functions that failed. */
  readonly errors: number;
  /** Bytes of payload that were delivered. */
  readonly bytes: number;
  /** Fragments that are malformed or contradict each other. */
  readonly rejected: number;
  /** Messages of which fragments are here and others are not. */
  readonly fragmentsPending: number;
  /** Messages that stayed incomplete: their fragments did not come in time, or made room for others. */
  readonly messagesIncomplete: number;
  /** User_data_unregistered messages of any UUID that were not read, since their frame had 1,024 before them. */
  readonly droppedFromFrame: number;
  /** Messages that an iterator was too slow for, or the first one too late; none as long as nobody iterates. */
  readonly droppedFromBuffer: number;
}

const OPTIONS = /* @__PURE__ */ optionNames<SeiSubscriberOptions>()('SeiSubscriber', {
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
interface Dedup {
  readonly deduplicator: Deduplicator;
  readonly key: DedupKey | undefined;
}

// Drawn anew in every process, so that nobody can prepare a message which is taken for a copy of another.
const DIGEST_KEY = /* @__PURE__ */ randomDigestKey();

function functionOption<T>(name: string, value: T | undefined): T | undefined {
  if (value !== undefined && typeof value !== 'function') throw invalidType(name, 'a function', value);
  return value;
}

/** The wanted UUIDs in canonical lower-case form; undefined for all. */
function uuidsOption(uuids: unknown = [DEFAULT_SEI_UUID]): ReadonlySet<string> | undefined {
  if (uuids === 'any') return undefined;
  if (!Array.isArray(uuids)) throw invalidType('options.uuids', "an array of strings or 'any'", uuids);
  return new Set(uuids.map((uuid: string) => formatUuid(parseUuid(uuid))));
}

function dedupOption(dedup: unknown = true): Dedup | undefined {
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

function scanOption(scan: unknown = 'full'): 'full' | 'first-vcl' {
  if (typeof scan !== 'string') throw invalidType('options.scan', 'a string', scan);
  if (scan !== 'full' && scan !== 'first-vcl') throw outOfRange('options.scan', "'full' or 'first-vcl'", scan);
  return scan;
}

function bufferSizeOption(bufferSize: unknown = SUBSCRIBER_BUFFER_SIZE): number {
  if (typeof bufferSize !== 'number') throw invalidType('options.bufferSize', 'a number', bufferSize);
  if (!Number.isSafeInteger(bufferSize) || bufferSize < 1) {
    throw outOfRange('options.bufferSize', 'an integer of at least 1', bufferSize);
  }
  return bufferSize;
}

/** Checks the options; answers the timestamp. */
function timestampOption(options: ProcessOptions): number | undefined {
  checkOptions(options, PROCESS_OPTIONS);
  const { timestamp, track } = options;
  if (track !== undefined && typeof track !== 'string') throw invalidType('options.track', 'a string', track);
  if (timestamp === undefined) return undefined;
  if (typeof timestamp !== 'number') throw invalidType('options.timestamp', 'a number', timestamp);
  if (!Number.isFinite(timestamp)) throw outOfRange('options.timestamp', 'finite', timestamp);
  return timestamp;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/**
 * What makes a message the same that has no id to be known by. The digest stands for the payload, so that a key is
 * short and holds no memory.
 */
function contentKey(uuid: string, payload: Uint8Array): string {
  return `${uuid} ${payload.length} ${digest(payload, DIGEST_KEY)}`;
}

function idKey(uuid: string, id: string): string {
  return `${uuid} id ${id}`;
}

// `using` closes it: see disposal.ts.
// eslint-disable-next-line @typescript-eslint/no-empty-object-type, jsdoc/require-jsdoc -- the class has the method at run time
export interface SeiSubscriber extends Disposal {}

/**
 * Reads the messages out of the frames of a stream and delivers each once, however many copies came: as the answer of
 * {@link SeiSubscriber.processFrame}, to a callback, and to every `for await`.
 *
 * Messages that were split come as one. Bytes that it cannot read are counted and never throw. What it remembers is
 * bounded: the messages that were seen ({@link MAX_DEDUP_ENTRIES}), the fragments (1 MiB), and what
 * waits for each iterator, or where there is no callback for the first one ({@link SUBSCRIBER_BUFFER_SIZE}, 16 MiB).
 */
export class SeiSubscriber implements AsyncIterable<ReceivedSeiMessage, undefined> {
  readonly #hint: number;
  readonly #isFirstVclEnd: boolean;
  readonly #uuids: ReadonlySet<string> | undefined;
  readonly #dedup: Dedup | undefined;
  readonly #now: () => number;
  readonly #bufferSize: number;
  readonly #onDiagnostic: DiagnosticListener | undefined;
  readonly #clock = new ReceptionClock();
  readonly #reassembler = new FragmentReassembler();
  readonly #buffers = new Set<MessageBuffer>();
  /** What the first iterator will begin with, and how much of that was dropped; undefined once there is one. */
  #early: { readonly buffer: MessageBuffer; dropped: number } | undefined;
  #onMessage: MessageCallback | undefined;
  #isClosed = false;
  #framesProcessed = 0;
  #framesUnreadable = 0;
  #messagesFound = 0;
  #messagesProcessed = 0;
  #duplicates = 0;
  #errors = 0;
  #bytes = 0;
  #droppedFromFrame = 0;
  #droppedFromBuffer = 0;

  /**
   * @param options which messages, who takes them, how copies are told
   * @throws `TypeError` or `RangeError` for an option of the wrong type or value; {@link SeiError}
   *   `ERR_SEI_INVALID_UUID`, and `ERR_SEI_MALFORMED` for an avcC that is none
   */
  constructor(options: SeiSubscriberOptions = {}) {
    checkOptions(options, OPTIONS);
    disposable(this);
    this.#hint = framingHint(options);
    this.#isFirstVclEnd = scanOption(options.scan) === 'first-vcl';
    this.#uuids = uuidsOption(options.uuids);
    this.#dedup = dedupOption(options.dedup);
    this.#now = clockOption(options.now);
    this.#bufferSize = bufferSizeOption(options.bufferSize);
    this.#onDiagnostic = functionOption('options.onDiagnostic', options.onDiagnostic);
    this.#onMessage = functionOption('options.onMessage', options.onMessage);
    this.#early = { buffer: this.#newBuffer(), dropped: 0 };
  }

  /** What it has done so far, counted; a new object each time. */
  get stats(): SubscriberStats {
    return {
      framesProcessed: this.#framesProcessed,
      framesUnreadable: this.#framesUnreadable,
      messagesFound: this.#messagesFound,
      messagesProcessed: this.#messagesProcessed,
      duplicates: this.#duplicates,
      errors: this.#errors,
      bytes: this.#bytes,
      rejected: this.#reassembler.rejected,
      fragmentsPending: this.#reassembler.pending,
      messagesIncomplete: this.#reassembler.timedOut + this.#reassembler.evicted,
      droppedFromFrame: this.#droppedFromFrame,
      droppedFromBuffer: this.#droppedFromBuffer,
    };
  }

  /**
   * Sets who takes each new message from now on, in place of who did; undefined or null for nobody.
   *
   * @throws `TypeError` for what is no function
   */
  setMessageCallback(onMessage: MessageCallback | null | undefined): void {
    this.#onMessage = functionOption('onMessage', onMessage ?? undefined);
  }

  /**
   * Reads a frame.
   *
   * @param frame one access unit, sample or RTP payload, in the format of the options or in one that is detected; it is
   *   only read
   * @param options its timestamp and its track
   * @returns its new messages, in order; each owns its bytes. Empty once the subscriber is closed
   * @throws `TypeError` and `RangeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_DETACHED_BUFFER`
   */
  processFrame(frame: Uint8Array, options: ProcessOptions = {}): ReceivedSeiMessage[] {
    return this.#process(readableBytes('frame', frame), this.#hint, options);
  }

  /**
   * Reads the data of an encoded packet, or the payload of an RTP packet (a single NAL unit or a STAP-A), whose format
   * is detected by itself each time, whatever the options say.
   *
   * @param bytes the data; they are only read
   * @param options the timestamp and the track
   * @returns its new messages, in order; each owns its bytes. Empty once the subscriber is closed
   * @throws `TypeError` and `RangeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_DETACHED_BUFFER`
   */
  processPacketData(bytes: Uint8Array, options: ProcessOptions = {}): ReceivedSeiMessage[] {
    return this.#process(readableBytes('bytes', bytes), Framing.detect, options);
  }

  /**
   * The messages from now on, for one `for await`; several each get all of them. Where the consumer is slow they wait
   * in a buffer, from which the oldest are dropped when it is full. The first one also gets the messages that came
   * while there was no callback, from the same buffer, even if the subscriber is closed by then.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<ReceivedSeiMessage, undefined> {
    const { buffer, dropped } = this.#early ?? { buffer: this.#newBuffer(), dropped: 0 };
    this.#early = undefined;
    this.#countDropped(dropped);
    if (this.#isClosed) buffer.close();
    else this.#buffers.add(buffer);
    return buffer;
  }

  /**
   * Ends every `for await`, also one that begins later, once it has what is there, and forgets fragments. Frames that
   * come later are not read.
   */
  close(): void {
    this.#isClosed = true;
    for (const buffer of this.#buffers) buffer.close();
    this.#buffers.clear();
    this.#reassembler.clear();
  }

  #process(frame: Uint8Array, hint: number, options: ProcessOptions): ReceivedSeiMessage[] {
    const frameTimestamp = timestampOption(options);
    if (this.#isClosed) return [];
    this.#framesProcessed++;
    const timestamp = this.#now();
    const time = this.#clock.advance(timestamp, frameTimestamp, options.track);
    const table = extractTable(frame, hint, this.#isFirstVclEnd);
    if (table.framing === Framing.detect) {
      this.#framesUnreadable++;
      this.#report('unreadable-frame', { length: frame.length });
      return [];
    }
    // Also where no fragment comes any more.
    this.#reassembler.expire(time);
    const received: ReceivedSeiMessage[] = [];
    const { messages, left: dropped } = userDataOf(frame, table, MAX_MESSAGES_PER_FRAME);
    for (const { uuid, payload } of messages) {
      if (uuid === undefined) continue;
      const found = uuid === FRAGMENT_SEI_UUID ? this.#reassemble(payload, time) : { uuid, payload };
      if (found === undefined || !this.#isWanted(found.uuid)) continue;
      this.#messagesFound++;
      const fresh = this.#receive({ ...found, timestamp, frameTimestamp }, time);
      if (fresh === undefined) this.#duplicates++;
      else received.push(fresh);
    }
    this.#droppedFromFrame += dropped;
    if (dropped > 0) this.#report('frame-full', { dropped });
    // Only now, since a callback may do anything, with this subscriber and with the frame.
    for (const message of received) this.#deliver(message);
    return received;
  }

  #isWanted(uuid: string): boolean {
    return this.#uuids?.has(uuid) ?? true;
  }

  /** The message that a fragment completes, where it does. */
  #reassemble(payload: Uint8Array, time: number): ReassembledMessage | undefined {
    const fragment = parseFragment(payload);
    if (fragment !== undefined) {
      const { uuid, id, count } = fragment;
      if (!this.#isWanted(uuid)) return undefined;
      // A single fragment of a delivered message shows that it is still sent; it takes all of them to put it together
      // again.
      if (count > 1 && this.#dedup?.key === undefined && this.#dedup?.deduplicator.refresh(idKey(uuid, id), time)) {
        return undefined;
      }
    }
    const { rejected } = this.#reassembler;
    const whole = this.#reassembler.push(payload, time);
    if (this.#reassembler.rejected > rejected) this.#report('fragment-rejected', { length: payload.length });
    return whole;
  }

  /** The message, where it is new. */
  #receive(reception: Reception, time: number): ReceivedSeiMessage | undefined {
    if (this.#dedup === undefined) return new ReceivedSeiMessage(reception);
    const { deduplicator, key } = this.#dedup;
    if (key !== undefined) return this.#receiveByKey(new ReceivedSeiMessage(reception), key, deduplicator, time);
    const { uuid, payload, id } = reception;
    const known = id === undefined ? contentKey(uuid, payload) : idKey(uuid, id);
    if (deduplicator.refresh(known, time)) return undefined;
    const message = new ReceivedSeiMessage(reception);
    const parse = () => (message.isJson ? message.json() : undefined);
    deduplicator.add(known, time, id !== undefined || carriesIdentity(message.payload, parse));
    return message;
  }

  #receiveByKey(
    message: ReceivedSeiMessage,
    key: DedupKey,
    deduplicator: Deduplicator,
    time: number,
  ): ReceivedSeiMessage | undefined {
    let known: unknown;
    try {
      known = key(message);
      if (typeof known === 'number' && !Number.isNaN(known)) known = String(known);
      if (typeof known !== 'string') throw invalidType('the key of a message', 'a string or a number', known);
    } catch (error) {
      this.#fail('key-error', error, message);
      return message;
    }
    if (deduplicator.refresh(known, time)) return undefined;
    deduplicator.add(known, time, true);
    return message;
  }

  #newBuffer(): MessageBuffer {
    return new MessageBuffer(this.#bufferSize, (stopped) => this.#buffers.delete(stopped));
  }

  #countDropped(dropped: number): void {
    this.#droppedFromBuffer += dropped;
    if (dropped > 0) this.#report('buffer-full', { dropped });
  }

  #deliver(message: ReceivedSeiMessage): void {
    this.#messagesProcessed++;
    this.#bytes += message.payload.length;
    for (const buffer of this.#buffers) this.#countDropped(buffer.push(message));
    if (this.#early !== undefined && this.#onMessage === undefined) {
      this.#early.dropped += this.#early.buffer.push(message);
    }
    if (isDiagnosed('subscriber', this.#onDiagnostic)) {
      const { uuid, messageId, payload } = message;
      this.#report('message', { uuid, messageId, length: payload.length });
    }
    const onMessage = this.#onMessage;
    if (onMessage === undefined) return;
    const fail = (error: unknown) => {
      this.#fail('callback-error', error, message);
    };
    try {
      const result = onMessage(message);
      if (isThenable(result)) result.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  }

  #fail(event: 'callback-error' | 'key-error', error: unknown, message: ReceivedSeiMessage): void {
    this.#errors++;
    this.#report(event, { error, uuid: message.uuid, messageId: message.messageId });
  }

  #report<Event extends keyof SubscriberEvents>(event: Event, details: SubscriberEvents[Event]): void {
    diagnose('subscriber', event, details, this.#onDiagnostic);
  }
}
