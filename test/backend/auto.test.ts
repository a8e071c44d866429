/** Which side the automatic backend asks; that both answer the same is checked by contract/ and property/. */
import { describe, expect, it } from 'vitest';
import { autoBackend } from '../../src/backend/auto.js';
import type { Backend } from '../../src/backend/backend.js';
import { NEAR } from '../../src/backend/cutoffs.js';
import { typescriptBackend } from '../../src/backend/typescript.js';
import { Framing } from '../../src/codec/framing.js';
import { SEI_RECORD_LENGTH } from '../../src/codec/results.js';
import { annexB, avcc, bytes, concat, nal, seiNal } from '../contract/frames.js';

const KIB = 1024;
const text = (length: number) => Uint8Array.from({ length }, (_, at) => 0x20 + (at % 64));
const zeros = (length: number) => new Uint8Array(length);
const target = new Uint8Array(256 * KIB);
const records = new Uint32Array(64 * SEI_RECORD_LENGTH);
const units = [seiNal(0)];

/** The names of the functions of the addon that `act` makes the automatic backend call. */
function calls(act: (auto: Backend) => number): string[] {
  const called: string[] = [];
  const spied = <K extends keyof Backend>(name: K): Backend[K] =>
    ((...args: unknown[]) => {
      called.push(name);
      return (typescriptBackend[name] as (...args: unknown[]) => number)(...args);
    }) as unknown as Backend[K];
  const native: Backend = {
    name: 'native',
    kernel: 'spied',
    scanStartCodes: spied('scanStartCodes'),
    escapedLength: spied('escapedLength'),
    escape: spied('escape'),
    unescape: spied('unescape'),
    detect: spied('detect'),
    locate: spied('locate'),
    splice: spied('splice'),
    inject: spied('inject'),
    extractSeiRecords: spied('extractSeiRecords'),
    removeSei: spied('removeSei'),
    splitNalUnits: spied('splitNalUnits'),
    joinNalUnits: spied('joinNalUnits'),
  };
  const auto = autoBackend(native);
  expect([auto.name, auto.kernel]).toEqual(['native', 'spied']);
  expect(act(auto)).toBe(act(typescriptBackend));
  return called;
}

const scan = (data: Uint8Array) => calls((backend) => backend.scanStartCodes(data, new Uint32Array(9)));
const escape = (data: Uint8Array) =>
  calls((backend) => backend.escapedLength(data) * 1e6 + backend.escape(data, target));
const unescape = (data: Uint8Array) => calls((backend) => backend.unescape(data, target));
const inject = (frame: Uint8Array, hint: number = Framing.detect) => [
  ...calls((backend) => backend.detect(frame, hint)),
  ...calls((backend) => backend.locate(frame, units, hint, 1200)),
  ...calls((backend) => backend.inject(frame, units, target, hint, 1200)),
];
const extract = (frame: Uint8Array, framing: number, isFirstVclEnd: boolean) =>
  calls((backend) => backend.extractSeiRecords(frame, framing, isFirstVclEnd, records, target));

describe('the automatic backend', () => {
  it('scans a few bytes itself and has the addon scan a frame', () => {
    expect(scan(text(100))).toEqual([]);
    expect(scan(zeros(24))).toEqual([]);
    expect(scan(zeros(128))).toEqual(['scanStartCodes']);
    expect(scan(text(4 * KIB))).toEqual(['scanStartCodes']);
  });

  it('copies text itself and has the addon escape what holds zeros', () => {
    expect(escape(text(400))).toEqual([]);
    expect(escape(concat(text(400), bytes(0)))).toEqual(['escapedLength', 'escape']);
    expect(escape(zeros(4 * KIB))).toEqual(['escapedLength', 'escape']);
    expect(escape(text(64 * KIB))).toEqual(['escapedLength', 'escape']);
    expect(unescape(text(40))).toEqual([]);
    expect(unescape(text(60))).toEqual(['unescape']);
    expect(unescape(text(4 * KIB))).toEqual(['unescape']);
  });

  it('finds a near slice by itself, however large the frame is, and has the addon copy the frame', () => {
    const slice = concat(nal.p, text(64 * KIB));
    for (const nalUnits of [[slice], [nal.aud, slice], [nal.aud, nal.sps, nal.pps, seiNal(), slice]]) {
      expect(inject(annexB(...nalUnits))).toEqual(['inject']);
      expect(inject(annexB(...nalUnits), Framing.annexb)).toEqual(['inject']);
      expect(inject(avcc(4, ...nalUnits))).toEqual(['inject']);
      expect(inject(avcc(4, ...nalUnits), Framing.avcc4)).toEqual(['inject']);
    }
  });

  it('does with a packet by itself what there is to do', () => {
    for (const payload of [nal.p, nal.sps, concat(bytes(0x7c, 0x85), text(KIB)), text(KIB)]) {
      expect(inject(payload, Framing.rtp)).toEqual([]);
    }
  });

  it('asks the addon for a slice that is far', () => {
    const far = annexB(concat(seiNal(), text(2 * NEAR), bytes(0x80)), concat(nal.p, text(64 * KIB)));
    expect(inject(far)).toEqual(['locate', 'inject']);
    expect(extract(far, Framing.annexb, true)).toEqual(['extractSeiRecords']);
    expect(inject(zeros(64 * KIB))).toEqual(['detect', 'locate', 'inject']);
  });

  it('knows by itself that a frame begins with a slice, and asks the addon for SEI', () => {
    const slice = concat(nal.p, text(64 * KIB));
    expect(extract(annexB(nal.aud, slice), Framing.annexb, true)).toEqual([]);
    expect(extract(annexB(nal.aud, slice), Framing.annexb, false)).toEqual(['extractSeiRecords']);
    expect(extract(avcc(4, nal.aud, slice), Framing.avcc4, false)).toEqual([]);
    expect(extract(annexB(nal.aud, seiNal(), slice), Framing.annexb, true)).toEqual(['extractSeiRecords']);
    expect(extract(avcc(4, slice, seiNal()), Framing.avcc4, false)).toEqual(['extractSeiRecords']);
  });

  it('does not take the end of its search for the end of the frame', () => {
    const filler = concat(bytes(12), new Uint8Array(2 * NEAR).fill(0xff), bytes(0x80));
    const frame = annexB(filler, seiNal(), concat(nal.p, text(KIB)));
    expect(extract(frame, Framing.annexb, true)).toEqual(['extractSeiRecords']);
    const manyNalUnits = Array.from({ length: 100 }, () => nal.aud);
    expect(extract(avcc(4, ...manyNalUnits, seiNal(), nal.p), Framing.avcc4, true)).toEqual(['extractSeiRecords']);
  });
});
