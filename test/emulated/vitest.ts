// In place of `vitest` where only Node runs, such as in an emulator.
import { createRequire } from 'node:module';
import { type RunResult, runTests } from '../support/standalone-vitest.js';

export * from '../support/standalone-vitest.js';

const stubbed = new Map<string, PropertyDescriptor | undefined>();

/** What the tests use of `vi`. */
export const vi = {
  /** Forgets the modules of the library and the tests, so that they are loaded anew. */
  resetModules(): void {
    for (const file of Object.keys(require.cache)) {
      if (file.startsWith(__dirname) && !file.includes('node_modules')) Reflect.deleteProperty(require.cache, file);
    }
  },
  stubGlobal(name: string, value: unknown): void {
    stubbed.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  },
  unstubAllGlobals(): void {
    for (const [name, descriptor] of stubbed) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
    stubbed.clear();
  },
};

/** Runs files of tests, which are CommonJS modules, by their paths. */
export function runTestFiles(files: readonly string[]): Promise<RunResult> {
  return runTests(files, createRequire(__filename));
}
