import { defineConfig } from 'vitest/config'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic' } },
  test: {
    // is-in-ci takes even CI='' for CI, and Ink then paints nothing until it unmounts.
    env: { CI: 'false', FORCE_COLOR: '1' },
    // A limit finds what hangs; how fast something is, benches say. A machine may be ten times as slow as another.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    setupFiles: ['test/support/seed.ts'],
    globalSetup: ['test/support/scratch.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/e2e/**'],
          // A machine that does other work at the same time is slow, and not wrong.
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          // Tests of types: the compiler runs them, nothing else does.
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['test/**/*.test-d.ts'] },
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          // Programs that are started obey it; a terminal's own tests leave it out.
          env: { FORCE_COLOR: '0' },
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          // After the unit tests, alone: a terminal that is waited for needs the processor.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
