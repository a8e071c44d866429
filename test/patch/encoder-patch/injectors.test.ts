/** The injectors of encoders: when one is opened, and when it is closed. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import { extractSei, stripSei } from '../../../src/index.js';
import { patchH264Encoder } from '../../../src/patch/encoder-patch.js';
import { setGlobalSeiPublisher } from '../../../src/patch/global.js';
import { SeiPublisher } from '../../../src/publish/publisher.js';
import { annexB, nal } from '../../contract/frames.js';
import { MARK, data, handles, patch, unpatchAll } from './support.js';

afterEach(unpatchAll);

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
    handles.pop()!.close();
    expect(real.stats.liveInjectors).toBe(0);
  });
});

describe('10,000 encoders that are forgotten without being closed', () => {
  const COUNT = 10_000;
  const PROGRAM = `
    import { patchH264Encoder } from './src/patch/encoder-patch.ts';
    import { SeiInjector } from './src/publish/injector.ts';
    import { SeiPublisher } from './src/publish/publisher.ts';
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
      stdin: { contents: PROGRAM, resolveDir: resolve(__dirname, '../../..'), loader: 'ts' },
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
