/** Tells which C library a Linux process runs on: a prebuilt addon is made for one of the two. */
import { closeSync, openSync, readSync } from 'node:fs';

/** What prebuildify calls the C libraries of Linux. */
export type Libc = 'glibc' | 'musl';

/** The start of a program, where linkers put the path of its interpreter (ELF, `PT_INTERP`). */
const HEAD_SIZE = 4096;

function headOf(program: string): string {
  const head = new Uint8Array(HEAD_SIZE);
  let file: number | undefined;
  try {
    file = openSync(program, 'r');
    return new TextDecoder('latin1').decode(head.subarray(0, readSync(file, head, 0, HEAD_SIZE, 0)));
  } catch {
    // Such as where the permission model forbids it.
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** By Node's diagnostic report, which takes some 50 ms: hundreds of times as long as a look at the program. */
function libcOfReport(): Libc {
  const report = process.report as { excludeNetwork?: boolean } & typeof process.report;
  const { excludeNetwork } = report;
  // Reverse look-ups of addresses would be part of it else.
  report.excludeNetwork = true;
  try {
    const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
    return header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  } finally {
    if (excludeNetwork === undefined) delete report.excludeNetwork;
    else report.excludeNetwork = excludeNetwork;
  }
}

/**
 * The C library of this process.
 *
 * @param program the program that the process runs: the dynamic linker which it asks for is that of its C library. Where
 *   it names none near its start, or cannot be read, Node's diagnostic report tells
 */
export function detectLibc(program: string = process.execPath): Libc {
  const [, linker] = /\/ld-(musl|linux)\b/.exec(headOf(program)) ?? [];
  if (linker === undefined) return libcOfReport();
  return linker === 'musl' ? 'musl' : 'glibc';
}
