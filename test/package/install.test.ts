import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectLibc } from '../../src/backend/libc.js';
import { describeWith } from '../support/skip.js';
import { installPackage, REPOSITORY, type InstalledPackage } from './installed-package.js';
import { run } from './run.js';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed.remove());

/** Runs a program in the project that has installed the package; answers the value that it prints as JSON. */
async function runProgram(file: string, source: string): Promise<unknown> {
  await writeFile(join(installed.project, file), source);
  return JSON.parse(await run(process.execPath, [file], installed.project));
}

/** A frame of one slice goes through injection and extraction. */
const ROUND_TRIP = `
  const frame = Uint8Array.of(0, 0, 0, 1, 0x65, 0x88, 0x84, 0x21);
  const sei = createSeiNalUnit(new TextEncoder().encode('hello'));
  const [message] = extractSei(injectSei(frame, [sei]));
  console.log(JSON.stringify([message.uuid === DEFAULT_SEI_UUID, new TextDecoder().decode(message.payload)]));`;

describe('the installed package', () => {
  it('works in an ES module', async () => {
    const names = '{ createSeiNalUnit, extractSei, injectSei, DEFAULT_SEI_UUID }';
    expect(await runProgram('round-trip.mjs', `import ${names} from 'h264-sei';${ROUND_TRIP}`)).toEqual([
      true,
      'hello',
    ]);
  });

  it('works in a CommonJS module', async () => {
    const names = '{ createSeiNalUnit, extractSei, injectSei, DEFAULT_SEI_UUID }';
    const source = `const ${names} = require('h264-sei');${ROUND_TRIP}`;
    expect(await runProgram('round-trip.cjs', source)).toEqual([true, 'hello']);
  });

  it.each(['mjs', 'cjs'])('has the RTP part (%s)', async (extension) => {
    const imports =
      extension === 'mjs'
        ? `import { SeiPublisher, SeiSubscriber } from 'h264-sei';
           import { RtpPacketizer, RtpSeiExtractor, RtpSeiInjector } from 'h264-sei/rtp';`
        : `const { SeiPublisher, SeiSubscriber } = require('h264-sei');
           const { RtpPacketizer, RtpSeiExtractor, RtpSeiInjector } = require('h264-sei/rtp');`;
    const source = `${imports}
      const publisher = new SeiPublisher();
      const injector = new RtpSeiInjector({ publisher, payloadType: 96 });
      const extractor = new RtpSeiExtractor({ subscriber: new SeiSubscriber(), payloadType: 96 });
      const packetizer = new RtpPacketizer({ payloadType: 96 });
      publisher.publishJson({ hello: 'world' });
      const messages = [0, 3000].flatMap((timestamp) =>
        packetizer.packetize([Uint8Array.of(0x65, 0x88, 0x84, 0x21)], timestamp)
          .flatMap((packet) => injector.process(packet))
          .flatMap((packet) => extractor.process(packet)));
      console.log(JSON.stringify(messages.map((message) => message.json().hello)));`;
    expect(await runProgram(`rtp.${extension}`, source)).toEqual(['world']);
  });

  it.each(['mjs', 'cjs'])('has the streams (%s)', async (extension) => {
    const imports =
      extension === 'mjs'
        ? `import { SeiPublisher } from 'h264-sei';
           import { createSeiExtractStream, createSeiInjectStream } from 'h264-sei/streams';`
        : `const { SeiPublisher } = require('h264-sei');
           const { createSeiExtractStream, createSeiInjectStream } = require('h264-sei/streams');`;
    const source = `${imports}
      const publisher = new SeiPublisher();
      publisher.publishJson({ hello: 'world' });
      const stream = createSeiInjectStream({ publisher });
      const messages = stream.pipe(createSeiExtractStream());
      messages.on('data', (message) => console.log(JSON.stringify([message.json().hello])));
      stream.end(Uint8Array.of(0, 0, 0, 1, 0x65, 0x88, 0x84, 0x21));`;
    expect(await runProgram(`streams.${extension}`, source)).toEqual(['world']);
  });

  it('has the integrations, and needs none of their hosts', async () => {
    const hosts = Object.keys(installed.manifest.peerDependencies ?? {});
    expect(hosts.length).toBeGreaterThan(0);
    const source = `
      const { SeiPublisher, SeiSubscriber } = require('h264-sei');
      const { patchNodeAvEncoder } = require('h264-sei/integrations/node-av');
      const { attachNodeMediaServer } = require('h264-sei/integrations/node-media-server');
      const { patchWebCodecsEncoder, seiEncoderOutput } = require('h264-sei/integrations/webcodecs');
      const { attachWeriftSender } = require('h264-sei/integrations/werift');
      const isThere = (host) => { try { require.resolve(host); return true; } catch { return false; } };
      console.log(JSON.stringify({
        hosts: ${JSON.stringify(hosts)}.filter(isThere),
        functions: [patchNodeAvEncoder, attachNodeMediaServer, patchWebCodecsEncoder, seiEncoderOutput, attachWeriftSender]
          .map((each) => typeof each),
      }));`;
    expect(await runProgram('integrations.cjs', source)).toEqual({
      hosts: [],
      functions: new Array(5).fill('function'),
    });
  });

  it('gives import and require the same instance of everything, by the same names', async () => {
    const source = `
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      // What Node adds to the names of a CommonJS module.
      const added = ['default', 'module.exports', '__esModule'];
      const differences = [];
      let compared = 0;
      for (const entry of ${JSON.stringify(installed.entries)}) {
        const imported = await import(entry);
        const required = require(entry);
        const names = new Set([...Object.keys(imported), ...Object.keys(required)]);
        for (const name of names) {
          if (added.includes(name)) continue;
          compared++;
          if (!(name in imported && name in required) || imported[name] !== required[name]) differences.push([entry, name]);
        }
      }
      console.log(JSON.stringify({ compared, differences }));`;
    const result = (await runProgram('identity.mjs', source)) as { compared: number; differences: string[] };
    expect(result.differences).toEqual([]);
    expect(result.compared).toBeGreaterThan(4 * installed.entries.length);
  });

  it('shares one class, so that instanceof holds across module kinds', async () => {
    const source = `
      import { SeiError } from 'h264-sei';
      import { createRequire } from 'node:module';
      const required = createRequire(import.meta.url)('h264-sei');
      console.log(new required.SeiError('ERR_SEI_MALFORMED', 'x') instanceof SeiError);`;
    expect(await runProgram('instance.mjs', source)).toBe(true);
  });

  it('has a command', async () => {
    const command = join(installed.project, 'node_modules', '.bin', 'h264-sei');
    expect((await run(command, ['--version'], installed.project)).trim()).toBe(installed.manifest.version);
  });
});

const addon = join(REPOSITORY, 'build', 'Release', 'h264_sei.node');
const builtAddon = { name: 'the native addon', missing: () => (existsSync(addon) ? undefined : 'it is not built') };

/** The name of the addon for this machine in prebuilds/. */
const prebuilt = process.platform === 'linux' ? `h264-sei.${detectLibc()}.node` : 'h264-sei.node';

describeWith(builtAddon, 'a prebuilt binary in the package', () => {
  it('is found and used, and a broken one is told and passed over', async () => {
    const folder = join(installed.directory, 'prebuilds', `${process.platform}-${process.arch}`);
    const source = `console.log(JSON.stringify(require('h264-sei').backendInfo()))`;
    await mkdir(folder, { recursive: true });
    await copyFile(addon, join(folder, prebuilt));
    expect(await runProgram('backend.cjs', source)).toMatchObject({ name: 'native' });
    await writeFile(join(folder, prebuilt), 'no library');
    expect(await runProgram('backend.cjs', source)).toMatchObject({
      name: 'typescript',
      reason: expect.stringContaining('ERR_DLOPEN_FAILED') as string,
    });
    await rm(join(installed.directory, 'prebuilds'), { recursive: true });
    expect(await runProgram('backend.cjs', source)).toMatchObject({
      name: 'typescript',
      reason: expect.stringContaining('none is in prebuilds/') as string,
    });
  });
});
