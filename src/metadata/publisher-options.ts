import { parseUuid, formatUuid } from '../codec/uuid.js';
import { MAX_USER_DATA_SIZE } from '../codec/limits.js';
import { UUID_LENGTH } from '../codec/sei-message.js';
import { invalidType, outOfRange } from '../errors.js';
import type { DiagnosticListener } from './diagnostics.js';
import { FRAGMENT_SEI_UUID, MIN_SPLIT_SIZE } from './fragmentation.js';
import type { QueueFullPolicy } from './message-queue.js';
import { type OversizePolicy, PUBLISHER_PROFILES, type PublisherLimits } from './profiles.js';

/**
 * `consecutive` puts the copies into access units that follow each other, `same-frame` all into one, as stages_sei
 * does.
 */
export type RepeatMode = 'consecutive' | 'same-frame';

/** How a message is to be sent; what is absent is as the publisher has it. */
export interface PublishOptions {
  /** The copies of the message that each injector sends, in all; 3 unless told. */
  readonly repeatCount?: number | undefined;
  /**
   * Access units from one copy to the next; 1 unless told. Copies that receivers would take for new messages are not
   * sent, so that with a large interval there are fewer, and the receipt says `expired`: of what only its content
   * identifies, such as bare bytes, none later than {@link MAX_CONTENT_REPEAT_MS} after the first; of any other
   * message, none later than {@link MAX_REPEAT_GAP_MS} after the one before.
   */
  readonly repeatInterval?: number | undefined;
  /** Where the copies go. */
  readonly repeatMode?: RepeatMode | undefined;
  /** An integer; the higher goes first. 0 unless told. */
  readonly priority?: number | undefined;
  /**
   * How long the message is of use, in milliseconds; 10,000 unless told. A retained message without it stays until it
   * is replaced. A message that was split and has begun to go out in time goes out whole without it, and with it ends
   * where it is; in any case it ends where its next fragment would go {@link REASSEMBLY_TIMEOUT_MS} after the one
   * before, since receivers have given it up by then.
   */
  readonly expiresInMs?: number | undefined;
  /**
   * A key under which the latest message is sent again at every IDR picture, and every {@link RETAINED_REFRESH_MS}
   * without one, for receivers that join late; those that have had it do not get it again.
   */
  readonly retain?: string | undefined;
}

/** Each of {@link PublisherLimits}, where it is not to be as in the profile. */
export type OptionalLimits = { readonly [Name in keyof PublisherLimits]?: PublisherLimits[Name] | undefined };

/** Options of a publisher. */
export interface SeiPublisherOptions extends OptionalLimits {
  /** Where the copies of a message go; `consecutive` unless told. */
  readonly repeatMode?: RepeatMode | undefined;
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
const REPEAT_MODES: readonly RepeatMode[] = ['consecutive', 'same-frame'];

/** How a message is repeated and for how long, checked. */
export interface Delivery {
  /** Copies. */
  readonly repeatCount: number;
  /** Access units from one copy to the next; 0 where all go into the same one. */
  readonly repeatInterval: number;
  /** The higher goes first. */
  readonly priority: number;
  /** How long the message is of use, in milliseconds. */
  readonly expiresInMs: number;
  /** Whether the caller has said how long. */
  readonly hasExpiry: boolean;
  /** The key of a retained message. */
  readonly retain: string | undefined;
}

/** The delivery of a message by the options of `publish…`, over what the publisher has. */
export function resolveDelivery(options: PublishOptions | undefined, defaults: Omit<Delivery, 'retain'>): Delivery {
  if (options === undefined) return { ...defaults, retain: undefined };
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options);
  const { repeatCount = defaults.repeatCount, priority = defaults.priority, expiresInMs, retain } = options;
  const isSameFrame =
    options.repeatMode === undefined
      ? defaults.repeatInterval === 0
      : checkOneOf('options.repeatMode', options.repeatMode, REPEAT_MODES) === 'same-frame';
  const { repeatInterval = defaults.repeatInterval || 1 } = options;
  if (retain !== undefined && typeof retain !== 'string') throw invalidType('options.retain', 'a string', retain);
  return {
    repeatCount: checkNumber('options.repeatCount', repeatCount, 1, MAX_REPEAT_COUNT),
    repeatInterval: checkNumber('options.repeatInterval', repeatInterval, 1, 1_000_000) * (isSameFrame ? 0 : 1),
    priority: checkNumber('options.priority', priority, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    expiresInMs: checkNumber('options.expiresInMs', expiresInMs ?? defaults.expiresInMs, 0, Infinity, false),
    hasExpiry: expiresInMs !== undefined,
    retain,
  };
}

/** The length of a SEI NAL unit with so much user data, in bytes, before any is escaped (H.264 7.3.2.3.1). */
function nalUnitLength(userDataSize: number): number {
  const payloadSize = UUID_LENGTH + userDataSize;
  // Its header, payloadType, payloadSize, the payload, and rbsp_trailing_bits.
  return 1 + 1 + Math.floor(payloadSize / 255) + 1 + payloadSize + 1;
}

/** The limits of a publisher by its options, over those of its profile. */
export function resolveLimits(options: SeiPublisherOptions): PublisherLimits {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options);
  const names = Object.keys(PUBLISHER_PROFILES) as (keyof typeof PUBLISHER_PROFILES)[];
  const profile = PUBLISHER_PROFILES[checkOneOf('options.profile', options.profile ?? 'default', names)];
  const count = (name: keyof PublisherLimits, most = Infinity, least = 1) =>
    checkNumber(`options.${name}`, options[name] ?? profile[name], least, most);
  const uuid = formatUuid(parseUuid(options.uuid ?? profile.uuid));
  if (uuid === FRAGMENT_SEI_UUID) throw outOfRange('options.uuid', 'another UUID than that of fragments', uuid);
  const oversize = checkOneOf('options.oversize', options.oversize ?? profile.oversize, OVERSIZE);
  const maxUserDataSize = count('maxUserDataSize', MAX_USER_DATA_SIZE, oversize === 'split' ? MIN_SPLIT_SIZE : 1);
  const repeatCount = count('repeatCount', MAX_REPEAT_COUNT);
  const isSameFrame = options.repeatMode === 'same-frame';
  const copies = isSameFrame ? repeatCount : 1;
  return {
    uuid,
    minUserDataSize: count('minUserDataSize', maxUserDataSize, 0),
    maxUserDataSize,
    maxQueueSize: count('maxQueueSize'),
    whenFull: checkOneOf('options.whenFull', options.whenFull ?? profile.whenFull, POLICIES),
    oversize,
    repeatCount,
    repeatInterval: count('repeatInterval', 1_000_000),
    expiresInMs: checkNumber('options.expiresInMs', options.expiresInMs ?? profile.expiresInMs, 0, Infinity, false),
    // What nobody has set lets through what the other options allow.
    maxMessagesPerFrame:
      options.maxMessagesPerFrame === undefined
        ? Math.max(profile.maxMessagesPerFrame, copies)
        : count('maxMessagesPerFrame'),
    maxBytesPerFrame:
      options.maxBytesPerFrame === undefined
        ? Math.max(profile.maxBytesPerFrame, copies * nalUnitLength(maxUserDataSize))
        : count('maxBytesPerFrame'),
    maxBytesPerSecond: count('maxBytesPerSecond'),
  };
}
