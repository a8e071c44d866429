import { parseUuid, formatUuid } from '../codec/uuid.js';
import { MAX_USER_DATA_SIZE } from '../codec/limits.js';
import { UUID_LENGTH } from '../codec/sei-message.js';
import { invalidType, outOfRange } from '../errors.js';
import { checkOptions, optionNames } from '../options.js';
import type { DiagnosticListener } from '../diagnostics.js';
import { FRAGMENT_SEI_UUID, MIN_SPLIT_SIZE } from '../wire/fragmentation.js';
import type { QueueFullPolicy } from './message-queue.js';
import { type OversizePolicy, PUBLISHER_PROFILES, type PublisherLimits } from './profiles.js';
import { idOption } from '../wire/identity.js';
import { timeOption } from './user-data.js';

/** How a message is sent and who it is. What is not set is as the publisher has it. */
export type PublishOptions = DeliveryOptions & MessageOptions & ExpiryOptions & SourceOptions;

/** How a message is sent. */
export interface DeliveryOptions {
  /** The number of copies of the message that each injector sends, in all. Default: 3. */
  readonly repeatCount?: number | undefined;
  /**
   * Access units from one copy to the next. Default: 1. Copies that receivers would take for new messages are not sent,
   * so with a large interval there are fewer, and the receipt says `expired`: if only its content identifies a message,
   * such as bare bytes, no copy goes later than 1.5 s after the first; of any other message, none later than 50 s after
   * the one before.
   */
  readonly repeatInterval?: number | undefined;
  /** An integer; messages with a higher priority go first. Default: 0. */
  readonly priority?: number | undefined;
  /**
   * A key under which the latest message is sent again at every IDR picture, and every 10 s without one, for receivers
   * that join late. Receivers that already have the message do not get it again.
   */
  readonly retain?: string | undefined;
}

/** Who a message is: several servers that are given the same message write the same bytes (docs/wire-format.md). */
export interface MessageOptions {
  /**
   * The id of the message: 1 to 128 bytes of UTF-8 without control characters. It is written into a JSON object that
   * has no `id`, and into the envelope of split and retained messages. Default: none, or `source` and `sequence`.
   */
  readonly id?: string | undefined;
  /**
   * When the message was published, in milliseconds since the epoch. It is written into a JSON object that has no
   * `timestamp`, in seconds. Default: now, or no timestamp if the message has an id.
   */
  readonly publishedAt?: number | undefined;
  /**
   * A name that comes back in the ticket, in the receipt and in diagnostics, up to 256 characters. It is not sent.
   */
  readonly label?: string | undefined;
}

/** How long a message is of use: for a time, or until a time. */
export type ExpiryOptions = ExpiresInOption | ExpiresAtOption;

/** A message that is of use for a time. */
export interface ExpiresInOption {
  /**
   * Milliseconds for which the message is of use. Default: 10,000, and no end for a retained message. With 0 it has
   * expired at once. A split message that has begun to go out in time goes out whole without this option and ends where
   * it is with it; in any case it ends if its next fragment would go 10 s after the one before, since receivers have
   * given it up by then.
   */
  readonly expiresInMs?: number | undefined;
  /** Not with `expiresInMs`. */
  readonly expiresAt?: undefined;
}

/** A message that is of use until a time. */
export interface ExpiresAtOption {
  /** The time until which the message is of use, in milliseconds since the epoch, by the publisher's clock. */
  readonly expiresAt?: number | undefined;
  /** Not with `expiresAt`. */
  readonly expiresInMs?: undefined;
}

/** Where a message comes from, for applications that number their messages instead of giving each an id. */
export type SourceOptions = NumberedSource | NoSource;

/** A message with a number at its source. Its id is `source`, a hyphen and `sequence`, unless `id` is set. */
export interface NumberedSource {
  /** The name of the source; no other source has the same one. */
  readonly source: string;
  /** The number of the message at its source, an integer from 0 on; no other message there has the same one. */
  readonly sequence: number;
}

/** A message without a number at a source. */
export interface NoSource {
  /** Only with `sequence`. */
  readonly source?: undefined;
  /** Only with `source`. */
  readonly sequence?: undefined;
}

const PUBLISH_OPTIONS = /* @__PURE__ */ optionNames<PublishOptions>()(
  'publishText, publishJson and publishBytes',
  {
    repeatCount: true,
    repeatInterval: true,
    priority: true,
    retain: true,
    id: true,
    publishedAt: true,
    label: true,
    expiresInMs: true,
    expiresAt: true,
    source: true,
    sequence: true,
  },
  ['expiresInMs', 'expiresAt'],
);

const PUBLISHER_OPTIONS = /* @__PURE__ */ optionNames<SeiPublisherOptions>()('SeiPublisher', {
  uuid: true,
  profile: true,
  minUserDataSize: true,
  maxUserDataSize: true,
  maxQueueSize: true,
  whenFull: true,
  oversize: true,
  repeatCount: true,
  repeatInterval: true,
  expiresInMs: true,
  maxMessagesPerFrame: true,
  maxBytesPerFrame: true,
  maxBytesPerSecond: true,
  now: true,
  onDiagnostic: true,
});

/** The longest label, in UTF-16 code units. */
const MAX_LABEL_LENGTH = 256;

/** Each of {@link PublisherLimits}, where it is not to be as in the profile. */
export type OptionalLimits = { readonly [Name in keyof PublisherLimits]?: PublisherLimits[Name] | undefined };

/** Options of a publisher. */
export interface SeiPublisherOptions extends OptionalLimits {
  /** `ivs` sets the UUID and the limits of the Amazon IVS web SDK; other options change single ones. */
  readonly profile?: keyof typeof PUBLISHER_PROFILES | undefined;
  /**
   * The clock, in milliseconds since the epoch; `Date.now` where absent. It decides the timestamps of messages, and
   * expiry where frames have no timestamps. Where it answers no time it stands still; where it goes back no time
   * passes, and where it is set forward that time has passed.
   */
  readonly now?: (() => number) | undefined;
  /** Told of messages that are lost, where there is no `node:diagnostics_channel`. */
  readonly onDiagnostic?: DiagnosticListener | undefined;
}

function checkNumber(name: string, value: unknown, least: number, most: number, isInteger = true): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  const isRight = value >= least && value <= most && (!isInteger || Number.isInteger(value) || value === Infinity);
  if (!isRight) {
    const kind = isInteger ? 'an integer' : 'a number';
    throw outOfRange(name, most === Infinity ? `${kind} from ${least} on` : `${kind} from ${least} to ${most}`, value);
  }
  return value;
}

function checkOneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value);
  if (!(allowed as readonly string[]).includes(value)) throw outOfRange(name, allowed.join(', '), value);
  return value as T;
}

/** The most copies of one message: more would only fill frames. */
export const MAX_REPEAT_COUNT = 64;

const POLICIES: readonly QueueFullPolicy[] = ['reject', 'drop-oldest', 'drop-lowest-priority'];
const OVERSIZE: readonly OversizePolicy[] = ['truncate', 'reject', 'split'];

/** How a message is repeated and for how long, checked. */
export interface Delivery {
  /** Copies. */
  readonly repeatCount: number;
  /** Access units from one copy to the next. */
  readonly repeatInterval: number;
  /** The higher goes first. */
  readonly priority: number;
  /** How long the message is of use, in milliseconds. */
  readonly expiresInMs: number;
  /** Whether the caller has said how long. */
  readonly hasExpiry: boolean;
  /** The key of a retained message. */
  readonly retain: string | undefined;
  /** The id that the caller gave the message. */
  readonly id: string | undefined;
  /** When it was published, in milliseconds since the epoch, if the caller said so. */
  readonly publishedAt: number | undefined;
  /** The caller's name for it. */
  readonly label: string | undefined;
}

/** What a publisher decides for all its messages. */
export type DeliveryDefaults = Omit<Delivery, 'retain' | 'id' | 'publishedAt' | 'label'>;

function labelOption(label: unknown): string | undefined {
  if (label === undefined) return undefined;
  if (typeof label !== 'string') throw invalidType('options.label', 'a string', label);
  if (label.length > MAX_LABEL_LENGTH) {
    throw outOfRange('options.label', `up to ${MAX_LABEL_LENGTH} characters`, `${label.slice(0, 32)}...`);
  }
  return label;
}

/** For how many milliseconds from now on a message is of use; undefined if the caller does not say. */
function expiryOption({ expiresInMs, expiresAt }: PublishOptions, now: () => number): number | undefined {
  const until = timeOption('options.expiresAt', expiresAt);
  if (until !== undefined) return Math.max(0, until - now());
  return expiresInMs === undefined ? undefined : checkNumber('options.expiresInMs', expiresInMs, 0, Infinity, false);
}

/** The delivery of a message by the options of `publish…`, over what the publisher has. */
export function resolveDelivery(
  options: PublishOptions | undefined,
  defaults: DeliveryDefaults,
  now: () => number,
): Delivery {
  if (options === undefined) return { ...defaults, ...NO_IDENTITY };
  checkOptions(options, PUBLISH_OPTIONS);
  const { repeatCount = defaults.repeatCount, priority = defaults.priority, retain } = options;
  const { repeatInterval = defaults.repeatInterval } = options;
  if (retain !== undefined && typeof retain !== 'string') throw invalidType('options.retain', 'a string', retain);
  const expiresInMs = expiryOption(options, now);
  return {
    repeatCount: checkNumber('options.repeatCount', repeatCount, 1, MAX_REPEAT_COUNT),
    repeatInterval: checkNumber('options.repeatInterval', repeatInterval, 1, 1_000_000),
    priority: checkNumber('options.priority', priority, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    expiresInMs: expiresInMs ?? defaults.expiresInMs,
    hasExpiry: expiresInMs !== undefined,
    retain,
    id: idOption(options),
    publishedAt: timeOption('options.publishedAt', options.publishedAt),
    label: labelOption(options.label),
  };
}

const NO_IDENTITY = { retain: undefined, id: undefined, publishedAt: undefined, label: undefined } as const;

/** The length of a SEI NAL unit with so much user data, in bytes, before any is escaped (H.264 7.3.2.3.1). */
function nalUnitLength(userDataSize: number): number {
  const payloadSize = UUID_LENGTH + userDataSize;
  // Its header, payloadType, payloadSize, the payload, and rbsp_trailing_bits.
  return 1 + 1 + Math.floor(payloadSize / 255) + 1 + payloadSize + 1;
}

/** The limits of a publisher by its options, over those of its profile. */
export function resolveLimits(options: SeiPublisherOptions): PublisherLimits {
  checkOptions(options, PUBLISHER_OPTIONS);
  const names = Object.keys(PUBLISHER_PROFILES) as (keyof typeof PUBLISHER_PROFILES)[];
  const profile = PUBLISHER_PROFILES[checkOneOf('options.profile', options.profile ?? 'default', names)];
  const count = (name: keyof PublisherLimits, most = Infinity, least = 1) =>
    checkNumber(`options.${name}`, options[name] ?? profile[name], least, most);
  const uuid = formatUuid(parseUuid(options.uuid ?? profile.uuid));
  if (uuid === FRAGMENT_SEI_UUID) throw outOfRange('options.uuid', 'another UUID than that of fragments', uuid);
  const oversize = checkOneOf('options.oversize', options.oversize ?? profile.oversize, OVERSIZE);
  const maxUserDataSize = count('maxUserDataSize', MAX_USER_DATA_SIZE, oversize === 'split' ? MIN_SPLIT_SIZE : 1);
  return {
    uuid,
    minUserDataSize: count('minUserDataSize', maxUserDataSize, 0),
    maxUserDataSize,
    maxQueueSize: count('maxQueueSize'),
    whenFull: checkOneOf('options.whenFull', options.whenFull ?? profile.whenFull, POLICIES),
    oversize,
    repeatCount: count('repeatCount', MAX_REPEAT_COUNT),
    repeatInterval: count('repeatInterval', 1_000_000),
    expiresInMs: checkNumber('options.expiresInMs', options.expiresInMs ?? profile.expiresInMs, 0, Infinity, false),
    // What nobody has set lets through what the other options allow.
    maxMessagesPerFrame: count('maxMessagesPerFrame'),
    maxBytesPerFrame:
      options.maxBytesPerFrame === undefined
        ? Math.max(profile.maxBytesPerFrame, nalUnitLength(maxUserDataSize))
        : count('maxBytesPerFrame'),
    maxBytesPerSecond: count('maxBytesPerSecond'),
  };
}
