import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DigestKey, digest, randomDigestKey } from '../../src/wire/digest.js';
import { runs } from '../property/arbitraries.js';

/**
 * The test vectors of the reference implementation (vectors_hsip64): key 00 01 … 07, input 00 01 … of the given length.
 */
const vectors: readonly [length: number, digest: string][] = [
  [0, '218d1f59b9b83cc8'],
  [1, 'be552412f8387315'],
  [2, '064f39ef7c50eb57'],
  [3, 'ce0f1a45f7060679'],
  [4, 'd5e78a175be52ea1'],
  [7, 'ff202728b07bc684'],
  [8, 'edfee820bce4858c'],
  [15, '217d0bcb4e81c902'],
  [32, '28709d46d811626c'],
  [63, '2ea63c71bf326087'],
];

const KEY: DigestKey = [0x03020100, 0x07060504];

/** Both words with their bytes turned round, as the reference writes them. */
function littleEndian(hexadecimal: string): string {
  const turn = (word: string) => Buffer.from(word, 'hex').reverse().toString('hex');
  return turn(hexadecimal.slice(0, 8)) + turn(hexadecimal.slice(8));
}

describe('digest', () => {
  it.each(vectors)('is that of the reference for %i bytes', (length, expected) => {
    const input = Uint8Array.from({ length }, (_, i) => i);
    expect(littleEndian(digest(input, KEY))).toBe(expected);
  });

  it('depends on every bit of the bytes and of the key, and on nothing else', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 600 });
    const key = fc.tuple(fc.integer(), fc.integer());
    fc.assert(
      fc.property(bytes, key, fc.nat(), fc.nat({ max: 63 }), (input, [first, second], at, bit) => {
        const original = digest(input, [first, second]);
        expect(digest(Buffer.from(input), [first, second])).toBe(original);
        const changed = Uint8Array.from(input);
        changed[at % input.length] ^= 1 << (bit % 8);
        expect(digest(changed, [first, second])).not.toBe(original);
        const mask = 1 << (bit % 32);
        expect(digest(input, bit < 32 ? [first ^ mask, second] : [first, second ^ mask])).not.toBe(original);
      }),
      runs(100),
    );
  });

  it('finds no two alike among a hundred thousand counters', () => {
    const key = randomDigestKey();
    const counter = new Uint32Array(1);
    const bytes = new Uint8Array(counter.buffer);
    const seen = new Set<string>();
    for (let i = 0; i < 100_000; i++) {
      counter[0] = i;
      seen.add(digest(bytes, key));
    }
    expect(seen.size).toBe(100_000);
  });

  it('has another key each time it is asked for one', () => {
    expect(new Set(Array.from({ length: 10 }, () => randomDigestKey().join())).size).toBe(10);
  });
});
