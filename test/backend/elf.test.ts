import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCutShort } from '../../src/backend/elf.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'h264-sei-elf-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function written(bytes: Uint8Array): string {
  const file = join(folder, 'file');
  writeFileSync(file, bytes);
  return file;
}

/** A header, one program header behind it, and zeros as far as they say; `readelf -hl` reads it. */
function elf(bits: 32 | 64, isLittleEndian: boolean, segmentEnd: number, sectionsEnd: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(segmentEnd, sectionsEnd));
  const view = new DataView(bytes.buffer);
  const half = (at: number, value: number) => {
    view.setUint16(at, value, isLittleEndian);
  };
  const word = (at: number, value: number) => {
    if (bits === 64) view.setBigUint64(at, BigInt(value), isLittleEndian);
    else view.setUint32(at, value, isLittleEndian);
  };
  const [headerSize, programHeaderSize, sectionHeaderSize] = bits === 64 ? [64, 56, 64] : [52, 32, 40];
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, isLittleEndian ? 1 : 2, 1]);
  half(16, 3); // ET_DYN
  half(18, bits === 64 ? 22 : 8); // EM_S390, EM_MIPS
  view.setUint32(20, 1, isLittleEndian);
  word(bits === 64 ? 32 : 28, headerSize);
  word(bits === 64 ? 40 : 32, sectionsEnd - 2 * sectionHeaderSize);
  const sizes = [headerSize, programHeaderSize, 1, sectionHeaderSize, 2];
  sizes.forEach((size, index) => {
    half((bits === 64 ? 52 : 40) + 2 * index, size);
  });
  view.setUint32(headerSize, 1, isLittleEndian); // PT_LOAD
  word(headerSize + (bits === 64 ? 8 : 4), headerSize);
  word(headerSize + (bits === 64 ? 32 : 16), segmentEnd - headerSize);
  return bytes;
}

describe.each([
  [64, true],
  [64, false],
  [32, true],
  [32, false],
] as const)('isCutShort of a file of %d bits, little endian: %s', (bits, isLittleEndian) => {
  it('asks for all of the section headers', () => {
    const whole = elf(bits, isLittleEndian, 500, 1000);
    expect(isCutShort(written(whole))).toBe(false);
    expect(isCutShort(written(whole.subarray(0, 999)))).toBe(true);
  });

  it('asks for all of a segment, wherever the section headers are', () => {
    const whole = elf(bits, isLittleEndian, 70_000, 500);
    expect(isCutShort(written(whole))).toBe(false);
    expect(isCutShort(written(whole.subarray(0, 69_999)))).toBe(true);
  });
});

describe('isCutShort', () => {
  it('leaves what is no ELF file to the dynamic linker', () => {
    for (const text of ['', '\x7f', '\x7fELF', 'MZ', '\xcf\xfa\xed\xfe']) {
      expect(isCutShort(written(Buffer.from(text, 'latin1')))).toBe(false);
    }
  });

  it('takes no offset at its word that leads nowhere', () => {
    const bytes = new Uint8Array(100).fill(0xff);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    expect(isCutShort(written(bytes))).toBe(true);
  });

  it('throws where there is no file', () => {
    expect(() => isCutShort(join(folder, 'nothing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }) as Error);
  });

  const { sharedObjects } = process.report.getReport() as { sharedObjects: string[] };
  const libraries = sharedObjects.filter((file) => existsSync(file));
  it.runIf(process.platform === 'linux').each([process.execPath, ...libraries])(
    'agrees with the linker on %s',
    (file) => {
      expect(isCutShort(file)).toBe(false);
      const start = readFileSync(file).subarray(0, Math.min(statSync(file).size / 2, 65_536));
      expect(isCutShort(written(start))).toBe(true);
    },
  );
});
