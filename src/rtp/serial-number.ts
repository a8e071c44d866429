/**
 * Arithmetic on numbers that wrap: RTP sequence numbers of 16 bits and timestamps of 32 (RFC 3550 5.1). Of two numbers
 * the later one is that which is reached with fewer steps forward than backward (RFC 1982 3.2).
 */

/** Steps from one sequence number to another: -32768 to 32767, negative where `to` is the earlier one. */
export function sequenceNumberDistance(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}

/** Steps from one timestamp to another: -2^31 to 2^31 - 1, negative where `to` is the earlier one. */
export function timestampDistance(from: number, to: number): number {
  return (to - from) | 0;
}

/** Units of an RTP timestamp in a millisecond: H.264 counts at 90 kHz (RFC 6184 8.1). */
export const RTP_CLOCK_KHZ = 90;

/** Goes on counting where the timestamps of a source wrap at 32 bits. */
export class TimestampUnwrapper {
  #latest: number | undefined;

  /**
   * Takes the next timestamp; it may be earlier than the one before, as those of B pictures are.
   *
   * @returns the timestamp without a bound: the first one as it is, and each one so far from the one before as the two
   *   are apart, the shorter way round
   */
  unwrap(timestamp: number): number {
    this.#latest = this.#latest === undefined ? timestamp : this.#latest + timestampDistance(this.#latest, timestamp);
    return this.#latest;
  }
}
