import { execFile } from 'node:child_process';
import * as diagnosticsChannel from 'node:diagnostics_channel';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import { buildSync } from 'esbuild';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type SeiDiagnostic, diagnose, isDiagnosed } from '../src/diagnostics.js';

function subscribe(name: string): unknown[] {
  const heard: unknown[] = [];
  const listener = (message: unknown): void => {
    heard.push(message);
  };
  diagnosticsChannel.subscribe(name, listener);
  onTestFinished(() => {
    diagnosticsChannel.unsubscribe(name, listener);
  });
  return heard;
}

/** This module as one script, as a browser would load it. */
function bundle(): string {
  const { outputFiles } = buildSync({
    entryPoints: [resolve(__dirname, '../src/diagnostics.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'diagnostics',
    platform: 'browser',
    target: 'es2022',
  });
  return outputFiles[0].text;
}

describe('diagnose', () => {
  it.each(['publisher', 'injector', 'subscriber'] as const)('speaks on the channel of the %s', (source) => {
    const heard = subscribe(`h264-sei:${source}`);
    const elsewhere = subscribe(`h264-sei:${source === 'publisher' ? 'injector' : 'publisher'}`);
    diagnose(source as 'injector', 'patch-error', { error: 1 });
    expect(heard).toEqual([{ source, event: 'patch-error', details: { error: 1 } }]);
    expect(elsewhere).toEqual([]);
  });

  it('speaks to the listener', () => {
    const heard: SeiDiagnostic[] = [];
    diagnose('injector', 'patch-error', { error: 1 }, (diagnostic) => heard.push(diagnostic));
    expect(heard).toEqual([{ source: 'injector', event: 'patch-error', details: { error: 1 } }]);
  });

  it('knows whether anybody listens', () => {
    expect(isDiagnosed('subscriber')).toBe(false);
    expect(isDiagnosed('subscriber', () => {})).toBe(true);
    subscribe('h264-sei:subscriber');
    expect([isDiagnosed('subscriber'), isDiagnosed('injector')]).toEqual([true, false]);
  });

  it('survives a listener that throws', () => {
    const heard = subscribe('h264-sei:injector');
    diagnose('injector', 'packet-read-only', {}, () => {
      throw new Error('mine');
    });
    expect(heard).toHaveLength(1);
  });

  it.each([
    ['h264-sei', /^H264-SEI \d+: subscriber something { count: 1 }\n$/],
    ['other', /^$/],
  ])('writes to standard error with NODE_DEBUG=%s as it should', async (NODE_DEBUG, expected) => {
    const script = `${bundle()}; diagnostics.diagnose('subscriber', 'something', { count: 1 })`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['-e', script], {
      env: { ...process.env, NODE_DEBUG, NODE_OPTIONS: '' },
    });
    expect(stderr).toMatch(expected);
    expect(stdout).toBe('');
  });

  it('needs nothing of Node.js', () => {
    const heard: unknown[] = [];
    const context = createContext({ listener: (diagnostic: unknown) => heard.push(diagnostic) });
    runInContext(bundle(), context);
    runInContext("diagnostics.diagnose('subscriber', 'unheard', {})", context);
    runInContext("diagnostics.diagnose('subscriber', 'something', {}, listener)", context);
    expect(heard).toEqual([{ source: 'subscriber', event: 'something', details: {} }]);
  });
});
