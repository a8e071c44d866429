/**
 * Which output number stands for which original sequence number, in a stream that packets are inserted into. The
 * distance of the two is kept for each original number, so that a packet that comes late goes where it would have gone
 * in time.
 */
import { LATE_PACKETS_TO_RESTART, MAX_SEQUENCE_NUMBER_GAP } from './reorder-buffer.js';
import { sequenceNumberDistance, timestampDistance } from './serial-number.js';

/**
 * The original numbers, back from the newest, that are remembered: a packet that is older is not forwarded any more. At
 * 40 Mbit/s that is a second. A power of two.
 */
export const SEQUENCE_WINDOW = 4096;

/**
 * How far out of order packets may come at the beginning of a stream, and how near to each other two packets have to be
 * that begin a new series: MAX_MISORDER of RFC 3550 A.1.
 */
export const MAX_MISORDER = 100;

/** A packet whose output number is so far behind the newest is too late: SRTP could take it for the next cycle. */
const MAX_OUTPUT_LAG = 0x4000;

/** Timestamps that are farther behind are ahead (RFC 1982 3.2). */
const MAX_TIMESTAMP_DISTANCE = 2 ** 31 - 1;

const CYCLE = 0x1_0000;

/** Marks in the low bits of what is remembered of a number; the others are those of the caller. */
const Mark = { received: 1, changed: 2 } as const;
const CALLER_SHIFT = 2;

/** What {@link SequenceMapping.classify} says of a packet. */
export const Arrival = {
  /** Later than all before. */
  newest: 0,
  /** One that was missing. */
  late: 1,
  /** One that came before. */
  duplicate: 2,
  /** It does not belong to the series: too old, too far ahead, or of another picture than the number stood for. */
  stray: 3,
} as const;

/** What is left of a mapping that nobody needs for now. */
export interface MappingRemainder {
  /** The newest original number, 16 bits. */
  readonly newest: number;
  /** The distance of the output numbers, modulo 2^16. */
  readonly offset: number;
  /** Whether it is no longer {@link SequenceMapping.isUntouched}. */
  readonly isChanged: boolean;
  /** The timestamp of the newest packet. */
  readonly timestamp: number;
  /** How far the timestamps have gone on until then. */
  readonly span: number;
}

/**
 * The mapping of one stream.
 *
 * Numbers of 16 bits are extended here to _positions_, which never repeat: those of the originals, and those of the
 * outputs, which are `offset` higher. The memory is that of 4,096 entries of 9 bytes, or of as many as
 * the window is told to have.
 */
export class SequenceMapping {
  readonly #timestamps: Uint32Array;
  /** The offset at each number, modulo 2^32. */
  readonly #offsets: Uint32Array;
  readonly #marks: Uint8Array;
  readonly #indexMask: number;
  /** The newest original position. */
  #newest: number;
  /** The oldest original position that a packet can still have. */
  #oldest: number;
  #offset = 0;
  #isChanged = false;
  /** The highest position that has passed although it is none of the series. */
  #passed = 0;
  /** The same of those behind the newest one of their time. */
  #passedBehind = -CYCLE;
  /** The timestamp of the newest packet. */
  #timestamp = 0;
  /** How far the timestamps have gone on since the first one; -1 where none has come. */
  #span = -1;
  /** The number of the latest packet that was astray; -1 where the stream has gone on since. */
  #candidate = -1;
  #isCandidateOld = false;
  /** So many packets in order were astray, the latest included, and the timestamp of the first of them. */
  #straysInOrder = 0;
  #firstStrayTimestamp = 0;
  /** Where the series of the originals began, in its own count: see {@link SequenceMapping.extendedOriginal}. */
  #seriesStart: number;
  #seriesBase: number;
  #hasRestarted = false;
  #inserted = 0;

  /**
   * @param first the number of the first packet
   * @param remainder of an earlier mapping, whose output numbers must not come again
   * @param window how many numbers are remembered, a power of two
   */
  constructor(first: number, remainder?: MappingRemainder, window: number = SEQUENCE_WINDOW) {
    this.#timestamps = new Uint32Array(window);
    this.#offsets = new Uint32Array(window);
    this.#marks = new Uint8Array(window);
    this.#indexMask = window - 1;
    // Far enough from 0 that the first packet may be a late one.
    this.#newest = CYCLE + first - 1;
    this.#oldest = this.#newest + 1 - MAX_MISORDER;
    if (remainder !== undefined) {
      this.#isChanged = remainder.isChanged;
      this.#newest += sequenceNumberDistance(first - 1, remainder.newest);
      this.#oldest = this.#newest + 1;
      this.#offset = remainder.offset;
      this.#timestamp = remainder.timestamp;
      this.#span = remainder.span;
    }
    this.#seriesStart = this.#newest + 1;
    this.#seriesBase = this.#seriesStart & 0xffff;
  }

  /** Whether every output number was the original one so far, and stood for the original bytes. */
  get isUntouched(): boolean {
    return !this.#isChanged;
  }

  /** The newest original position. */
  get newest(): number {
    return this.#newest;
  }

  /** The newest output position. */
  get newestOutput(): number {
    return this.#newest + this.#offset;
  }

  /** What is to be kept where the mapping is given up. */
  get remainder(): MappingRemainder {
    return {
      newest: Math.max(this.#newest, this.#passed) & 0xffff,
      offset: this.#offset & 0xffff,
      isChanged: this.#isChanged,
      timestamp: this.#timestamp,
      span: this.#span,
    };
  }

  /** The original position of a number, the nearest to the newest. */
  positionOf(sequenceNumber: number): number {
    return this.#newest + sequenceNumberDistance(this.#newest & 0xffff, sequenceNumber);
  }

  /** Says what a packet is: a value of {@link Arrival}. Nothing changes. */
  classify(sequenceNumber: number, timestamp: number): number {
    const position = this.positionOf(sequenceNumber);
    if (position > this.#newest)
      return position - this.#newest > MAX_SEQUENCE_NUMBER_GAP ? Arrival.stray : Arrival.newest;
    if (position < this.#oldest || this.newestOutput - this.outputOf(position) > MAX_OUTPUT_LAG) return Arrival.stray;
    const index = sequenceNumber & this.#indexMask;
    if ((this.#marks[index] & Mark.received) === 0) return Arrival.late;
    return this.#timestamps[index] === timestamp ? Arrival.duplicate : Arrival.stray;
  }

  /**
   * Takes note of a packet that is the newest, or late; numbers that were left out get the offset of the moment.
   *
   * @param position of the packet
   * @param timestamp of the packet
   * @param marks what the caller wants to know of it later, 6 bits
   */
  take(position: number, timestamp: number, marks: number): void {
    if (position > this.#newest) {
      this.#advance(position);
      const span = this.#span < 0 ? 0 : this.#span + timestampDistance(this.#timestamp, timestamp);
      this.#span = Math.min(Math.max(span, 0), MAX_TIMESTAMP_DISTANCE);
      this.#timestamp = timestamp;
    }
    const index = position & this.#indexMask;
    this.#timestamps[index] = timestamp;
    this.#marks[index] = Mark.received | (marks << CALLER_SHIFT);
  }

  /**
   * Inserts packets in front of the newest one.
   *
   * @param count how many
   * @returns the output position of the first
   */
  insert(count: number): number {
    const first = this.newestOutput;
    this.#touch();
    this.#offset += count;
    this.#inserted += count;
    this.#offsets[this.#newest & this.#indexMask] = this.#offset;
    return first;
  }

  /**
   * A packet that is none of the series passes with the number that it has, which is allowed as long as the mapping
   * {@link SequenceMapping.isUntouched}.
   */
  notePassed(sequenceNumber: number): void {
    const position = this.positionOf(sequenceNumber);
    if (position > this.#newest) this.#passed = Math.max(this.#passed, position);
    else this.#passedBehind = Math.max(this.#passedBehind, position);
  }

  /**
   * Whether the packet at a position may go out with other bytes, or with another number: not where that number may have
   * been used by a packet that has {@link SequenceMapping.notePassed}.
   */
  mayChange(position: number): boolean {
    return position > this.#passed;
  }

  /** The bytes of a packet are not those that came: from now on its output number stands for others. */
  markChanged(position: number): void {
    this.#touch();
    this.#marks[position & this.#indexMask] |= Mark.changed;
  }

  /** The output position of an original one, which is none that {@link SequenceMapping.classify} called a stray. */
  outputOf(position: number): number {
    if (position >= this.#newest) return position + this.#offset;
    return position + this.#offset - ((this.#offset - this.#offsets[position & this.#indexMask]) >>> 0);
  }

  /** Whether the packet at an original position has come. */
  isReceived(position: number): boolean {
    return this.isRemembered(position) && (this.#marks[position & this.#indexMask] & Mark.received) !== 0;
  }

  /** The timestamp of a packet that {@link SequenceMapping.isReceived}. */
  timestampAt(position: number): number {
    return this.#timestamps[position & this.#indexMask];
  }

  /** What {@link SequenceMapping.take} was told of a packet that {@link SequenceMapping.isReceived}. */
  marksAt(position: number): number {
    return this.#marks[position & this.#indexMask] >> CALLER_SHIFT;
  }

  /** Whether the packet at an original position went out with other bytes than it had. */
  isChangedAt(position: number): boolean {
    return (this.#marks[position & this.#indexMask] & Mark.changed) !== 0;
  }

  /**
   * The output position nearest to the newest that a number of 16 bits can mean; it may lie ahead of the newest, where
   * nothing has gone out yet.
   */
  outputPosition(outputNumber: number): number {
    const newest = this.newestOutput;
    return newest + sequenceNumberDistance(newest & 0xffff, outputNumber);
  }

  /**
   * The original position whose output is the last one at or before an output position: that of the packet itself, or,
   * for an inserted one, that of the packet before it. In front of what is remembered the oldest offset is assumed.
   */
  originalAtOrBefore(output: number): number {
    let low = this.#oldest;
    let high = this.#newest;
    if (output >= this.newestOutput || high < low) return high;
    const oldestOutput = this.outputOf(low);
    if (oldestOutput > output) return low - (oldestOutput - output);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.outputOf(middle) <= output) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Whether an original position is one that can still be told from others: in the window, and not in the future. */
  isRemembered(position: number): boolean {
    return position >= this.#oldest && position <= this.#newest;
  }

  /**
   * What a receiver of the originals would call the highest number, where a receiver of the outputs says
   * `extendedHighest`: 16 bits and the cycles that it has counted (RFC 3550 6.4.1). After a new series of numbers it
   * would have begun to count cycles anew (A.1).
   */
  extendedOriginal(extendedHighest: number): number {
    const output = this.outputPosition(extendedHighest & 0xffff);
    const position = this.originalAtOrBefore(output);
    const extended = this.#hasRestarted
      ? this.#seriesBase + position - this.#seriesStart
      : extendedHighest - (output - position);
    return extended < 0 ? extended & 0xffff : extended;
  }

  /** The part of all packets since the beginning of the series that are originals: 1 where none was inserted. */
  get originalShare(): number {
    const originals = this.#newest - this.#seriesStart + 1;
    return originals > 0 ? originals / (originals + this.#inserted) : 1;
  }

  /** Whether the series has gone past a timestamp. */
  isPast(timestamp: number): boolean {
    const behind = timestampDistance(timestamp, this.#timestamp);
    return behind >= 0 && behind <= this.#span;
  }

  /**
   * Takes note of a stray packet and says whether the stream goes on there: where it follows on another one, and both are
   * of a later time than the series (RFC 3550 A.1). What has a timestamp that the series has gone past is most likely a
   * packet that comes once more after a long time, or is replayed. So only 32 of these are
   * believed, in order, with timestamps that go on, and with none of the series between them.
   */
  confirmsStray(sequenceNumber: number, timestamp: number): boolean {
    const steps = this.#candidate < 0 ? 0 : sequenceNumberDistance(this.#candidate, sequenceNumber);
    const isInOrder = steps > 0 && steps <= MAX_MISORDER;
    const isOld = this.isPast(timestamp);
    if (!isInOrder) {
      this.#straysInOrder = 0;
      this.#firstStrayTimestamp = timestamp;
    }
    this.#straysInOrder++;
    const isConfirmed =
      isOld || this.#isCandidateOld
        ? this.#straysInOrder >= LATE_PACKETS_TO_RESTART && timestampDistance(this.#firstStrayTimestamp, timestamp) > 0
        : isInOrder;
    this.#candidate = isConfirmed ? -1 : sequenceNumber;
    this.#isCandidateOld = isOld && !isConfirmed;
    return isConfirmed;
  }

  /** The stray packet before was the only one. */
  dismissStray(): void {
    this.#candidate = -1;
    this.#isCandidateOld = false;
  }

  /**
   * Begins a new series of original numbers. The output numbers go on behind the newest one; only where they were the
   * original ones so far they remain so.
   *
   * @param first the number of its first packet
   */
  restart(first: number): void {
    const [newest, output] = [this.#newest, this.newestOutput];
    const forward = (first - 1 - newest) & 0xffff;
    this.#newest += forward;
    if (this.#isChanged) this.#offset = output - this.#newest;
    // A series that begins a little earlier comes to all the numbers again that are out.
    else if (CYCLE - forward <= SEQUENCE_WINDOW) this.#passed = Math.max(this.#passed, newest) + CYCLE;
    // The first packets of the new series may be among those, and may come once more.
    else this.#passed = Math.max(this.#passed, this.#passedBehind + CYCLE);
    this.#passedBehind = -CYCLE;
    this.#oldest = this.#newest + 1;
    this.#seriesStart = this.#oldest;
    this.#seriesBase = first;
    this.#hasRestarted = true;
    this.#inserted = 0;
    this.#marks.fill(0);
  }

  /** From now on no number must be used that has been used already. */
  #touch(): void {
    if (this.#isChanged) return;
    this.#isChanged = true;
    this.#oldest = Math.max(this.#oldest, this.#passed + 1);
  }

  #advance(position: number): void {
    const gap = position - this.#newest;
    const window = this.#indexMask + 1;
    if (gap === 1) {
      this.#offsets[position & this.#indexMask] = this.#offset;
    } else {
      const from = (this.#newest + 1) & this.#indexMask;
      const count = Math.min(gap, window);
      const end = Math.min(from + count, window);
      this.#offsets.fill(this.#offset, from, end);
      this.#marks.fill(0, from, end);
      this.#offsets.fill(this.#offset, 0, from + count - end);
      this.#marks.fill(0, 0, from + count - end);
    }
    this.#newest = position;
    this.#oldest = Math.max(this.#oldest, position - window + 1);
  }
}
