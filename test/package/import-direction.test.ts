import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from './installed-package.js';
import { run } from './run.js';

/** Imports from one file of src/ to another or to a package, each with the rule that forbids it, or that none does. */
const imports: readonly [from: string, statement: string, rule: string | undefined][] = [
  ['codec/a.ts', "import '../errors.js'", undefined],
  ['codec/b.ts', "import './a.js'", undefined],
  ['codec/c.ts', "import 'node:fs'", 'codec-runs-anywhere'],
  ['codec/d.ts', "import 'commander'", 'codec-runs-anywhere'],
  ['codec/e.ts', "import '../backend/current.js'", 'codec-imports'],
  ['codec/f.ts', "import type { x } from '../publish/queue.js'", 'codec-imports'],
  ['codec/g.ts', "import '../index.js'", 'codec-imports'],
  ['backend/current.ts', "import './typescript.js'", undefined],
  ['backend/typescript.ts', "import '../codec/b.js'", undefined],
  ['backend/native.ts', "import 'bindings'", undefined],
  ['backend/select.ts', "import './native.js'; import './typescript.js'", undefined],
  ['backend/a.ts', "import './native.js'", 'only-select-names-the-native-backend'],
  ['backend/b.ts', "import './typescript.js'", 'only-backend-names-the-typescript-backend'],
  ['backend/c.ts', "import '../frame/inject.js'", 'backend-imports'],
  ['frame/inject.ts', "import '../backend/current.js'", undefined],
  ['frame/a.ts', "import '../publish/queue.js'", 'frame-imports'],
  ['frame/b.ts', "import 'bindings'", 'only-native-loads-the-addon'],
  ['codec/splice.ts', "import './a.js'", undefined],
  ['codec/nal-unit-cursor.ts', "import './a.js'", undefined],
  ['backend/auto.ts', "import '../codec/splice.js'; import '../codec/nal-unit-cursor.js'", undefined],
  ['frame/c.ts', "import '../codec/splice.js'", 'work-on-bytes-goes-through-the-backend'],
  ['frame/d.ts', "import '../codec/nal-unit-cursor.js'", 'only-headers-are-walked-in-typescript'],
  ['rtp/f.ts', "import '../codec/nal-unit-cursor.js'; import '../backend/current.js'", undefined],
  ['publish/queue.ts', "import '../frame/inject.js'; export type x = 1", undefined],
  ['publish/a.ts', "import '../streams/a.js'", 'publish-imports'],
  ['publish/e.ts', "import '../receive/subscriber.js'", 'publish-imports'],
  ['publish/f.ts', "import '../wire/a.js'; import '../time/a.js'", undefined],
  ['receive/subscriber.ts', "import '../wire/a.js'", undefined],
  ['receive/a.ts', "import type { x } from '../publish/queue.js'", 'receive-imports'],
  ['wire/a.ts', "import '../codec/a.js'", undefined],
  ['wire/b.ts', "import '../publish/queue.js'", 'wire-imports'],
  ['time/a.ts', "import '../errors.js'", undefined],
  ['time/b.ts', "import '../wire/a.js'", 'time-imports'],
  ['patch/a.ts', "import '../publish/queue.js'; import '../receive/subscriber.js'", undefined],
  ['publish/b.ts', "import '../rtp/a.js'", 'publish-imports'],
  ['rtp/a.ts', "import '../codec/a.js'", undefined],
  ['rtp/b.ts', "import type { x } from '../publish/queue.js'", undefined],
  ['rtp/c.ts', "import '../publish/queue.js'", 'rtp-imports'],
  ['rtp/d.ts', "import type { x } from '../streams/a.js'", 'rtp-types-only-from-messages'],
  ['rtp/e.ts', "import 'node:crypto'", 'these-rooms-run-in-browsers'],
  ['streams/a.ts', "import '../publish/queue.js'; export type x = 1", undefined],
  ['streams/node.ts', "import './a.js'; import 'node:stream'", undefined],
  ['streams/web.ts', "import './a.js'; import 'node:stream'", 'only-one-file-of-streams-needs-node'],
  ['streams/c.ts', "import './node.js'", 'only-one-file-of-streams-needs-node'],
  ['streams/b.ts', "import '../integrations/a.js'", 'streams-imports'],
  ['integrations/a.ts', "import '../rtp/a.js'", undefined],
  ['integrations/b.ts', "import type { x } from 'werift'", undefined],
  ['integrations/c.ts', "import 'werift'", 'no-development-packages'],
  ['integrations/d.ts', "import '../streams/a.js'", 'integrations-imports'],
  ['browser/a.ts', "import '../index.js'; import '../streams/web.js'; import '../integrations/a.js'", undefined],
  ['browser/b.ts', "import 'node:path'", 'these-rooms-run-in-browsers'],
  ['browser/c.ts', "import '../cli/main.js'", 'nothing-imports-cli'],
  ['publish/h.ts', "import '../browser/a.js'", 'nothing-imports-browser'],
  ['cli/main.ts', "import '../index.js'; import '../integrations/a.js'; import 'commander'", undefined],
  ['publish/c.ts', "import 'commander'", 'only-cli-needs-its-packages'],
  ['publish/d.ts', "import '../cli/main.js'", 'nothing-imports-cli'],
  ['publish/g.ts', "import './no-such-file.js'", 'resolvable'],
  ['errors.ts', "import './codec/h.js'", 'errors-imports'],
  ['codec/h.ts', '', undefined],
  ['index.ts', "import './publish/queue.js'; import './rtp/a.js'; import './backend/select.js'", undefined],
];

/** A cycle is told once, of whichever file comes first. */
const cycle: readonly [from: string, statement: string][] = [
  ['publish/cycle-a.ts', "import './cycle-b.js'"],
  ['publish/cycle-b.ts', "import './cycle-a.js'"],
];

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

let project: string;
let report: Report;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'h264-sei-imports-'));
  const packages = { dependencies: { bindings: '1', commander: '1' }, devDependencies: { werift: '1' } };
  await writeFile(join(project, 'package.json'), JSON.stringify(packages));
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { module: 'nodenext' } }));
  for (const name of ['bindings', 'commander', 'werift']) {
    const folder = join(project, 'node_modules', name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
    await writeFile(join(folder, 'index.js'), '');
  }
  for (const [file, statement] of [...imports, ...cycle]) {
    await mkdir(dirname(join(project, 'src', file)), { recursive: true });
    await writeFile(join(project, 'src', file), `${statement};\nexport {};\n`);
  }
  const cruiser = join(REPOSITORY, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const rules = join(REPOSITORY, '.dependency-cruiser.cjs');
  report = JSON.parse(
    await run(process.execPath, [cruiser, '--config', rules, '--output-type', 'json', 'src'], project),
  ) as Report;
});
afterAll(() => rm(project, { recursive: true, force: true }));

function rulesBroken(file: string): string[] {
  return report.summary.violations.filter(({ from }) => from === `src/${file}`).map(({ rule }) => rule.name);
}

describe('the rules about who imports whom', () => {
  it.each(imports.filter(([, , rule]) => rule === undefined))('%s: %s is allowed', (file) => {
    expect(rulesBroken(file)).toEqual([]);
  });

  it.each(imports.filter(([, , rule]) => rule !== undefined))('%s: %s is forbidden', (file, _statement, rule) => {
    expect(rulesBroken(file)).toContain(rule);
  });

  it('forbid a cycle', () => {
    expect(cycle.flatMap(([file]) => rulesBroken(file))).toEqual(['no-cycles']);
  });
});
