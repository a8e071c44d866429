// The tarball as it is published, with its prebuilt addons, in each Node that it is for and under what may be in the
// way of an addon.
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { npmTool } from '../../scripts/npm-tool.js';
import { npmToolAsTool } from '../support/npm-tool.js';
import { describeWith, type Tool } from '../support/skip.js';
import { installPackage, installPackageByPnpm, type InstalledPackage } from './installed-package.js';
import { prebuiltAddon, prebuiltAddonTool } from './prebuilt-addon.js';
import { run } from './run.js';

const TIMEOUT_MS = 300_000;

/** A message goes in and out, in the main thread or in a worker. */
const USE = `
  const frame = Uint8Array.of(0, 0, 0, 1, 0x65, 0x88, 0x84, 0x21);
  const tagged = sei.injectSei(frame, [sei.createSeiNalUnit(Uint8Array.of(1, 2, 3))]);
  const answer = { payload: sei.extractSei(tagged)[0].payload.join(), ...sei.backendInfo() };`;

const programs: Readonly<Record<string, string>> = {
  'es-module.mjs': `import * as sei from 'h264-sei';${USE} console.log(JSON.stringify(answer));`,
  'common.cjs': `const sei = require('h264-sei');${USE} console.log(JSON.stringify(answer));`,
  'worker.cjs': `
    const { Worker, isMainThread, parentPort } = require('node:worker_threads');
    const sei = require('h264-sei');
    if (isMainThread) new Worker(__filename).on('message', (answer) => console.log(JSON.stringify(answer)));
    else {${USE} parentPort.postMessage(answer); }`,
};

interface Answer {
  readonly payload: string;
  readonly name: string;
  readonly reason?: string;
}

async function writePrograms({ project, entries }: InstalledPackage): Promise<void> {
  const imports = entries.map((entry) => `import '${entry}';`).join('\n');
  const requires = entries.map((entry) => `require('${entry}');`).join('\n');
  await writeFile(join(project, 'entries.mjs'), `${imports}\nconsole.log('1');`);
  await writeFile(join(project, 'entries.cjs'), `${requires}\nconsole.log('1');`);
  for (const [name, source] of Object.entries(programs)) await writeFile(join(project, name), source);
}

async function answerOf(node: string, args: readonly string[], { project }: InstalledPackage): Promise<Answer> {
  return JSON.parse(await run(node, args, project)) as Answer;
}

/** Each Node: what it needs, where it is, and how its permission model is switched on. */
const nodes: readonly [name: string, tools: readonly Tool[], program: () => string, permission: string][] = [
  ['this Node', [], () => process.execPath, permissionFlag()],
  ['Node 22', [npmToolAsTool('node-22')], () => npmTool('node-22'), '--permission'],
  ['Node 24', [npmToolAsTool('node-24')], () => npmTool('node-24'), '--permission'],
];

function permissionFlag(): string {
  return process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
}

describeWith(prebuiltAddonTool, 'the published package', () => {
  let installed: InstalledPackage;
  beforeAll(async () => {
    installed = await installPackage();
    await writePrograms(installed);
  });
  afterAll(() => installed.remove());

  for (const [name, tools, program, permission] of nodes) {
    describeWith(tools, name, () => {
      it.each(Object.keys(programs))('uses the prebuilt addon in %s', { timeout: TIMEOUT_MS }, async (file) => {
        expect(await answerOf(program(), [file], installed)).toMatchObject({ payload: '1,2,3', name: 'native' });
      });

      it.each(['entries.mjs', 'entries.cjs'])('loads every entry in %s', { timeout: TIMEOUT_MS }, async (file) => {
        expect((await run(program(), [file], installed.project)).trim()).toBe('1');
      });

      it.each([
        ['--no-addons', ['--no-addons']],
        ['the permission model', [permission, '--allow-fs-read=*']],
      ])('does without it under %s and says why', { timeout: TIMEOUT_MS }, async (_what, flags) => {
        const answer = await answerOf(program(), [...flags, 'common.cjs'], installed);
        expect(answer).toMatchObject({ payload: '1,2,3', name: 'typescript' });
        expect(answer.reason).toContain('ERR_DLOPEN_DISABLED');
      });

      it('uses it where the permission model allows addons', { timeout: TIMEOUT_MS }, async () => {
        const flags = [permission, '--allow-fs-read=*', '--allow-addons'];
        expect(await answerOf(program(), [...flags, 'common.cjs'], installed)).toMatchObject({ name: 'native' });
      });
    });
  }

  it.each([
    [
      'has a broken header',
      (whole: Buffer) => Buffer.concat([Buffer.alloc(64, 0xff), whole.subarray(64)]),
      'ERR_DLOPEN_FAILED',
    ],
    ['is cut short', (whole: Buffer) => whole.subarray(0, whole.length / 2), 'cut short'],
    ['is empty', () => Buffer.alloc(0), 'ERR_DLOPEN_FAILED'],
    ['is text', () => Buffer.from('no library'), 'ERR_DLOPEN_FAILED'],
  ])('does without an addon that %s, and says why', { timeout: TIMEOUT_MS }, async (what, damage, reason) => {
    const copy = { ...installed, project: join(installed.project, what.replaceAll(' ', '-')) };
    await cp(join(installed.project, 'node_modules'), join(copy.project, 'node_modules'), { recursive: true });
    const file = join(copy.project, 'node_modules', 'h264-sei', prebuiltAddon);
    const whole = await readFile(file);
    // Not in place: the file may be a link to the one of the cache.
    await rm(file);
    await writeFile(file, damage(whole));
    await writePrograms(copy);
    const answer = await answerOf(process.execPath, ['common.cjs'], copy);
    expect(answer).toMatchObject({ payload: '1,2,3', name: 'typescript' });
    expect(answer.reason).toContain(reason);
  });
});

describeWith(
  [prebuiltAddonTool, npmToolAsTool('node-22'), npmToolAsTool('pnpm')],
  'the package installed by pnpm',
  () => {
    let installed: InstalledPackage;
    beforeAll(async () => {
      installed = await installPackageByPnpm(npmTool('node-22'), npmTool('pnpm'));
      await writePrograms(installed);
    }, TIMEOUT_MS);
    afterAll(() => installed.remove());

    describe.each(Object.keys(programs))('%s', (file) => {
      it('uses the prebuilt addon', { timeout: TIMEOUT_MS }, async () => {
        expect(await answerOf(process.execPath, [file], installed)).toMatchObject({ payload: '1,2,3', name: 'native' });
      });
    });
  },
);
