/**
 * The messages that page and worker exchange by `postMessage`. Each names this library, so that the port may be used for
 * other things, too; those are left alone.
 */
import { invalidType } from '../errors.js';

/** What is used of a MessagePort, a Worker, or the global scope of a worker. */
export interface SeiMessagePort {
  /** Sends a message to the other side. */
  postMessage(message: unknown): void;
  /** Adds a listener. */
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  /** Takes it away. */
  removeEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  /** Begins to deliver what comes through a MessagePort. */
  start?(): void;
}

/** What is between this library on both sides. */
const TAG = 'h264-sei';

/** What is on a port, by the name of its kind. */
export interface PortMessages {
  /** From the page to the worker: something is to be published. */
  readonly publish: PublishRequest;
  /** From the worker to the page: what became of it. */
  readonly receipt: PublishReply;
  /** From the worker to the page: a message was received. */
  readonly message: ReceivedOnPort;
}

/** A call of a method of the publisher. */
export interface PublishRequest {
  /** Which call it is, among those of all who call through the port. */
  readonly call: string;
  /** The method. */
  readonly method: string;
  /** Its arguments, as they can be cloned. */
  readonly args: readonly unknown[];
}

/** What a call has thrown. */
export interface PublishFailure {
  /** The name of its class. */
  readonly name: string;
  /** What it says. */
  readonly message: string;
  /** What it says to programs; undefined where it says nothing. */
  readonly code: string | undefined;
}

/** How a call ended. */
export interface PublishReply {
  /** Which call it was. */
  readonly call: string;
  /** What it answered. */
  readonly answer?: unknown;
  /** What it has thrown; not every error can be cloned with all that it has. */
  readonly failure?: PublishFailure;
}

/** What makes a `ReceivedSeiMessage`. */
export interface ReceivedOnPort {
  /** Its UUID. */
  readonly uuid: string;
  /** Its user data. */
  readonly payload: Uint8Array;
  /** When it was received. */
  readonly timestamp: number;
  /** The timestamp of its frame. */
  readonly frameTimestamp: number | undefined;
  /** Which message it is. */
  readonly id: string;
}

/**
 * Checks that an argument is a port, by what it can do.
 *
 * @throws `TypeError` where it is none
 */
export function checkPort(port: SeiMessagePort): void {
  if (typeof (port as Partial<SeiMessagePort> | null | undefined)?.postMessage !== 'function') {
    throw invalidType('port', 'a Worker, its global scope, or a MessagePort', port);
  }
}

/** Sends a message of this library. */
export function send<Kind extends keyof PortMessages>(
  port: SeiMessagePort,
  kind: Kind,
  content: PortMessages[Kind],
): void {
  port.postMessage({ [TAG]: kind, content });
}

/**
 * Listens to the messages of one kind. What has no content is none of them.
 *
 * @returns takes the listener away
 */
export function listen<Kind extends keyof PortMessages>(
  port: SeiMessagePort,
  kind: Kind,
  onContent: (content: PortMessages[Kind]) => void,
): () => void {
  const listener = ({ data }: { readonly data: unknown }): void => {
    const { [TAG]: found, content } = (data ?? {}) as { [TAG]?: unknown; content?: unknown };
    if (found === kind && typeof content === 'object' && content !== null) onContent(content as PortMessages[Kind]);
  };
  port.addEventListener('message', listener);
  port.start?.();
  return () => {
    port.removeEventListener('message', listener);
  };
}
