import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arrival, MAX_MISORDER, SEQUENCE_WINDOW, SequenceMapping } from '../../src/rtp/sequence-mapping.js';
import { runs } from '../property/arbitraries.js';
import { MAX_SEQUENCE_NUMBER_GAP } from '../../src/rtp/reorder-buffer.js';

/** Takes a packet of a mapping, with packets in front of it where it is the newest; answers its output position. */
function take(mapping: SequenceMapping, number: number, inFront = 0): number {
  const isNewest = mapping.classify(number & 0xffff, number) === Arrival.newest;
  const position = mapping.positionOf(number & 0xffff);
  mapping.take(position, number, 0);
  if (inFront > 0 && isNewest) mapping.insert(inFront);
  return mapping.outputOf(position);
}

const arrivals = (mapping: SequenceMapping, ...numbers: number[]) =>
  numbers.map((number) => mapping.classify(number & 0xffff, number));

describe('the output numbers', () => {
  it('are those of a mapping that remembers everything', () => {
    const step = fc.record({
      ahead: fc.oneof(
        { weight: 5, arbitrary: fc.constant(1) },
        { arbitrary: fc.integer({ min: -40, max: 40 }), weight: 2 },
      ),
      inFront: fc.oneof(
        { weight: 3, arbitrary: fc.constant(0) },
        { arbitrary: fc.integer({ min: 1, max: 9 }), weight: 1 },
      ),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.array(step, { minLength: 1, maxLength: 400 }),
        (first, steps) => {
          const mapping = new SequenceMapping(first);
          /** Packets in front of each original number. */
          const insertions = new Map<number, number>();
          const seen = new Set<number>();
          let newest = first - 1;
          for (const { ahead, inFront } of steps) {
            const number = newest + ahead;
            const expected = number > newest ? Arrival.newest : seen.has(number) ? Arrival.duplicate : Arrival.late;
            if (number < first - MAX_MISORDER) continue;
            expect(mapping.classify(number & 0xffff, number >>> 0)).toBe(expected);
            if (expected === Arrival.duplicate) continue;
            const position = mapping.positionOf(number & 0xffff);
            mapping.take(position, number, 0);
            seen.add(number);
            if (number > newest) {
              newest = number;
              if (inFront > 0) {
                mapping.insert(inFront);
                insertions.set(number, inFront);
              }
            }
          }
          const offset = (number: number) =>
            [...insertions].reduce((sum, [at, count]) => (at <= number ? sum + count : sum), 0);
          const outputs = new Set<number>();
          for (let number = first - MAX_MISORDER + 1; number <= newest; number++) {
            const output = mapping.outputOf(mapping.positionOf(number & 0xffff));
            expect(output & 0xffff).toBe((number + offset(number)) & 0xffff);
            expect(mapping.originalAtOrBefore(output)).toBe(mapping.positionOf(number & 0xffff));
            outputs.add(output);
          }
          // What lies between is what was inserted: the packet before it is found.
          for (let output = Math.min(...outputs); output < mapping.newestOutput; output++) {
            const before = mapping.outputOf(mapping.originalAtOrBefore(output));
            expect(before <= output && before === Math.max(...[...outputs].filter((other) => other <= output))).toBe(
              true,
            );
          }
        },
      ),
      runs(60),
    );
  });

  it('go round, 65,536 and more', () => {
    const mapping = new SequenceMapping(65_000);
    let expected = take(mapping, 65_000);
    for (let number = 65_001; number < 165_000; number++) {
      const inFront = number % 3 === 0 ? 2 : 0;
      expected += 1 + inFront;
      expect(take(mapping, number, inFront)).toBe(expected);
    }
    const late = mapping.positionOf(164_000 & 0xffff);
    expect(mapping.outputOf(late)).toBe(expected - 999 - 2 * 333);
  });
});

describe('a packet', () => {
  it('is of another series where it is old, far ahead, or of another time than the one that has its number', () => {
    const mapping = new SequenceMapping(10_000);
    take(mapping, 10_000);
    expect(
      arrivals(mapping, 9900, 9899, 10_000, 10_001, 10_000 + MAX_SEQUENCE_NUMBER_GAP, 10_001 + MAX_SEQUENCE_NUMBER_GAP),
    ).toEqual([Arrival.late, Arrival.stray, Arrival.duplicate, Arrival.newest, Arrival.newest, Arrival.stray]);
    expect(mapping.classify(10_000, 5)).toBe(Arrival.stray);
    for (let number = 10_001; number <= 10_000 + SEQUENCE_WINDOW; number += 2) take(mapping, number);
    const newest = 9999 + SEQUENCE_WINDOW;
    expect(arrivals(mapping, newest, newest - 1, newest - SEQUENCE_WINDOW + 1, newest - SEQUENCE_WINDOW)).toEqual([
      Arrival.duplicate,
      Arrival.late,
      Arrival.duplicate,
      Arrival.stray,
    ]);
  });

  it('is too late where so much was put in that SRTP could take its number for that of another cycle', () => {
    const mapping = new SequenceMapping(0);
    for (let number = 0; number < 2000; number += 2) take(mapping, number, 32);
    expect(arrivals(mapping, 1997, 1101, 901)).toEqual([Arrival.late, Arrival.late, Arrival.stray]);
  });
});

describe('what is left of a mapping', () => {
  it('goes on without using a number twice', () => {
    const mapping = new SequenceMapping(65_530);
    for (let number = 65_530; number < 65_540; number++) take(mapping, number, 1);
    const next = new SequenceMapping(5, mapping.remainder);
    expect(arrivals(next, 65_539 & 0xffff, 5)).toEqual([Arrival.stray, Arrival.newest]);
    expect(take(next, 5) & 0xffff).toBe((mapping.newestOutput + 2) & 0xffff);
    expect(next.isUntouched).toBe(false);
  });
});

describe('memory', () => {
  it('has a fixed size, below 64 KiB', () => {
    const count = 200;
    const before = process.memoryUsage().arrayBuffers;
    const mappings = Array.from({ length: count }, (_, i) => new SequenceMapping(i));
    const each = (process.memoryUsage().arrayBuffers - before) / count;
    expect(mappings).toHaveLength(count);
    expect(each).toBeLessThan(40 * 1024);
  });
});
