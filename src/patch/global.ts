import { invalidType } from '../errors.js';
import type { SeiPublisher } from '../publish/publisher.js';
import type { SeiSubscriber } from '../receive/subscriber.js';

let globalPublisher: SeiPublisher | undefined;
let globalSubscriber: SeiSubscriber | undefined;

/**
 * Checks that an argument is a publisher, by what it can do: whoever only names one need not load it.
 *
 * @throws `TypeError` where it is none
 */
export function checkPublisher(name: string, value: unknown): asserts value is SeiPublisher {
  if (typeof (value as Partial<SeiPublisher> | null | undefined)?.publishText !== 'function') {
    throw invalidType(name, 'a SeiPublisher', value);
  }
}

/**
 * Checks that an argument is a subscriber, by what it can do: whoever only names one need not load it.
 *
 * @throws `TypeError` where it is none
 */
export function checkSubscriber(name: string, value: unknown): asserts value is SeiSubscriber {
  if (typeof (value as Partial<SeiSubscriber> | null | undefined)?.processFrame !== 'function') {
    throw invalidType(name, 'a SeiSubscriber', value);
  }
}

/**
 * Names the publisher whose messages patched encoders carry where they are given none of their own.
 *
 * It is looked up at every frame, so it may be set before or after {@link patchH264Encoder}, and changed.
 *
 * @param publisher the publisher, which stays the caller's; `undefined` or null for none, and then frames pass as they are
 * @throws `TypeError` for what is no publisher
 */
export function setGlobalSeiPublisher(publisher: SeiPublisher | null | undefined): void {
  const named = publisher ?? undefined;
  if (named !== undefined) checkPublisher('publisher', named);
  globalPublisher = named;
}

/** The publisher that {@link setGlobalSeiPublisher} named; `undefined` where there is none. */
export function getGlobalSeiPublisher(): SeiPublisher | undefined {
  return globalPublisher;
}

/**
 * Names the subscriber that reads what passes through patched decoders where they are given none of their own.
 *
 * It is looked up at every frame, so it may be set before or after {@link patchH264Decoder}, and changed.
 *
 * @param subscriber the subscriber, which stays the caller's; `undefined` or null for none, and then nothing is read
 * @throws `TypeError` for what is no subscriber
 */
export function setGlobalSeiSubscriber(subscriber: SeiSubscriber | null | undefined): void {
  const named = subscriber ?? undefined;
  if (named !== undefined) checkSubscriber('subscriber', named);
  globalSubscriber = named;
}

/** The subscriber that {@link setGlobalSeiSubscriber} named; `undefined` where there is none. */
export function getGlobalSeiSubscriber(): SeiSubscriber | undefined {
  return globalSubscriber;
}
