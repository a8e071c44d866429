import { describe, expect, it } from 'vitest';
import type { InjectOptions } from '../../src/index.js';
import { describeEachBackend } from '../support/backends.js';
import { annexB, avcc, bytes, codeOf, concat, filler, nal, numbers, seiNal, stapA } from './frames.js';

const one = [seiNal(5)];
const two = [seiNal(5, 1), seiNal(77, 2)];
const largeSlice = concat(bytes(0x65, 0x88), filler(9000));

interface Case {
  readonly what: string;
  readonly frame: Uint8Array;
  readonly options?: InjectOptions;
  readonly expected: (units: readonly Uint8Array[]) => Uint8Array;
}

const changed: Case[] = [
  {
    what: 'a byte stream',
    frame: annexB(nal.aud, nal.sps, nal.pps, nal.idr),
    expected: (units) => annexB(nal.aud, nal.sps, nal.pps, ...units, nal.idr),
  },
  { what: 'a byte stream of a slice', frame: annexB(nal.p), expected: (units) => annexB(...units, nal.p) },
  {
    what: 'a large frame',
    frame: annexB(nal.sps, largeSlice, largeSlice),
    expected: (units) => annexB(nal.sps, ...units, largeSlice, largeSlice),
  },
  ...([1, 2, 4] as const).map((lengthSize): Case => ({
    what: `lengths of ${lengthSize}`,
    frame: avcc(lengthSize, nal.sps, nal.p),
    options: { lengthSize },
    expected: (units) => avcc(lengthSize, nal.sps, ...units, nal.p),
  })),
  {
    what: 'a single NAL unit',
    frame: nal.p,
    options: { format: 'rtp' },
    expected: (units) => stapA(0x58, ...units, nal.p),
  },
  {
    what: 'a STAP-A',
    frame: stapA(0x78, nal.sps, nal.idr),
    options: { format: 'rtp' },
    expected: (units) => stapA(0x78, nal.sps, ...units, nal.idr),
  },
];

const untouched: [string, Uint8Array, InjectOptions?][] = [
  ['no bytes', bytes()],
  ['parameter sets', annexB(nal.sps, nal.pps)],
  ['bytes that are no H.264', bytes(0xff, 0xd8, 0xff)],
  ['a bare slice without a hint', nal.p],
  ['lengths that are broken', avcc(4, nal.p).subarray(0, 8), { lengthSize: 4 }],
  ['a packet without room', nal.p, { format: 'rtp', maxPacketSize: 20 }],
  ['a fragment', bytes(0x7c, 0x85, 0x88, 0x80), { format: 'rtp' }],
];

/** Whether every byte of `view` lies in `memory`. */
function isViewOf(view: Uint8Array, memory: Uint8Array): boolean {
  return (
    view.buffer === memory.buffer &&
    view.byteOffset >= memory.byteOffset &&
    view.byteOffset + view.length <= memory.byteOffset + memory.length
  );
}

describeEachBackend('injection', ({ injectSei, injectSeiInto, injectSeiParts }) => {
  it.each([0, 2000])('reads each NAL unit of an array once, with %i bytes in front of the slice', (length) => {
    const longSps = concat(nal.sps, filler(length));
    let reads = 0;
    const units = new Proxy([seiNal(5)], {
      get: (target, key, receiver) => {
        if (key === '0' && ++reads > 1) return bytes(0, 0, 1);
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
    const expected = annexB(longSps, seiNal(5), nal.idr);
    expect(numbers(injectSei(annexB(longSps, nal.idr), units))).toEqual(numbers(expected));
    reads = 0;
    expect(numbers(concat(...injectSeiParts(annexB(longSps, nal.idr), units)))).toEqual(numbers(expected));
    reads = 0;
    expect(injectSeiInto(annexB(longSps, nal.idr), units, new Uint8Array(expected.length))).toBe(expected.length);
  });

  describe('of one or more NAL units', () => {
    for (const { what, frame, options, expected } of changed) {
      for (const units of [one, two]) {
        it(`puts ${units.length} into ${what} as a copy, as parts and into a target`, () => {
          const before = [frame, ...units].map((each) => Uint8Array.from(each));
          const result = numbers(expected(units));
          expect(numbers(injectSei(frame, units, options))).toEqual(result);

          const parts = injectSeiParts(frame, units, options);
          expect(numbers(concat(...parts))).toEqual(result);
          for (const part of parts) {
            expect(part.length).toBeGreaterThan(0);
            expect([frame, ...units].some((each) => isViewOf(part, each)) || part.length <= 4).toBe(true);
          }
          const viewed = parts.filter((part) => isViewOf(part, frame));
          expect(numbers(concat(...viewed))).toEqual(numbers(frame));

          const target = new Uint8Array(result.length).fill(0xee);
          expect(injectSeiInto(frame, units, target, options)).toBe(result.length);
          expect(numbers(target)).toEqual(result);
          expect([frame, ...units].map(numbers)).toEqual(before.map(numbers));
        });
      }
    }
  });

  describe('where there is nothing to do', () => {
    const cases: [string, Uint8Array, readonly Uint8Array[], InjectOptions | undefined][] = [
      ...untouched.map(([what, frame, options]): (typeof cases)[number] => [what, frame, two, options]),
      ...changed.map(({ what, frame, options }): (typeof cases)[number] => [`${what} and no SEI`, frame, [], options]),
    ];
    for (const [what, frame, units, options] of cases) {
      it(`answers the frame itself for ${what}`, () => {
        expect(injectSei(frame, units, options)).toBe(frame);
        const parts = injectSeiParts(frame, units, options);
        expect(parts).toHaveLength(1);
        expect(parts[0]).toBe(frame);
        const target = new Uint8Array(frame.length + 3).fill(0xee);
        expect(injectSeiInto(frame, units, target, options)).toBe(frame.length);
        expect(numbers(target)).toEqual([...frame, 0xee, 0xee, 0xee]);
      });
    }
  });

  describe('into a target', () => {
    for (const { what, frame, options, expected } of changed) {
      it(`one byte too small for ${what} writes nothing`, () => {
        const target = new Uint8Array(expected(two).length - 1).fill(0xee);
        expect(codeOf(() => injectSeiInto(frame, two, target, options))).toBe('ERR_SEI_TARGET_TOO_SMALL');
        expect(target.every((byte) => byte === 0xee)).toBe(true);
      });

      it(`larger than ${what} needs leaves the rest alone`, () => {
        const result = expected(two);
        const memory = new Uint8Array(result.length + 11).fill(0xee);
        expect(injectSeiInto(frame, two, memory.subarray(3), options)).toBe(result.length);
        expect(numbers(memory)).toEqual([0xee, 0xee, 0xee, ...result, ...new Array<number>(8).fill(0xee)]);
      });
    }

    it('too small for a frame that passes writes nothing', () => {
      const frame = annexB(nal.sps, nal.pps);
      const target = new Uint8Array(frame.length - 1);
      expect(codeOf(() => injectSeiInto(frame, one, target))).toBe('ERR_SEI_TARGET_TOO_SMALL');
      expect(codeOf(() => injectSeiInto(annexB(nal.p), [], new Uint8Array(3)))).toBe('ERR_SEI_TARGET_TOO_SMALL');
      expect(target.every((byte) => byte === 0)).toBe(true);
    });

    it('takes a target of exactly the frame where it passes', () => {
      const frame = annexB(nal.sps, nal.pps);
      expect(injectSeiInto(frame, one, new Uint8Array(frame.length))).toBe(frame.length);
    });
  });

  describe('into a target that overlaps', () => {
    const frame = annexB(nal.sps, nal.idr);
    const room = frame.length + one[0].length + 8;
    const memoryWith = (content: Uint8Array, at: number) => {
      const memory = new Uint8Array(4 * room);
      memory.set(content, at);
      return { memory, view: memory.subarray(at, at + content.length) };
    };
    // Where the target begins and ends, seen from the beginning and the end of what is read.
    const overlaps: [string, number, number][] = [
      ['the same memory', 0, 0],
      ['that holds it', -20, 20],
      ['that lies inside it', 1, -1],
      ['at its first byte', -room, -room],
      ['at its last byte', -1, room],
    ];
    for (const [what, from, to] of overlaps) {
      for (const role of ['frame', 'NAL unit'] as const) {
        it(`the ${role}: ${what}`, () => {
          const read = role === 'frame' ? frame : one[0];
          const { memory, view } = memoryWith(read, room + 20);
          const begin = room + 20 + (what === 'at its last byte' ? read.length - 1 : from);
          const end = what === 'at its first byte' ? room + 21 : room + 20 + read.length + to;
          const target = memory.subarray(begin, end);
          const before = Uint8Array.from(memory);
          const act = () =>
            role === 'frame' ? injectSeiInto(view, one, target) : injectSeiInto(frame, [seiNal(3), view], target);
          expect(codeOf(act)).toBe('ERR_SEI_OVERLAP');
          expect(numbers(memory)).toEqual(numbers(before));
        });
      }
    }

    it('not, where it lies directly before or behind in the same memory', () => {
      const { memory, view } = memoryWith(frame, room);
      const result = numbers(annexB(nal.sps, one[0], nal.idr));
      for (const target of [memory.subarray(0, room), memory.subarray(room + frame.length)]) {
        const length = injectSeiInto(view, one, target);
        expect(numbers(target.subarray(0, length))).toEqual(result);
        expect(numbers(view)).toEqual(numbers(frame));
      }
    });

    it('not, where nothing is read of it', () => {
      const target = new Uint8Array(50);
      expect(injectSeiInto(target.subarray(5, 5), one, target)).toBe(0);
    });

    it('a frame that passes', () => {
      const { view } = memoryWith(annexB(nal.sps), 0);
      expect(codeOf(() => injectSeiInto(view, one, view))).toBe('ERR_SEI_OVERLAP');
    });
  });

  it('writes SEI in the order it is given, the same one twice if told so', () => {
    const units = [two[1], two[0], two[1]];
    expect(numbers(injectSei(annexB(nal.p), units))).toEqual(numbers(annexB(...units, nal.p)));
  });

  it('puts later SEI behind that of an earlier call', () => {
    const once = injectSei(annexB(nal.sps, nal.p), [two[0]]);
    expect(numbers(injectSei(once, [two[1]]))).toEqual(numbers(annexB(nal.sps, two[0], two[1], nal.p)));
  });

  it('takes many NAL units at once', () => {
    const units = Array.from({ length: 500 }, (_, i) => seiNal(i % 90, i));
    expect(numbers(injectSei(annexB(nal.p), units))).toEqual(numbers(annexB(...units, nal.p)));
    expect(numbers(concat(...injectSeiParts(annexB(nal.p), units)))).toEqual(numbers(annexB(...units, nal.p)));
  });
});
