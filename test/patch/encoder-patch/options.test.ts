/** What the options say, and what happens where a function of theirs fails. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import type { SeiDiagnostic } from '../../../src/diagnostics.js';
import { codeOf } from '../../contract/frames.js';
import { type AnyOptions, MARK, data, encoded, errors, patch, publisher, unpatchAll } from './support.js';

afterEach(unpatchAll);

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
