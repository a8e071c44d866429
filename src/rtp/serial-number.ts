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
