/** The kinds of output in which packets are found. */
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { extractSei } from '../../../src/index.js';
import { MAX_OUTPUT_DEPTH } from '../../../src/patch/encoded-output.js';
import { SeiPublisher } from '../../../src/publish/publisher.js';
import { annexB, nal, numbers } from '../../contract/frames.js';
import { MARK, data, encoded, errors, patch, unpatchAll } from './support.js';

afterEach(unpatchAll);

describe('what an encoder answers', () => {
  it('is bytes: they are replaced', () => {
    expect(encoded(data(1, 2))).toEqual(data(1, 2, MARK));
  });

  it('is bytes of another realm', () => {
    const foreign = runInNewContext('Uint8Array.of(1, 2)') as Uint8Array;
    expect(numbers(encoded(foreign) as Uint8Array)).toEqual([1, 2, MARK]);
  });

  it.each([null, undefined, 0, 1, NaN, '', 'text', true, Symbol.iterator, 1n, () => 1])(
    'is %s: it passes',
    (output) => {
      expect(encoded(output)).toBe(output);
    },
  );

  it.each([
    ['an object', { size: 1 }],
    ['other views', new Uint16Array(2)],
    ['a packet without data', { data: null }],
    ['an empty packet', { data: data() }],
    ['no bytes', data()],
    ['a Map of numbers', new Map([[1, 2]])],
    ['an empty Set', new Set()],
    ['an ArrayBuffer without bytes', new ArrayBuffer(0)],
  ])('is %s: it passes', (_, output) => {
    expect(encoded(output)).toBe(output);
    expect(errors).toEqual([]);
  });

  it('is a packet: its data are replaced, and it stays the object that it is', () => {
    const packet = { pts: 7, data: data(1) };
    expect(encoded(packet)).toBe(packet);
    expect(packet).toEqual({ pts: 7, data: data(1, MARK) });
  });

  it('is nothing that changed: it is the same object at every depth', async () => {
    const quiet = data(0, 1);
    const packet = Object.freeze({ data: quiet });
    const array = [packet, null, NaN, quiet];
    expect(encoded(quiet)).toBe(quiet);
    expect(encoded(packet)).toBe(packet);
    expect(encoded(array)).toBe(array);
    expect(await encoded(Promise.resolve(array))).toBe(array);
  });

  it('is an array: a new one has the new elements, and the old one is not touched', () => {
    const packet = { data: data(3) };
    const output = [data(1), null, packet, data(0, 2), 'text', NaN];
    const answer = encoded(output) as unknown[];
    expect(answer).toEqual([data(1, MARK), null, { data: data(3, MARK) }, data(0, 2), 'text', NaN]);
    expect(answer[2]).toBe(packet);
    expect(output[0]).toEqual(data(1));
  });

  it('is a promise of any of these', async () => {
    expect(await encoded(Promise.resolve(data(1)))).toEqual(data(1, MARK));
    expect(await encoded(Promise.resolve([data(1), undefined]))).toEqual([data(1, MARK), undefined]);
    expect(await Promise.all((await encoded(Promise.resolve([Promise.resolve(data(1))]))) as unknown[])).toEqual([
      data(1, MARK),
    ]);
    expect(await encoded(Promise.resolve(null))).toBeNull();
    await expect(encoded(Promise.reject(new Error('host')))).rejects.toThrow('host');
  });

  it('is a promise with a class and more to it', async () => {
    class Job extends Promise<Uint8Array> {}
    const job = Object.assign(Job.resolve(data(1)), { cancel: () => 'canceled' });
    const answer = encoded(job) as typeof job;
    expect(answer).toBeInstanceOf(Job);
    expect(answer.cancel()).toBe('canceled');
    expect(await answer).toEqual(data(1, MARK));
  });

  it('is something else that can be awaited', async () => {
    const thenable = { then: (done: (value: unknown) => unknown) => Promise.resolve(done(data(1))) };
    expect(await encoded(thenable)).toEqual(data(1, MARK));
    const broken = { then: () => undefined };
    expect(encoded(broken)).toBe(broken);
  });

  it('is an ArrayBuffer, or has one: another takes its place, of the same kind and of no more bytes', async () => {
    const answer = encoded(data(1, 2).buffer);
    expect(answer).toBeInstanceOf(ArrayBuffer);
    expect(answer).toEqual(data(1, 2, MARK).buffer);
    const packet = { type: 'key', data: data(3).buffer };
    expect(encoded(packet)).toBe(packet);
    expect(packet).toEqual({ type: 'key', data: data(3, MARK).buffer });
    expect(await encoded(Promise.resolve([data(1).buffer]))).toEqual([data(1, MARK).buffer]);
    const publisher = new SeiPublisher();
    publisher.publishText('a');
    const real = encoded(annexB(nal.p).buffer, { publisher, createInjector: undefined }) as ArrayBuffer;
    expect(extractSei(new Uint8Array(real))).toHaveLength(1);
    const end = new Uint8Array(real).subarray(-nal.p.length);
    expect(numbers(end)).toEqual(numbers(nal.p));
    const foreign = runInNewContext('new Uint8Array([1]).buffer') as ArrayBuffer;
    expect(numbers(new Uint8Array(encoded(foreign) as ArrayBuffer))).toEqual([1, MARK]);
  });

  it('is a Set or a Map: a new one has the new packets, however often it is read', () => {
    const output = new Set<unknown>([data(1), 'text', { data: data(2) }]);
    const answer = encoded(output) as Set<unknown>;
    expect([...answer]).toEqual([data(1, MARK), 'text', { data: data(2, MARK) }]);
    expect([...answer.values()]).toEqual([...answer]);
    expect([...output][0]).toEqual(data(1));
    const map = encoded(new Map<unknown, unknown>([['a', data(1)], ['b', null]])) as Map<unknown, unknown>; // prettier-ignore
    expect([...map]).toEqual([['a', data(1, MARK)], ['b', null]]); // prettier-ignore
    const quiet = new Set([data(0, 1)]);
    expect(encoded(quiet)).toBe(quiet);
    class Batch extends Set<unknown> {}
    const batch = new Batch([data(1)]);
    expect(encoded(batch)).toBe(batch);
    expect([...batch]).toEqual([data(1, MARK)]);
  });

  it('is something that can be iterated: its packets are replaced as they are asked for', () => {
    let asked = 0;
    const output = {
      *[Symbol.iterator]() {
        for (asked = 1; asked <= 3; asked++) yield data(asked);
      },
    };
    const answer = encoded(output) as typeof output;
    expect(answer).toBe(output);
    expect(asked).toBe(0);
    expect([...answer]).toEqual([data(1, MARK), data(2, MARK), data(3, MARK)]);
    expect([...answer]).toHaveLength(3);
  });

  it('is something that works when it is awaited: it works as often as the host awaits it', async () => {
    class Query {
      runs = 0;
      then(onFulfilled?: (value: unknown) => unknown): Promise<unknown> {
        this.runs++;
        return Promise.resolve(data(this.runs)).then(onFulfilled);
      }
    }
    const query = new Query();
    expect(encoded(query)).toBe(query);
    expect(query.runs).toBe(0);
    expect(await query).toEqual(data(1, MARK));
    expect(query.runs).toBe(1);
    expect(await query).toEqual(data(2, MARK));
    expect(await query.then()).toEqual(data(3, MARK));
  });

  it('is something that can be awaited twice and answers the same: it is taken once', async () => {
    const packet = data(1);
    const encoder = { encode: () => output };
    const output = { then: (onFulfilled: (value: unknown) => unknown) => onFulfilled(packet) };
    const { injectors } = patch(encoder);
    expect(await encoder.encode()).toEqual(data(1, MARK));
    expect(await encoder.encode()).toEqual(data(1, MARK));
    expect(injectors[0].frames).toEqual([[1]]);
    const failing = { then: (_: unknown, onRejected: (error: Error) => unknown) => onRejected(new Error('host')) };
    await expect(Promise.resolve(encoded(failing))).rejects.toThrow('host');
  });

  it.each([
    ['an array', [data(1)].values()],
    ['a Map', new Map([[1, data(1)]]).values()],
    ['a Set', new Set([data(1)]).values()],
  ])('is the iterator of %s, read in any way', (_, iterator) => {
    expect([...(encoded(iterator) as Iterable<unknown>)]).toEqual([data(1, MARK)]);
  });

  it('nests no deeper than the bound: what is deeper passes, and a circle ends', () => {
    const nested = (depth: number): unknown => (depth === 0 ? data(1) : [nested(depth - 1)]);
    expect((encoded(nested(MAX_OUTPUT_DEPTH)) as unknown[]).flat(Infinity)).toEqual([data(1, MARK)]);
    expect((encoded(nested(MAX_OUTPUT_DEPTH + 1)) as unknown[]).flat(Infinity)).toEqual([data(1)]);
    const circle: unknown[] = [];
    circle.push(circle);
    expect(encoded(circle)).toBe(circle);
  });
});
