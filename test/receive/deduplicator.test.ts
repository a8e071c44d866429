import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTENT_DEDUP_WINDOW_MS, DEDUP_WINDOW_MS, STANDING_AFTER_MS, carriesIdentity } from '../../src/wire/copies.js';
import {
  Deduplicator,
  type DeduplicatorOptions,
  MAX_DEDUP_ENTRIES,
  MAX_STANDING_ENTRIES,
} from '../../src/receive/deduplicator.js';
import { parseJson } from '../../src/wire/json.js';
import { runs } from '../property/arbitraries.js';

/** Whether the message is new; remembers it if so. */
function isNew(deduplicator: Deduplicator, key: string, time: number, isIdentified = true): boolean {
  if (deduplicator.refresh(key, time)) return false;
  deduplicator.add(key, time, isIdentified);
  return true;
}

interface NaiveEntry {
  readonly key: string;
  readonly firstSeen: number;
  readonly since: number;
  readonly isIdentified: boolean;
}

/** The same thing as lists that are searched from end to end. */
class NaiveDeduplicator {
  #entries: NaiveEntry[] = [];
  #standing: string[] = [];

  constructor(
    readonly options: Required<DeduplicatorOptions>,
    readonly knowsStanding: boolean,
  ) {}

  isNew(key: string, time: number, isIdentified: boolean): boolean {
    const { maxEntries, windowMs, contentWindowMs } = this.options as Record<string, number>;
    this.#entries = this.#entries.filter(
      (each) => time - each.since < (each.isIdentified ? windowMs : contentWindowMs),
    );
    const known = this.#entries.find((entry) => entry.key === key);
    const isStanding = this.#standing.includes(key);
    const stands = known?.isIdentified === true && time - known.firstSeen >= STANDING_AFTER_MS;
    if (known === undefined && !isStanding) this.#touch({ key, firstSeen: time, since: time, isIdentified });
    else if (known?.isIdentified === true) this.#touch({ ...known, since: time });
    this.#entries = this.#entries.slice(-maxEntries);
    if (this.knowsStanding && (stands || isStanding)) {
      this.#standing = [...this.#standing.filter((each) => each !== key), key].slice(-maxEntries);
    }
    return known === undefined && !isStanding;
  }

  get sizes(): [number, number] {
    return [this.#entries.length, this.#standing.length];
  }

  #touch(entry: NaiveEntry): void {
    this.#entries = [...this.#entries.filter(({ key }) => key !== entry.key), entry];
  }
}

describe('Deduplicator', () => {
  it.each([
    ['with an identity', true, DEDUP_WINDOW_MS],
    ['by content', false, CONTENT_DEDUP_WINDOW_MS],
  ])('knows a message %s until its window is over', (_, isIdentified, window) => {
    const deduplicator = new Deduplicator();
    expect(isNew(deduplicator, 'a', 10, isIdentified)).toBe(true);
    expect(isNew(deduplicator, 'b', 10, isIdentified)).toBe(true);
    expect(isNew(deduplicator, 'a', 10 + window - 1, isIdentified)).toBe(false);
    expect(isNew(deduplicator, 'b', 10 + window, isIdentified)).toBe(true);
  });

  it('knows a message for an hour that comes back every half minute', () => {
    const deduplicator = new Deduplicator();
    const seen: boolean[] = [];
    for (let time = 0; time <= 3_600_000; time += 30_000) seen.push(isNew(deduplicator, 'retained', time));
    expect(seen.filter(Boolean)).toHaveLength(1);
    expect(seen[0]).toBe(true);
  });

  it('counts the window of bare content from its first copy, so that it can be said again', () => {
    const deduplicator = new Deduplicator();
    const seen = Array.from({ length: 13 }, (_, i) => isNew(deduplicator, 'content', i * 500, false));
    expect(seen.flatMap((isFirst, i) => (isFirst ? [i * 500] : []))).toEqual([0, 2000, 4000, 6000]);
  });

  it.each([DEDUP_WINDOW_MS, 86_400_000])('knows a standing message after a silence of %i ms', (silence) => {
    const deduplicator = new Deduplicator();
    expect(isNew(deduplicator, 'stands', 0)).toBe(true);
    expect(isNew(deduplicator, 'came twice at once', 0)).toBe(true);
    expect(isNew(deduplicator, 'came twice at once', STANDING_AFTER_MS - 1)).toBe(false);
    expect(isNew(deduplicator, 'stands', STANDING_AFTER_MS)).toBe(false);
    const later = STANDING_AFTER_MS + silence;
    expect(isNew(deduplicator, 'stands', later)).toBe(false);
    expect(isNew(deduplicator, 'came twice at once', later)).toBe(true);
    expect(isNew(deduplicator, 'stands', later + silence)).toBe(false);
  });

  it('knows a standing message behind any number of others', () => {
    const deduplicator = new Deduplicator();
    isNew(deduplicator, 'stands', 0);
    expect(isNew(deduplicator, 'stands', 1500)).toBe(false);
    for (let i = 0; i < 50_000; i++) isNew(deduplicator, `other ${i}`, 2000);
    expect(isNew(deduplicator, 'stands', 2000)).toBe(false);
  });

  it('knows so many standing messages and no more, and forgets the one not seen for longest', () => {
    const deduplicator = new Deduplicator({ windowMs: 2000 });
    const all = Array.from({ length: MAX_STANDING_ENTRIES + 1 }, (_, i) => `message ${i}`);
    for (const time of [0, 1500]) for (const key of all) isNew(deduplicator, key, time);
    expect(deduplicator.standing).toBe(MAX_STANDING_ENTRIES);
    expect(isNew(deduplicator, all[1], 90_000)).toBe(false);
    expect(isNew(deduplicator, all[0], 90_000)).toBe(true);
  });

  it('takes nothing for standing where that is told, nor where its window is too short', () => {
    for (const deduplicator of [new Deduplicator({ windowMs: 5000 }, false), new Deduplicator({ windowMs: 900 })]) {
      isNew(deduplicator, 'a', 0);
      isNew(deduplicator, 'a', 1500);
      expect(isNew(deduplicator, 'a', 10_000)).toBe(true);
      expect(deduplicator.standing).toBe(0);
    }
  });

  it('remembers so many messages and no more, and forgets the one not seen for longest', () => {
    const deduplicator = new Deduplicator({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) isNew(deduplicator, key, 0);
    expect(isNew(deduplicator, 'a', 1)).toBe(false);
    expect(isNew(deduplicator, 'd', 2)).toBe(true);
    expect(deduplicator.size).toBe(3);
    expect(['a', 'c', 'd'].map((key) => isNew(deduplicator, key, 3))).toEqual([false, false, false]);
    expect(isNew(deduplicator, 'b', 3)).toBe(true);
  });

  it('gives its memory back as time goes on, not only for what comes again', () => {
    const deduplicator = new Deduplicator();
    for (let i = 0; i < 100; i++) isNew(deduplicator, `content ${i}`, i, false);
    for (let i = 0; i < 100; i++) isNew(deduplicator, `identified ${i}`, 100, true);
    expect(deduplicator.size).toBe(200);
    isNew(deduplicator, 'later', 100 + CONTENT_DEDUP_WINDOW_MS);
    expect(deduplicator.size).toBe(101);
    isNew(deduplicator, 'much later', 100 + CONTENT_DEDUP_WINDOW_MS + DEDUP_WINDOW_MS);
    expect(deduplicator.size).toBe(1);
  });

  it('stays within its bound under a flood', () => {
    const deduplicator = new Deduplicator();
    for (let i = 0; i < 200_000; i++) isNew(deduplicator, `message ${i}`, 0, i % 2 === 0);
    expect(deduplicator.size).toBe(MAX_DEDUP_ENTRIES);
  });

  it('does what a plain list does', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
      elapsed: fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 700 })),
      isIdentified: fc.boolean(),
    });
    const options = fc.record({
      maxEntries: fc.integer({ min: 1, max: 6 }),
      windowMs: fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 3000 })),
      contentWindowMs: fc.nat({ max: 2000 }),
    });
    fc.assert(
      fc.property(options, fc.boolean(), fc.array(step, { maxLength: 200 }), (given, knowsStanding, steps) => {
        const deduplicator = new Deduplicator(given, knowsStanding);
        const naive = new NaiveDeduplicator(given, knowsStanding);
        let time = 0;
        for (const { key, elapsed, isIdentified } of steps) {
          time += elapsed;
          expect(isNew(deduplicator, key, time, isIdentified)).toBe(naive.isNew(key, time, isIdentified));
          expect([deduplicator.size, deduplicator.standing]).toEqual(naive.sizes);
        }
      }),
      runs(500),
    );
  });

  it.each([
    [{ maxEntries: 0 }, RangeError],
    [{ maxEntries: 1.5 }, RangeError],
    [{ maxEntries: '9' }, TypeError],
    [{ windowMs: -1 }, RangeError],
    [{ windowMs: Number.NaN }, RangeError],
    [{ windowMs: null }, TypeError],
    [{ contentWindowMs: -1 }, RangeError],
    [{ contentWindowMs: '2' }, TypeError],
  ])('refuses %o', (options, type) => {
    expect(() => new Deduplicator(options as DeduplicatorOptions)).toThrow(type);
  });
});

describe('carriesIdentity', () => {
  it.each([
    ['{"timestamp":1.5}', true],
    ['{"timestamp":0,"a":1}', true],
    ['{"id":"x"}', true],
    ['{"message_id":7}', true],
    [' \t\r\n{"id":"x"}', true],
    ['\ufeff{"id":"x"}', true],
    ['{"\\u0069d":"x"}', true],
    ['{}', false],
    ['{"timestamp":null}', false],
    ['{"id":{"timestamp":1}}', false],
    ['{"data":{"timestamp":1}}', false],
    ['[{"timestamp":1}]', false],
    ['"timestamp"', false],
    ['{"timestamp":1', false],
    ['null', false],
    ['', false],
    ['  ', false],
  ])('%j: %s', (text, expected) => {
    const payload = Buffer.from(text);
    expect(carriesIdentity(payload, () => parseJson(payload))).toBe(expected);
  });
});
