/** The life cycle of a patch: applied, on top of or below others, taken back. */
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { concat } from '../../contract/frames.js';
import { MARK, data, patch, unpatchAll } from './support.js';

afterEach(unpatchAll);

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
    handle.close();
    handle.close();
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
    handle.close();
    expect(Reflect.ownKeys(encoder)).toEqual([]);
    const { handle: second } = patch(Encoder.prototype);
    second.close();
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
    handle.close();
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
    second.handle.close();
    expect(new Encoder().encode()).toEqual(data(1, MARK));
    first.handle.close();
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
    handle.close();
    expect(encoder.encode).toBe(theirs);
    expect(encoder.encode()).toEqual(data(9, 1));
    const again = patch(encoder);
    expect(encoder.encode()).toEqual(data(9, 1, MARK));
    again.handle.close();
    expect(encoder.encode).toBe(theirs);
    encoder.encode = ours;
    patch(encoder).handle.close();
    expect(encoder.encode).toBe(encode);
  });

  it('takes the patch back of what inherits a constant', () => {
    const encoder = Object.create(Object.freeze({ encode: () => data(1) })) as { encode: () => Uint8Array };
    const { handle } = patch(encoder);
    expect(encoder.encode()).toEqual(data(1, MARK));
    handle.close();
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
    handle.close();
    const second = patch(other);
    expect(second.handle.applied).toBe(true);
    expect(other.encode()).toEqual(data(1, MARK));
    second.handle.close();
    expect(other.encode()).toEqual(data(1));
  });

  it('stops what is iterated at once', () => {
    const encoder = { encode: () => [data(1), data(2)].values() };
    const { handle } = patch(encoder);
    const packets = encoder.encode();
    expect(packets.next().value).toEqual(data(1, MARK));
    handle.close();
    expect(packets.next().value).toEqual(data(2));
  });
});
