/** The whole-frame functions in a context with nothing in it but the language: no Buffer, no process, no require. */
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as library from '../../src/index.js';
import { bundleForVm } from '../support/browser-bundle.js';
import { fixtureClip } from '../support/streams.js';

const ENTRY = ['inject', 'extract', 'strip', 'convert', 'detect', 'sei-nal-unit']
  .map((name) => `export * from './src/frame/${name}.js';`)
  .join('\n');

describe('the codec in a browser', () => {
  const context = createContext({});
  const { code, warnings } = bundleForVm(ENTRY);
  runInContext(code, context);
  const run = (script: string) => runInContext(script, context) as unknown;

  it('has none of the globals of Node.js to fall back to', () => {
    expect(warnings).toEqual([]);
    expect(run("['Buffer', 'process', 'require', 'TextEncoder'].filter((name) => name in globalThis)")).toEqual([]);
  });

  it('gives the same bytes as here, on real video', () => {
    const clip = fixtureClip('slices.h264').read();
    const payload = Uint8Array.from({ length: 300 }, (_, i) => i % 5);
    const nalUnit = library.createSeiNalUnit(payload);
    const injected = library.injectSei(clip, [nalUnit]);
    Object.assign(context, { clip, payload, injected });
    const same = (expression: string, expected: Uint8Array) => {
      expect(Buffer.compare(run(expression) as Uint8Array, expected)).toBe(0);
    };
    same('library.createSeiNalUnit(payload)', nalUnit);
    same('library.injectSei(clip, [library.createSeiNalUnit(payload)])', injected);
    same('library.stripSei(injected)', clip);
    same('library.toLengthPrefixed(clip)', library.toLengthPrefixed(clip));
    same('library.escapeRbsp(clip)', library.escapeRbsp(clip));
    expect(run('library.extractSei(injected).length')).toBe(library.extractSei(injected).length);
    expect(run('library.detectH264Format(clip).format')).toBe('annexb');
  });

  it('throws errors that can be told apart', () => {
    expect(run('try { library.splitNalUnits(new Uint8Array(3)) } catch (error) { error.code }')).toBe(
      'ERR_SEI_UNKNOWN_FORMAT',
    );
  });
});
