/** A page publishes what a worker sends: the publisher lives beside the transform, in the worker. */
import { type Disposal, disposable } from '../disposal.js';
import { isUint8Array } from '../codec/bytes.js';
import { SeiError, type SeiErrorCode, invalidType } from '../errors.js';
import { stringifyJson } from '../wire/json.js';
import { checkPublisher } from '../patch/global.js';
import type { PublishOptions } from '../publish/publisher-options.js';
import type { SeiPublisher } from '../publish/publisher.js';
import type { InjectionReceipt } from '../publish/queued-message.js';
import {
  type PublishFailure,
  type PublishRequest,
  type SeiMessagePort,
  checkPort,
  listen,
  send,
} from './message-port.js';

/** The publisher of a worker, as its page sees it. */
export interface RemoteSeiPublisher extends Disposal {
  /**
   * Publishes a text; see {@link SeiPublisher.publishText}.
   *
   * @returns what became of it, when that is known; rejected with what the publisher throws
   */
  publishText(text: string, options?: PublishOptions): Promise<InjectionReceipt>;
  /** Publishes a value as JSON; see {@link SeiPublisher.publishJson}. It is made JSON here, in the page. */
  publishJson(value: unknown, options?: PublishOptions): Promise<InjectionReceipt>;
  /** Publishes bytes; see {@link SeiPublisher.publishBytes}. They are copied. */
  publishBytes(bytes: Uint8Array, options?: PublishOptions): Promise<InjectionReceipt>;
  /** Takes back all messages; see {@link SeiPublisher.clearQueue}. */
  clearQueue(): Promise<number>;
  /** Ends what is retained under a key; see {@link SeiPublisher.release}. */
  release(key: string): Promise<boolean>;
  /**
   * Ends the connection, as when the worker is terminated, which nobody tells the page: calls that have no answer yet,
   * and all later ones, are rejected with a DOMException `AbortError`. The publisher in the worker is left as it is.
   */
  close(): void;
}

/** Random, so that the answers to others on the same port are not taken for one's own. */
function connectionName(): string {
  return crypto.getRandomValues(new Uint32Array(2)).join('-');
}

/** Calls what a page may call; answers what it is to be told, or the promise of that. */
function perform(publisher: SeiPublisher, { method, args: [value, options] }: PublishRequest): unknown {
  switch (method) {
    case 'publishText':
    case 'publishBytes':
      return publisher[method](value as never, options as PublishOptions | undefined).injected;
    case 'publishJson':
      return publisher.publishJson(JSON.parse(value as string), options as PublishOptions | undefined).injected;
    case 'clearQueue':
      return publisher.clearQueue();
    case 'release':
      return publisher.release(value as string);
    default:
      throw invalidType('method', 'a method of RemoteSeiPublisher', method);
  }
}

/**
 * In the worker: lets the page publish.
 *
 * ```ts
 * const publisher = new SeiPublisher();
 * exposeSeiPublisher(self, publisher);
 * onrtctransform = ({ transformer }) => pipeEncodedFrames(transformer, createSeiSenderTransform({ publisher }));
 * ```
 *
 * @param port the other side is the page's: `self` for the page that made the worker, or a MessagePort; who can send to
 *   it can publish. Each publisher needs one of its own
 * @param publisher whose methods the page calls
 * @returns takes it back
 * @throws `TypeError` for arguments of the wrong kind
 */
export function exposeSeiPublisher(port: SeiMessagePort, publisher: SeiPublisher): () => void {
  checkPort(port);
  checkPublisher('publisher', publisher);
  return listen(port, 'publish', (request) => {
    const { call } = request;
    const answering = new Promise((resolve) => {
      resolve(perform(publisher, request));
    });
    void answering.then(
      (answer) => {
        send(port, 'receipt', { call, answer });
      },
      (error: unknown) => {
        const { name, message, code } = error as Error & { code?: string };
        send(port, 'receipt', { call, failure: { name, message, code } });
      },
    );
  });
}

/**
 * In the page: the publisher that a worker has exposed with {@link exposeSeiPublisher}.
 *
 * ```ts
 * const publisher = connectSeiPublisher(worker);
 * await publisher.publishText('Hello');
 * ```
 *
 * @param port the Worker, or the other end of the MessagePort
 * @returns methods that answer when the worker does; calls are carried out in order
 * @throws `TypeError` for an argument of the wrong kind
 */
export function connectSeiPublisher(port: SeiMessagePort): RemoteSeiPublisher {
  checkPort(port);
  const calls = new Map<string, { resolve(answer: never): void; reject(error: unknown): void }>();
  const name = connectionName();
  let latest = 0;
  let isClosed = false;
  const stop = listen(port, 'receipt', ({ call, answer, failure }) => {
    const waiting = calls.get(call);
    calls.delete(call);
    if (failure === undefined) waiting?.resolve(answer as never);
    else waiting?.reject(errorOf(failure));
  });
  const request = <Answer>(
    method: Exclude<keyof RemoteSeiPublisher, symbol>,
    ...args: readonly unknown[]
  ): Promise<Answer> =>
    new Promise<Answer>((resolve, reject) => {
      if (isClosed) throw closed();
      const call = `${name}-${++latest}`;
      send(port, 'publish', { call, method, args });
      calls.set(call, { resolve, reject });
    });
  return disposable<Omit<RemoteSeiPublisher, keyof Disposal>>({
    publishText: (text, options) => request('publishText', text, options),
    // A value that cannot be cloned may still be JSON, by its toJSON.
    publishJson: async (value, options) => request('publishJson', stringifyJson(value), options),
    // All of the memory that a view shows a part of would be cloned, and what is shared would not be cloned at all.
    publishBytes: (bytes, options) =>
      request('publishBytes', isUint8Array(bytes) ? new Uint8Array(bytes) : bytes, options),
    clearQueue: () => request('clearQueue'),
    release: (key) => request('release', key),
    close: () => {
      isClosed = true;
      stop();
      for (const call of calls.values()) call.reject(closed());
      calls.clear();
    },
  });
}

function closed(): Error {
  return new DOMException('the connection to the publisher is closed', 'AbortError');
}

function errorOf({ name, message, code }: PublishFailure): Error {
  if (code?.startsWith('ERR_SEI_') === true) return new SeiError(code as SeiErrorCode, message);
  return Object.assign(new (name === 'RangeError' ? RangeError : TypeError)(message), { code });
}
