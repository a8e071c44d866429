/** A clock, frames and readers for tests of publishers and injectors. */
import { extractSei } from '../../src/index.js';
import type { ExtractOptions } from '../../src/index.js';
import { SeiInjector, type InjectFrameOptions, type SeiInjectorOptions } from '../../src/publish/injector.js';
import type { PublishOptions, SeiPublisherOptions } from '../../src/publish/publisher-options.js';
import { SeiPublisher } from '../../src/publish/publisher.js';
import type { SeiTicket } from '../../src/publish/ticket.js';
import { annexB, bytes, nal } from '../contract/frames.js';

/** Where {@link FakeClock} begins: some day in 2023, in milliseconds since the epoch. */
export const START = 1_700_000_000_000;

/** A clock that moves when it is told. */
export class FakeClock {
  time = START;
  /** The `now` option. */
  readonly now = (): number => this.time;

  /** Lets time pass, in milliseconds. */
  advance(milliseconds: number): void {
    this.time += milliseconds;
  }
}

/** One access unit of each kind, in Annex B. */
export const pictures = {
  idr: annexB(nal.sps, nal.pps, nal.idr),
  p: annexB(nal.p),
  disposable: annexB(nal.disposable),
  /** No picture: parameter sets alone. */
  none: annexB(nal.aud, nal.sps, nal.pps),
} as const;

/** Bytes that are no H.264 in any framing. */
export const notVideo: Uint8Array = bytes(0xff, 0xf1, 0x50, 0x80, 0x2b, 0x7f, 0xfc, 0xde, 0x02);

/** A publisher and an injector on one fake clock. */
export interface Setup {
  readonly clock: FakeClock;
  readonly publisher: SeiPublisher;
  readonly injector: SeiInjector;
}

/** A publisher with a fake clock, and an injector that the publisher counts on: it has had a frame. */
export function setup(options: SeiPublisherOptions = {}, injectorOptions: Partial<SeiInjectorOptions> = {}): Setup {
  const clock = new FakeClock();
  const publisher = new SeiPublisher({ now: clock.now, ...options });
  const injector = new SeiInjector({ publisher, ...injectorOptions });
  return { clock, publisher, injector };
}

/** The payloads of the SEI messages in a frame, as text. */
export function messagesIn(frame: Uint8Array, options?: ExtractOptions): string[] {
  return extractSei(frame, options).map(({ payload }) => new TextDecoder().decode(payload));
}

/** Publishes a short text as bare bytes, which come out of {@link messagesIn} as they are. */
export function publishName(publisher: SeiPublisher, name: string, options?: PublishOptions): SeiTicket {
  return publisher.publishBytes(new TextEncoder().encode(name), options);
}

/** What an injector puts into a frame, as text. */
export function sent(injector: SeiInjector, frame: Uint8Array = pictures.p, options?: InjectFrameOptions): string[] {
  return messagesIn(injector.inject(frame, options));
}

/** What an injector puts into each of `count` frames, as text. */
export function sentInto(injector: SeiInjector, count: number, frame: Uint8Array = pictures.p): string[][] {
  return Array.from({ length: count }, () => sent(injector, frame));
}

/** Numbers from 0 to 1, the same for one seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PENDING = Symbol('pending');

/** Whether a promise has settled by now. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return (await Promise.race([promise, Promise.resolve(PENDING)])) !== PENDING;
}

/** The code of the error that a function throws; undefined where it throws none. */
export function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).name;
  }
  return undefined;
}
