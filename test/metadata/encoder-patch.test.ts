import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extractSei, stripSei } from '../../src/index.js';
import { type SeiDiagnostic } from '../../src/metadata/diagnostics.js';
import { MAX_OUTPUT_DEPTH } from '../../src/metadata/encoded-output.js';
import {
  type FrameInjector,
  type H264EncoderPatchOptions,
  patchH264Encoder,
} from '../../src/metadata/encoder-patch.js';
import { setGlobalSeiPublisher } from '../../src/metadata/global.js';
import { type SeiInjectorOptions } from '../../src/metadata/injector.js';
import { type PatchHandle } from '../../src/metadata/patch.js';
import { SeiPublisher } from '../../src/metadata/publisher.js';
import { annexB, codeOf, concat, nal, numbers } from '../contract/frames.js';

/** Says that bytes went through an injector. */
const MARK = 0xee;
const publisher = new SeiPublisher();
const handles: PatchHandle[] = [];
let errors: unknown[] = [];

afterEach(() => {
  for (const handle of handles.splice(0).reverse()) handle.unpatch();
  setGlobalSeiPublisher(undefined);
  errors = [];
});

/** Marks every frame at its end, and remembers everything that happened to it. */
class FakeInjector implements FrameInjector {
  readonly frames: number[][] = [];
  readonly timestamps: unknown[] = [];
  isClosed = false;

  constructor(readonly options: SeiInjectorOptions) {}

  inject(frame: Uint8Array, options?: { timestamp?: number | undefined }): Uint8Array {
    this.frames.push(numbers(frame));
    this.timestamps.push(options?.timestamp);
    return frame[0] === 0 ? frame : concat(frame, Uint8Array.of(MARK));
  }

  close(): void {
    this.isClosed = true;
  }
}

type AnyOptions = Omit<H264EncoderPatchOptions<never, never>, 'methods'> & { methods?: string | string[] };

/** Patches `encode` with fake injectors; answers them, in the order in which they were made. */
function patch(target: object, options: AnyOptions = {}): { handle: PatchHandle; injectors: FakeInjector[] } {
  const injectors: FakeInjector[] = [];
  const handle = patchH264Encoder(target, {
    methods: 'encode',
    publisher,
    createInjector: (injectorOptions) => {
      const injector = new FakeInjector(injectorOptions);
      injectors.push(injector);
      return injector;
    },
    onDiagnostic: ({ event, details }) => errors.push([event, (details as { error: unknown }).error]),
    ...options,
  });
  handles.push(handle);
  return { handle, injectors };
}

const data = (...values: number[]) => Uint8Array.from(values);
/** What `encode` answers where it would have answered `output`. */
function encoded(output: unknown, options?: AnyOptions): unknown {
  const encoder = { encode: () => output };
  patch(encoder, options);
  return encoder.encode();
}

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

describe('a packet whose data are read-only', () => {
  const cases: [string, () => { readonly data: Uint8Array }][] = [
    ['as a property', () => Object.defineProperty({ data: data(1) }, 'data', { writable: false })],
    [
      'by a getter',
      () => ({
        get data() {
          return data(1);
        },
      }),
    ],
    [
      'by a setter that throws',
      () => ({
        get data() {
          return data(1);
        },
        set data(_) {
          throw new Error('host');
        },
      }),
    ],
    [
      'by a setter that does nothing',
      () => ({
        get data() {
          return data(1);
        },
        set data(_) {},
      }),
    ],
  ];
  it.each(cases)('%s is given a property that hides them', (_, create) => {
    const packet = create();
    expect(encoded(packet)).toBe(packet);
    expect(packet.data).toEqual(data(1, MARK));
  });

  it('by a getter of its class keeps its private state', () => {
    class Packet {
      readonly #data = data(1);
      readonly #pts = 7;
      get data() {
        return this.#data;
      }
      get pts() {
        return this.#pts;
      }
    }
    const packet = encoded(new Packet()) as Packet;
    expect(packet.data).toEqual(data(1, MARK));
    expect(packet.pts).toBe(7);
  });

  it('since it is frozen is followed by a copy', () => {
    class Packet {
      readonly data = data(1);
      readonly pts = 7;
      describe() {
        return `${this.pts}: ${this.data.join()}`;
      }
    }
    const packet = Object.freeze(new Packet());
    const answer = encoded(packet) as Packet;
    expect(answer).not.toBe(packet);
    expect(answer.describe()).toBe(`7: 1,${MARK}`);
    expect(packet.describe()).toBe('7: 1');
    expect(errors).toEqual([]);
  });
});

describe('a frozen packet whose data are out of reach', () => {
  class Packet {
    readonly #data = annexB(nal.p);
    constructor() {
      Object.freeze(this);
    }
    get data() {
      return this.#data;
    }
    size() {
      return this.#data.length;
    }
  }

  it('passes as it is, and the message waits for the next one', () => {
    const real = new SeiPublisher();
    const output: object[] = [new Packet(), Object.freeze([new Packet()]), { data: annexB(nal.p) }];
    const encoder = { encode: () => output.shift() };
    handles.push(
      patchH264Encoder(encoder, {
        methods: 'encode',
        publisher: real,
        onDiagnostic: ({ event, details }) => errors.push([event, details]),
      }),
    );
    real.publishText('waits', { repeatCount: 1 });
    const [first, second, third] = output;
    expect(encoder.encode()).toBe(first);
    expect((first as Packet).size()).toBe(annexB(nal.p).length);
    expect(encoder.encode()).toBe(second);
    expect(errors).toEqual([
      ['packet-read-only', {}],
      ['packet-read-only', {}],
    ]);
    expect(real.getQueueSize()).toBe(1);
    encoder.encode();
    expect(extractSei((third as { data: Uint8Array }).data)).toHaveLength(1);
    expect(real.getQueueSize()).toBe(0);
  });

  it('has a setter of its class: that is used, and where it fails the packet passes as it is', () => {
    class Settable {
      #data = data(1);
      constructor(readonly fails: boolean) {
        Object.freeze(this);
      }
      get data() {
        return this.#data;
      }
      set data(bytes) {
        if (this.fails) throw new Error('host');
        this.#data = bytes;
      }
    }
    const settable = new Settable(false);
    expect(encoded(settable)).toBe(settable);
    expect(settable.data).toEqual(data(1, MARK));
    const failing = new Settable(true);
    expect(encoded(failing)).toBe(failing);
    expect(failing.data).toEqual(data(1));
    expect(errors).toEqual([]);
  });
});

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

describe('a call', () => {
  it('has the this and the arguments of the host, and throws what the host throws', () => {
    const failure = new Error('host');
    const encoder = {
      encode(...args: unknown[]): unknown {
        if (args.length === 0) throw failure;
        return { self: this, args };
      },
    };
    const { injectors } = patch(encoder);
    const args = [{}, undefined, 3];
    const answer = encoder.encode(...args) as { self: unknown; args: unknown[] };
    expect(answer.self).toBe(encoder);
    expect(answer.args).toEqual(args);
    expect(answer.args[0]).toBe(args[0]);
    const caught = (() => {
      try {
        return encoder.encode();
      } catch (error) {
        return error;
      }
    })();
    expect(caught).toBe(failure);
    expect(injectors).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('without a this is one of the patched object', () => {
    const encoder = { encode: () => data(1) };
    const { injectors } = patch(encoder);
    const { encode } = encoder;
    expect(encode()).toEqual(data(1, MARK));
    encoder.encode();
    expect(injectors).toHaveLength(1);
  });

  it('goes to a function with the name, the length and the properties of the original', () => {
    const encode = Object.assign(
      function encode(frame: unknown, flags: unknown) {
        return [frame, flags];
      },
      { version: 3 },
    );
    const encoder = { encode };
    patch(encoder);
    expect(encoder.encode).not.toBe(encode);
    expect([encoder.encode.name, encoder.encode.length, encoder.encode.version]).toEqual(['encode', 2, 3]);
  });

  it('of a method that calls another one takes each packet once, at once and much later', async () => {
    class Encoder {
      receive(): { data: Uint8Array } {
        return { data: data(1) };
      }
      encode(): { data: Uint8Array } {
        return this.receive();
      }
      async *packets() {
        for (let i = 0; i < 3; i++) {
          await Promise.resolve();
          yield this.receive();
        }
      }
    }
    const { injectors } = patch(Encoder.prototype, { methods: ['encode', 'receive', 'packets'] });
    const encoder = new Encoder();
    expect(encoder.encode().data).toEqual(data(1, MARK));
    for await (const packet of encoder.packets()) expect(packet.data).toEqual(data(1, MARK));
    expect(injectors).toHaveLength(1);
    expect(injectors[0].frames).toEqual([[1], [1], [1], [1]]);
  });

  it('takes a packet once that makes a copy of its bytes each time', () => {
    class Packet {
      #bytes = data(1);
      get data() {
        return this.#bytes.slice();
      }
      set data(bytes) {
        this.#bytes = bytes.slice();
      }
    }
    const encoder = {
      receive: () => new Packet(),
      encode() {
        return this.receive();
      },
    };
    patch(encoder, { methods: ['receive', 'encode'] });
    expect(encoder.encode().data).toEqual(data(1, MARK));
  });

  it('takes a packet object that is filled anew for each frame each time', () => {
    const packet = { data: data(0) };
    const encoder = {
      frames: 0,
      encode() {
        packet.data = data(++this.frames);
        return packet;
      },
      *packets() {
        for (let i = 0; i < 3; i++) {
          packet.data = data(++this.frames);
          yield packet;
        }
      },
    };
    patch(encoder, { methods: ['encode', 'packets'] });
    expect(encoder.encode().data).toEqual(data(1, MARK));
    expect(encoder.encode().data).toEqual(data(2, MARK));
    expect(Array.from(encoder.packets(), (each) => each.data)).toEqual([data(3, MARK), data(4, MARK), data(5, MARK)]);
  });

  it('of two encoders that answer one frame at the same time takes it for each', async () => {
    class Encoder {
      constructor(readonly frame: Uint8Array | { data: Uint8Array }) {}
      async encode() {
        await Promise.resolve();
        return this.frame;
      }
    }
    // A frame that begins with 0 passes through FakeInjector untouched.
    const { injectors } = patch(Encoder.prototype);
    for (const frame of [data(0), { data: data(0) }]) {
      const [first, second] = [new Encoder(frame), new Encoder(frame)];
      await Promise.all([first.encode(), second.encode()]);
    }
    expect(injectors.map(({ frames }) => frames)).toEqual([[[0]], [[0]], [[0]], [[0]]]);
  });

  it('of a subclass and of the class below it takes each packet once', () => {
    class Base {
      encode() {
        return data(1);
      }
    }
    class Derived extends Base {
      override encode() {
        return super.encode();
      }
    }
    const base = patch(Base.prototype);
    const derived = patch(Derived.prototype);
    expect(new Derived().encode()).toEqual(data(1, MARK));
    expect(base.injectors).toHaveLength(1);
    expect(derived.injectors).toHaveLength(0);
  });
});

describe('a promise of the host that is rejected', () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);
  beforeEach(() => process.on('unhandledRejection', onUnhandled));
  afterEach(() => {
    process.off('unhandledRejection', onUnhandled);
    unhandled.length = 0;
  });
  /** A turn of the event loop, after which Node has told of unhandled rejections. */
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
  const busy = new Error('encoder busy');
  const handled = () => {
    const promise = Promise.reject(busy);
    promise.catch(() => undefined);
    return promise;
  };

  it('and that the host has handled ends nothing where the caller looks away', async () => {
    const encoder = {
      encode: handled,
      close: handled,
      *packets() {
        yield handled();
      },
      later: () => ({ next: handled }),
    };
    patch(encoder, { methods: ['encode', 'packets', 'later'] });
    void encoder.encode();
    void encoder.close();
    for (const packet of encoder.packets()) void packet;
    void encoder.later().next();
    await turn();
    expect(unhandled).toEqual([]);
  });

  it('is told to the caller who awaits it, or who follows it', async () => {
    const encoder = { encode: () => Promise.reject(busy), close: () => Promise.reject(busy) };
    patch(encoder);
    await expect(encoder.encode()).rejects.toBe(busy);
    await expect(encoder.close()).rejects.toBe(busy);
    void encoder.encode().then(() => 1);
    void encoder.close().finally(() => undefined);
    await turn();
    expect(unhandled).toEqual([busy, busy]);
  });

  it('leaves what a closing method answers the very promise of the host', () => {
    const closing = Promise.resolve('closed');
    const encoder = { encode: () => data(1), close: () => closing };
    patch(encoder);
    expect(encoder.close()).toBe(closing);
  });
});

describe('the options', () => {
  it('say where the bytes are, when they are and whether they are video', () => {
    interface Packet {
      payload: { bytes: Uint8Array };
      ms: number | undefined;
      kind: string;
    }
    const packets: Packet[] = [
      { payload: { bytes: data(1) }, ms: 40, kind: 'video' },
      { payload: { bytes: data(2) }, ms: 80, kind: 'audio' },
      { payload: { bytes: data(3) }, ms: undefined, kind: 'video' },
      { payload: { bytes: data(4) }, ms: NaN, kind: 'video' },
    ];
    const encoder = { encode: () => packets };
    const seen: unknown[] = [];
    const { injectors } = patch(encoder, {
      getData: (packet: Packet) => packet.payload.bytes,
      setData: (packet: Packet, bytes: Uint8Array) => {
        packet.payload.bytes = bytes;
      },
      getTimestamp: (packet: Packet) => packet.ms,
      isVideo: (packet: Packet, self: object) => {
        seen.push(self);
        return packet.kind === 'video';
      },
    });
    expect(encoder.encode()).toBe(packets);
    expect(packets.map(({ payload }) => payload.bytes)).toEqual([data(1, MARK), data(2), data(3, MARK), data(4, MARK)]);
    expect(injectors[0].timestamps).toEqual([40, undefined, undefined]);
    expect(new Set(seen)).toEqual(new Set([encoder]));
  });

  it('may answer another packet', () => {
    class Chunk {
      constructor(readonly bytes: Uint8Array) {}
    }
    const options = {
      getData: (chunk: Chunk) => chunk.bytes,
      setData: (_: Chunk, bytes: Uint8Array) => new Chunk(bytes),
    };
    const original = new Chunk(data(1));
    expect(encoded(original, options as unknown as AnyOptions)).toEqual(new Chunk(data(1, MARK)));
    expect(original.bytes).toEqual(data(1));
  });

  it('are given to the injector', () => {
    const encoder = { encode: () => data(1) };
    const { injectors } = patch(encoder, { format: 'avcc', lengthSize: 2, maxPacketSize: 900 });
    encoder.encode();
    expect(injectors[0].options).toMatchObject({ publisher, format: 'avcc', lengthSize: 2, maxPacketSize: 900 });
  });

  it.each([
    ['target', undefined, {}],
    ['target', 'text', {}],
    ['methods', {}, { methods: 3 }],
    ['methods', {}, { methods: ['encode', undefined] }],
    ['closeMethods', {}, { closeMethods: [1] }],
    ['publisher', {}, { publisher: {} }],
    ['getData', {}, { getData: 'data' }],
    ['setData', {}, { getData: () => undefined }],
    ['isVideo', {}, { isVideo: true }],
  ])('and arguments of the wrong kind are refused: %s', (_, target, options) => {
    expect(codeOf(() => patch(target as object, options as unknown as AnyOptions))).toBe('ERR_INVALID_ARG_TYPE');
  });

  it('and a format or a length size that is none are refused', () => {
    expect(codeOf(() => patch({}, { format: 'hevc' as 'avcc' }))).toBe('ERR_OUT_OF_RANGE');
    expect(codeOf(() => patch({}, { lengthSize: 3 as 4 }))).toBe('ERR_OUT_OF_RANGE');
  });
});

describe('the injector', () => {
  it('is one for each encoder', () => {
    class Encoder {
      encode() {
        return data(1);
      }
    }
    const before = new Encoder();
    const { injectors } = patch(Encoder.prototype);
    const after = new Encoder();
    for (const encoder of [before, after, before]) expect(encoder.encode()).toEqual(data(1, MARK));
    expect(injectors.map(({ frames }) => frames.length)).toEqual([2, 1]);
  });

  it('is closed when what its close method answers is awaited, which works only then', async () => {
    let runs = 0;
    const encoder = {
      encode: () => data(1),
      close: () => ({
        then: (onFulfilled: () => unknown) => {
          runs++;
          return onFulfilled();
        },
      }),
    };
    const { injectors } = patch(encoder);
    encoder.encode();
    const closing = encoder.close();
    expect([runs, injectors[0].isClosed]).toEqual([0, false]);
    await closing;
    expect([runs, injectors[0].isClosed]).toEqual([1, true]);
  });

  it.each(['close', 'free', 'destroy', 'dispose'])('is closed by %s, for that encoder only', (name) => {
    const createEncoder = () => ({ encode: () => data(1), [name]: (value: number) => value + 1 });
    const prototype = createEncoder();
    const { injectors } = patch(prototype);
    const [one, other] = [Object.create(prototype), Object.create(prototype)] as Record<
      string,
      (n?: number) => unknown
    >[];
    one['encode']();
    other['encode']();
    expect(one[name](4)).toBe(5);
    expect(injectors.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });

  it('is closed by a method that the options name, and by no other', () => {
    const encoder = { encode: () => data(1), stop() {}, close() {} };
    const { injectors } = patch(encoder, { closeMethods: ['stop', 'missing'] });
    encoder.encode();
    encoder.close();
    expect(injectors[0].isClosed).toBe(false);
    encoder.stop();
    expect(injectors[0].isClosed).toBe(true);
  });

  it('is closed where the method fails, and after the promise that it answers is settled', async () => {
    const encoder = {
      encode: () => data(1),
      close(): void {
        throw new Error('host');
      },
      destroy: (fails: boolean) => (fails ? Promise.reject(new Error('host')) : Promise.resolve('done')),
    };
    const { injectors } = patch(encoder);
    encoder.encode();
    expect(() => {
      encoder.close();
    }).toThrow('host');
    expect(injectors[0].isClosed).toBe(true);
    encoder.encode();
    const destroyed = encoder.destroy(false);
    expect(injectors[1].isClosed).toBe(false);
    expect(await destroyed).toBe('done');
    expect(injectors[1].isClosed).toBe(true);
    encoder.encode();
    await expect(encoder.destroy(true)).rejects.toThrow('host');
    expect(injectors[2].isClosed).toBe(true);
  });

  it('takes the last packets that the closing method itself answers', () => {
    const encoder = { encode: () => data(1), close: () => [data(2)] };
    const { injectors } = patch(encoder, { methods: ['encode', 'close'] });
    encoder.encode();
    expect(encoder.close()).toEqual([data(2, MARK)]);
    expect(injectors).toHaveLength(1);
    expect(injectors[0].isClosed).toBe(true);
  });

  it('does not come back for packets that were on their way, but for an encoder that is used again', async () => {
    const encoder = {
      encode: () => [data(1), data(2)].values(),
      later: () => Promise.resolve().then(() => data(3)),
      close() {},
    };
    const { injectors } = patch(encoder, { methods: ['encode', 'later'] });
    const packets = encoder.encode();
    const later = encoder.later();
    expect(packets.next().value).toEqual(data(1, MARK));
    encoder.close();
    expect(packets.next().value).toEqual(data(2));
    expect(await later).toEqual(data(3));
    expect(injectors).toHaveLength(1);
    expect(encoder.encode().next().value).toEqual(data(1, MARK));
    expect(injectors.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });

  it('belongs to the global publisher of the moment', () => {
    const encoder = { encode: () => data(1) };
    const { injectors } = patch(encoder, { publisher: undefined });
    expect(encoder.encode()).toEqual(data(1));
    expect(injectors).toEqual([]);
    const publishers = [new SeiPublisher(), new SeiPublisher()];
    for (const each of publishers) {
      setGlobalSeiPublisher(each);
      expect(encoder.encode()).toEqual(data(1, MARK));
    }
    expect(injectors.map(({ options }) => options.publisher)).toEqual(publishers);
    expect(injectors.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    setGlobalSeiPublisher(undefined);
    expect(encoder.encode()).toEqual(data(1));
    expect(injectors[1].isClosed).toBe(true);
  });
});

describe('a failure of ours', () => {
  const failing = (): never => {
    throw new Error('ours');
  };
  const bad: [string, AnyOptions][] = [
    ['getData', { getData: failing, setData: () => undefined }],
    ['setData', { setData: failing }],
    ['getTimestamp', { getTimestamp: failing }],
    ['isVideo', { isVideo: failing }],
    ['createInjector', { createInjector: failing }],
    ['inject', { createInjector: () => ({ inject: failing, close: failing }) }],
  ];
  it.each(bad)('in %s is told and leaves the output as it is', async (_, options) => {
    const packet = { data: data(1) };
    const outputs = [packet, [packet], Promise.resolve(packet), [packet].values()];
    for (const output of outputs) {
      const answer = await encoded(output, options);
      expect(answer).toBe(await output);
      if (output === outputs[3]) expect([...(answer as Iterable<unknown>)][0]).toBe(packet);
    }
    expect(packet.data).toEqual(data(1));
    expect(errors).toEqual(outputs.map(() => ['patch-error', new Error('ours')]));
  });

  it('to close is told, and the host goes on', () => {
    const encoder = { encode: () => data(1), close: () => 'closed' };
    patch(encoder, { createInjector: () => ({ inject: (frame) => frame, close: failing }) });
    encoder.encode();
    expect(encoder.close()).toBe('closed');
    expect(errors).toEqual([['close-error', new Error('ours')]]);
  });

  it('is published on the channel', () => {
    const heard: unknown[] = [];
    const listen = (diagnostic: unknown) => heard.push((diagnostic as SeiDiagnostic).event);
    subscribe('h264-sei:injector', listen);
    encoded(data(1), { isVideo: failing });
    unsubscribe('h264-sei:injector', listen);
    expect(heard).toEqual(['patch-error']);
  });

  it('caused by output that cannot be looked at leaves it as it is', () => {
    const hostile = new Proxy({}, { get: failing });
    expect(encoded(hostile)).toBe(hostile);
    const getter = Object.defineProperty({}, 'then', { get: failing });
    expect(encoded([getter, data(1)])).toEqual([getter, data(1, MARK)]);
  });
});

describe('a handle', () => {
  const properties: [string, PropertyDescriptor][] = [
    ['a plain one', { value: () => data(1), writable: true, enumerable: true, configurable: true }],
    ['a hidden one', { value: () => data(1), writable: true, enumerable: false, configurable: true }],
    ['a constant', { value: () => data(1), writable: false, enumerable: true, configurable: true }],
    ['one that stays', { value: () => data(1), writable: true, enumerable: true, configurable: false }],
    ['a getter', { get: () => () => data(1), enumerable: false, configurable: true }],
    ['a getter and a setter', { get: () => () => data(1), set() {}, enumerable: true, configurable: true }],
  ];
  it.each(properties)('takes the patch of a method back without a trace: %s', (_, descriptor) => {
    const encoder = Object.defineProperty({}, 'encode', descriptor) as { encode: () => Uint8Array };
    const { handle, injectors } = patch(encoder);
    expect(handle).toMatchObject({ applied: true, methods: ['encode'] });
    expect(encoder.encode()).toEqual(data(1, MARK));
    const { enumerable, configurable, writable } = Object.getOwnPropertyDescriptor(encoder, 'encode')!;
    expect({ enumerable, configurable, writable }).toEqual({
      enumerable: descriptor.enumerable,
      configurable: descriptor.configurable,
      writable: descriptor.writable,
    });
    handle.unpatch();
    handle.unpatch();
    expect(Object.getOwnPropertyDescriptor(encoder, 'encode')).toMatchObject(descriptor);
    expect(Object.getOwnPropertyDescriptor(encoder, 'encode')?.value).toBe(descriptor.value);
    expect(encoder.encode()).toEqual(data(1));
    expect(injectors.map(({ isClosed }) => isClosed)).toEqual([true]);
  });

  it('takes the patch of an inherited method and of a closing one back without a trace', () => {
    class Encoder {
      encode() {
        return data(1);
      }
      close() {}
    }
    const encoder = new Encoder();
    const before = Object.getOwnPropertyDescriptors(Encoder.prototype);
    const { handle } = patch(encoder);
    expect(encoder.encode()).toEqual(data(1, MARK));
    expect(new Encoder().encode()).toEqual(data(1));
    handle.unpatch();
    expect(Reflect.ownKeys(encoder)).toEqual([]);
    const { handle: second } = patch(Encoder.prototype);
    second.unpatch();
    expect(Object.getOwnPropertyDescriptors(Encoder.prototype)).toEqual(before);
  });

  it('gives the same function of a getter each time, with the this of the caller', () => {
    const method = function (this: unknown) {
      return { self: this };
    };
    const encoder = {
      get encode() {
        return method;
      },
    };
    patch(encoder);
    expect(encoder.encode).toBe(encoder.encode);
    expect(encoder.encode().self).toBe(encoder);
  });

  it.each([
    ['has no such method', {}],
    ['has something else by that name', { encode: 3 }],
    ['is frozen', Object.freeze({ encode: () => data(1) })],
    ['inherits it and takes no property', Object.preventExtensions(Object.create({ encode: () => data(1) }))],
    [
      'refuses to be looked at',
      new Proxy(
        {},
        {
          getOwnPropertyDescriptor() {
            throw new Error('host');
          },
        },
      ),
    ],
    ['is a module', runInNewContext('Object.seal(Object.freeze({ encode() { return 1; } }))')],
  ])('says that nothing was applied to what %s', (_, target) => {
    const { handle } = patch(target as object);
    expect(handle).toMatchObject({ applied: false, methods: [] });
    handle.unpatch();
  });

  it('names the methods that exist', () => {
    const encoder = { encode: () => data(1), flush: () => [data(2)] };
    expect(patch(encoder, { methods: ['encode', 'missing', 'flush', 'encode'] }).handle.methods).toEqual([
      'encode',
      'flush',
    ]);
    expect(encoder.flush()).toEqual([data(2, MARK)]);
  });

  it('says that nothing was applied the second time, and takes nothing of the first back', () => {
    class Encoder {
      encode() {
        return data(1);
      }
      flush() {
        return data(2);
      }
    }
    const first = patch(Encoder.prototype);
    const second = patch(Encoder.prototype);
    const inherited = patch(new Encoder());
    const partly = patch(Encoder.prototype, { methods: ['encode', 'flush'] });
    expect([second, inherited, partly].map(({ handle }) => handle.methods)).toEqual([[], [], ['flush']]);
    second.handle.unpatch();
    expect(new Encoder().encode()).toEqual(data(1, MARK));
    first.handle.unpatch();
    expect(new Encoder().encode()).toEqual(data(1));
    expect(new Encoder().flush()).toEqual(data(2, MARK));
    expect(patch(Encoder.prototype).handle.applied).toBe(true);
    expect(new Encoder().encode()).toEqual(data(1, MARK));
  });

  it('leaves a patch of somebody else on top alone, and comes away when theirs does', () => {
    const encode = (): Uint8Array => data(1);
    const encoder = { encode };
    const { handle } = patch(encoder);
    const ours = encoder.encode;
    const theirs = () => concat(data(9), ours());
    encoder.encode = theirs;
    expect(patch(encoder).handle.applied).toBe(false);
    expect(encoder.encode()).toEqual(data(9, 1, MARK));
    handle.unpatch();
    expect(encoder.encode).toBe(theirs);
    expect(encoder.encode()).toEqual(data(9, 1));
    const again = patch(encoder);
    expect(encoder.encode()).toEqual(data(9, 1, MARK));
    again.handle.unpatch();
    expect(encoder.encode).toBe(theirs);
    encoder.encode = ours;
    patch(encoder).handle.unpatch();
    expect(encoder.encode).toBe(encode);
  });

  it('takes the patch back of what inherits a constant', () => {
    const encoder = Object.create(Object.freeze({ encode: () => data(1) })) as { encode: () => Uint8Array };
    const { handle } = patch(encoder);
    expect(encoder.encode()).toEqual(data(1, MARK));
    handle.unpatch();
    expect(Reflect.ownKeys(encoder)).toEqual([]);
  });

  it('leaves a function of ours alone that somebody has put elsewhere', () => {
    class Encoder {
      encode() {
        return data(1);
      }
    }
    const encoder = new Encoder();
    const { handle } = patch(encoder);
    const other = Object.defineProperties(
      {} as { encode: () => Uint8Array },
      Object.getOwnPropertyDescriptors(encoder),
    );
    handle.unpatch();
    const second = patch(other);
    expect(second.handle.applied).toBe(true);
    expect(other.encode()).toEqual(data(1, MARK));
    second.handle.unpatch();
    expect(other.encode()).toEqual(data(1));
  });

  it('stops what is iterated at once', () => {
    const encoder = { encode: () => [data(1), data(2)].values() };
    const { handle } = patch(encoder);
    const packets = encoder.encode();
    expect(packets.next().value).toEqual(data(1, MARK));
    handle.unpatch();
    expect(packets.next().value).toEqual(data(2));
  });
});

describe('with a real publisher', () => {
  const frame = annexB(nal.sps, nal.pps, nal.idr);
  it('puts messages into the frames of every encoder', () => {
    class Encoder {
      encode() {
        return { data: Buffer.from(frame) };
      }
      close() {}
    }
    const real = new SeiPublisher();
    setGlobalSeiPublisher(real);
    handles.push(patchH264Encoder(Encoder.prototype, { methods: 'encode' }));
    const encoders = [new Encoder(), new Encoder()];
    for (const encoder of encoders) encoder.encode();
    real.publishJson({ caption: 'Hello' }, { repeatCount: 2 });
    for (const encoder of encoders) {
      for (const copies of [1, 1, 0]) {
        const { data: tagged } = encoder.encode();
        expect(Buffer.isBuffer(tagged)).toBe(true);
        const messages = extractSei(tagged);
        expect(messages.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()) as unknown)).toEqual(
          Array.from({ length: copies }, () => expect.objectContaining({ caption: 'Hello' }) as unknown),
        );
        expect(Buffer.compare(stripSei(tagged), frame)).toBe(0);
      }
    }
    expect(real.stats.liveInjectors).toBe(2);
    encoders[0].close();
    expect(real.stats.liveInjectors).toBe(1);
    handles.pop()!.unpatch();
    expect(real.stats.liveInjectors).toBe(0);
  });
});

describe('10,000 encoders that are forgotten without being closed', () => {
  const COUNT = 10_000;
  const PROGRAM = `
    import { patchH264Encoder } from './src/metadata/encoder-patch.ts';
    import { SeiInjector } from './src/metadata/injector.ts';
    import { SeiPublisher } from './src/metadata/publisher.ts';
    const publisher = new SeiPublisher();
    const frame = Uint8Array.of(0, 0, 0, 1, 0x65, 0x88, 0x84, 0x21);
    class Encoder { encode() { return frame; } close() {} }
    let opened = 0, closed = 0;
    const createInjector = (options) => {
      const injector = new SeiInjector(options);
      opened++;
      return { inject: (data, of) => injector.inject(data, of), close: () => { closed++; injector.close(); } };
    };
    patchH264Encoder(Encoder.prototype, { methods: 'encode', publisher, createInjector });
    publisher.publishText('waits', { repeatCount: 2 });
    const kept = new Encoder();
    kept.encode();
    const use = (encoder) => encoder.encode();
    for (let i = 0; i < ${COUNT - 1}; i++) {
      if (i % 2 === 0) use(new Encoder());
      // One that is patched itself, by functions that know it, and whose patch nobody keeps.
      else (() => {
        const own = { encode: () => frame };
        patchH264Encoder(own, { methods: 'encode', publisher, createInjector, isVideo: (_, encoder) => encoder === own });
        use(own);
      })();
    }
    const closedBefore = closed;
    (async () => {
      for (let i = 0; i < 50 && closed < ${COUNT - 1}; i++) {
        gc();
        await new Promise((done) => setTimeout(done, 20));
      }
      kept.encode();
      console.log(JSON.stringify({ opened, closedBefore, closed, left: publisher.stats.liveInjectors }));
    })();`;

  it('leave no injector behind', async () => {
    const { outputFiles } = buildSync({
      stdin: { contents: PROGRAM, resolveDir: resolve(__dirname, '../..'), loader: 'ts' },
      bundle: true,
      format: 'cjs',
      platform: 'node',
      write: false,
    });
    // Over standard input, since an argument has room for 128 KiB only.
    const running = promisify(execFile)(process.execPath, ['--expose-gc', '-']);
    running.child.stdin?.end(outputFiles[0].text);
    const { stdout } = await running;
    expect(JSON.parse(stdout)).toEqual({ opened: COUNT, closedBefore: 0, closed: COUNT - 1, left: 1 });
  });
});
