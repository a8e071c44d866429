/** Puts fragments together again, whatever their order, in bounded memory (docs/wire-format.md). */
import { REASSEMBLY_TIMEOUT_MS } from '../wire/copies.js';
import { type Fragment, fragmentLength, parseFragment } from '../wire/fragmentation.js';

/** How many incomplete messages are held at once; the one that has waited longest for a fragment makes room. */
export const MAX_PENDING_MESSAGES = 64;

/** The memory for the fragments of incomplete messages, in bytes: 1 MiB, sixteen of the largest messages. */
export const MAX_PENDING_BYTES = 1 << 20;

/**
 * How many complete messages are known at once, by which further copies of their fragments are told from new messages.
 */
export const MAX_COMPLETED_MESSAGES = 256;

/** How many fragments memory is made for at first. */
const FIRST_SLOTS = 2;

/** A message that came in fragments. */
export interface ReassembledMessage {
  /** Its UUID, in canonical form. */
  readonly uuid: string;
  /** Its user data, in memory of its own. */
  readonly payload: Uint8Array;
  /** The same for each copy of the message, and for no other message. */
  readonly id: string;
}

/**
 * The fragments of one message that have come, one slot behind the other in the order of their coming: memory grows
 * with what came, not with what a header claims.
 */
class PendingMessage {
  lastProgress = 0;
  readonly #first: Fragment;
  readonly #fragmentLength: number;
  /** A bit for each index that has come. */
  readonly #seen: Uint8Array;
  /** The fragments, each in a slot of {@link #fragmentLength} bytes. */
  #slots: Uint8Array;
  /** The index of the fragment in each slot. */
  #indexes: Uint16Array;
  #received = 0;

  constructor(first: Fragment) {
    const { count, totalLength } = first;
    const slots = Math.min(count, FIRST_SLOTS);
    this.#first = first;
    this.#fragmentLength = fragmentLength(totalLength, count);
    this.#seen = new Uint8Array((count + 7) >> 3);
    this.#slots = new Uint8Array(slots * this.#fragmentLength);
    this.#indexes = new Uint16Array(slots);
  }

  /** Bytes that are held. */
  get byteLength(): number {
    return this.#seen.length + this.#slots.length + this.#indexes.byteLength;
  }

  get isComplete(): boolean {
    return this.#received === this.#first.count;
  }

  /** Whether the fragment says of the message what its first one said. */
  agreesWith({ uuid, count, totalLength }: Fragment): boolean {
    return uuid === this.#first.uuid && count === this.#first.count && totalLength === this.#first.totalLength;
  }

  /** Takes a fragment; false for one that it has. */
  add({ index, data }: Fragment): boolean {
    const bit = 1 << (index & 7);
    if ((this.#seen[index >> 3] & bit) !== 0) return false;
    this.#seen[index >> 3] |= bit;
    if (this.#received === this.#indexes.length) this.#grow();
    this.#slots.set(data, this.#received * this.#fragmentLength);
    this.#indexes[this.#received++] = index;
    return true;
  }

  /** The whole message, in new memory. */
  join(): Uint8Array {
    const length = this.#fragmentLength;
    const payload = new Uint8Array(this.#first.totalLength);
    this.#indexes.forEach((index, slot) => {
      const start = slot * length;
      const at = index * length;
      payload.set(this.#slots.subarray(start, start + Math.min(length, payload.length - at)), at);
    });
    return payload;
  }

  #grow(): void {
    const slots = Math.min(this.#first.count, 2 * this.#indexes.length);
    const indexes = new Uint16Array(slots);
    indexes.set(this.#indexes);
    const bytes = new Uint8Array(slots * this.#fragmentLength);
    bytes.set(this.#slots);
    this.#indexes = indexes;
    this.#slots = bytes;
  }
}

/**
 * Puts the fragments of `splitIntoFragments` together, in any order, with copies of each and with strangers' bytes
 * among them. The time per fragment is constant on average, and what is held is bounded by 64
 * and 1 MiB.
 */
export class FragmentReassembler {
  // Both are in the order of their times: what has waited longest stands first.
  readonly #pending = new Map<string, PendingMessage>();
  readonly #completed = new Map<string, number>();
  #pendingBytes = 0;
  #rejected = 0;
  #timedOut = 0;
  #evicted = 0;

  /** Messages of which some fragments have come, but not all. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Bytes that are held for them, up to 1 MiB. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Fragments that were no fragments, or that contradicted the first one of their message. */
  get rejected(): number {
    return this.#rejected;
  }

  /** Messages that stayed incomplete for 10 s without a new fragment. */
  get timedOut(): number {
    return this.#timedOut;
  }

  /** Incomplete messages that made room for others. */
  get evicted(): number {
    return this.#evicted;
  }

  /**
   * Takes one fragment. It never throws on account of what the bytes are. Of two fragments with the same place in a
   * message the first counts.
   *
   * Copies of fragments that come within 10 s after their message was complete are taken for
   * what they are, and start no message that could only time out. After that a message that is sent again comes out
   * again, with the same id.
   *
   * @param userData the user data of a SEI message under `FRAGMENT_SEI_UUID`; they are copied
   * @param nowMs the time, in milliseconds, by any clock that does not run backwards
   * @returns the message that this fragment completes, if it does; its payload is the caller's
   */
  push(userData: Uint8Array, nowMs: number): ReassembledMessage | undefined {
    this.expire(nowMs);
    const fragment = parseFragment(userData);
    if (fragment === undefined) {
      this.#rejected++;
      return undefined;
    }
    const { id, uuid, count } = fragment;
    if (this.#completed.has(id)) return undefined;
    const pending = this.#pending.get(id);
    if (pending?.agreesWith(fragment) === false) {
      this.#rejected++;
      return undefined;
    }
    // A whole message in one fragment has no copies to wait for: it comes out each time, as one without fragments does.
    if (count === 1) return { uuid, payload: fragment.data.slice(), id };

    const message = pending ?? new PendingMessage(fragment);
    const before = pending?.byteLength ?? 0;
    if (!message.add(fragment)) return undefined;
    this.#pending.delete(id);
    if (message.isComplete) {
      this.#pendingBytes -= before;
      this.#complete(id, nowMs);
      return { uuid, payload: message.join(), id };
    }
    message.lastProgress = nowMs;
    this.#pending.set(id, message);
    this.#pendingBytes += message.byteLength - before;
    this.#makeRoom();
    return undefined;
  }

  /**
   * Gives up what has waited for 10 s. {@link FragmentReassembler.push} does so too: this is
   * for streams in which no fragments come any more.
   *
   * @param nowMs the time, by the clock of {@link FragmentReassembler.push}
   */
  expire(nowMs: number): void {
    for (const [id, message] of this.#pending) {
      if (nowMs - message.lastProgress < REASSEMBLY_TIMEOUT_MS) break;
      this.#drop(id, message);
      this.#timedOut++;
    }
    for (const [id, completedAt] of this.#completed) {
      if (nowMs - completedAt < REASSEMBLY_TIMEOUT_MS) break;
      this.#completed.delete(id);
    }
  }

  /** Forgets all messages; the counts stay. */
  clear(): void {
    this.#pending.clear();
    this.#completed.clear();
    this.#pendingBytes = 0;
  }

  #complete(id: string, nowMs: number): void {
    this.#completed.set(id, nowMs);
    for (const oldest of this.#completed.keys()) {
      if (this.#completed.size <= MAX_COMPLETED_MESSAGES) break;
      this.#completed.delete(oldest);
    }
  }

  #makeRoom(): void {
    for (const [id, message] of this.#pending) {
      if (this.#pending.size <= MAX_PENDING_MESSAGES && this.#pendingBytes <= MAX_PENDING_BYTES) break;
      this.#drop(id, message);
      this.#evicted++;
    }
  }

  #drop(id: string, message: PendingMessage): void {
    this.#pending.delete(id);
    this.#pendingBytes -= message.byteLength;
  }
}
