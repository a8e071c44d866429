/**
 * Puts the packets of one source back into the order of their sequence numbers, within a window that is bounded in
 * packets, in bytes and in time (RFC 3550 5.1, A.1).
 */
import { allocate, copyBytes } from '../codec/bytes.js';
import { integerOption, nowOption } from './options.js';
import { readSequenceNumber } from './rtp-packet.js';
import { sequenceNumberDistance } from './serial-number.js';

/** How far the sequence numbers go on, unless told otherwise, before a missing packet is given up. */
export const DEFAULT_REORDER_WINDOW_PACKETS = 64;

/** How long a missing packet is waited for, unless told otherwise, in milliseconds. */
export const DEFAULT_REORDER_WINDOW_MS = 100;

/** The bytes of packets that are held back while one in front of them is missing, of each source: 1 MiB. */
export const MAX_REORDER_BYTES = 1 << 20;

/** The largest window in sequence numbers. */
export const MAX_REORDER_WINDOW_PACKETS = 1024;

/**
 * A sequence number that is so far from the expected one, in either direction, belongs to a series that has started
 * anew, if another one follows it directly (RFC 3550 A.1, MAX_DROPOUT).
 */
export const MAX_SEQUENCE_NUMBER_GAP = 3000;

/**
 * So many packets that all come too late, and in order, are a series that has started anew a little behind the one
 * before.
 */
export const LATE_PACKETS_TO_RESTART = 32;

/** The longest window in milliseconds: a minute. */
export const MAX_REORDER_WINDOW_MS = 60_000;

/** How long to wait for packets that are missing. */
export interface ReorderOptions {
  /**
   * The sequence numbers to wait for, 1 to 1,024; 1 is not to wait at all. {@link
   * DEFAULT_REORDER_WINDOW_PACKETS} where absent.
   */
  readonly windowPackets?: number | undefined;
  /**
   * The milliseconds to wait, counted when packets come, 0 to 60,000; {@link
   * DEFAULT_REORDER_WINDOW_MS} where absent.
   */
  readonly windowMs?: number | undefined;
  /** The clock of the machine, in milliseconds; `Date.now` where absent. */
  readonly now?: (() => number) | undefined;
}

/** The names of {@link ReorderOptions}. */
export const REORDER_NAMES = { windowPackets: true, windowMs: true, now: true } as const;

/** What has become of the order of the packets. */
export interface ReorderStats {
  /** Sequence numbers that were given up. */
  readonly packetsLost: number;
  /** Packets that were left out: they came once more, too late, or with a number far from all others. */
  readonly packetsLate: number;
  /** How often the sequence numbers have started anew. */
  readonly restarts: number;
}

/**
 * Takes a packet in order.
 *
 * @param packet borrowed for the time of the call
 * @param isContinuous whether no packet is missing between the one before and this one; false for the first one
 */
export type OrderedPacketSink = (packet: Uint8Array, isContinuous: boolean) => void;

/**
 * Puts the packets of one source in order. A packet that comes in order goes on at once and is not copied; one that
 * comes early is copied, and held back until those in front of it have come or are given up; one that comes once more,
 * or too late, is left out. The packets in front of the first one that has come are too late for the order, too, but
 * they are new: within the window each goes to a sink of their own, if there is one.
 *
 * Nothing happens but when a packet comes, so that {@link ReorderBuffer.flush} is needed at the end.
 */
export class ReorderBuffer {
  readonly #sink: OrderedPacketSink;
  readonly #sinkInFront: ((packet: Uint8Array) => void) | undefined;
  readonly #windowPackets: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  /** The packets that came early; that with the expected sequence number is at #head, and never there. */
  readonly #held: (Uint8Array | undefined)[];
  readonly #heldSince: Float64Array;
  #head = 0;
  #heldCount = 0;
  #heldBytes = 0;
  /** When the first of those that are held came. */
  #waitingSince = 0;
  #expected = 0;
  #hasStarted = false;
  /** The number of the very first packet, and those in front of it that have come. */
  #first = 0;
  #inFront: Set<number> | undefined;
  /** Packets handed on or given up since the very first, as long as those in front of it are taken. */
  #stepsFromFirst = 0;
  #isContinuous = false;
  /** The last packet of those, one directly behind the other, that are out of the series. */
  #outlier: Uint8Array | undefined;
  #lastLate = 0;
  #lateInOrder = 0;
  #packetsLost = 0;
  #packetsLate = 0;
  #restarts = 0;

  /**
   * @param sink takes the packets in order
   * @param options how long to wait
   * @param sinkInFront takes the packets in front of the very first one, as they come
   * @throws `TypeError` or `RangeError` for an option of the wrong type or value
   */
  constructor(sink: OrderedPacketSink, options: ReorderOptions = {}, sinkInFront?: (packet: Uint8Array) => void) {
    const { windowPackets, windowMs } = options;
    this.#sink = sink;
    this.#sinkInFront = sinkInFront;
    if (sinkInFront !== undefined) this.#inFront = new Set();
    this.#windowPackets = integerOption(
      'options.windowPackets',
      windowPackets,
      DEFAULT_REORDER_WINDOW_PACKETS,
      1,
      MAX_REORDER_WINDOW_PACKETS,
    );
    this.#windowMs = integerOption('options.windowMs', windowMs, DEFAULT_REORDER_WINDOW_MS, 0, MAX_REORDER_WINDOW_MS);
    this.#now = nowOption(options.now);
    this.#held = new Array<Uint8Array | undefined>(this.#windowPackets).fill(undefined);
    this.#heldSince = new Float64Array(this.#windowPackets);
  }

  /** What it has done so far, counted; a new object each time. */
  get stats(): ReorderStats {
    return { packetsLost: this.#packetsLost, packetsLate: this.#packetsLate, restarts: this.#restarts };
  }

  /**
   * Takes a packet as it comes, and hands on what is in order now.
   *
   * @param packet has the fixed header of RTP; it is borrowed for the time of the call
   */
  push(packet: Uint8Array): void {
    const sequenceNumber = readSequenceNumber(packet);
    if (!this.#hasStarted) this.#start(sequenceNumber);
    const distance = sequenceNumberDistance(this.#expected, sequenceNumber);
    if (Math.abs(distance) >= MAX_SEQUENCE_NUMBER_GAP) {
      this.#takeOutlier(packet, sequenceNumber);
    } else if (distance < 0) {
      if (!this.#takeInFront(packet, sequenceNumber)) this.#takeLate(packet, sequenceNumber);
    } else {
      this.#dropOutlier();
      this.#lateInOrder = 0;
      if (distance === 0) {
        this.#handOn(packet);
        this.#handOnHeld();
      } else {
        this.#takeEarly(packet, distance);
      }
    }
    this.#giveUp();
  }

  /** Gives up what is missing and hands on all that is held. The next packet starts a new series. */
  flush(): void {
    while (this.#heldCount > 0) this.#skip();
    this.#hasStarted = false;
    this.#inFront = undefined;
    this.#dropOutlier();
    this.#lateInOrder = 0;
  }

  #dropOutlier(): void {
    if (this.#outlier !== undefined) this.#packetsLate++;
    this.#outlier = undefined;
  }

  #start(sequenceNumber: number): void {
    this.#hasStarted = true;
    this.#first = this.#expected = sequenceNumber;
    this.#isContinuous = false;
  }

  #takeEarly(packet: Uint8Array, distance: number): void {
    if (distance >= this.#windowPackets) {
      this.#slide(distance - this.#windowPackets + 1);
      distance = sequenceNumberDistance(this.#expected, readSequenceNumber(packet));
    }
    if (distance === 0) {
      this.#handOn(packet);
      this.#handOnHeld();
      return;
    }
    const slot = (this.#head + distance) % this.#windowPackets;
    if (this.#held[slot] !== undefined) {
      this.#packetsLate++;
      return;
    }
    const copy = copyOf(packet);
    const now = this.#now();
    if (this.#heldCount === 0) this.#waitingSince = now;
    this.#held[slot] = copy;
    this.#heldSince[slot] = now;
    this.#heldCount++;
    this.#heldBytes += copy.length;
  }

  /** Whether a packet is one in front of the very first, and has not come before; each is taken once. */
  #takeInFront(packet: Uint8Array, sequenceNumber: number): boolean {
    const inFront = this.#inFront;
    if (inFront === undefined || inFront.has(sequenceNumber)) return false;
    const distance = sequenceNumberDistance(sequenceNumber, this.#first);
    if (distance <= 0 || distance >= this.#windowPackets) return false;
    inFront.add(sequenceNumber);
    this.#sinkInFront?.(packet);
    return true;
  }

  #takeLate(packet: Uint8Array, sequenceNumber: number): void {
    const isInOrder = this.#lateInOrder > 0 && sequenceNumberDistance(this.#lastLate, sequenceNumber) === 1;
    this.#lateInOrder = isInOrder ? this.#lateInOrder + 1 : 1;
    this.#lastLate = sequenceNumber;
    if (this.#lateInOrder < LATE_PACKETS_TO_RESTART) this.#packetsLate++;
    else this.#restart(sequenceNumber, packet);
  }

  #takeOutlier(packet: Uint8Array, sequenceNumber: number): void {
    const outlier = this.#outlier;
    if (outlier === undefined || sequenceNumberDistance(readSequenceNumber(outlier), sequenceNumber) !== 1) {
      this.#dropOutlier();
      this.#outlier = copyOf(packet);
      return;
    }
    this.#outlier = undefined;
    this.#restart(readSequenceNumber(outlier), outlier);
    this.push(packet);
  }

  #restart(sequenceNumber: number, packet: Uint8Array): void {
    this.flush();
    this.#restarts++;
    this.#start(sequenceNumber);
    this.#handOn(packet);
  }

  /** Hands on the packet with the expected sequence number. */
  #handOn(packet: Uint8Array): void {
    const isContinuous = this.#isContinuous;
    this.#isContinuous = true;
    this.#advance(1);
    this.#sink(packet, isContinuous);
  }

  #handOnHeld(): void {
    if (this.#heldCount === 0) return;
    for (let packet = this.#take(); packet !== undefined; packet = this.#take()) this.#handOn(packet);
    this.#waitingSince = Infinity;
    for (let slot = 0; this.#heldCount > 0 && slot < this.#windowPackets; slot++) {
      if (this.#held[slot] !== undefined) this.#waitingSince = Math.min(this.#waitingSince, this.#heldSince[slot]);
    }
  }

  /** The packet with the expected sequence number, if it is held. */
  #take(): Uint8Array | undefined {
    const packet = this.#held[this.#head];
    if (packet === undefined) return undefined;
    this.#held[this.#head] = undefined;
    this.#heldCount--;
    this.#heldBytes -= packet.length;
    return packet;
  }

  /** Moves the window by so many steps, so that what it does not reach any longer is given up. */
  #slide(steps: number): void {
    for (; steps > 0 && this.#heldCount > 0; steps--) {
      const packet = this.#take();
      if (packet !== undefined) this.#handOn(packet);
      else this.#lose(1);
    }
    this.#lose(steps);
    this.#handOnHeld();
  }

  #lose(packets: number): void {
    if (packets === 0) return;
    this.#advance(packets);
    this.#packetsLost += packets;
    this.#isContinuous = false;
  }

  /** Gives up what is missing in front of the first packet that is held, and hands on that and what follows it. */
  #skip(): void {
    while (this.#held[this.#head] === undefined) this.#lose(1);
    this.#handOnHeld();
  }

  /** Gives up what has been waited for too long. */
  #giveUp(): void {
    while (this.#heldCount > 0) {
      const waited = this.#now() - this.#waitingSince;
      // A clock that was set back would have it wait until the same time comes again.
      if (waited >= 0 && waited <= this.#windowMs && this.#heldBytes <= MAX_REORDER_BYTES) return;
      this.#skip();
    }
  }

  #advance(steps: number): void {
    if (this.#inFront !== undefined) {
      this.#stepsFromFirst += steps;
      if (this.#stepsFromFirst > this.#windowPackets) this.#inFront = undefined;
    }
    this.#expected = (this.#expected + steps) & 0xffff;
    this.#head = (this.#head + steps) % this.#windowPackets;
  }
}

function copyOf(packet: Uint8Array): Uint8Array {
  const copy = allocate(packet.length, packet);
  copyBytes(packet, 0, packet.length, copy, 0);
  return copy;
}
