/** Promises, and whatever else can be awaited, that belong to somebody else. */
import { type AnyFunction, isFunction } from './patch.js';

/** What is to be done with what comes out. */
export interface Followers {
  /** Takes the value; answers what is to stand in its place. It does not throw. */
  readonly map: (value: unknown) => unknown;
  /** Hears of the reason where there is no value. It does not throw. */
  readonly onRejected?: ((reason: unknown) => void) | undefined;
}

/** The `then` of a value that can be awaited; undefined where it cannot. */
export function thenOf(value: unknown): AnyFunction | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { then } = value as { then?: unknown };
  return isFunction(then) ? then : undefined;
}

/** A promise of this realm or of another, which is under way whether somebody waits for it or not. */
export function isPromise(value: object): boolean {
  return value instanceof Promise || Object.prototype.toString.call(value) === '[object Promise]';
}

/**
 * Follows what can be awaited.
 *
 * @param awaitable a promise, or an object with a `then`
 * @param then its `then`
 * @param followers what is to be done with what comes out
 * @returns for a promise one that follows it, with whatever the host has hung on it, such as a `cancel`; any other
 *   object itself, whose `then` is watched: it may do its work when it is called, so it is left to the host to call it.
 *   That nobody handles the rejection of the promise answered is no unhandled rejection: the host may have handled that
 *   of its own, and nothing tells whether it has
 */
export function follow(awaitable: object, then: AnyFunction, followers: Followers): object {
  if (!isPromise(awaitable)) return watchThen(awaitable, then, followers);
  const extras = Object.entries(Object.getOwnPropertyDescriptors(awaitable));
  const following: unknown = Reflect.apply(then, awaitable, callbacks(followers, followers.map, undefined, undefined));
  if (typeof following !== 'object' || following === null) return awaitable;
  for (const [name, descriptor] of extras) Reflect.defineProperty(following, name, descriptor);
  ignoreRejection(following);
  return following;
}

/** Sees to it that a promise of ours which is rejected with nobody there to handle it does not end the process. */
function ignoreRejection(promise: object): void {
  const then = thenOf(promise);
  if (then !== undefined && isPromise(promise)) Reflect.apply(then, promise, [undefined, () => undefined]);
}

function watchThen(awaitable: object, then: AnyFunction, followers: Followers): object {
  // It may be awaited several times and answer the same each time, which is to be mapped once.
  const mapped = new WeakMap<object, unknown>();
  const map = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return followers.map(value);
    if (!mapped.has(value)) mapped.set(value, followers.map(value));
    return mapped.get(value);
  };
  const watching = new Proxy(then, {
    apply: (_, self: unknown, [onFulfilled, onRejected]: unknown[]) =>
      Reflect.apply(then, self, callbacks(followers, map, onFulfilled, onRejected)),
  });
  Object.defineProperty(awaitable, 'then', { value: watching, writable: true, enumerable: false, configurable: true });
  return awaitable;
}

/** The arguments of `then`, with those of the host behind ours. */
function callbacks(
  { onRejected: hear }: Followers,
  map: (value: unknown) => unknown,
  onFulfilled: unknown,
  onRejected: unknown,
): unknown[] {
  return [
    (value: unknown) => {
      const answer = map(value);
      return isFunction(onFulfilled) ? onFulfilled(answer) : answer;
    },
    (reason: unknown) => {
      hear?.(reason);
      if (isFunction(onRejected)) return onRejected(reason);
      throw reason;
    },
  ];
}

/**
 * Does something once a call is over: when it has returned or thrown, or when what it answers to be awaited has come.
 *
 * @param proceed the call
 * @param act what is to be done; it does not throw, and may be done twice
 * @returns what the call answers, the very same: a promise is observed on the side, which makes its rejection a handled
 *   one; of anything else that can be awaited the `then` is watched
 */
export function afterwards(proceed: () => unknown, act: () => void): unknown {
  let answer: unknown;
  try {
    answer = proceed();
  } catch (error) {
    act();
    throw error;
  }
  const then = thenOf(answer);
  if (then === undefined) {
    act();
    return answer;
  }
  const awaitable = answer as object;
  if (isPromise(awaitable)) {
    Reflect.apply(then, awaitable, [act, act]);
    return answer;
  }
  const map = (value: unknown): unknown => {
    act();
    return value;
  };
  return watchThen(awaitable, then, { map, onRejected: act });
}
