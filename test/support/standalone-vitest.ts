// What stands in for `vitest` where it cannot run itself: it needs addons of its own, which an emulated processor does
// not have, and a browser has none. Its runner and its assertions are plain JavaScript, so the tests mean the same.
import { type ExpectStatic, JestAsymmetricMatchers, JestChaiExpect, JestExtend, chai } from '@vitest/expect';
import { type Task, type VitestRunner, startTests } from '@vitest/runner';

export { afterAll, afterEach, beforeAll, beforeEach, describe, it } from '@vitest/runner';

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

/** With the matchers of vitest; each test gets the same. */
export const expect = chai.expect as unknown as ExpectStatic;

/** What came of a run. */
export interface RunResult {
  /** How many tests have passed. */
  readonly passed: number;
  /** The names of those that were not run. */
  readonly skipped: readonly string[];
  /** Tests that have failed, and files that could not be run, each with what it says. */
  readonly failed: readonly string[];
}

const config: VitestRunner['config'] = {
  root: '/',
  setupFiles: [],
  name: undefined,
  passWithNoTests: false,
  testNamePattern: undefined,
  allowOnly: false,
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

function testsOf(task: Task): Task[] {
  return task.type === 'test' ? [task] : task.tasks.flatMap(testsOf);
}

/**
 * Runs files of tests one after the other.
 *
 * @param files their names
 * @param importFile loads one of them
 */
export async function runTests(files: readonly string[], importFile: (name: string) => unknown): Promise<RunResult> {
  const outcomes = await startTests([...files], {
    config,
    importFile,
    extendTaskContext: (context) => Object.assign(context, { expect }),
  });
  let passed = 0;
  const skipped: string[] = [];
  const failed: string[] = [];
  for (const file of outcomes) {
    const sayOf = ({ name, fullName, result }: Task, fallback = ''): string =>
      `${fullName || name}: ${result?.errors?.map(({ message }) => message).join('; ') ?? fallback}`;
    const tests = testsOf(file);
    if ((file.result?.errors?.length ?? 0) > 0 || tests.length === 0) failed.push(sayOf(file, 'it has no test'));
    for (const test of tests) {
      if (test.result?.state === 'pass') passed++;
      else if (test.mode === 'skip' || test.mode === 'todo') skipped.push(sayOf(test));
      else failed.push(sayOf(test, 'it was not run'));
    }
  }
  return { passed, skipped, failed };
}
