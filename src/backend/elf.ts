/**
 * Tells whether a shared library is all there. The dynamic linker maps what the headers of the file name: where the file
 * ends before that, the first look at the missing part kills the process (SIGBUS), and nothing can catch it.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** The header and, right behind it, the program headers of every linker in use. */
const HEAD_SIZE = 4096;

/** 0x7f, then `ELF`. */
const MAGIC = 0x7f45_4c46;

/** Where the two classes of ELF have what is needed here, in bytes; System V ABI, chapter 4 and 5. */
interface Layout {
  /** In the header; `phentsize`, `phnum`, `shentsize` and `shnum` are of 16 bits in both. */
  readonly phoff: number;
  readonly shoff: number;
  readonly phentsize: number;
  readonly phnum: number;
  readonly shentsize: number;
  readonly shnum: number;
  /** In a program header. */
  readonly offset: number;
  readonly filesz: number;
  readonly programHeaderSize: number;
}

const ELF32: Layout = {
  phoff: 28,
  shoff: 32,
  phentsize: 42,
  phnum: 44,
  shentsize: 46,
  shnum: 48,
  offset: 4,
  filesz: 16,
  programHeaderSize: 32,
};
const ELF64: Layout = {
  phoff: 32,
  shoff: 40,
  phentsize: 54,
  phnum: 56,
  shentsize: 58,
  shnum: 60,
  offset: 8,
  filesz: 32,
  programHeaderSize: 56,
};

/** How long a file with this head has to be: it holds each segment, and the section headers, which linkers put last. */
function lengthOf(head: DataView): number {
  if (head.getUint32(0) !== MAGIC) return 0;
  const is64 = head.getUint8(4) === 2;
  const isLittleEndian = head.getUint8(5) === 1;
  const layout = is64 ? ELF64 : ELF32;
  const half = (at: number): number => head.getUint16(at, isLittleEndian);
  const word = (at: number): number =>
    is64 ? Number(head.getBigUint64(at, isLittleEndian)) : head.getUint32(at, isLittleEndian);

  let length = word(layout.shoff) + half(layout.shentsize) * half(layout.shnum);
  let at = word(layout.phoff);
  for (let left = half(layout.phnum); left > 0 && at + layout.programHeaderSize <= HEAD_SIZE; left--) {
    length = Math.max(length, word(at + layout.offset) + word(at + layout.filesz));
    at += half(layout.phentsize);
  }
  return length;
}

/**
 * Whether the end of an ELF file is missing.
 *
 * @param file its path; of what is no ELF file, or too short to have a header, the dynamic linker says so by itself
 * @throws the `Error` of `node:fs` where it cannot be read
 */
export function isCutShort(file: string): boolean {
  const head = new Uint8Array(HEAD_SIZE);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, head, 0, HEAD_SIZE, 0);
    const length = lengthOf(new DataView(head.buffer));
    // Where the last byte can be read, all is there; asking for the size takes longer.
    return length > Number.MAX_SAFE_INTEGER || (length > 0 && readSync(descriptor, head, 0, 1, length - 1) === 0);
  } finally {
    closeSync(descriptor);
  }
}
