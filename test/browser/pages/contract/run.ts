/** Runs the contract suite in this page. */
import { type FileSpecification, type Task, type VitestRunner, startTests } from '@vitest/runner';
import { suites } from './suites.js';

/** What came of the suite. */
interface ContractResult {
  readonly passed: number;
  /** Tests that did not pass, and files that could not be run, each with what it says. */
  readonly failures: readonly string[];
}

const browserName = 'browser';

const runner: VitestRunner = {
  config: {
    root: '/',
    setupFiles: [],
    name: browserName,
    passWithNoTests: false,
    testNamePattern: undefined,
    allowOnly: false,
    sequence: { seed: 1, hooks: 'stack', setupFiles: 'list' },
    chaiConfig: undefined,
    maxConcurrency: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 0,
    includeTaskLocation: false,
    tags: [],
    tagsFilter: undefined,
    strictTags: false,
  },
  importFile: (path) => suites[path](),
};

function testsOf(task: Task): Task[] {
  return task.type === 'test' ? [task] : task.tasks.flatMap(testsOf);
}

/** Runs all of it, or the files whose names are given. */
async function runContract(names = Object.keys(suites)): Promise<ContractResult> {
  const specifications: FileSpecification[] = names.map((filepath) => ({
    filepath,
    testLocations: undefined,
    testIds: undefined,
    testNamePattern: undefined,
    testTagsFilter: undefined,
    fileTags: undefined,
  })) as never;
  const files = await startTests(specifications, runner);
  const failures: string[] = [];
  let passed = 0;
  const fail = ({ name, result }: Task): void => {
    failures.push(`${name}: ${result?.errors?.map(({ message }) => message).join('; ') ?? 'it was not run'}`);
  };
  for (const file of files) {
    if ((file.result?.errors?.length ?? 0) > 0) fail(file);
    for (const test of testsOf(file)) {
      if (test.result?.state === 'pass') passed++;
      else fail(test);
    }
  }
  return { passed, failures };
}

Object.assign(globalThis, { runContract });
