import { describe, expect, it, vi } from 'vitest';
import { ZeroPairSearch, type ZeroPairPattern } from '../../src/codec/zero-pair-search.js';

const patterns: Record<string, ZeroPairPattern> = {
  'a start code prefix': { least: 1, greatest: 1, needle: Uint8Array.of(0, 0, 1) },
  'an escape': { least: 3, greatest: 3, needle: Uint8Array.of(0, 0, 3) },
  'a place for an escape': { least: 0, greatest: 3, needle: Uint8Array.of(0, 0) },
};

/** Every place, by the definition alone. */
function placesOf({ least, greatest }: ZeroPairPattern, data: Uint8Array, end: number): number[] {
  const places: number[] = [];
  for (let at = 0; at + 2 < end; at++) {
    if (data[at] === 0 && data[at + 1] === 0 && data[at + 2] >= least && data[at + 2] <= greatest) places.push(at);
  }
  return places;
}

function found(search: ZeroPairSearch): number[] {
  const places: number[] = [];
  for (let at = search.next(0); at >= 0; at = search.next(at + 1)) places.push(at);
  return places;
}

/** Bytes of 1 to 255 from a generator with a fixed seed, some of them replaced. */
function noise(length: number, replaced: (at: number, random: number) => number | undefined): Uint8Array {
  let random = 20_240;
  return Uint8Array.from({ length }, (_, at) => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    return replaced(at, random >>> 8) ?? 1 + ((random >>> 16) % 255);
  });
}

const LENGTH = 300_000;
const inputs: Record<string, Uint8Array> = {
  'no zeros': noise(LENGTH, () => undefined),
  'a zero here and there': noise(LENGTH, (at, random) => (random % 9 === 0 ? 0 : undefined)),
  'many zeros': noise(LENGTH, (at, random) => (random % 5 < 3 ? 0 : undefined)),
  'zeros and small bytes': noise(LENGTH, (at, random) => (random % 7 < 6 ? random % 5 : undefined)),
  'nothing but zeros': new Uint8Array(LENGTH),
  'zeros, then text, then zeros': noise(LENGTH, (at) => (at % 100_000 < 30_000 ? 0 : undefined)),
  'zeros and rare small bytes': noise(LENGTH, (at, random) => (random % 9973 === 0 ? random % 4 : 0)),
};
inputs['places at regular distances'] = noise(LENGTH, (at) => {
  const distance = at % 1019;
  return distance < 2 ? 0 : distance === 2 ? Math.floor(at / 1019) % 5 : undefined;
});

async function searchWithoutBuffer(): Promise<typeof ZeroPairSearch> {
  vi.resetModules();
  vi.stubGlobal('Buffer', undefined);
  try {
    return (await import('../../src/codec/zero-pair-search.js')).ZeroPairSearch;
  } finally {
    vi.unstubAllGlobals();
    vi.resetModules();
  }
}

describe.each([
  ['with Buffer', false],
  ['without Buffer', true],
])('ZeroPairSearch %s', async (_, isWithoutBuffer) => {
  const Search = isWithoutBuffer ? await searchWithoutBuffer() : ZeroPairSearch;

  describe.each(Object.entries(patterns))('finds each place of %s', (__, pattern) => {
    for (const [what, data] of Object.entries(inputs)) {
      it(`among ${what}`, () => {
        // Several times, since what a piece is taken for depends on random samples.
        for (const end of [LENGTH, LENGTH - 1, 65_537]) {
          expect(found(new Search(data, pattern, end))).toEqual(placesOf(pattern, data, end));
        }
      });
    }

    it('wherever a single one lies', () => {
      // Around the ends of the first loop and of the first three pieces.
      const data = new Uint8Array(90_000).fill(0xab);
      for (const piece of [0, 768, 4862, 21_244, 86_778]) {
        for (let at = Math.max(0, piece - 4); at < piece + 4; at++) {
          data.set([0, 0, pattern.greatest], at);
          expect(found(new Search(data, pattern))).toEqual([at]);
          expect(found(new Search(data, pattern, at + 2))).toEqual([]);
          data.fill(0xab, at, at + 3);
        }
      }
    });

    it('in every short input', () => {
      for (let number = 0; number < 5 ** 6; number++) {
        const data = Uint8Array.from({ length: 6 }, (___, digit) => Math.floor(number / 5 ** digit) % 5);
        const places = found(new Search(data, pattern));
        const expected = placesOf(pattern, data, 6);
        if (places.join() !== expected.join()) expect([...data, places]).toEqual([...data, expected]);
      }
    });
  });
});
