import { type Disposal, disposable } from '../disposal.js';
import { Framing } from '../codec/framing.js';
import { framingHint, readableBytes } from '../frame/arguments.js';
import { checkOptions } from '../options.js';
import { extractTable, userDataOf } from '../frame/extract.js';
import { clockOption } from '../time/clock.js';
import { invalidType } from '../errors.js';
import { carriesIdentity } from '../wire/copies.js';
import type { Deduplicator } from './deduplicator.js';
import { type DiagnosticListener, type SubscriberEvents, diagnose, isDiagnosed } from '../diagnostics.js';
import { digest, randomDigestKey } from '../wire/digest.js';
import { FRAGMENT_SEI_UUID, parseFragment } from '../wire/fragmentation.js';
import { MessageBuffer } from './message-buffer.js';
import { FragmentReassembler, type ReassembledMessage } from './reassembly.js';
import { ReceivedSeiMessage, type Reception } from './received-message.js';
import {
  type Dedup,
  type DedupKey,
  type MessageCallback,
  type ProcessOptions,
  SUBSCRIBER_OPTIONS,
  type SeiSubscriberOptions,
  bufferSizeOption,
  dedupOption,
  functionOption,
  scanOption,
  timestampOption,
  uuidsOption,
} from './subscriber-options.js';
import { ReceptionClock } from '../time/reception-clock.js';

/**
 * The most user_data_unregistered messages that are read from one frame, fragments and foreign UUIDs counted: each takes
 * up to 30 µs, and the event loop is held meanwhile. A message of 64 KiB, three times in one frame, has 510 fragments.
 */
export const MAX_MESSAGES_PER_FRAME = 1024;

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

// Drawn anew in every process, so that nobody can prepare a message which is taken for a copy of another.
const DIGEST_KEY = /* @__PURE__ */ randomDigestKey();

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
    checkOptions(options, SUBSCRIBER_OPTIONS);
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
