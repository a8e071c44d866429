import { type SeiNalUnitOptions, createSeiNalUnit } from '../frame/sei-nal-unit.js';
import { IVS_SEI_UUID } from '../codec/uuid.js';
import { SeiError, invalidType } from '../errors.js';
import { clockOption } from './clock.js';
import { carriesIdentity } from './deduplicator.js';
import { diagnose } from './diagnostics.js';
import { FRAGMENT_SEI_UUID, splitIntoFragments } from './fragmentation.js';
import { contentId, idOf, randomSource } from './identity.js';
import { stringifyJson, tryParseJson } from './json.js';
import { MessageQueue } from './message-queue.js';
import type { Budget } from './picture-selection.js';
import type { PublisherLimits } from './profiles.js';
import {
  type Delivery,
  type DeliveryDefaults,
  type PublishOptions,
  type SeiPublisherOptions,
  resolveDelivery,
  resolveLimits,
} from './publisher-options.js';
import { QueuedMessage } from './queued-message.js';
import { SeiTicket } from './ticket.js';
import { TrackCursor, type TrackCursorOptions } from './track-cursor.js';
import { type Stamp, checkBytesWithin, encodeWithin, stamp, stampText } from './user-data.js';

/** Counts of a publisher. */
export interface SeiPublisherStats {
  /** Messages that were taken. */
  readonly published: number;
  /** Messages that have not ended. */
  readonly queued: number;
  /** Messages that every live injector has carried. */
  readonly injected: number;
  /** Messages for which time ran out before that. */
  readonly expired: number;
  /** Messages that the policy of the full queue dropped, or that a later one of their key overtook. */
  readonly dropped: number;
  /** Messages that were cancelled or cleared. */
  readonly cancelled: number;
  /** Messages whose strings were cut. */
  readonly truncated: number;
  /** Messages that went out in fragments. */
  readonly split: number;
  /** Injectors that are alive: they were made, or have had a frame, within the last two seconds. */
  readonly liveInjectors: number;
}

/**
 * Takes messages, and hands them to the injectors of the tracks that carry them: `new SeiInjector({ publisher })`.
 *
 * Each message goes into each track, in `repeatCount` copies in consecutive access units, so that a receiver which
 * loses a frame does not lose the message; {@link SeiSubscriber} delivers it once. The queue is bounded, and so is what
 * goes into a frame and a second.
 */
export class SeiPublisher {
  /** uuid_iso_iec_11578 of the messages. */
  readonly uuid: string;
  readonly #queue: MessageQueue;
  readonly #limits: PublisherLimits;
  readonly #defaults: DeliveryDefaults;
  readonly #now: () => number;
  /** Whether the caller has set what goes into a frame. */
  readonly #hasMessagesPerFrame: boolean;
  readonly #hasBytesPerFrame: boolean;
  readonly #source = randomSource();
  #lastMicroseconds = 0;
  #published = 0;
  /** Messages that were given a number by fragments; it is taken before anybody else can publish. */
  #fragmented = 0;
  #truncated = 0;
  #split = 0;

  /**
   * @param options the UUID, the limits and how messages are repeated
   * @throws `TypeError`, `RangeError`, {@link SeiError} `ERR_SEI_INVALID_UUID` for options that are none
   */
  constructor(options: SeiPublisherOptions = {}) {
    const limits = resolveLimits(options);
    const { onDiagnostic } = options;
    const now = clockOption(options.now);
    this.uuid = limits.uuid;
    this.#limits = limits;
    this.#now = now;
    this.#hasMessagesPerFrame = options.maxMessagesPerFrame !== undefined;
    this.#hasBytesPerFrame = options.maxBytesPerFrame !== undefined;
    const { repeatCount, repeatInterval, expiresInMs } = limits;
    this.#defaults = resolveDelivery(
      { repeatCount, repeatInterval, repeatMode: options.repeatMode },
      { repeatCount, repeatInterval, expiresInMs, priority: 0, hasExpiry: false },
      now,
    );
    const { maxQueueSize, whenFull } = limits;
    this.#queue = new MessageQueue(now, maxQueueSize, whenFull, limits, ({ id, label }, outcome) => {
      const event = outcome === 'expired' ? 'message-expired' : 'message-dropped';
      diagnose('publisher', event, label === undefined ? { id } : { id, label }, onDiagnostic);
    });
  }

  /**
   * Publishes a text as `{"text": …, "timestamp": <epoch seconds>, "type": "text_content"}`.
   *
   * @param text the text; the end of one that is longer than `maxUserDataSize` allows is cut, unless the publisher says
   *   otherwise
   * @param options how it is to be sent
   * @throws as {@link SeiPublisher.publishJson} does
   */
  publishText(text: string, options?: PublishOptions): SeiTicket {
    if (typeof text !== 'string') throw invalidType('text', 'a string', text);
    const delivery = resolveDelivery(options, this.#defaults, this.#now);
    return this.#publishJson(stampText(text, this.#stamp(delivery)), delivery);
  }

  /**
   * Publishes a value as JSON, as `JSON.stringify` writes it. Where that is an object without a `timestamp` it gets one,
   * in epoch seconds; those of one publisher strictly increase, so that two equal messages in a row are two messages.
   *
   * @param value an object, or any other value that JSON can hold
   * @param options how it is to be sent
   * @throws `TypeError` and `RangeError` for options that are none; {@link SeiError} `ERR_SEI_NOT_JSON`,
   *   `ERR_SEI_TOO_LARGE` where it does not fit and cannot be cut or split, `ERR_SEI_QUEUE_FULL`,
   *   `ERR_SEI_NOT_IDENTIFIED` where it is to be retained under the UUID of Amazon IVS and has no timestamp or id
   */
  publishJson(value: unknown, options?: PublishOptions): SeiTicket {
    const delivery = resolveDelivery(options, this.#defaults, this.#now);
    return this.#publishJson(stamp(stringifyJson(value), this.#stamp(delivery)), delivery);
  }

  /**
   * Publishes bytes as they are. What is too large is never cut: it is split or rejected.
   *
   * Where the bytes are not JSON with a timestamp or an id, only their content tells copies from new messages. Equal
   * bytes within {@link CONTENT_DEDUP_WINDOW_MS} are one message then, and a viewer who changes to a layer that is later
   * by more can get them twice: for exactly once, publish an object.
   *
   * @param bytes the user data, which are copied
   * @param options how they are to be sent
   * @throws `TypeError` and `RangeError` for arguments that are none; {@link SeiError} `ERR_SEI_TOO_LARGE`,
   *   `ERR_SEI_QUEUE_FULL`, `ERR_SEI_NOT_IDENTIFIED`, `ERR_SEI_DETACHED_BUFFER`
   */
  publishBytes(bytes: Uint8Array, options?: PublishOptions): SeiTicket {
    const delivery = resolveDelivery(options, this.#defaults, this.#now);
    const userData = checkBytesWithin(bytes, this.#limits);
    const isSplit = userData.length > this.#limits.maxUserDataSize;
    return isSplit ? this.#publishFragments(userData, delivery) : this.#publishWhole(userData, delivery);
  }

  /**
   * Opens a track to carry the messages, for whoever puts them into the frames himself; {@link SeiInjector} does it all.
   *
   * @param options the name of the track
   * @returns its place in the messages, to be closed when the track ends
   * @throws `TypeError` for options that are none
   */
  openTrack(options: TrackCursorOptions = {}): TrackCursor {
    return new TrackCursor(this.#queue, options);
  }

  /** Messages that have not ended: they wait for a frame, or for their further copies. */
  getQueueSize(): number {
    return this.#queue.size;
  }

  /** Takes back all messages, those retained included; answers how many had not ended. */
  clearQueue(): number {
    return this.#queue.clear();
  }

  /** Ends what is retained under a key; false where nothing is. */
  release(key: string): boolean {
    return this.#queue.release(key);
  }

  /** Counts since the publisher was made. */
  get stats(): SeiPublisherStats {
    const queue = this.#queue;
    return {
      published: this.#published,
      queued: queue.size,
      ...queue.stats,
      truncated: this.#truncated,
      split: this.#split,
      liveInjectors: queue.liveTracks,
    };
  }

  #publishJson(text: string, delivery: Delivery): SeiTicket {
    const { userData, truncated } = encodeWithin(text, this.#limits);
    if (userData.length > this.#limits.maxUserDataSize) return this.#publishFragments(userData, delivery);
    const ticket = this.#publishWhole(userData, delivery, truncated);
    if (truncated) this.#truncated++;
    return ticket;
  }

  #publishWhole(userData: Uint8Array, delivery: Delivery, truncated = false): SeiTicket {
    // Whether receivers can tell by the user data that a message is sent again.
    const isIdentified = carriesIdentity(userData, () => tryParseJson(userData));
    if (isIdentified || delivery.retain === undefined) {
      return this.#publish([this.#nalUnit(userData)], delivery, userData.length, isIdentified, truncated);
    }
    // Nothing in it tells a message that is sent again from a new one, so a retained one is given a number.
    if (this.uuid === IVS_SEI_UUID) {
      throw new SeiError(
        'ERR_SEI_NOT_IDENTIFIED',
        'to be retained a message needs a timestamp or an id: receivers of Amazon IVS read none beside it',
      );
    }
    return this.#publishFragments(userData, delivery, truncated);
  }

  #publishFragments(userData: Uint8Array, delivery: Delivery, truncated = false): SeiTicket {
    const fragments = splitIntoFragments(userData, {
      uuid: this.uuid,
      id: delivery.id ?? this.#fragmentedId(userData, delivery.publishedAt),
      maxUserDataSize: this.#limits.maxUserDataSize,
    });
    const nalUnits = fragments.map((fragment) => this.#nalUnit(fragment, FRAGMENT_SEI_UUID));
    const ticket = this.#publish(nalUnits, delivery, userData.length, true, truncated);
    if (fragments.length > 1) this.#split++;
    return ticket;
  }

  /** The id of a message that nobody gave one: what it says if that tells it from others, else a number. */
  #fragmentedId(userData: Uint8Array, publishedAt: number | undefined): string {
    const isIdentified = publishedAt !== undefined || carriesIdentity(userData, () => tryParseJson(userData));
    return isIdentified ? contentId(userData, publishedAt ?? 0) : idOf(this.#source, ++this.#fragmented);
  }

  #nalUnit(userData: Uint8Array, uuid: string = this.uuid): Uint8Array {
    const options: SeiNalUnitOptions = { uuid };
    return createSeiNalUnit(userData, options);
  }

  #publish(
    nalUnits: Uint8Array[],
    delivery: Delivery,
    byteLength: number,
    isIdentified: boolean,
    truncated = false,
  ): SeiTicket {
    const queue = this.#queue;
    const { repeatCount, repeatInterval, priority, expiresInMs, hasExpiry, retain, label } = delivery;
    const goesAlone = this.#exceedsFrame(nalUnits, repeatInterval === 0 ? repeatCount : 1);
    const isTooLate = expiresInMs <= 0;
    if (retain !== undefined && !isTooLate) queue.checkRetainKey(retain);
    const hasRoom = isTooLate || queue.makeRoom(priority);
    const expiresAt = queue.timeline.time + expiresInMs;
    const retention = retain === undefined ? {} : { retain, retainedUntil: hasExpiry ? expiresAt : Infinity };
    const isFinishedOnceBegun = nalUnits.length > 1 && !hasExpiry;
    const plan = {
      repeatCount,
      repeatInterval,
      priority,
      isIdentified,
      expiresAt,
      isFinishedOnceBegun,
      goesAlone,
      ...retention,
    };
    const message = new QueuedMessage(++this.#published, nalUnits, plan, label);
    if (isTooLate) queue.refuse(message, 'expired');
    else if (hasRoom) queue.add(message);
    else queue.refuse(message, 'dropped');
    return new SeiTicket(message, queue, byteLength, truncated);
  }

  /**
   * Whether copies of a NAL unit that go into one frame are more than what one takes, where nobody has said what that
   * is: then they go alone. Refuses at once what would wait for a frame that never comes.
   */
  #exceedsFrame(nalUnits: readonly Uint8Array[], copies: number): boolean {
    const { maxBytesPerFrame, maxBytesPerSecond, maxMessagesPerFrame } = this.#limits;
    const { length } = nalUnits.reduce((longest, each) => (each.length > longest.length ? each : longest));
    const bytes = length * copies;
    const refuse = (limit: string, name: keyof Budget) => {
      const what = copies === 1 ? `a NAL unit of ${length} bytes is` : `${copies} copies of ${length} bytes are`;
      const remedy = copies === 1 ? 'send less' : 'send less or fewer copies, or put them into consecutive frames';
      throw new SeiError('ERR_SEI_TOO_LARGE', `${what} more than ${limit}; ${remedy}, or raise ${name}`);
    };
    const tooMany = copies > maxMessagesPerFrame;
    const tooLong = bytes > maxBytesPerFrame;
    if (bytes > maxBytesPerSecond) refuse(`the ${maxBytesPerSecond} bytes of a second`, 'maxBytesPerSecond');
    if (tooMany && this.#hasMessagesPerFrame)
      refuse(`the ${maxMessagesPerFrame} NAL units of a frame`, 'maxMessagesPerFrame');
    if (tooLong && this.#hasBytesPerFrame) refuse(`the ${maxBytesPerFrame} bytes of a frame`, 'maxBytesPerFrame');
    return tooMany || tooLong;
  }

  /** What is stamped onto a JSON object. */
  #stamp({ id, publishedAt }: Delivery): Stamp {
    return { id, publishedAt, timestamp: () => this.#nextTimestamp() };
  }

  /** Epoch seconds to the microsecond, later than the one before. */
  #nextTimestamp(): number {
    this.#lastMicroseconds = Math.max(Math.floor(this.#now() * 1000), this.#lastMicroseconds + 1);
    return this.#lastMicroseconds / 1e6;
  }
}
