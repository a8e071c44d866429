/**
 * Streams that no encoder at hand writes, built from syntax elements: their access units are known from how they are
 * built.
 */
import { describe, expect, it } from 'vitest';
import { reportMissingAddon, testedBackends } from '../support/backends.js';
import { syntheticStreams } from '../support/synthetic.js';
import { areEqual, injectInto, payloadOf, withBackend } from './access-units.js';

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const typeOf = (nalUnit: Uint8Array) => nalUnit[0] & 0x1f;
const isVcl = (nalUnit: Uint8Array) => typeOf(nalUnit) >= 1 && typeOf(nalUnit) <= 5;

/** The NAL units with `sei` in front of the first slice and of the prefix NAL units that belong to it. */
function expectedNalUnits(nalUnits: readonly Uint8Array[], sei: Uint8Array): Uint8Array[] {
  let at = nalUnits.findIndex(isVcl);
  if (at < 0) return [...nalUnits];
  while (at > 0 && typeOf(nalUnits[at - 1]) === 14) at--;
  return [...nalUnits.slice(0, at), sei, ...nalUnits.slice(at)];
}

describe('synthetic streams', () => {
  reportMissingAddon();
  it('are there', () => {
    expect(syntheticStreams.length).toBeGreaterThan(20);
  });

  for (const { name, accessUnits, nalUnits } of syntheticStreams) {
    describe(name, () => {
      const expected = withBackend(testedBackends[0], (library) => injectInto(library, accessUnits));

      for (const tested of testedBackends) {
        it(`takes a message in every picture by ${tested.name}`, () => {
          withBackend(tested, (library) => {
            const injected = injectInto(library, accessUnits);
            expect(areEqual(injected, expected)).toBe(true);
            for (const [index, unit] of injected.entries()) {
              const sei = library.createSeiNalUnit(payloadOf(index));
              expect(library.splitNalUnits(unit, 'annexb').map(hex)).toEqual(
                expectedNalUnits(nalUnits[index], sei).map(hex),
              );
              // Every byte of the stream stays: start codes, trailing zeros and all.
              const grown = nalUnits[index].some(isVcl) ? sei.length + 4 : 0;
              expect(unit.length).toBe(accessUnits[index].length + grown);
            }
            const stripped = injected.map((unit) => library.stripSei(unit, { format: 'annexb' }));
            expect(areEqual(stripped, accessUnits)).toBe(true);
          });
        });

        it(`takes the same behind lengths by ${tested.name}`, () => {
          withBackend(tested, (library) => {
            for (const [index, unit] of accessUnits.entries()) {
              for (const lengthSize of [2, 4] as const) {
                const sei = library.createSeiNalUnit(payloadOf(index));
                const sample = library.toLengthPrefixed(unit, { lengthSize, format: 'annexb' });
                const injected = library.injectSei(sample, [sei], { lengthSize });
                expect(library.splitNalUnits(injected, { lengthSize }).map(hex)).toEqual(
                  expectedNalUnits(nalUnits[index], sei).map(hex),
                );
                expect(areEqual([library.stripSei(injected, { lengthSize })], [sample])).toBe(true);
              }
            }
          });
        });
      }
    });
  }
});
