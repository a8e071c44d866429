import type { QueuedMessage } from './queued-message.js';

/**
 * Messages in the order in which they came, of which mostly the first is the next to go. (A `Set` would do, but finding
 * its first element walks over all that were deleted before.)
 */
export class RecentMessages {
  #messages: QueuedMessage[] = [];
  /** Those in front of it have gone. */
  #head = 0;

  /** How many there are. */
  get size(): number {
    return this.#messages.length - this.#head;
  }

  /** The one that has been there for longest. */
  get first(): QueuedMessage | undefined {
    return this.#messages[this.#head];
  }

  /** The messages, in order. */
  all(): QueuedMessage[] {
    return this.#messages.slice(this.#head);
  }

  /** Takes a message, behind the others. */
  add(message: QueuedMessage): void {
    this.#messages.push(message);
  }

  /** Lets the first one go. */
  shift(): void {
    this.#head++;
    // Moves the rest to the front once half of the array is gone, which costs O(1) for each.
    if (this.#head * 2 > this.#messages.length) this.#keep(this.all());
  }

  /** Lets a message go, where it is there; that takes a walk over all. */
  delete(message: QueuedMessage): void {
    this.#keep(this.all().filter((each) => each !== message));
  }

  /** Lets all go. */
  clear(): void {
    this.#keep([]);
  }

  #keep(messages: QueuedMessage[]): void {
    this.#messages = messages;
    this.#head = 0;
  }
}
