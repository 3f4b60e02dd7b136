import { defineConfig } from 'vitest/config'

// Tests read the sources of every package, never a stale build: see "exports" in each package.json.
const conditions = ['vouch:source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['*/test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
