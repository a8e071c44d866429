/** What is put in comes out again, whatever the frame and whatever the message. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InjectOptions } from '../../src/index.js';
import { describeEachBackend } from '../support/backends.js';
import { accessUnit, anyBytes, runs, userData, uuid } from './arbitraries.js';

const RUNS = 300;

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

/** What a NAL unit never holds, nor ends in (H.264 7.4.1); 00 00 03 is an escape, and 03 or less must follow it. */
function hasForbiddenSequence(nalUnit: Uint8Array): boolean {
  return /^(..)*?0000(00|01|02|03(0[4-9a-f]|[1-9a-f].))/.test(hex(nalUnit)) || nalUnit.at(-1) === 0;
}

const startCode = fc.constantFrom([0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0, 0, 1]);
const lengthPrefix = (length: number, size: number) =>
  Array.from({ length: size }, (_, i) => Math.floor(length / 256 ** (size - 1 - i)) % 256);

/** Frames of an access unit in one framing, with the options that say which. */
const framings: [string, InjectOptions, fc.Arbitrary<Uint8Array>][] = [
  [
    'annexb',
    { format: 'annexb' },
    fc
      .tuple(accessUnit, fc.infiniteStream(startCode), fc.nat(4))
      .map(([nalUnits, codes, zeros]) =>
        Uint8Array.from([
          ...nalUnits.flatMap((nalUnit) => [...(codes.next().value as number[]), ...nalUnit]),
          ...new Array<number>(zeros).fill(0),
        ]),
      ),
  ],
  ...([1, 2, 4] as const).map((lengthSize): [string, InjectOptions, fc.Arbitrary<Uint8Array>] => [
    `avcc ${lengthSize}`,
    { lengthSize },
    accessUnit
      .filter((nalUnits) => lengthSize > 1 || nalUnits.every(({ length }) => length < 256))
      .map((nalUnits) =>
        Uint8Array.from(nalUnits.flatMap((nalUnit) => [...lengthPrefix(nalUnit.length, lengthSize), ...nalUnit])),
      ),
  ]),
  [
    'rtp',
    { format: 'rtp', maxPacketSize: 100_000 },
    accessUnit.map((nalUnits) =>
      Uint8Array.from([0x78, ...nalUnits.flatMap((nalUnit) => [...lengthPrefix(nalUnit.length, 2), ...nalUnit])]),
    ),
  ],
];

describeEachBackend('inverse functions', (library) => {
  const { createSeiNalUnit, escapeRbsp, extractSei, injectSei, injectSeiInto, injectSeiParts, stripSei, unescapeRbsp } =
    library;

  it('unescape after escape', () => {
    fc.assert(
      fc.property(anyBytes, (data) => {
        // An RBSP ends in its trailing bits.
        const rbsp = Uint8Array.from([...data, 0x80]);
        const escaped = escapeRbsp(rbsp);
        expect(hex(unescapeRbsp(escaped))).toBe(hex(rbsp));
        expect(hasForbiddenSequence(escaped)).toBe(false);
      }),
      runs(RUNS),
    );
  });

  it('extract after create', () => {
    fc.assert(
      fc.property(userData, uuid, (data, id) => {
        const nalUnit = createSeiNalUnit(data, { uuid: id });
        expect(hasForbiddenSequence(nalUnit)).toBe(false);
        const [message, ...others] = extractSei(nalUnit, { format: 'rtp' });
        expect(others).toEqual([]);
        expect({ ...message, payload: hex(message.payload) }).toEqual({
          payloadType: 5,
          uuid: id,
          payload: hex(data),
          nalUnitOffset: 0,
        });
      }),
      runs(RUNS),
    );
  });

  for (const [name, options, frames] of framings) {
    describe(name, () => {
      const { format, lengthSize } = options;
      const framing = { format, lengthSize };
      const limit = name === 'avcc 1' ? 60 : Number.POSITIVE_INFINITY;
      const payloads = fc.array(
        userData.filter(({ length }) => length < limit),
        { minLength: 1, maxLength: 3 },
      );

      it('strip after inject', () => {
        fc.assert(
          fc.property(frames, payloads, (frame, messages) => {
            const units = messages.map((data) => createSeiNalUnit(data));
            const injected = injectSei(frame, units, options);
            expect(injected).not.toBe(frame);
            const overhead = name === 'annexb' ? 4 : (options.lengthSize ?? 2);
            const grown = units.reduce((sum, unit) => sum + unit.length + overhead, 0);
            expect(injected.length).toBe(frame.length + grown);
            expect(hex(stripSei(injected, framing))).toBe(hex(frame));
          }),
          runs(RUNS),
        );
      });

      const isDetected = name === 'annexb' || name === 'avcc 4';
      if (isDetected) {
        it('strip after inject, all detected', () => {
          fc.assert(
            fc.property(frames, payloads, (frame, messages) => {
              const injected = injectSei(
                frame,
                messages.map((data) => createSeiNalUnit(data)),
              );
              expect(hex(stripSei(injected))).toBe(hex(frame));
            }),
            runs(RUNS),
          );
        });
      }

      it('extract after inject', () => {
        fc.assert(
          fc.property(frames, payloads, uuid, (frame, messages, id) => {
            const units = messages.map((data) => createSeiNalUnit(data, { uuid: id }));
            const injected = injectSei(frame, units, options);
            for (const scan of ['full', 'first-vcl'] as const) {
              const found = extractSei(injected, { ...framing, scan });
              const before = extractSei(frame, { ...framing, scan: 'first-vcl' });
              const first = found.slice(before.length, before.length + messages.length);
              expect(first.map((each) => [each.uuid, hex(each.payload)])).toEqual(
                messages.map((data) => [id, hex(data)]),
              );
            }
          }),
          runs(RUNS / 2),
        );
      });

      it('the copy, the parts and the target are the same bytes', () => {
        fc.assert(
          fc.property(frames, payloads, (frame, messages) => {
            const units = messages.map((data) => createSeiNalUnit(data));
            const injected = hex(injectSei(frame, units, options));
            expect(injectSeiParts(frame, units, options).map(hex).join('')).toBe(injected);
            const target = new Uint8Array(injected.length / 2);
            expect(injectSeiInto(frame, units, target, options)).toBe(target.length);
            expect(hex(target)).toBe(injected);
          }),
          runs(RUNS / 2),
        );
      });
    });
  }

  it('framings are turned into each other and back', () => {
    fc.assert(
      fc.property(accessUnit, fc.constantFrom(2 as const, 4 as const), (nalUnits, lengthSize) => {
        const stream = Uint8Array.from(nalUnits.flatMap((nalUnit) => [0, 0, 0, 1, ...nalUnit]));
        const sample = library.toLengthPrefixed(stream, { lengthSize, format: 'annexb' });
        expect(hex(library.toAnnexB(sample, { lengthSize }))).toBe(hex(stream));
        expect(library.splitNalUnits(sample, { lengthSize }).map(hex)).toEqual(nalUnits.map(hex));
        expect(library.splitNalUnits(stream, 'annexb').map(hex)).toEqual(nalUnits.map(hex));
      }),
      runs(RUNS),
    );
  });

  it('no bytes make the frame path throw, and none are changed', () => {
    const unit = createSeiNalUnit(Uint8Array.of(1, 2, 3));
    const hints = [undefined, { format: 'annexb' }, { format: 'avcc' }, { format: 'rtp' }, { lengthSize: 2 }] as const;
    fc.assert(
      fc.property(anyBytes, fc.constantFrom(...hints), (data, options) => {
        const before = hex(data);
        const { isH264, format, confidence } = library.detectH264Format(data, options);
        expect([isH264, confidence > 0]).toEqual([format !== 'unknown', format !== 'unknown']);
        injectSei(data, [unit], options);
        injectSeiParts(data, [unit], options);
        extractSei(data, options);
        stripSei(data, { ...options, filter: () => true });
        expect(hex(data)).toBe(before);
      }),
      runs(RUNS * 2),
    );
  });
});
