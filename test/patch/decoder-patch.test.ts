import { afterEach, describe, expect, it } from 'vitest';
import { createSeiNalUnit, injectSei } from '../../src/index.js';
import { type H264DecoderPatchOptions, patchH264Decoder } from '../../src/patch/decoder-patch.js';
import { patchH264Encoder } from '../../src/patch/encoder-patch.js';
import { setGlobalSeiSubscriber } from '../../src/patch/global.js';
import { type PatchHandle } from '../../src/patch/patch.js';
import { SeiPublisher } from '../../src/publish/publisher.js';
import { SeiSubscriber } from '../../src/receive/subscriber.js';
import { annexB, codeOf, nal, numbers } from '../contract/frames.js';

const handles: PatchHandle[] = [];
let errors: unknown[] = [];
afterEach(() => {
  for (const handle of handles.splice(0).reverse()) handle.close();
  setGlobalSeiSubscriber(undefined);
  errors = [];
});

/** Remembers the frames that it is given. */
class FakeSubscriber {
  readonly frames: number[][] = [];
  readonly timestamps: unknown[] = [];
  processFrame(frame: Uint8Array, options?: { timestamp?: number }): [] {
    this.frames.push(numbers(frame));
    this.timestamps.push(options?.timestamp);
    return [];
  }
}

type AnyOptions = Partial<H264DecoderPatchOptions<never, never>>;

function patch(target: object, options: AnyOptions = {}): { handle: PatchHandle; subscriber: FakeSubscriber } {
  const subscriber = new FakeSubscriber();
  const handle = patchH264Decoder(target, {
    methods: 'decode',
    subscriber: subscriber as unknown as SeiSubscriber,
    onDiagnostic: ({ event, details }) => errors.push([event, (details as { error: unknown }).error]),
    ...options,
  });
  handles.push(handle);
  return { handle, subscriber };
}

const data = (...values: number[]) => Uint8Array.from(values);

describe('a decoder that takes frames', () => {
  const inputs: [string, unknown, number[][]][] = [
    ['bytes', data(1), [[1]]],
    ['a packet', { data: data(1) }, [[1]]],
    ['an array', [data(1), { data: data(2) }, null], [[1], [2]]],
    ['nothing, to flush', null, []],
    ['a packet without bytes', { data: null }, []],
    ['text', 'text', []],
    ['a promise', Promise.resolve(data(1)), []],
    ['promises', [Promise.resolve(data(1))], []],
  ];
  it.each(inputs)(
    '%s: they are read before it is called, and it is given what it was given',
    async (_, input, frames) => {
      const decoder = {
        decode(...args: unknown[]): unknown {
          return { self: this, args, seen: subscriber.frames.length };
        },
      };
      const { subscriber } = patch(decoder);
      const answer = decoder.decode(input, 3) as { self: unknown; args: unknown[]; seen: number };
      expect(answer.self).toBe(decoder);
      expect(answer.args).toHaveLength(2);
      expect(answer.args[0]).toBe(input);
      expect(answer.args[1]).toBe(3);
      expect(answer.seen).toBe(frames.length);
      await Promise.resolve();
      expect(subscriber.frames).toEqual(frames);
      expect(errors).toEqual([]);
    },
  );

  it('one by one: each is read when it is asked for', async () => {
    const decoder = {
      async *decode(packets: AsyncIterable<{ data: Uint8Array }>) {
        for await (const packet of packets) yield packet.data[0];
      },
    };
    const { subscriber } = patch(decoder);
    const packets = (async function* () {
      for (let i = 1; i <= 3; i++) {
        await Promise.resolve();
        yield { data: data(i) };
      }
    })();
    const decoded = decoder.decode(packets);
    expect((await decoded.next()).value).toBe(1);
    expect(subscriber.frames).toEqual([[1]]);
    const rest: unknown[] = [];
    for await (const first of decoded) rest.push(first);
    expect(rest).toEqual([2, 3]);
    expect(subscriber.frames).toEqual([[1], [2], [3]]);
  });

  it('leaves a rejected promise that it is given to the decoder', async () => {
    const decoder = { decode: (input: Promise<unknown>) => input };
    patch(decoder);
    await expect(decoder.decode(Promise.reject(new Error('host')))).rejects.toThrow('host');
  });

  it('in another argument', () => {
    const decoder = { decode: (...frames: unknown[]) => frames.length };
    const { subscriber } = patch(decoder, { argument: 1 });
    decoder.decode(data(1), data(2));
    decoder.decode(data(3));
    expect(subscriber.frames).toEqual([[2]]);
  });

  it('that one method hands on to another are read once; a packet that is filled anew is read each time', () => {
    class Decoder {
      decode(packet: object) {
        this.send(packet);
      }
      send(packet: object) {
        return packet;
      }
    }
    const { subscriber } = patch(Decoder.prototype, { methods: ['decode', 'send'] });
    const decoder = new Decoder();
    const packet = { data: data(1) };
    decoder.decode(packet);
    packet.data = data(2);
    decoder.decode(packet);
    decoder.send(packet);
    expect(subscriber.frames).toEqual([[1], [2], [2]]);
  });

  it('reads a packet that comes again after the call in which it was iterated', () => {
    class Decoder {
      *decode(packets: Iterable<object>) {
        yield* packets;
      }
      send(packet: object) {
        return packet;
      }
    }
    const { subscriber } = patch(Decoder.prototype, { methods: ['decode', 'send'] });
    const packet = { data: data(1) };
    const decoder = new Decoder();
    for (const each of decoder.decode([packet].values())) expect(each).toBe(packet);
    decoder.send(packet);
    decoder.send(packet);
    expect(subscriber.frames).toEqual([[1], [1], [1]]);
  });
});

describe('what answers frames', () => {
  const outputs: [string, () => unknown, number[][]][] = [
    ['bytes', () => data(1), [[1]]],
    ['a packet', () => ({ data: data(1) }), [[1]]],
    ['an array', () => [data(1), null, { data: data(2) }], [[1], [2]]],
    ['nothing', () => undefined, []],
  ];
  it.each(outputs)('is read: %s', async (_, create, frames) => {
    const output = create();
    const demuxer = { read: () => output, later: () => Promise.resolve(output) };
    const { subscriber } = patch(demuxer, { methods: ['read', 'later'], direction: 'output' });
    expect(demuxer.read()).toBe(output);
    expect(subscriber.frames).toEqual(frames);
    expect(await demuxer.later()).toBe(output);
    expect(subscriber.frames).toEqual([...frames, ...frames]);
  });

  it('is read as it is asked for, once, also where a method asks another', async () => {
    class Demuxer {
      read() {
        return { data: data(1) };
      }
      async *packets() {
        for (let i = 0; i < 3; i++) {
          await Promise.resolve();
          yield this.read();
        }
      }
    }
    const { subscriber, handle } = patch(Demuxer.prototype, { methods: ['read', 'packets'], direction: 'output' });
    const packets = new Demuxer().packets();
    expect(subscriber.frames).toEqual([]);
    await packets.next();
    expect(subscriber.frames).toEqual([[1]]);
    await packets.next();
    expect(subscriber.frames).toEqual([[1], [1]]);
    handle.close();
    await packets.next();
    expect(subscriber.frames).toEqual([[1], [1]]);
  });

  it('passes the failures of the host', async () => {
    const demuxer = {
      read() {
        throw new Error('host');
      },
      later: () => Promise.reject(new Error('host')),
    };
    patch(demuxer, { methods: ['read', 'later'], direction: 'output' });
    expect(() => {
      demuxer.read();
    }).toThrow('host');
    await expect(demuxer.later()).rejects.toThrow('host');
  });
});

describe('the options', () => {
  it('say where the bytes are, when they are and whether they are video', () => {
    interface Packet {
      payload: Uint8Array;
      ms: number | null;
      kind: string;
    }
    const decoder = { decode: (packet: Packet) => packet };
    const { subscriber } = patch(decoder, {
      getData: (packet: Packet) => packet.payload,
      getTimestamp: (packet: Packet) => packet.ms,
      isVideo: (packet: Packet, self: object) => packet.kind === 'video' && self === decoder,
    });
    decoder.decode({ payload: data(1), ms: 40, kind: 'video' });
    decoder.decode({ payload: data(2), ms: 80, kind: 'audio' });
    decoder.decode({ payload: data(3), ms: null, kind: 'video' });
    expect(subscriber.frames).toEqual([[1], [3]]);
    expect(subscriber.timestamps).toEqual([40, undefined]);
  });

  it.each([
    ['ERR_INVALID_ARG_TYPE', null, {}],
    ['ERR_INVALID_ARG_TYPE', {}, { methods: null }],
    ['ERR_INVALID_ARG_TYPE', {}, { subscriber: {} }],
    ['ERR_INVALID_ARG_TYPE', {}, { isVideo: 1 }],
    ['ERR_INVALID_ARG_TYPE', {}, { argument: '0' }],
    ['ERR_OUT_OF_RANGE', {}, { argument: -1 }],
    ['ERR_OUT_OF_RANGE', {}, { argument: 0.5 }],
    ['ERR_OUT_OF_RANGE', {}, { direction: 'both' }],
  ])('and arguments of the wrong kind are refused: %s %j %j', (code, target, options) => {
    expect(codeOf(() => patch(target as object, options as unknown as AnyOptions))).toBe(code);
  });

  it('may leave the subscriber to the global one of the moment', () => {
    const decoder = { decode: (packet: Uint8Array) => packet };
    patch(decoder, { subscriber: undefined });
    decoder.decode(data(1));
    const fakes = [new FakeSubscriber(), new FakeSubscriber()];
    for (const [i, fake] of fakes.entries()) {
      setGlobalSeiSubscriber(fake as unknown as SeiSubscriber);
      decoder.decode(data(i));
    }
    setGlobalSeiSubscriber(undefined);
    decoder.decode(data(9));
    expect(fakes.map(({ frames }) => frames)).toEqual([[[0]], [[1]]]);
  });
});

describe('a failure of ours', () => {
  const failing = (): never => {
    throw new Error('ours');
  };
  it.each<[string, AnyOptions]>([
    ['getData', { getData: failing }],
    ['getTimestamp', { getTimestamp: failing }],
    ['isVideo', { isVideo: failing }],
    ['processFrame', { subscriber: { processFrame: failing } as unknown as SeiSubscriber }],
  ])('in %s is told, and the decoder is called', (_, options) => {
    const decoder = { decode: (frame: Uint8Array) => frame };
    const frame = data(1);
    patch(decoder, options);
    expect(decoder.decode(frame)).toBe(frame);
    expect(errors).toEqual([['patch-error', new Error('ours')]]);
  });
});

describe('a handle', () => {
  it('takes the patch back without a trace', () => {
    class Decoder {
      decode(packet: unknown) {
        return packet;
      }
    }
    const before = Object.getOwnPropertyDescriptors(Decoder.prototype);
    const { handle, subscriber } = patch(Decoder.prototype);
    expect(handle).toMatchObject({ applied: true, methods: ['decode'] });
    handle.close();
    new Decoder().decode(data(1));
    expect(subscriber.frames).toEqual([]);
    expect(Object.getOwnPropertyDescriptors(Decoder.prototype)).toEqual(before);
  });

  it('says that nothing was applied the second time, or where there is no such method', () => {
    const decoder = { decode: (packet: unknown) => packet };
    const { subscriber } = patch(decoder);
    const second = patch(decoder);
    expect(second.handle).toMatchObject({ applied: false, methods: [] });
    expect(patch({}).handle.applied).toBe(false);
    decoder.decode(data(1));
    expect([subscriber.frames, second.subscriber.frames]).toEqual([[[1]], []]);
  });

  it('of a decoder and one of an encoder stand around one method and go in any order', () => {
    const original = () => data(1);
    for (const encoderFirst of [true, false]) {
      const codec = { process: original };
      const options = { methods: 'process', publisher: new SeiPublisher() };
      const encoder = patchH264Encoder(codec, options);
      const { handle: decoder } = patch(codec, { methods: 'process', direction: 'output' });
      expect([encoder.applied, decoder.applied]).toEqual([true, true]);
      for (const handle of encoderFirst ? [encoder, decoder] : [decoder, encoder]) handle.close();
      expect(codec.process).toBe(original);
    }
  });
});

it('delivers what a patched encoder sends, once', async () => {
  const frame = annexB(nal.sps, nal.pps, nal.idr);
  const publisher = new SeiPublisher();
  const subscriber = new SeiSubscriber();
  class Encoder {
    async *encode() {
      for (let i = 0; i < 5; i++) {
        await Promise.resolve();
        yield { data: frame, pts: i };
      }
    }
  }
  class Decoder {
    decode(packet: { data: Uint8Array }) {
      return packet.data.length;
    }
  }
  handles.push(
    patchH264Encoder<{ pts: number }>(Encoder.prototype, {
      methods: 'encode',
      publisher,
      getTimestamp: ({ pts }) => pts * 40,
    }),
  );
  const received: string[] = [];
  subscriber.setMessageCallback((message) => {
    received.push(message.text());
  });
  setGlobalSeiSubscriber(subscriber);
  handles.push(patchH264Decoder(Decoder.prototype, { methods: 'decode' }));
  publisher.publishJson({ caption: 'Hello' }, { repeatCount: 3 });
  const decoder = new Decoder();
  const lengths: number[] = [];
  for await (const packet of new Encoder().encode()) lengths.push(decoder.decode(packet));
  expect(received.map((text) => (JSON.parse(text) as { caption: string }).caption)).toEqual(['Hello']);
  expect(lengths.map((length) => length > frame.length)).toEqual([true, true, true, false, false]);
  decoder.decode({ data: injectSei(frame, [createSeiNalUnit(data(0x7b, 0x7d))]) });
  expect(received.at(-1)).toBe('{}');
});

describe('decoders of several tracks', () => {
  it.each([false, true])(
    'whose timestamps have different origins get no message twice, packets without time: %s',
    (has) => {
      class Decoder {
        decode(...packets: object[]): number {
          return packets.length;
        }
      }
      const received: string[] = [];
      const subscriber = new SeiSubscriber({ onMessage: (message) => received.push(message.text()) });
      const getTimestamp = has ? () => undefined : ({ time }: { time: number }) => time;
      patch(Decoder.prototype, { subscriber, getTimestamp });
      const decoders = [new Decoder(), new Decoder()];
      const frame = injectSei(annexB(nal.p), [createSeiNalUnit(Buffer.from('{"id":1}'))]);
      for (let i = 0; i < 10; i++) {
        decoders[0].decode({ data: frame, time: i * 40 });
        decoders[1].decode({ data: frame, time: 1e9 + i * 40 });
      }
      expect(received).toHaveLength(1);
      expect(errors).toEqual([]);
    },
  );
});
