import type { MessageQueue } from './message-queue.js';
import type { InjectionReceipt, QueuedMessage } from './queued-message.js';

/** What a publisher answers for a message. */
export class SeiTicket {
  /** The number of the message at its publisher, from 1. */
  readonly id: number;
  /** Bytes of user data that go out for each copy; of a message that was split, before it was. */
  readonly byteLength: number;
  /** Whether strings were cut to make it fit. */
  readonly truncated: boolean;
  /** The `label` with which the message was published. */
  readonly label: string | undefined;
  readonly #message: QueuedMessage;
  readonly #queue: MessageQueue;

  /**
   * @internal
   * @param message the message
   * @param queue where it is
   * @param byteLength bytes of user data
   * @param truncated whether strings were cut
   */
  constructor(message: QueuedMessage, queue: MessageQueue, byteLength: number, truncated: boolean) {
    this.id = message.id;
    this.byteLength = byteLength;
    this.truncated = truncated;
    this.label = message.label;
    this.#message = message;
    this.#queue = queue;
  }

  /**
   * What became of the message: settles when every live injector is done with it, when it has expired, or when it was
   * taken back. It is never rejected.
   */
  get injected(): Promise<InjectionReceipt> {
    const receipt = this.#message.receipt();
    this.#queue.watch(this.#message);
    return receipt;
  }

  /**
   * Takes the message back, and what is retained of it, also from tracks that joined when the others were done with it;
   * copies that are in frames stay there. False where nobody was to send it any more.
   */
  cancel(): boolean {
    return this.#queue.cancel(this.#message);
  }
}
