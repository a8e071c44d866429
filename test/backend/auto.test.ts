/** Which side the automatic backend asks; that both return the same is checked by contract/ and property/. */
import { describe, expect, it } from 'vitest';
import { autoBackend } from '../../src/backend/auto.js';
import type { Backend } from '../../src/backend/backend.js';
import { FEW_NAL_UNITS, SHORT, TEXT } from '../../src/backend/cutoffs.js';
import { typescriptBackend } from '../../src/backend/typescript.js';
import { Framing } from '../../src/codec/framing.js';
import { BOUNDS_LENGTH, SEI_RECORD_LENGTH } from '../../src/codec/results.js';
import { annexB, avcc, bytes, concat, nal, seiNal, stapA } from '../contract/frames.js';

const KIB = 1024;
const text = (length: number) => Uint8Array.from({ length }, (_, at) => 0x20 + (at % 64));
const zeros = (length: number) => new Uint8Array(length);
const target = new Uint8Array(256 * KIB);
const records = new Uint32Array(64 * SEI_RECORD_LENGTH);
const units = [seiNal(0)];

/** The names of the functions of the addon that `act` makes the automatic backend call. */
function calls(act: (auto: Backend) => number): string[] {
  const called: string[] = [];
  const spied = Object.fromEntries(
    Object.entries(typescriptBackend)
      .filter(([, value]) => typeof value === 'function')
      .map(([name, implementation]) => [
        name,
        (...args: unknown[]) => {
          called.push(name);
          return (implementation as (...args: unknown[]) => number)(...args);
        },
      ]),
  ) as unknown as Backend;
  const auto = autoBackend({ ...spied, name: 'native', kernel: 'spied' });
  expect([auto.name, auto.kernel]).toEqual(['native', 'spied']);
  expect(act(auto)).toBe(act(typescriptBackend));
  return called;
}

const scan = (data: Uint8Array) => calls((backend) => backend.scanStartCodes(data, new Uint32Array(9)));
const escape = (data: Uint8Array) =>
  calls((backend) => backend.escapedLength(data) * 1e6 + backend.escape(data, target));
const unescape = (data: Uint8Array) => calls((backend) => backend.unescape(data, target));
const look = (frame: Uint8Array, hint: number = Framing.detect) => [
  ...calls((backend) => backend.detect(frame, hint)),
  ...calls((backend) => backend.locate(frame, hint)),
];
const inject = (frame: Uint8Array, hint: number = Framing.detect) =>
  calls((backend) => backend.inject(frame, units, target, hint, 1200));
const splice = (frame: Uint8Array) =>
  calls((backend) => backend.splice(frame, units, target, typescriptBackend.locate(frame, Framing.detect)));
const extract = (frame: Uint8Array, hint: number, isFirstVclEnd = false) =>
  calls((backend) => backend.extractSeiRecords(frame, hint, isFirstVclEnd, records, target));
const split = (frame: Uint8Array, hint: number = Framing.detect) =>
  calls((backend) => backend.splitNalUnits(frame, hint, new Uint32Array(64 * BOUNDS_LENGTH)));

const slice = concat(nal.p, text(4 * KIB));

describe('the automatic backend', () => {
  it('does a few bytes in TypeScript and the rest in the addon', () => {
    expect(scan(zeros(SHORT - 1))).toEqual([]);
    expect(scan(zeros(SHORT))).toEqual(['scanStartCodes']);
    expect(scan(text(4 * KIB))).toEqual(['scanStartCodes']);
    expect(unescape(text(SHORT - 1))).toEqual([]);
    expect(unescape(text(SHORT))).toEqual(['unescape']);
    const short = annexB(nal.aud, seiNal(), nal.p);
    expect(short.length).toBeLessThan(SHORT);
    expect([...look(short), ...inject(short), ...extract(short, 0), ...split(short)]).toEqual([]);
  });

  it('asks the addon for no place when the frame begins with its slice', () => {
    const frame = annexB(slice, slice);
    for (const hint of [Framing.detect, Framing.annexb]) {
      expect(look(frame, hint)).toEqual([]);
      expect(inject(frame, hint)).toEqual(['inject']);
    }
  });

  it('searches frames in the addon', () => {
    const frame = annexB(nal.aud, nal.sps, nal.pps, seiNal(), slice);
    for (const hint of [Framing.detect, Framing.annexb]) {
      expect(look(frame, hint)).toEqual(['locate']);
      expect(inject(frame, hint)).toEqual(['inject']);
      expect(extract(frame, hint)).toEqual(['extractSeiRecords']);
      expect(extract(frame, hint, true)).toEqual(['extractSeiRecords']);
      expect(split(frame, hint)).toEqual(['splitNalUnits']);
    }
    expect(look(zeros(64 * KIB))).toEqual(['detect', 'locate']);
    expect(inject(avcc(4, nal.aud, slice))).toEqual(['inject']);
  });

  it('copies around a known place in TypeScript', () => {
    expect(splice(annexB(nal.aud, slice))).toEqual([]);
    expect(splice(avcc(4, nal.aud, slice))).toEqual([]);
  });

  it('follows lengths in TypeScript, and has SEI read by the addon', () => {
    const sample = avcc(4, nal.aud, nal.sps, slice);
    for (const hint of [Framing.detect, Framing.avcc, Framing.avcc4]) {
      expect(look(sample, hint)).toEqual([]);
      expect(split(sample, hint)).toEqual([]);
      expect(extract(sample, hint)).toEqual([]);
      expect(extract(avcc(4, nal.aud, slice, seiNal()), hint, true)).toEqual([]);
      expect(extract(avcc(4, nal.aud, slice, seiNal()), hint)).toEqual(['extractSeiRecords']);
    }
    expect(look(stapA(0x78, nal.sps, slice), Framing.rtp)).toEqual([]);
    expect(look(concat(bytes(0x7c, 0x85), text(KIB)), Framing.rtp)).toEqual([]);
  });

  it('does not take the end of its look for the end of the frame', () => {
    const manyNalUnits = Array.from({ length: FEW_NAL_UNITS }, () => nal.aud);
    for (const isFirstVclEnd of [false, true]) {
      const far = avcc(4, ...manyNalUnits, seiNal(), nal.p);
      expect(extract(far, Framing.avcc4, isFirstVclEnd)).toEqual(['extractSeiRecords']);
    }
    const cut = concat(avcc(4, nal.aud, slice), bytes(0, 0, 9, 9, 6));
    expect(extract(cut, Framing.avcc4)).toEqual([]);
    expect(typescriptBackend.extractSeiRecords(cut, Framing.avcc4, false, records, target)).toBe(0);
  });

  it('asks the addon about a length that looks like a start code', () => {
    const unit = concat(nal.p, text(300));
    expect(avcc(4, unit).subarray(0, 3)).toEqual(bytes(0, 0, 1));
    expect(look(avcc(4, unit))).toEqual(['detect', 'locate']);
  });

  it('copies text itself and has the addon escape what holds zeros', () => {
    expect(escape(text(400))).toEqual([]);
    expect(escape(concat(text(400), bytes(0)))).toEqual(['escapedLength', 'escape']);
    expect(escape(zeros(4 * KIB))).toEqual(['escapedLength', 'escape']);
    expect(escape(text(TEXT))).toEqual(['escapedLength', 'escape']);
  });
});
