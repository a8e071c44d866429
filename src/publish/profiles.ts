import { DEFAULT_SEI_UUID, IVS_SEI_UUID } from '../codec/uuid.js';
import type { QueueFullPolicy } from './message-queue.js';
import type { Budget } from './picture-selection.js';

/** What happens to a message whose user data are too large. */
export type OversizePolicy = 'truncate' | 'reject' | 'split';

/** The UUID and the limits of a publisher. */
export interface PublisherLimits extends Budget {
  /** uuid_iso_iec_11578 of the messages. */
  readonly uuid: string;
  /** The least user data in one SEI message, in bytes, the UUID not counted. */
  readonly minUserDataSize: number;
  /** The most user data in one SEI message, in bytes, the UUID not counted. */
  readonly maxUserDataSize: number;
  /** The most messages that wait. */
  readonly maxQueueSize: number;
  /** What happens beyond. */
  readonly whenFull: QueueFullPolicy;
  /** What happens to a message that is too large. What was split is read by receivers that know docs/wire-format.md. */
  readonly oversize: OversizePolicy;
  /** Copies of each message that each injector sends. */
  readonly repeatCount: number;
  /** Access units from one copy to the next. */
  readonly repeatInterval: number;
  /** How long a message is of use, in milliseconds. */
  readonly expiresInMs: number;
}

/** The limits where nothing else is said: what the receivers in docs/receivers.md take without harm. */
export const DEFAULT_PUBLISHER_LIMITS: PublisherLimits = {
  uuid: DEFAULT_SEI_UUID,
  minUserDataSize: 0,
  maxUserDataSize: 400,
  maxQueueSize: 1000,
  whenFull: 'reject',
  oversize: 'truncate',
  repeatCount: 3,
  repeatInterval: 1,
  expiresInMs: 10_000,
  maxMessagesPerFrame: 8,
  maxBytesPerFrame: 2048,
  maxBytesPerSecond: Infinity,
};

/**
 * The limits of the Amazon IVS Web Broadcast SDK: 1 to 1024 bytes a message, 10,240 bytes in any second, under its own
 * UUID. Its receivers read no fragments: with `oversize: 'split'` those of this library alone have what was split, and
 * what has neither a timestamp nor an id cannot be retained.
 */
export const IVS_PUBLISHER_LIMITS: PublisherLimits = {
  ...DEFAULT_PUBLISHER_LIMITS,
  uuid: IVS_SEI_UUID,
  minUserDataSize: 1,
  maxUserDataSize: 1024,
  maxBytesPerSecond: 10_240,
};

/** The profiles by name. */
export const PUBLISHER_PROFILES = { default: DEFAULT_PUBLISHER_LIMITS, ivs: IVS_PUBLISHER_LIMITS } as const;
