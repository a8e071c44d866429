/** Whose memory is read, written and answered. */
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { MEMORY_SHAPES, resizableBuffer } from '../fuzz/memory-shapes.js';
import { type Library, describeEachBackend } from '../support/backends.js';
import { annexB, avcc, bytes, codeOf, concat, filler, nal, numbers, seiNal, stapA } from './frames.js';

const unit = seiNal(30);
const frame = annexB(nal.sps, nal.pps, nal.idr);
const sample = avcc(4, nal.sps, nal.pps, nal.idr);
const carrying = annexB(nal.sps, nal.pps, unit, nal.idr);
const escaped = bytes(1, 0, 0, 3, 1, 0x80);

/** The functions that read bytes and answer bytes, and bytes with which each has something to do. */
function transformations(library: Library): [string, Uint8Array, (data: Uint8Array) => Uint8Array][] {
  return [
    ['injectSei', frame, (data) => library.injectSei(data, [unit])],
    [
      'injectSei of a large frame',
      annexB(nal.sps, concat(nal.idr, filler(9000))),
      (data) => library.injectSei(data, [unit]),
    ],
    ['injectSei into a packet', nal.p, (data) => library.injectSei(data, [unit], { format: 'rtp' })],
    ['stripSei', carrying, (data) => library.stripSei(data)],
    ['toAnnexB', sample, (data) => library.toAnnexB(data)],
    ['toLengthPrefixed', frame, (data) => library.toLengthPrefixed(data)],
    ['escapeRbsp', bytes(1, 0, 0, 1, 0x80), (data) => library.escapeRbsp(data)],
    ['unescapeRbsp', escaped, (data) => library.unescapeRbsp(data)],
  ];
}

/** Everything that reads a frame, each as a plain value that can be compared. */
function readers(library: Library): [string, (data: Uint8Array) => unknown][] {
  const { length } = carrying;
  return [
    ['detectH264Format', (data) => library.detectH264Format(data)],
    ['scanNalUnits', (data) => library.scanNalUnits(data, new Uint32Array(8))],
    ['splitNalUnits', (data) => library.splitNalUnits(data).map(numbers)],
    ['toLengthPrefixed', (data) => numbers(library.toLengthPrefixed(data))],
    ['injectSei', (data) => numbers(library.injectSei(data, [unit]))],
    ['injectSei of the data', (data) => codeOf(() => library.injectSei(frame, [data]))],
    ['injectSeiParts', (data) => numbers(concat(...library.injectSeiParts(data, [unit])))],
    ['injectSeiInto', (data) => library.injectSeiInto(data, [unit], new Uint8Array(length + 100))],
    ['extractSei', (data) => library.extractSei(data).map((each) => ({ ...each, payload: numbers(each.payload) }))],
    ['stripSei', (data) => numbers(library.stripSei(data))],
    ['createSeiNalUnit', (data) => numbers(library.createSeiNalUnit(data))],
    ['escapeRbsp', (data) => numbers(library.escapeRbsp(data))],
    ['unescapeRbsp', (data) => numbers(library.unescapeRbsp(data))],
  ];
}

describeEachBackend('memory', (library, { hasBuffer }) => {
  describe('of the result', () => {
    for (const [what, data, transform] of transformations(library)) {
      it(`of ${what} is a plain Uint8Array for a plain Uint8Array`, () => {
        const result = transform(Uint8Array.from(data));
        expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype);
      });

      if (hasBuffer) {
        it(`of ${what} is a Buffer for a Buffer`, () => {
          expect(Buffer.isBuffer(transform(Buffer.from(data)))).toBe(true);
        });
      }

      it(`of ${what} has the same bytes for either, and none in common with what was read`, () => {
        const plain = Uint8Array.from(data);
        const result = transform(plain);
        const expected = numbers(result);
        expect(numbers(transform(Buffer.from(data)))).toEqual(expected);
        expect(result.buffer).not.toBe(plain.buffer);
        plain.fill(0xaa);
        expect(numbers(result)).toEqual(expected);
      });

      it(`of ${what} leaves what it reads as it is`, () => {
        const memory = concat(filler(5), data, filler(5));
        const before = numbers(memory);
        transform(memory.subarray(5, 5 + data.length));
        expect(numbers(memory)).toEqual(before);
      });
    }

    it('of extractSei is of the kind of the frame', () => {
      for (const nalUnit of [unit, library.createSeiNalUnit(bytes(0, 0, 0, 1))]) {
        const plain = library.extractSei(annexB(nalUnit, nal.p))[0].payload;
        expect(Object.getPrototypeOf(plain)).toBe(Uint8Array.prototype);
        if (!hasBuffer) continue;
        expect(Buffer.isBuffer(library.extractSei(Buffer.from(annexB(nalUnit, nal.p)))[0].payload)).toBe(true);
      }
    });

    it('of extractSei is not shared between messages or calls', () => {
      const nalUnits = [1, 2, 3].map((last) => library.createSeiNalUnit(bytes(0, 0, 0, last)));
      const payloads = library.extractSei(annexB(...nalUnits, nal.p)).map(({ payload }) => payload);
      library.extractSei(annexB(library.createSeiNalUnit(bytes(0, 0, 0, 9)), nal.p));
      expect(payloads.map(numbers)).toEqual([1, 2, 3].map((last) => [0, 0, 0, last]));
    });
  });

  describe('at any offset', () => {
    for (const [what, read] of readers(library)) {
      it(`is the same to ${what}`, () => {
        const expected = read(Uint8Array.from(carrying));
        for (let offset = 0; offset < 67; offset++) {
          const memory = new Uint8Array(offset + carrying.length + 70).fill(0);
          memory.set(carrying, offset);
          expect(read(memory.subarray(offset, offset + carrying.length))).toEqual(expected);
        }
        const pooled = Buffer.concat([Buffer.from('odd'), Buffer.from(carrying)]).subarray(3);
        expect(read(pooled)).toEqual(expected);
      });
    }
  });

  for (const [kind, shaped] of Object.entries(MEMORY_SHAPES)) {
    it(`that is ${kind} is read as any other`, () => {
      for (const [what, read] of readers(library)) {
        expect([what, read(shaped(carrying))]).toEqual([what, read(Uint8Array.from(carrying))]);
      }
    });
  }

  describe('that threads share', () => {
    const shared = (data: Uint8Array) => {
      const view = new Uint8Array(new SharedArrayBuffer(data.length));
      view.set(data);
      return view;
    };

    for (const [what, read] of readers(library)) {
      it(`can be read by ${what}`, () => {
        expect(read(shared(carrying))).toEqual(read(Uint8Array.from(carrying)));
      });
    }

    it('is not what is answered, but where nothing was to be done', () => {
      const data = shared(carrying);
      for (const part of library.injectSeiParts(data, [shared(unit)])) expect(part.buffer).not.toBe(data.buffer);
      expect(library.injectSei(data, [unit]).buffer).toBeInstanceOf(ArrayBuffer);
      const [message] = library.extractSei(data);
      data.fill(0xaa);
      expect(numbers(message.payload)).toEqual(numbers(filler(30)));
      const nothing = shared(annexB(nal.sps));
      expect(library.injectSei(nothing, [unit])).toBe(nothing);
      expect(library.injectSeiParts(nothing, [unit])[0]).toBe(nothing);
      expect(library.stripSei(nothing)).toBe(nothing);
    });

    it('can be written to', () => {
      const target = shared(new Uint8Array(frame.length + 100));
      const length = library.injectSeiInto(shared(frame), [shared(unit)], target);
      expect(numbers(target.subarray(0, length))).toEqual(numbers(carrying));
      expect(codeOf(() => library.injectSeiInto(target.subarray(0, length), [unit], target))).toBe('ERR_SEI_OVERLAP');
    });
  });

  describe('that was transferred away', () => {
    const detached = () => {
      const data = Uint8Array.from(frame);
      new MessageChannel().port1.postMessage(data, [data.buffer]);
      return data;
    };
    const acts: [string, () => unknown][] = [
      ...readers(library)
        .filter(([what]) => what !== 'injectSei of the data')
        .map(([what, read]): [string, () => unknown] => [what, () => read(detached())]),
      ['injectSei, as a NAL unit', () => library.injectSei(frame, [detached()])],
      ['injectSeiInto, as the target', () => library.injectSeiInto(frame, [unit], detached())],
      ['parseAvcDecoderConfigurationRecord by options', () => library.extractSei(frame, { avcC: detached() })],
    ];
    for (const [what, act] of acts) {
      it(`is refused by ${what}`, () => {
        expect(codeOf(act)).toBe('ERR_SEI_DETACHED_BUFFER');
      });
    }

    it('or whose buffer has shrunk, is refused', () => {
      const view = () => {
        const buffer = resizableBuffer(64, 64);
        const data = new Uint8Array(buffer, 32, 32);
        buffer.resize(8);
        return data;
      };
      for (const [what, read] of readers(library)) {
        if (what === 'injectSei of the data') continue;
        expect([what, codeOf(() => read(view()))]).toEqual([what, 'ERR_SEI_DETACHED_BUFFER']);
      }
      expect(codeOf(() => library.injectSeiInto(frame, [unit], view()))).toBe('ERR_SEI_DETACHED_BUFFER');
    });

    it('is told from memory that is empty', () => {
      expect(library.injectSei(new Uint8Array(0), [unit])).toHaveLength(0);
      expect(library.extractSei(new Uint8Array(new ArrayBuffer(0)))).toEqual([]);
      expect(library.stripSei(frame.subarray(3, 3))).toHaveLength(0);
    });
  });

  it('of no bytes is taken everywhere', () => {
    const empty = new Uint8Array(0);
    expect(library.detectH264Format(empty)).toMatchObject({ isH264: false });
    expect(library.scanNalUnits(empty, new Uint32Array(0))).toBe(0);
    expect(library.splitNalUnits(empty)).toEqual([]);
    expect(library.toAnnexB(empty)).toBe(empty);
    expect(library.toLengthPrefixed(empty)).toBe(empty);
    expect(library.injectSei(empty, [unit])).toBe(empty);
    expect(library.injectSeiParts(empty, [unit])).toEqual([empty]);
    expect(library.injectSeiInto(empty, [unit], new Uint8Array(0))).toBe(0);
    expect(library.extractSei(empty)).toEqual([]);
    expect(library.stripSei(empty)).toBe(empty);
    expect(library.escapeRbsp(empty)).toHaveLength(0);
    expect(library.unescapeRbsp(empty)).toHaveLength(0);
    expect(library.createSeiNalUnit(empty)).toHaveLength(1 + 2 + 16 + 1);
    for (const format of ['annexb', 'avcc', 'rtp'] as const) {
      expect(library.splitNalUnits(empty, format)).toEqual([]);
      expect(library.injectSei(empty, [unit], { format })).toBe(empty);
    }
  });

  it('of another realm is read as that of this one', async () => {
    const { runInNewContext } = await import('node:vm');
    const foreign = runInNewContext('Uint8Array.from(values)', { values: [...frame] }) as Uint8Array;
    expect(foreign instanceof Uint8Array).toBe(false);
    expect(numbers(library.injectSei(foreign, [unit]))).toEqual(numbers(carrying));
    expect(library.extractSei(foreign)).toEqual([]);
    expect(numbers(concat(...library.injectSeiParts(foreign, [unit])))).toEqual(numbers(carrying));
    expect(new library.AccessUnitSplitter().push(foreign)).toEqual([]);
  });

  it('of a STAP-A is split into views', () => {
    const packet = stapA(0x78, nal.sps, nal.pps);
    for (const view of library.splitNalUnits(packet)) expect(view.buffer).toBe(packet.buffer);
  });
});
