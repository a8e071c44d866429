import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitReader } from '../../src/codec/bit-reader.js';
import { BitWriter, escape } from '../support/bitstream-writer.js';
import { runs } from '../property/arbitraries.js';

function read(...bytes: number[]): BitReader {
  return new BitReader(Uint8Array.from(bytes), 0, bytes.length);
}

describe('BitReader', () => {
  it('reads the codes of table 9-2', () => {
    // 1 010 011 00100 00101 00110 00111 0001000
    const reader = read(0b10100110, 0b01000010, 0b10011000, 0b11100010, 0b00100000);
    expect(Array.from({ length: 8 }, () => reader.ue())).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const signed = read(0b10100110, 0b01000010, 0b10011000, 0b11100010, 0b00100000);
    expect(Array.from({ length: 8 }, () => signed.se())).toEqual([0, 1, -1, 2, -2, 3, -3, 4]);
    expect(signed.failed).toBe(false);
  });

  it('reads up to 32 bits without a sign', () => {
    expect(read(0xff, 0xff, 0xff, 0xff).u(32)).toBe(0xffff_ffff);
    expect(read(0x7f, 0xff, 0xff, 0xff, 0x80).u(0)).toBe(0);
    const reader = read(0x12, 0x34, 0x56, 0x78);
    expect([reader.u(4), reader.u(12), reader.u(3), reader.u(13)]).toEqual([1, 0x234, 0x56 >> 5, 0x1678]);
  });

  it('reads the largest codes', () => {
    const bytes = new BitWriter()
      .ue(2 ** 32 - 2)
      .se(-(2 ** 31 - 1))
      .se(2 ** 31 - 1)
      .trailingBits()
      .toBytes();
    const reader = new BitReader(escape(bytes), 0, escape(bytes).length);
    expect([reader.ue(), reader.se(), reader.se()]).toEqual([2 ** 32 - 2, -(2 ** 31 - 1), 2 ** 31 - 1]);
    expect(reader.failed).toBe(false);
  });

  it('steps over emulation_prevention_three_byte', () => {
    const reader = read(0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 3, 5);
    expect([reader.u(24), reader.u(32), reader.u(8), reader.u(8)]).toEqual([1, 0, 3, 5]);
    expect(reader.failed).toBe(false);
  });

  it('takes a 3 that follows a single zero as content', () => {
    expect(read(0, 3, 0, 3).u(32)).toBe(0x0003_0003);
  });

  it.each([0, 1, 2])('fails at 00 00 0%i, which no NAL unit has', (third) => {
    const reader = read(0x80, 0, 0, third, 0xff);
    expect(reader.u(8)).toBe(0x80);
    expect(reader.u(8)).toBe(0);
    expect(reader.failedAt).toBe(1);
    expect(reader.truncated).toBe(false);
  });

  it('says where the bytes ended, and gives zeros from there on', () => {
    const reader = read(0xff, 0x80);
    expect(reader.u(9)).toBe(0x1ff);
    expect(reader.u(8)).toBe(0);
    expect([reader.failed, reader.truncated, reader.failedAt]).toEqual([true, true, 2]);
    expect([reader.u(1), reader.ue(), reader.se(), reader.flag()]).toEqual([0, 0, 0, false]);
    expect(reader.failedAt).toBe(2);
  });

  it('reads no byte beyond its end, nor before its start', () => {
    const reader = new BitReader(Uint8Array.of(0, 0, 3, 0xff, 0xff), 2, 4);
    expect(reader.u(16)).toBe(0x03ff);
    expect(reader.failed).toBe(false);
    reader.u(1);
    expect(reader.failedAt).toBe(4);
  });

  it('fails at a code with 32 leading zero bits, however long the zeros go on', () => {
    const reader = read(0, 0, 3, 0, 0, 3, 0x80, 0, 0, 3, 0);
    expect(reader.ue()).toBe(0);
    expect([reader.failed, reader.truncated]).toEqual([true, false]);
  });

  it('fails at a value above the maximum', () => {
    const reader = read(0b00100_011, 0xff);
    expect(reader.ue(2)).toBe(0);
    expect([reader.failedAt, reader.truncated]).toEqual([0, false]);
    expect(read(0b00100_011).ue(3)).toBe(3);
  });

  it('reads what was written, escaped, in any order', () => {
    const element = fc.oneof(
      fc.record({ kind: fc.constant('u' as const), value: fc.nat({ max: 0xffff }) }),
      fc.record({ kind: fc.constant('u' as const), value: fc.constant(0) }),
      fc.record({ kind: fc.constant('ue' as const), value: fc.integer({ min: 0, max: 2 ** 32 - 2 }) }),
      fc.record({ kind: fc.constant('se' as const), value: fc.integer({ min: -(2 ** 31 - 1), max: 2 ** 31 - 1 }) }),
    );
    fc.assert(
      fc.property(fc.array(element, { maxLength: 40 }), (elements) => {
        const writer = new BitWriter();
        for (const { kind, value } of elements) {
          if (kind === 'u') writer.u(16, value);
          else writer[kind](value);
        }
        const bytes = escape(writer.trailingBits().toBytes());
        const reader = new BitReader(bytes, 0, bytes.length);
        const values = elements.map(({ kind }) => (kind === 'u' ? reader.u(16) : reader[kind]()));
        expect(values).toEqual(elements.map(({ value }) => (value === 0 ? 0 : value)));
        expect(reader.failed).toBe(false);
      }),
      runs(100),
    );
  });
});
