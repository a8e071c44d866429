/** `using` closes handles where a project has `Symbol.dispose`, and no project needs it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SeiInjector, SeiPublisher, SeiSubscriber } from '../../src/index.js';
import { installPackage, REPOSITORY, type InstalledPackage } from './installed-package.js';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed.remove());

async function problemsOf(name: string, source: string, lib: string[]): Promise<string[]> {
  const path = join(installed.project, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, source);
  const program = ts.createProgram([path], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    lib,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    typeRoots: [join(REPOSITORY, 'node_modules', '@types')],
  });
  return program
    .getSemanticDiagnostics(program.getSourceFile(path))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

const LIB = ['lib.es2022.d.ts', 'lib.dom.d.ts'];
const USING = `
import { SeiInjector, SeiPublisher } from 'h264-sei';
using injector = new SeiInjector({ publisher: new SeiPublisher() });
export const { track } = injector;`;

it('compiles in a project that has the symbol', async () => {
  expect(await problemsOf('with.mts', USING, [...LIB, 'lib.esnext.disposable.d.ts'])).toEqual([]);
});

it('compiles in a project that does not, which calls close', async () => {
  const closing = `${USING.replace('using', 'const')}\ninjector.close();`;
  expect(await problemsOf('without.mts', closing, LIB)).toEqual([]);
});

it('closes', () => {
  const { dispose } = Symbol as unknown as { dispose?: symbol };
  const key = dispose ?? Symbol.for('Symbol.dispose');
  const publisher = new SeiPublisher();
  const injector = new SeiInjector({ publisher });
  const subscriber = new SeiSubscriber();
  for (const handle of [injector, subscriber]) {
    (handle as unknown as Record<symbol, () => void>)[key]();
    expect(Object.keys(handle)).not.toContain(String(key));
  }
  publisher.publishText('after');
  const frame = Uint8Array.of(0, 0, 0, 1, 0x65, 0x88, 0x84, 0x21);
  expect(injector.inject(frame)).toBe(frame);
});
