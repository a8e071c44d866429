/**
 * HalfSipHash-2-4 with 64 bits of output (Aumasson and Bernstein; the variant of SipHash for 32-bit words): a keyed
 * digest that needs nothing but the 32-bit arithmetic which JavaScript has. With a key that nobody else knows, nobody
 * can make two messages with one digest; that is what a hash without a key cannot promise, and a cryptographic one is
 * not to be had synchronously in every browser.
 */

/** The key of a digest: two words of 32 bits. */
export type DigestKey = readonly [number, number];

const INITIAL_2 = 0x6c796765;
const INITIAL_3 = 0x74656462;

const COMPRESSION_ROUNDS = 2;
const FINALIZATION_ROUNDS = 4;

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/** A key that is drawn anew in every process. */
export function randomDigestKey(): DigestKey {
  const word = () => Math.floor(Math.random() * 2 ** 32) | 0;
  return [word(), word()];
}

/**
 * The word of four bytes at `at`, little endian; the last one has the bytes that are left and, on top, how many there
 * were.
 */
function wordAt(bytes: Uint8Array, at: number): number {
  const { length } = bytes;
  if (at + 4 <= length) return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  let word = length << 24;
  for (let shift = 0; at < length; at++, shift += 8) word |= bytes[at] << shift;
  return word;
}

/**
 * The digest of `bytes` under a key.
 *
 * @param bytes of any length; they are only read
 * @param key decides the digest as much as the bytes do
 * @returns 64 bits in 16 hexadecimal digits, the first word in front
 */
export function digest(bytes: Uint8Array, key: DigestKey): string {
  let v0 = key[0];
  let v1 = key[1] ^ 0xee;
  let v2 = INITIAL_2 ^ key[0];
  let v3 = INITIAL_3 ^ key[1];
  let first = 0;
  // The words, then two steps that give out one word of the digest each. One loop, so that the rounds stand in the
  // source once and their state in registers.
  const end = bytes.length - (bytes.length % 4) + 4;
  for (let at = 0; at <= end + 4; at += 4) {
    const isFinal = at >= end;
    const word = isFinal ? 0 : wordAt(bytes, at);
    if (at === end) v2 ^= 0xee;
    v3 ^= word;
    for (let rounds = isFinal ? FINALIZATION_ROUNDS : COMPRESSION_ROUNDS; rounds > 0; rounds--) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= word;
    if (at === end) {
      first = v1 ^ v3;
      v1 ^= 0xdd;
    }
  }
  return hex(first) + hex(v1 ^ v3);
}
