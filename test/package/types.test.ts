import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installPackage, REPOSITORY, type InstalledPackage } from './installed-package.js';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed.remove());

const NAMES = 'SeiError, createSeiNalUnit, extractSei, injectSei, DEFAULT_SEI_UUID, backendInfo';

/** Uses the types rightly, and wrongly where it says so: were they `any`, each of those comments would be an error. */
const USE = `
export const nalUnit: Uint8Array = createSeiNalUnit(new Uint8Array(3));
export const frame: Uint8Array = injectSei(new Uint8Array(9), [nalUnit]);
export const types: number[] = extractSei(frame).map((message) => message.payloadType);
export const uuid: string = DEFAULT_SEI_UUID;
export const name: 'native' | 'typescript' = backendInfo().name;
export const code: string = new SeiError('ERR_SEI_MALFORMED', 'no', { offset: 3 }).code;
// @ts-expect-error: no such code
new SeiError('ERR_SEI_NO_SUCH_CODE', 'no');
// @ts-expect-error: text is no user data
createSeiNalUnit('text');
// @ts-expect-error: no such property
extractSei(frame)[0]?.noSuchProperty;
`;

const IMPORT = `import { ${NAMES} } from 'h264-sei';${USE}`;
const REQUIRE = `import sei = require('h264-sei');\nconst { ${NAMES} } = sei;${USE}`;

interface Consumer {
  readonly title: string;
  /** The `type` of the consumer's package.json. */
  readonly type: 'commonjs' | 'module';
  readonly options: ts.CompilerOptions;
  readonly files: Readonly<Record<string, string>>;
}

const { ModuleKind, ModuleResolutionKind } = ts;
const everyKind = { 'required.cts': REQUIRE, 'imported.cts': IMPORT, 'imported.mts': IMPORT, 'imported.ts': IMPORT };
const consumers: readonly Consumer[] = [
  { title: 'node16', type: 'commonjs', options: { module: ModuleKind.Node16 }, files: everyKind },
  { title: 'node16', type: 'module', options: { module: ModuleKind.Node16 }, files: everyKind },
  { title: 'nodenext', type: 'commonjs', options: { module: ModuleKind.NodeNext }, files: everyKind },
  { title: 'nodenext', type: 'module', options: { module: ModuleKind.NodeNext }, files: everyKind },
  {
    title: 'bundler',
    type: 'commonjs',
    options: { module: ModuleKind.Preserve, moduleResolution: ModuleResolutionKind.Bundler },
    files: everyKind,
  },
  {
    title: 'bundler',
    type: 'module',
    options: { module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler },
    files: { 'imported.mts': IMPORT, 'imported.ts': IMPORT },
  },
];

/** The compiler's messages about a project, among them those about our own declaration files. */
function compile(rootNames: string[], options: ts.CompilerOptions): string[] {
  const program = ts.createProgram(rootNames, {
    target: ts.ScriptTarget.ES2022,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    skipDefaultLibCheck: true,
    typeRoots: [join(REPOSITORY, 'node_modules', '@types')],
    types: ['node'],
    ...options,
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}

it.each(consumers)(
  'has the types for $title resolution in a $type project',
  async ({ title, type, options, files }) => {
    const folder = join(installed.project, `${title}-${type}`);
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
    const everyEntry = installed.entries.map((entry, index) => `export * as entry${index} from '${entry}';`).join('\n');
    const sources = { ...files, 'entries.mts': everyEntry };
    for (const [name, source] of Object.entries(sources)) await writeFile(join(folder, name), source);
    expect(
      compile(
        Object.keys(sources).map((name) => join(folder, name)),
        options,
      ),
    ).toEqual([]);
  },
);

it('tells of a mistake in a consumer', async () => {
  const file = join(installed.project, 'wrong', 'wrong.mts');
  await mkdir(dirname(file));
  await writeFile(file, `import { backendInfo } from 'h264-sei';\nexport const kernel: number = backendInfo().kernel;`);
  expect(compile([file], { module: ModuleKind.NodeNext })).toEqual([
    expect.stringContaining("'string' is not assignable"),
  ]);
});
