import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    // A process for each file: a crash of the addon or of a decoder ends one file, not the run.
    pool: 'forks',
    maxWorkers: '100%',
    // Guards against what never ends; no statement on speed. A machine that is busy may take its time.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
  },
});
