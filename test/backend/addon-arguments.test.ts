/**
 * The addon gets checked arguments from TypeScript. Should it ever get others, it says so and leaves the process alive.
 */
import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { loadNativeBackend } from '../../src/backend/native.js';
import { Framing } from '../../src/codec/framing.js';
import { locate } from '../../src/codec/locate.js';
import { SEI_RECORD_LENGTH } from '../../src/codec/results.js';
import { extractSeiRecords } from '../../src/codec/sei-extraction.js';
import { resizableBuffer } from '../fuzz/memory-shapes.js';
import { addonTool } from '../support/backends.js';
import { describeWith } from '../support/skip.js';

const frame = Uint8Array.of(0, 0, 0, 1, 0x65, 0x88, 0x80);
const units = [Uint8Array.of(6, 5, 1, 7, 0x80)];

const tagged = Uint8Array.of(0, 0, 0, 1, 6, 5, 1, 7, 0x80, 0, 0, 0, 1, 0x65, 0x88, 0x80);

/** The records of the one message of {@link tagged}. */
function records(): Uint32Array {
  const table = new Uint32Array(SEI_RECORD_LENGTH);
  extractSeiRecords(tagged, Framing.annexb, false, table, new Uint8Array(16));
  return table;
}

/** Good arguments of each function. */
const calls: [Exclude<keyof Backend, 'name' | 'kernel'>, () => unknown[]][] = [
  ['scanStartCodes', () => [frame, new Uint32Array(4)]],
  ['escapedLength', () => [frame]],
  ['escape', () => [frame, new Uint8Array(20)]],
  ['unescape', () => [frame, new Uint8Array(20)]],
  ['detect', () => [frame, 0]],
  ['locate', () => [frame, 0]],
  ['splice', () => [frame, units, new Uint8Array(40), locate(frame, Framing.annexb)]],
  ['inject', () => [frame, units, new Uint8Array(40), Framing.annexb, 1200]],
  ['extractSeiRecords', () => [frame, 1, false, new Uint32Array(14), new Uint8Array(20)]],
  ['removeSei', () => [tagged, Framing.annexb, records(), Uint8Array.of(1), new Uint8Array(40)]],
  ['splitNalUnits', () => [frame, 0, new Uint32Array(4)]],
  ['joinNalUnits', () => [frame, Uint32Array.of(4, 7), Framing.avcc4, new Uint8Array(40)]],
];

/** Of no use as any argument. */
const wrong: unknown[] = [
  undefined,
  null,
  'text',
  {},
  [],
  [1],
  [null],
  [[]],
  [new Uint32Array(1)],
  Symbol('symbol'),
  10n,
  () => 1,
  new Float64Array(2),
  new Int8Array(3),
  new ArrayBuffer(8),
  new DataView(new ArrayBuffer(8)),
  new Proxy(new Uint8Array(8), {}),
  Object.create(Uint8Array.prototype),
];
/** Of use as some argument, in which it is of the wrong value. */
const odd: unknown[] = [
  -1,
  1e300,
  -1e300,
  Number.NaN,
  2 ** 53,
  0.5,
  0xff,
  true,
  new Uint8Array(0),
  new Uint32Array(0),
  // Views through which numbers might be written, but for their place or size.
  new Uint8Array(64).subarray(1),
  new Uint8Array(7),
  new Float64Array(2),
  new DataView(new ArrayBuffer(9), 1),
  new Uint16Array(1),
];

function answerOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describeWith(addonTool, 'the addon', () => {
  const loaded = loadNativeBackend();
  const backend = (loaded as Extract<typeof loaded, { backend: Backend }>).backend;

  for (const [name, good] of calls) {
    const call = (args: unknown[]) => answerOf(() => (backend[name] as (...args: unknown[]) => unknown)(...args));

    describe(name, () => {
      it('takes good arguments', () => {
        expect(call(good())).toEqual(expect.any(Number));
      });

      it('throws a TypeError where one is missing', () => {
        for (let count = 0; count < good().length; count++) {
          expect(call(good().slice(0, count))).toBeInstanceOf(TypeError);
        }
      });

      for (let position = 0; position < good().length; position++) {
        it(`throws a TypeError where argument ${position + 1} is of the wrong type`, () => {
          for (const [index, value] of wrong.entries()) {
            // No NAL unit at all is a list as well, and a list of one stands for what is in it.
            if (Array.isArray(value) && value.flat().length === 0 && Array.isArray(good()[position])) continue;
            // Numbers may be written through any view.
            if (ArrayBuffer.isView(value) && good()[position] instanceof Uint32Array) continue;
            const args = good();
            args[position] = value;
            expect([index, call(args) instanceof TypeError]).toEqual([index, true]);
          }
        });

        it(`survives an odd argument ${position + 1}`, () => {
          for (const value of odd) {
            const args = good();
            args[position] = value;
            const answer = call(args);
            expect(typeof answer === 'number' || answer instanceof TypeError).toBe(true);
          }
        });
      }

      it('survives memory that was transferred away', () => {
        for (let position = 0; position < good().length; position++) {
          const args = good();
          const view = args[position];
          if (!ArrayBuffer.isView(view)) continue;
          const detached = structuredClone(view);
          structuredClone(detached, { transfer: [detached.buffer as ArrayBuffer] });
          args[position] = detached;
          const answer = call(args);
          expect(typeof answer === 'number' || answer instanceof TypeError).toBe(true);
        }
      });

      it('survives memory whose buffer has shrunk', () => {
        for (let position = 0; position < good().length; position++) {
          const args = good();
          const view = args[position];
          if (!ArrayBuffer.isView(view)) continue;
          const buffer = resizableBuffer(view.byteLength + 64, view.byteLength + 64);
          const Kind = view.constructor as Uint8ArrayConstructor;
          args[position] = new Kind(buffer, 32, (view as Uint8Array).length);
          buffer.resize(8);
          const answer = call(args);
          expect(typeof answer === 'number' || answer instanceof TypeError).toBe(true);
        }
      });

      it('survives a list of NAL units that takes the memory of the other arguments away as it is read', () => {
        const args = good();
        const position = args.findIndex(Array.isArray);
        if (position < 0) return;
        const buffers: ReturnType<typeof resizableBuffer>[] = [];
        const shrinking = args.map((each) => {
          if (!(each instanceof Uint8Array)) return each;
          const buffer = resizableBuffer(each.length, each.length);
          buffers.push(buffer);
          new Uint8Array(buffer).set(each);
          return new Uint8Array(buffer);
        });
        const list = [...units, ...units];
        Object.defineProperty(list, 1, {
          get: () => {
            for (const buffer of buffers) buffer.resize(0);
            return units[0];
          },
        });
        shrinking[position] = list;
        const answer = call(shrinking);
        expect(typeof answer === 'number' || answer instanceof TypeError).toBe(true);
      });

      it('survives a target that is its own source', () => {
        const args = good().map((each) => (each instanceof Uint8Array ? frame.slice() : each));
        const shared = Uint8Array.from({ length: 64 }, (_, at) => (at % 5 === 3 ? 1 : 0));
        const answer = call(args.map((each) => (each instanceof Uint8Array ? shared : each)));
        expect(typeof answer === 'number' || answer instanceof TypeError).toBe(true);
      });
    });
  }

  it('takes a single NAL unit by itself as it takes a list of one', () => {
    const [unit] = units;
    const loose = backend as unknown as Record<'inject', (...args: unknown[]) => number>;
    const [alone, listed] = [new Uint8Array(40), new Uint8Array(40)];
    expect(loose.inject(frame, unit, alone, 0, 1200)).toBe(backend.inject(frame, units, listed, 0, 1200));
    expect(alone).toEqual(listed);
    expect(listed.indexOf(0x65)).toBe(frame.indexOf(0x65) + 4 + unit.length);
  });

  it('names each kernel once, and selects each that it names', () => {
    const native = loaded as Extract<typeof loaded, { backend: Backend }>;
    const { kernels } = native;
    const before = backend.kernel;
    expect(new Set(kernels).size).toBe(kernels.length);
    expect(kernels).toContain('scalar');
    if (process.arch === 'x64') expect(kernels).toContain('sse2');
    if (process.arch === 'arm64') expect(kernels).toContain('neon');
    for (const kernel of kernels) {
      expect(native.selectKernel(kernel)).toBe(true);
      expect(backend.kernel).toBe(kernel);
    }
    expect(native.selectKernel(before)).toBe(true);
  });

  it('refuses a kernel that is no name and one that is not there', () => {
    const selectKernel = (name: string) => (loaded as Extract<typeof loaded, { backend: Backend }>).selectKernel(name);
    expect(() => selectKernel(7 as unknown as string)).toThrow(TypeError);
    expect(selectKernel('')).toBe(false);
    expect(selectKernel('x'.repeat(1_000_000))).toBe(false);
    expect(backend.kernel).not.toBe('');
  });
});
