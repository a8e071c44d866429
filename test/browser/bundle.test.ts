/** `h264-sei/browser` as it is built: one module that needs nothing of Node.js, and what of it pages pay for. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import * as everywhere from '../../src/index.js';
import * as browser from '../../src/browser/index.js';
import { browserBuild } from '../support/browser-bundle.js';

const ROOT = resolve(__dirname, '../..');
const MODULE = 'dist/browser/index.mjs';

/** What a page gets that has this statement; the names of packages are resolved as bundlers do for browsers. */
function bundle(contents: string) {
  const { outputFiles, metafile } = buildSync({
    ...browserBuild,
    stdin: { contents, resolveDir: ROOT, loader: 'js' },
    format: 'esm',
    minify: true,
    metafile: true,
  });
  const [{ contents: bytes, text }] = outputFiles;
  return {
    text,
    size: gzipSync(bytes).length,
    inputs: Object.keys(metafile.inputs).filter((name) => name !== '<stdin>'),
  };
}

describe('h264-sei/browser', () => {
  it('is one module, and names nothing of Node.js', () => {
    const text = readFileSync(resolve(ROOT, MODULE), 'utf8');
    expect(text).not.toMatch(/^import\b|\bimport\(|\brequire\(/m);
    expect(text).not.toMatch(/node:|globalThis\.(process|Buffer)|__dirname/);
  });

  it('has all that h264-sei has', () => {
    expect(Object.keys(browser)).toEqual(expect.arrayContaining(Object.keys(everywhere)));
  });

  it.each(['h264-sei', 'h264-sei/browser', 'h264-sei/streams', 'h264-sei/integrations/webcodecs'])(
    'is what %s is in a browser, so that there is one instance of everything',
    (name) => {
      expect(bundle(`export * from '${name}'`).inputs).toEqual([MODULE]);
    },
  );

  it('runs where there is nothing but what browsers have', () => {
    const context = createContext({ TextEncoder, TextDecoder, TransformStream, crypto });
    const { text } = bundle(`
      import { SeiPublisher, SeiInjector, SeiSubscriber, backendInfo } from 'h264-sei/browser';
      const publisher = new SeiPublisher();
      publisher.publishText('from a browser');
      const frame = new SeiInjector({ publisher }).inject(Uint8Array.of(0, 0, 0, 1, 0x65, 0x88, 0x84, 0x21));
      const [message] = new SeiSubscriber().processFrame(frame);
      globalThis.result = [message.json().text, backendInfo().name];`);
    runInContext(text, context);
    expect(context['result']).toEqual(['from a browser', 'typescript']);
  });

  // Minified and gzipped, in bytes.
  it.each([
    ['a worker that sends', 23_000, 'SeiPublisher, createSeiSenderTransform, exposeSeiPublisher, pipeEncodedFrames'],
    [
      'a worker that receives',
      16_500,
      'SeiSubscriber, createSeiReceiverTransform, forwardSeiMessages, pipeEncodedFrames',
    ],
    ['a page with such workers', 3700, 'connectSeiPublisher, onSeiMessage'],
    ['a page that tells pictures from messages', 10_000, 'extractSei, stripSei'],
  ])('costs %s less than %i bytes', (_, limit, names) => {
    const { size } = bundle(`export { ${names} } from 'h264-sei/browser'`);
    expect(size).toBeLessThan(limit);
    expect(size).toBeGreaterThan(limit * 0.7);
  });

  it('costs nothing where nothing is used', () => {
    expect(bundle("import { SeiError } from 'h264-sei/browser';").text).toBe('');
  });

  it('costs whoever takes all of it less than 42 kB', () => {
    expect(bundle("export * from 'h264-sei/browser'").size).toBeLessThan(42_000);
  });
});
