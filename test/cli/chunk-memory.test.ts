import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecycledMemory, WRITE_SIZE, freshMemory, joinPieces } from '../../src/cli/chunk-memory.js';
import { runs } from '../property/arbitraries.js';

describe('joinPieces', () => {
  it('gives the bytes of the pieces in order, in chunks that are as large as they may be', () => {
    const length = fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(0, WRITE_SIZE - 1, WRITE_SIZE, WRITE_SIZE + 1));
    fc.assert(
      fc.property(fc.array(length, { maxLength: 6 }), (lengths) => {
        const pieces = lengths.map((each, i) => Buffer.alloc(each, i + 1));
        const expected = Buffer.concat(pieces);
        const chunks = [...joinPieces(pieces, freshMemory)];
        expect(Buffer.concat(chunks).equals(expected)).toBe(true);
        expect(chunks).toHaveLength(Math.ceil(expected.length / WRITE_SIZE));
      }),
      runs(50),
    );
  });

  it('takes memory for one chunk at a time, so that what is written can be used for the next', () => {
    const memory = new RecycledMemory();
    const used = new Set<ArrayBufferLike>();
    for (const chunk of joinPieces([new Uint8Array(5 * WRITE_SIZE)], memory)) {
      used.add(chunk.buffer);
      memory.release(chunk);
    }
    expect(used.size).toBe(1);
  });
});

describe('RecycledMemory', () => {
  it('gives nobody memory that is in use', () => {
    const memory = new RecycledMemory();
    const [first, second] = [memory.take(), memory.take()];
    expect(first.buffer).not.toBe(second.buffer);
    memory.release(first.subarray(0, 10));
    const third = memory.take();
    expect(third.buffer).toBe(first.buffer);
    expect(third).toHaveLength(WRITE_SIZE);
  });

  it('keeps nothing that it has not given', () => {
    const memory = new RecycledMemory();
    const text = Buffer.alloc(WRITE_SIZE);
    memory.release(text);
    expect(memory.take().buffer).not.toBe(text.buffer);
  });
});
