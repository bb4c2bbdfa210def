import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Two cores are the smallest machine this must pass on; more workers there only make timings lie.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          // Property tests take their time on a busy machine.
          testTimeout: 20_000,
          include: ['lib/**/*.test.ts', 'app/**/*.test.{ts,tsx}', 'scripts/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'database',
          include: ['tests/{contract,integration,security,crash}/**/*.test.ts'],
          globalSetup: ['tests/support/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
