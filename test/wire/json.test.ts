import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_JSON_DEPTH, MAX_JSON_SIZE, parseJson, serializeJson } from '../../src/wire/json.js';
import { runs } from '../property/arbitraries.js';
import { expectLinearTime } from '../support/growth.js';

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
const written = (value: unknown) => text(serializeJson(value));

/** What a call throws. */
function thrownBy(act: () => unknown): { code?: string; message: string; cause?: unknown } {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('serializeJson', () => {
  it.each([
    ['an object', { b: [1, null, true], a: 'é😀' }, '{"b":[1,null,true],"a":"é😀"}'],
    ['what toJSON answers', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ['null for numbers that JSON does not have', [NaN, Infinity], '[null,null]'],
    ['no member for undefined and functions in an object', { a: undefined, b: () => 1, c: 1 }, '{"c":1}'],
    ['a lone surrogate as an escape', '\ud83d', '"\\ud83d"'],
    ['null', null, 'null'],
    ['a string', 'x', '"x"'],
  ])('writes %s', (_, value, expected) => {
    expect(written(value)).toBe(expected);
  });

  it('answers a plain Uint8Array that has its memory to itself', () => {
    const bytes = serializeJson({ a: 1 });
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    bytes.fill(0);
    expect(written({ a: 1 })).toBe('{"a":1}');
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  let deep: unknown = [];
  for (let depth = 0; depth < 200_000; depth++) deep = [deep];
  const thrown = new Error('not now');
  const throwing = () => {
    throw thrown;
  };

  it.each([
    ['a cycle', cycle, /leave out cycles/],
    ['a BigInt', { n: 1n }, /BigInt a string/],
    ['what is nested deeper than the stack', deep, /cannot be written as JSON/],
    ['a toJSON that throws', { toJSON: throwing }, /not now.*toJSON/],
    [
      'a getter that throws',
      {
        get now() {
          return throwing();
        },
      },
      /not now.*getter/,
    ],
  ])('refuses %s, says what to do and keeps the cause', (_, value, message) => {
    const error = thrownBy(() => serializeJson(value));
    expect(error).toMatchObject({ name: 'SeiError', code: 'ERR_SEI_NOT_JSON' });
    expect(error.message).toMatch(message);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('keeps as the cause even what is no error', () => {
    const act = () =>
      serializeJson({
        toJSON() {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- the application may throw anything
          throw Symbol('odd');
        },
      });
    expect(thrownBy(act)).toMatchObject({ code: 'ERR_SEI_NOT_JSON', cause: expect.any(Symbol) as unknown });
  });

  it.each([
    ['undefined', undefined, /^undefined is no JSON; send null/],
    ['a function', () => 1, /^function is no JSON/],
    ['a symbol', Symbol('x'), /^symbol is no JSON/],
    ['a value whose toJSON answers nothing', { toJSON: () => undefined }, /toJSON answers nothing/],
  ])('refuses %s', (_, value, message) => {
    const error = thrownBy(() => serializeJson(value));
    expect(error).toMatchObject({ code: 'ERR_SEI_NOT_JSON' });
    expect(error.message).toMatch(message);
  });

  it('takes MAX_JSON_SIZE bytes and not one more, whether characters or bytes are too many', () => {
    expect(serializeJson('x'.repeat(MAX_JSON_SIZE - 2))).toHaveLength(MAX_JSON_SIZE);
    for (const value of ['x'.repeat(MAX_JSON_SIZE - 1), 'é'.repeat(MAX_JSON_SIZE / 2)]) {
      expect(thrownBy(() => serializeJson(value))).toMatchObject({ code: 'ERR_SEI_TOO_LARGE' });
    }
  });
});

describe('parseJson', () => {
  it('reads what serializeJson wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        expect(parseJson(serializeJson(plain))).toEqual(plain);
      }),
      runs(300),
    );
  });

  it('takes a byte order mark', () => {
    expect(parseJson(Uint8Array.of(0xef, 0xbb, 0xbf, 0x37))).toBe(7);
  });

  it('only reads its argument, which may be a part of larger memory', () => {
    const memory = utf8('[[1,2]]');
    expect(parseJson(memory.subarray(1, 6))).toEqual([1, 2]);
    expect(memory).toEqual(utf8('[[1,2]]'));
  });

  it.each([
    ['a byte that UTF-8 does not have', [0x22, 0xff, 0x22]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a sequence that is cut', [0x22, 0xc3]],
    ['nothing', []],
    ['text', [...utf8('hello')]],
    ['a NUL behind the value', [0x31, 0]],
  ])('refuses %s, and reads the next message all the same', (_, bytes) => {
    expect(parseJson(Uint8Array.from(bytes))).toBeUndefined();
    expect(parseJson(utf8('"é"'))).toBe('é');
  });

  it.each([
    ['plain', '{"__proto__":{"admin":true},"a":1}', { a: 1 }],
    ['escaped', '{"\\u005f_proto_\\u005F":{"admin":true},"a":1}', { a: 1 }],
    ['escaped in the middle', '{"__\\u0070roto__":{"admin":true}}', {}],
    ['at depth', '{"a":[{"b":{"__proto__":{"admin":true},"c":null}}]}', { a: [{ b: { c: null } }] }],
    ['inside of itself', '{"__proto__":{"__proto__":{"admin":true}}}', {}],
    ['as constructor.prototype', '{"constructor":{"prototype":{"admin":true},"b":1}}', { constructor: { b: 1 } }],
    [
      'as constructor.prototype, escaped',
      '[{"c\\u006fnstructor":{"pr\\u006ftotype":{"admin":true}}}]',
      [{ constructor: {} }],
    ],
    [
      'as constructor.prototype, inside of itself',
      '{"constructor":{"constructor":{"prototype":{"admin":1}},"prototype":{}}}',
      { constructor: { constructor: {} } },
    ],
  ])('leaves out keys that reach a prototype: %s', (_, json, expected) => {
    const value = parseJson(utf8(json));
    expect(JSON.stringify(value)).toBe(JSON.stringify(expected));

    /** Copies property by property, as careless code does. */
    const copy = (source: object, target: Record<string, unknown> = {}) => {
      for (const [key, child] of Object.entries(source) as [string, unknown][]) {
        target[key] = typeof child === 'object' && child !== null ? copy(child) : child;
      }
      return target;
    };
    const copied = copy(value as object);
    expect(JSON.stringify(copied)).not.toContain('admin');
    expect(Object.getPrototypeOf(copied)).toBe(Object.prototype);
    expect('admin' in copied).toBe(false);

    /** Merges one object into another, as careless code does. */
    const merge = (target: Record<string, unknown>, source: object) => {
      for (const [key, child] of Object.entries(source) as [string, unknown][]) {
        if (typeof child === 'object' && child !== null) merge((target[key] ??= {}) as typeof target, child);
        else target[key] = child;
      }
    };
    merge({}, value as object);
    expect('admin' in {}).toBe(false);
  });

  it('leaves the words where they are harmless, and other escapes alone', () => {
    expect(parseJson(utf8('["__proto__",{"\\u0061":"\\u005f"}]'))).toEqual(['__proto__', { a: '_' }]);
    const harmless = '{"prototype":{"a":1},"constructor":"prototype","a":{"constructor":null}}';
    expect(JSON.stringify(parseJson(utf8(harmless)))).toBe(harmless);
  });

  it.each([
    ['arrays', (depth: number) => '['.repeat(depth) + ']'.repeat(depth)],
    ['objects', (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`],
    ['both, and keys that reach a prototype', (depth: number) => `${'[{"__proto__":1,"b":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`], // prettier-ignore
  ])('reads and writes MAX_JSON_DEPTH levels and not one more: %s', (_, nested) => {
    const deepest = nested(MAX_JSON_DEPTH);
    const value = parseJson(utf8(deepest));
    expect(parseJson(serializeJson(value))).toEqual(value);
    expect(value).toBeDefined();
    for (const json of [`[${deepest}]`, `[0,${deepest}]`, nested(200_000)]) {
      expect(parseJson(utf8(json))).toBeUndefined();
    }
    const error = thrownBy(() => serializeJson([value]));
    expect(error).toMatchObject({ code: 'ERR_SEI_NOT_JSON' });
    expect(error.message).toMatch(/more than 100 levels deep; nest it less/);
  });

  it('counts no brackets in strings', () => {
    const value = { text: '['.repeat(500), 'a"\\': ['"['.repeat(100), '\\'] };
    expect(parseJson(serializeJson(value))).toEqual(value);
  });

  it('finds the keys in a megabyte of objects, in time that is in proportion', () => {
    const jsonOf = (length: number) => `[${Array.from({ length }, () => '{"__proto__":{}}').join()}]`;
    const json = jsonOf(50_000);
    expectLinearTime(50_000, (length) => {
      const bytes = utf8(jsonOf(length));
      return () => parseJson(bytes);
    });
    const value = parseJson(utf8(json)) as object[];
    expect(value.every((item) => Object.keys(item).length === 0)).toBe(true);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(() => parseJson(bytes)).not.toThrow();
      }),
      runs(500),
    );
  });
});
