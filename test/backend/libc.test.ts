import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectLibc } from '../../src/backend/libc.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'h264-sei-libc-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function program(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, Buffer.from(content, 'latin1'));
  return file;
}

const ELF = `\x7fELF\x02\x01\x01${'\0'.repeat(700)}`;

describe.runIf(process.platform === 'linux')('detectLibc', () => {
  /** What Node itself says of the libc that it runs on. */
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const ofReport = header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';

  it('agrees with the diagnostic report of this process', () => {
    expect(detectLibc()).toBe(ofReport);
  });

  it.each([
    ['/lib/ld-musl-x86_64.so.1', 'musl'],
    ['/lib/ld-musl-aarch64.so.1', 'musl'],
    ['/lib64/ld-linux-x86-64.so.2', 'glibc'],
    ['/lib/ld-linux-aarch64.so.1', 'glibc'],
    ['/nix/store/0c7c96gikmzv87i7lv3vq5s1cmfjd6zf-glibc-2.31/lib/ld-linux-x86-64.so.2', 'glibc'],
  ])('takes a program that asks for %s for one of %s', (interpreter, libc) => {
    expect(detectLibc(program(libc, `${ELF}${interpreter}\0`))).toBe(libc);
  });

  it.each([
    ['names no interpreter', () => program('static', ELF)],
    ['is empty', () => program('empty', '')],
    ['cannot be read', () => join(folder, 'no-such-program')],
  ])('asks the report where the program %s, and leaves its settings alone', (_what, make) => {
    const report = process.report as { excludeNetwork?: boolean };
    const before = report.excludeNetwork;
    expect(detectLibc(make())).toBe(ofReport);
    expect(report.excludeNetwork).toBe(before);
  });
});
