import { describe, expect, it } from 'vitest';
import {
  HeaderExtensionProfile,
  parseHeaderExtension,
  serializeHeaderExtension,
} from '../../src/rtp/header-extension.js';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

const parse = (text: string) => {
  const data = bytes(text);
  return parseHeaderExtension(data, 0, data.length).map((element) => [element.id, hex(element.data)]);
};

describe('header extensions', () => {
  const cases: [string, string, [number, string][]][] = [
    // RFC 8285 4.2 and 4.3 have these as their figures.
    [
      'one-byte form, padding inside and at the end',
      'bede 0003 10aa 21bbbb 0000 33cccccccc',
      [
        [1, 'aa'],
        [2, 'bbbb'],
        [3, 'cccccccc'],
      ],
    ],
    [
      'two-byte form, an element without data',
      '1000 0003 0100 0201bb 00 0304cccccccc',
      [
        [1, ''],
        [2, 'bb'],
        [3, 'cccccccc'],
      ],
    ],
    ['two-byte form with bits of the application', '100f 0001 050211 22', [[5, '1122']]],
    ['no elements', 'bede 0000', []],
    ['an unknown kind', 'abcd 0001 10aa2000', []],
    ['id 0 with a length ends the elements', 'bede 0002 10aa 01bbbb 20cc 00', [[1, 'aa']]],
    ['id 15 ends the elements', 'bede 0002 10aa f0bb 20cc 0000', [[1, 'aa']]],
    ['an element past the end ends them', 'bede 0001 10aa 2fbb', [[1, 'aa']]],
    ['a length past the end ends them', '1000 0001 0101aa 02', [[1, 'aa']]],
    ['two-byte data past the end', '1000 0001 0100 0205', [[1, '']]],
  ];
  it.each(cases)('%s', (_, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });
});

describe('a header extension that is written', () => {
  const a = { id: 1, data: bytes('aa') };
  it('has the one-byte form where that can hold all elements', () => {
    expect(hex(serializeHeaderExtension([a, { id: 14, data: new Uint8Array(16).fill(7) }]))).toBe(
      `bede000510aaef${'07'.repeat(16)}00`,
    );
  });

  it('has the two-byte form where it must', () => {
    for (const element of [
      { id: 15, data: bytes('01') },
      { id: 2, data: bytes('') },
      { id: 2, data: new Uint8Array(17) },
    ]) {
      const written = serializeHeaderExtension([a, element]);
      expect(hex(written)).toMatch(/^1000/);
      expect(written.length % 4).toBe(0);
      expect(parse(hex(written))).toEqual([
        [1, 'aa'],
        [element.id, hex(element.data)],
      ]);
      expect(() => serializeHeaderExtension([element], HeaderExtensionProfile.oneByte)).toThrow(RangeError);
    }
    expect(hex(serializeHeaderExtension([a], 0x1003))).toBe('100300010101aa00');
  });

  it.each([
    ['id 0', [{ id: 0, data: bytes('01') }], undefined],
    ['id 256', [{ id: 256, data: bytes('01') }], undefined],
    ['an id that is no integer', [{ id: 1.5, data: bytes('01') }], undefined],
    ['256 bytes', [{ id: 1, data: new Uint8Array(256) }], undefined],
    ['another kind', [a], 0xabcd],
    ['too many elements', new Array(1030).fill({ id: 1, data: new Uint8Array(255) }), undefined],
  ])('is refused with %s', (_, elements, profile) => {
    expect(() => serializeHeaderExtension(elements as (typeof a)[], profile)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
  });
});
