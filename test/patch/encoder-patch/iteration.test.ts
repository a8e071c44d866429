/** Packets that come one after another, when the host asks for them. */
import { afterEach, describe, expect, it } from 'vitest';
import { MARK, data, encoded, errors, patch, unpatchAll } from './support.js';

afterEach(unpatchAll);

describe('what is iterated', () => {
  it('stays the object that it is, lazy, with next, return and throw', () => {
    const log: unknown[] = [];
    const encoder = {
      *encode(): Generator<Uint8Array, string, string> {
        try {
          log.push(yield data(1));
          try {
            yield data(2);
          } catch (error) {
            log.push(error);
            yield data(3);
          }
        } finally {
          yield data(4);
        }
        return 'end';
      },
    };
    const { injectors } = patch(encoder);
    const generator = encoder.encode();
    expect(generator[Symbol.iterator]()).toBe(generator);
    expect(Object.keys(generator)).toEqual([]);
    expect(injectors).toEqual([]);
    expect(generator.next('ignored')).toEqual({ value: data(1, MARK), done: false });
    expect(injectors[0].frames).toEqual([[1]]);
    expect(generator.next('given')).toEqual({ value: data(2, MARK), done: false });
    expect(generator.throw('thrown')).toEqual({ value: data(3, MARK), done: false });
    expect(generator.return('returned')).toEqual({ value: data(4, MARK), done: false });
    expect(generator.next('ignored')).toEqual({ value: 'returned', done: true });
    expect(log).toEqual(['given', 'thrown']);
    expect(injectors).toHaveLength(1);
  });

  it('ends with a value that is none of its packets', () => {
    const encoder = {
      *encode() {
        yield data(1);
        return data(2);
      },
    };
    const { injectors } = patch(encoder);
    const generator = encoder.encode();
    generator.next();
    expect(generator.next()).toEqual({ value: data(2), done: true });
    expect(injectors[0].frames).toEqual([[1]]);
  });

  it('passes the error that it ends with, and cleans up where it is left', () => {
    let isCleanedUp = false;
    const encoder = {
      *encode() {
        try {
          yield data(1);
          throw new Error('host');
        } finally {
          isCleanedUp = true;
        }
      },
    };
    patch(encoder);
    expect(() => [...encoder.encode()]).toThrow('host');
    isCleanedUp = false;
    for (const packet of encoder.encode()) {
      expect(packet).toEqual(data(1, MARK));
      break;
    }
    expect(isCleanedUp).toBe(true);
  });

  it('is asynchronous: many requests at once are answered in order', async () => {
    const encoder = {
      async *encode() {
        for (let i = 1; i <= 3; i++) {
          await Promise.resolve();
          yield { data: data(i) };
        }
      },
    };
    const { injectors } = patch(encoder);
    const generator = encoder.encode();
    const results = await Promise.all([generator.next(), generator.next(), generator.next(), generator.next()]);
    expect(results.map(({ value }) => value?.data)).toEqual([data(1, MARK), data(2, MARK), data(3, MARK), undefined]);
    expect(injectors[0].frames).toEqual([[1], [2], [3]]);
    expect(await encoder.encode().return(undefined)).toEqual({ value: undefined, done: true });
    await expect(encoder.encode().throw(new Error('host'))).rejects.toThrow('host');
  });

  it('is an async iterable, such as a stream', async () => {
    const { Readable } = await import('node:stream');
    const stream = Readable.from([data(1), data(2)]);
    expect(encoded(stream)).toBe(stream);
    const packets = [];
    for await (const packet of stream) packets.push(packet);
    expect(packets).toEqual([data(1, MARK), data(2, MARK)]);
  });

  it('is the same object at each call: its packets are taken once', () => {
    const packets = [data(1), data(2), data(3)].values();
    const encoder = { encode: () => packets };
    const { injectors } = patch(encoder);
    const watching = () => Object.getOwnPropertyDescriptor(encoder.encode(), 'next')?.value as unknown;
    expect(watching()).toBe(watching());
    expect(watching()).toBeTypeOf('function');
    for (let i = 0; i < 3; i++) expect(encoder.encode().next().value).toEqual(data(i + 1, MARK));
    expect(injectors[0].frames).toEqual([[1], [2], [3]]);
  });

  it('passes as it is where it takes no property of ours', () => {
    const iterator = Object.freeze({ next: () => ({ done: false, value: data(1) }) });
    expect(encoded(iterator)).toBe(iterator);
    expect(iterator.next().value).toEqual(data(1));
    expect(errors).toEqual([['patch-error', expect.any(TypeError)]]);
  });
});
