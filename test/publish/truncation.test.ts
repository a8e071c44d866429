import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeiError } from '../../src/errors.js';
import { MAX_JSON_SIZE, serializeJson, stringifyJson } from '../../src/wire/json.js';
import { MIN_TRUNCATED_STRING_LENGTH, truncateJson as truncateText } from '../../src/publish/truncation.js';
import { runs } from '../property/arbitraries.js';
import { expectLinearTime } from '../support/growth.js';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const decode = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
const parse = (bytes: Uint8Array) => JSON.parse(decode(bytes)) as Record<string, Json>;
const truncateJson = (value: unknown, maxBytes: number) => truncateText(stringifyJson(value), maxBytes);
const byteLength = (value: unknown) => serializeJson(value).length;

/** What truncation does to the value, as JSON text; undefined where it is too large. */
function truncated(value: unknown, maxBytes: number): string | undefined {
  try {
    return decode(truncateJson(value, maxBytes));
  } catch (error) {
    if (error instanceof SeiError && error.code === 'ERR_SEI_TOO_LARGE') return undefined;
    throw error;
  }
}

/** The value with each string value put through `change`, in the order of the text. */
function mapStrings(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]));
}

function stringsIn(value: Json): string[] {
  const strings: string[] = [];
  mapStrings(value, (text) => {
    strings.push(text);
    return text;
  });
  return strings;
}

/** The long texts that identify a message, which are not cut and come last. */
function identityOf(value: Record<string, Json>): Record<string, Json> {
  const isLong = (member: Json) => typeof member === 'string' && Array.from(member).length > 16;
  const names = ['timestamp', 'id', 'message_id'].filter((name) => Object.hasOwn(value, name) && isLong(value[name]));
  return Object.fromEntries(names.map((name) => [name, value[name]]));
}

function withoutIdentity(value: Record<string, Json>): Record<string, Json> {
  const identity = identityOf(value);
  return Object.fromEntries(Object.entries(value).filter(([name]) => !Object.hasOwn(identity, name)));
}

/** The members that truncation does not set. */
function othersOf(value: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !['truncated', 'original_length'].includes(key)));
}

/** The same by trying each length, the longest first, on the value instead of its text. */
function truncatedByTrial(value: Record<string, Json>, maxBytes: number): string | undefined {
  const originalLength = byteLength(value);
  if (originalLength <= maxBytes) return JSON.stringify(value);
  const identity = identityOf(value);
  const marked = { ...withoutIdentity(othersOf(value)), truncated: true, original_length: originalLength };
  const cut = (text: string, length: number) => {
    const points = Array.from(text);
    return points.length <= length ? text : `${points.slice(0, length - 3).join('')}...`;
  };
  const longest = Math.max(0, ...stringsIn(marked).map((text) => Array.from(text).length));
  for (let length = Math.max(longest, MIN_TRUNCATED_STRING_LENGTH); length >= MIN_TRUNCATED_STRING_LENGTH; length--) {
    const fitting = { ...(mapStrings(marked, (text) => cut(text, length)) as object), ...identity };
    if (byteLength(fitting) > maxBytes) continue;
    // One code point more for each of the first strings, while there is room.
    let more = 0;
    const count = stringsIn(marked).length;
    const lengths = Array.from({ length: count }, () => length);
    const withLengths = () => ({
      ...(mapStrings(marked, (text) => cut(text, lengths[more++ % count])) as object),
      ...identity,
    });
    for (let i = 0; i < count; i++) {
      lengths[i]++;
      if (byteLength(withLengths()) > maxBytes) lengths[i]--;
    }
    return JSON.stringify(withLengths());
  }
  return undefined;
}

/** A code point of one, two, three, four and six bytes, and of those that JSON escapes. */
const anyPoint = fc.constantFrom(
  'a',
  'é',
  '€',
  '😀',
  '"',
  '\\',
  '\n',
  '\u0001',
  '\ud83d',
  '\ude00',
  '/',
  '{',
  ':',
  ',',
);

const shortText = fc.string({ unit: anyPoint, maxLength: 20 });
const longText = fc.string({ unit: anyPoint, minLength: 15, maxLength: 90, size: 'max' });
const anyText = fc.oneof(shortText, longText);

const anyJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    longText,
    anyText,
    fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true })),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(shortText, tie('value'), { maxKeys: 4 }),
  ),
})).value;

const anyKey = fc.oneof(
  fc.constantFrom('truncated', 'original_length', 'timestamp', 'type', '__proto__', '7'),
  anyText,
);

const anyObject = fc
  .array(fc.tuple(anyKey, anyJson), { maxLength: 6, size: 'max' })
  .map((entries) => Object.fromEntries(entries));

describe('truncateJson', () => {
  it('leaves what fits as it is', () => {
    const value = { text: 'x'.repeat(100), truncated: 'by me' };
    expect(truncateJson(value, byteLength(value))).toEqual(serializeJson(value));
    expect(decode(truncateJson([1, 'two'], 9))).toBe('[1,"two"]');
  });

  it('cuts a text to the limit, to the byte, and says so', () => {
    const message = { text: 'x'.repeat(500), timestamp: 1767225600.25, type: 'text_content' };
    const bytes = truncateJson(message, 400);
    expect(bytes).toHaveLength(400);
    const { text, ...others } = parse(bytes);
    expect(text).toMatch(/^x+\.\.\.$/);
    expect(others).toEqual({
      timestamp: 1767225600.25,
      type: 'text_content',
      truncated: true,
      original_length: byteLength(message),
    });
  });

  it('cuts the longest strings, at whatever depth, all to one length, and no key', () => {
    const key = 'k'.repeat(60);
    const value = { a: 'a'.repeat(200), list: [{ [key]: 'b'.repeat(100) }, 'c'.repeat(30)], d: 'd'.repeat(16) };
    const cut = parse(truncateJson(value, 330)) as unknown as typeof value;
    expect(cut.list).toEqual([{ [key]: expect.stringMatching(/^b+\.\.\.$/) as unknown }, 'c'.repeat(30)]);
    const other = (cut.list[0] as Record<string, string>)[key];
    expect(cut.a.length - other.length).toBeGreaterThanOrEqual(0);
    expect(cut.a.length - other.length).toBeLessThanOrEqual(1);
    expect(cut.d).toBe(value.d);
  });

  it.each([
    ['two bytes', 'é', 2],
    ['three bytes', '€', 3],
    ['four bytes, two UTF-16 code units', '😀', 4],
    ['an escape', '\n', 2],
    ['an escape of six characters', '\u0001', 6],
    ['a lone surrogate', '\ud83d', 6],
  ])('cuts between code points of %s', (_, point, size) => {
    const value = { text: point.repeat(200) };
    for (let limit = 150; limit < 150 + 2 * size; limit++) {
      const bytes = truncateJson(value, limit);
      expect(bytes.length).toBeLessThanOrEqual(limit);
      expect(bytes.length).toBeGreaterThan(limit - size);
      const { text } = parse(bytes);
      expect(text).toBe(`${point.repeat(((text as string).length - 3) / point.length)}...`);
    }
  });

  it('leaves strings of up to 16 code points alone, and makes none shorter than that', () => {
    const short = '😀'.repeat(MIN_TRUNCATED_STRING_LENGTH);
    const value = { short, long: 'y'.repeat(17) };
    const least = byteLength({
      short,
      long: 'y'.repeat(13) + '...',
      truncated: true,
      original_length: byteLength(value),
    });
    expect(byteLength(value)).toBeLessThan(least);
    expect(truncated(value, byteLength(value) - 1)).toBeUndefined();

    const longer = { short, long: 'y'.repeat(200) };
    const fields = { truncated: true, original_length: byteLength(longer) };
    const smallest = byteLength({ short, long: 'y'.repeat(13) + '...', ...fields });
    expect(parse(truncateJson(longer, smallest))).toEqual({ short, long: 'y'.repeat(13) + '...', ...fields });
    expect(truncated(longer, smallest - 1)).toBeUndefined();
  });

  it('replaces members named as those that it adds, and only at the top', () => {
    const value = { truncated: 'x'.repeat(300), original_length: [1], inner: { truncated: 'no', original_length: 2 } };
    expect(parse(truncateJson(value, 150))).toEqual({
      inner: { truncated: 'no', original_length: 2 },
      truncated: true,
      original_length: byteLength(value),
    });
    expect(parse(truncateJson({ truncated: 'x'.repeat(300) }, 60))).toEqual({ truncated: true, original_length: 316 });
  });

  it('writes what toJSON answers', () => {
    expect(parse(truncateJson({ toJSON: () => ({ text: 'x'.repeat(300) }) }, 100))).toMatchObject({ truncated: true });
  });

  it.each([
    ['an array', ['x'.repeat(500)]],
    ['a string', 'x'.repeat(500)],
    ['a number of many digits in a small limit', 1.2345678901234567, 10],
    ['a thousand numbers', { numbers: Array.from({ length: 1000 }, (_, i) => i) }],
    ['too many keys', Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${i}`, 1]))],
    ['a key that is too long', { ['k'.repeat(500)]: 1 }],
    ['many short strings', { strings: Array.from({ length: 100 }, () => 'short') }],
    ['what leaves no room for the members that say so', { text: 'x'.repeat(100) }, 30],
  ] as [string, unknown, number?][])('cannot cut %s', (_, value, limit = 400) => {
    expect(() => truncateJson(value, limit)).toThrow(
      expect.objectContaining({
        code: 'ERR_SEI_TOO_LARGE',
        message: expect.stringMatching(new RegExp(`${byteLength(value)} bytes is more than ${limit}`)) as unknown,
      }) as Error,
    );
  });

  it('cuts also what is longer than a message can be', () => {
    const value = { text: '\u{1f600}'.repeat(MAX_JSON_SIZE / 2) };
    expect(JSON.parse(truncated(value, 400) ?? '')).toMatchObject({
      truncated: true,
      original_length: Buffer.byteLength(JSON.stringify(value)),
    });
  });

  it('refuses what is no JSON', () => {
    expect(() => truncateJson(undefined, 400)).toThrow(expect.objectContaining({ code: 'ERR_SEI_NOT_JSON' }) as Error);
    let deep: unknown = [];
    for (let depth = 0; depth < 200_000; depth++) deep = { deep };
    expect(() => truncateJson(deep, 400)).toThrow(expect.objectContaining({ code: 'ERR_SEI_NOT_JSON' }) as Error);
  });

  it.each([-1, 1.5, NaN, Infinity, '400'])('refuses %s as a limit', (limit) => {
    expect(() => truncateJson({}, limit as number)).toThrow(RangeError);
  });

  it.each<[string, (size: number) => unknown]>([
    ['one string', (size) => ({ text: 'x'.repeat(size) })],
    ['escapes', (size) => ({ text: '\\'.repeat(size / 2) })],
    [
      'many strings, of which each is cut',
      (size) => ({ list: Array.from({ length: size / 50 }, () => 'y'.repeat(40)) }),
    ],
    ['many empty strings', (size) => ({ list: Array.from({ length: size / 3 }, () => ''), text: 'x'.repeat(99) })],
    [
      'strings of every length',
      (size) => ({ list: Array.from({ length: Math.sqrt(2 * size) }, (_, i) => 'z'.repeat(i)) }),
    ],
  ])('takes a megabyte of %s in time that is in proportion', (_, valueOf) => {
    expectLinearTime(1_000_000, (size) => {
      const value = valueOf(size);
      const limits = [0, 400, Math.round(0.7 * size), byteLength(value) - 1];
      return () => {
        for (const limit of limits) truncated(value, limit);
      };
    });
  });

  it('does as a search by trial does', () => {
    let cuts = 0;
    let refusals = 0;
    fc.assert(
      fc.property(anyObject, fc.double({ min: 0.3, max: 1, noNaN: true }), (value, part) => {
        const plain = JSON.parse(JSON.stringify(value)) as Record<string, Json>;
        const limit = Math.floor(part * (byteLength(plain) + 40));
        const expected = truncatedByTrial(plain, limit);
        expect(truncated(plain, limit)).toBe(expected);
        if (expected === undefined) refusals++;
        else if (byteLength(plain) > limit) cuts++;
      }),
      runs(1000),
    );
    // Or the property says little.
    expect(Math.min(cuts, refusals)).toBeGreaterThan(150);
  });

  it('answers valid JSON within the limit, the same when it is cut again, with everything but strings unchanged', () => {
    let cuts = 0;
    fc.assert(
      fc.property(anyObject, fc.double({ min: 0.3, max: 1.1, noNaN: true }), (object, part) => {
        const value = JSON.parse(JSON.stringify(object)) as Record<string, Json>;
        const limit = Math.floor(part * byteLength(value));
        const text = truncated(value, limit);
        if (text === undefined) return;
        const bytes = new TextEncoder().encode(text);
        expect(bytes.length).toBeLessThanOrEqual(limit);
        const parsed = JSON.parse(text) as Record<string, Json>;
        expect(decode(truncateJson(parsed, limit))).toBe(text);
        if (byteLength(value) <= limit) {
          expect(parsed).toEqual(value);
          return;
        }
        cuts++;

        const members = othersOf(value);
        const withoutStrings = (json: Json) => JSON.stringify(mapStrings(json, () => ''));
        expect(withoutStrings(parsed)).toBe(
          withoutStrings({
            ...withoutIdentity(members),
            truncated: true,
            original_length: byteLength(value),
            ...identityOf(members),
          }),
        );
        const originals = stringsIn({ ...withoutIdentity(members), ...identityOf(members) });
        stringsIn(parsed).forEach((string, i) => {
          if (string === originals[i]) return;
          expect(Array.from(originals[i]).length).toBeGreaterThan(MIN_TRUNCATED_STRING_LENGTH);
          // By code points, so that a pair that was cut in two is found.
          const kept = Array.from(string).slice(0, -3);
          expect(`${kept.join('')}...`).toBe(string);
          expect(kept).toEqual(Array.from(originals[i]).slice(0, kept.length));
        });
      }),
      runs(1000),
    );
    expect(cuts).toBeGreaterThan(150);
  });
});

describe('docs/wire-format.md', () => {
  const page = readFileSync(resolve(__dirname, '../../docs/wire-format.md'), 'utf8');
  // Where the lines of a paragraph end says nothing.
  const prose = page.replace(/\s+/g, ' ');

  it('shows a message that is cut, and what becomes of it', () => {
    const [, limit] = /With a limit of (\d+) bytes/.exec(page)!;
    const [, before, after] = /## Messages that are cut[^]*?```json\n([^]*?)```[^]*?```json\n([^]*?)```/.exec(page)!;
    expect(truncated(JSON.parse(before), Number(limit))).toBe(JSON.stringify(JSON.parse(after)));
    expect(after).toContain('"truncated": true');
  });

  it('names the length that is left alone', () => {
    expect(prose).toContain(`${MIN_TRUNCATED_STRING_LENGTH} code points`);
  });
});
