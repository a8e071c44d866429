import type { ReceivedSeiMessage } from './received-message.js';

/** How many messages wait for one iterator at most, unless the subscriber is told otherwise; the oldest makes room. */
export const SUBSCRIBER_BUFFER_SIZE = 1000;

/**
 * How many bytes of payload wait for one iterator at most, so that large messages are bounded too; one message always
 * may.
 */
export const MAX_SUBSCRIBER_BUFFER_BYTES = 16 << 20;

/** From so many taken messages on, the memory of the places in front of the buffer is given back. */
const COMPACTION_LENGTH = 64;

type Result = IteratorResult<ReceivedSeiMessage, undefined>;

const DONE: Result = { done: true, value: undefined };

/** The messages of a subscriber for one consumer, from the moment on at which it asks for them. */
export class MessageBuffer implements AsyncIterableIterator<ReceivedSeiMessage, undefined> {
  readonly #maxLength: number;
  readonly #onReturn: (buffer: MessageBuffer) => void;
  #messages: ReceivedSeiMessage[] = [];
  /** Where in `#messages` the oldest one stands that nobody has taken. */
  #head = 0;
  #bytes = 0;
  #waiting: ((result: Result) => void)[] = [];
  #isClosed = false;

  /**
   * @param maxLength messages that wait at most
   * @param onReturn is called when the consumer has stopped
   */
  constructor(maxLength: number, onReturn: (buffer: MessageBuffer) => void) {
    this.#maxLength = maxLength;
    this.#onReturn = onReturn;
  }

  /**
   * Puts a message into the buffer, or gives it to a consumer that waits.
   *
   * @returns how many messages were dropped for it
   */
  push(message: ReceivedSeiMessage): number {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting({ done: false, value: message });
      return 0;
    }
    this.#messages.push(message);
    this.#bytes += message.payload.length;
    let dropped = 0;
    while (this.#length > this.#maxLength || (this.#bytes > MAX_SUBSCRIBER_BUFFER_BYTES && this.#length > 1)) {
      this.#take();
      dropped++;
    }
    return dropped;
  }

  /** No message will follow: the consumer gets what is there, then the end. */
  close(): void {
    this.#isClosed = true;
    for (const waiting of this.#waiting) waiting(DONE);
    this.#waiting = [];
  }

  /** The next message, as soon as there is one. */
  next(): Promise<Result> {
    if (this.#length > 0) return Promise.resolve({ done: false, value: this.#take() });
    if (this.#isClosed) return Promise.resolve(DONE);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Stops: what waits is dropped, and nothing more is kept for this consumer. */
  return(): Promise<Result> {
    this.#messages = [];
    this.#head = this.#bytes = 0;
    this.close();
    this.#onReturn(this);
    return Promise.resolve(DONE);
  }

  /** Itself, so that `for await` takes it. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  get #length(): number {
    return this.#messages.length - this.#head;
  }

  #take(): ReceivedSeiMessage {
    const message = this.#messages[this.#head++];
    this.#bytes -= message.payload.length;
    // At least half of the places are given back for what moves, so that taking costs the same however many wait.
    if (this.#head >= COMPACTION_LENGTH && this.#head * 2 >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head);
      this.#head = 0;
    }
    return message;
  }
}
