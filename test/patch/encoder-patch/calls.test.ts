/** What the host sees of a patched method: its arguments, its answers, its errors. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MARK, data, errors, patch, unpatchAll } from './support.js';

afterEach(unpatchAll);

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
