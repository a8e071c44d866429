/** Runs the contract suite in this page. */
import { type RunResult, runTests } from '../../../support/standalone-vitest.js';
import { suites } from './suites.js';

/** Runs all of it, or the files whose names are given. */
function runContract(names = Object.keys(suites)): Promise<RunResult> {
  return runTests(names, (name) => suites[name]());
}

Object.assign(globalThis, { runContract });
