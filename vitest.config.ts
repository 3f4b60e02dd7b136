import { defineConfig } from 'vitest/config'

// Tests read the sources of every package, never a stale build: see "exports" in each package.json.
const conditions = ['vouch:source', 'node', 'import', 'module', 'default']

// Installs packages and fills both cores with it: it runs alone, after all others, so that it starves no test's clock.
const CLEAN_CLONE = 'test/clean-clone.test.ts'

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ['default', './scripts/reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          include: ['*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [CLEAN_CLONE],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'clean clone',
          include: [CLEAN_CLONE],
          testTimeout: 600_000,
          hookTimeout: 600_000, // two installations are deleted at the end
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
