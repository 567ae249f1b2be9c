import { join } from 'node:path';

import { defineConfig } from 'vitest/config';

const env = {
  // Git must behave alike on every machine: no user or system configuration reaches a test.
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  // The many processes of ours that a run starts take half the time.
  NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/trueup/compiled'),
};

// These run Ansible, or a controller that is killed, and take longest: they are begun beside each other.
const WITH_ANSIBLE = [
  'story',
  'kill',
  'kill-*',
  'restart',
  'prometheus',
  'bad-input',
  'stacks',
].map((name) => `test/e2e/${name}.test.ts`);

// This one puts another module in the place of ours, for its whole process.
const WITH_MOCKS = ['src/backport/laws-fault.test.ts'];

// Random cases are the same in each run.
const setupFiles = ['./test/support/seed.ts'];

export default defineConfig({
  test: {
    reporters: ['default', './test/support/tally-reporter.ts'],
    // More than the two processors of the smallest machine: tests wait for processes, and for files to settle.
    maxWorkers: 3,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'lcov'],
    },
    projects: [
      {
        test: {
          name: 'unit',
          env,
          setupFiles,
          include: ['src/**/*.test.ts', 'test/backport/**/*.test.ts'],
          exclude: WITH_MOCKS,
          // A slow machine is no fault; what must not take long is bounded by the product itself.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Modules are loaded once for all files: half of the time went into loading them again.
          isolate: false,
        },
      },
      { test: { name: 'unit-mocks', env, setupFiles, include: WITH_MOCKS, testTimeout: 120_000 } },
      {
        test: {
          name: 'integration',
          env,
          setupFiles,
          include: ['test/integration/**/*.test.ts'],
          isolate: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'e2e',
          env,
          include: ['test/e2e/**/*.test.ts'],
          exclude: WITH_ANSIBLE,
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'e2e-ansible',
          env,
          include: WITH_ANSIBLE,
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
