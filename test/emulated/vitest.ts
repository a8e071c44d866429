// What stands in for `vitest` where only Node runs, such as in an emulator: vitest itself needs addons of its own for
// that processor. Its runner and its matchers are plain JavaScript, so the tests mean the same.
import { createRequire } from 'node:module';
import * as chai from 'chai';
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  customMatchers,
  getState,
  setState,
} from '@vitest/expect';
import { type VitestRunner, type VitestRunnerConfig, startTests } from '@vitest/runner';

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from '@vitest/runner';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

/** What the plugin `JestExtend` adds. */
interface Extensible {
  extend(target: unknown, matchers: unknown): void;
}

type Asymmetric = Readonly<Record<string, unknown>>;

/** `expect`, of which each test gets the same. */
export const expect = ((value: unknown, message?: string) => {
  setState({ assertionCalls: getState(expect as never).assertionCalls + 1 }, expect as never);
  return chai.expect(value, message);
}) as (value: unknown, message?: string) => unknown;

Object.assign(expect, chai.expect, (globalThis as Record<symbol, Asymmetric>)[ASYMMETRIC_MATCHERS_OBJECT]);
Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: expect, writable: true, configurable: true });
setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null }, expect as never);
(chai.expect as unknown as Extensible).extend(expect, customMatchers);

const load = createRequire(__filename);
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

const config: VitestRunnerConfig = {
  root: __dirname,
  setupFiles: [],
  name: undefined,
  passWithNoTests: false,
  testNamePattern: undefined,
  allowOnly: true,
  sequence: { seed: 1, hooks: 'stack', setupFiles: 'list' },
  chaiConfig: undefined,
  maxConcurrency: 1,
  testTimeout: 600_000,
  hookTimeout: 600_000,
  retry: 0,
  includeTaskLocation: false,
  tags: [],
  tagsFilter: undefined,
  strictTags: false,
};

/** Counts of a run, and what its failed tests say. */
export interface RunResult {
  passed: number;
  skipped: string[];
  failed: string[];
}

/** Runs files of tests one after the other. */
export async function runTests(files: readonly string[]): Promise<RunResult> {
  const result: RunResult = { passed: 0, skipped: [], failed: [] };
  const runner: VitestRunner = {
    config,
    importFile: (file) => void load(file),
    extendTaskContext: (context) => Object.assign(context, { expect }),
    onAfterRunTask: (task) => {
      const name = `${task.file.name}: ${task.fullName}`;
      if (task.result?.state === 'pass') result.passed++;
      else if (task.result?.state === 'fail') {
        result.failed.push(`${name}: ${task.result.errors?.map(({ message }) => message).join('; ') ?? ''}`);
      } else result.skipped.push(name);
    },
  };
  const outcomes = await startTests([...files], runner);
  for (const { name, result: outcome, mode } of outcomes) {
    const errors = outcome?.errors?.map(({ message }) => message) ?? [];
    if (errors.length > 0) result.failed.push(`${name}: ${errors.join('; ')}`);
    else if (mode !== 'run') result.skipped.push(name);
  }
  return result;
}
