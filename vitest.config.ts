import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { withoutNode } from './test/browser/plugin.js'
import { chromiumPath } from './test/support/chromium.js'

// Tests read the sources of every package, never a stale build: see "exports" in each package.json.
const conditions = ['vouch:source', 'node', 'import', 'module', 'default']

// Installs packages and fills both cores with it: it runs alone, after all others, so that it starves no test's clock.
const CLEAN_CLONE = 'test/clean-clone.test.ts'

// What these look at is Node's: its files, its commands, its own reading of certificates.
const OF_NODE = [
  'api',
  'fetch',
  'fetch-lists',
  'policy-file',
  'readme',
  'x509/node-crypto',
  'x509/whole-suites',
].map((name) => `evidence/test/${name}.test.ts`)
const chromium = chromiumPath()

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
          sequence: { groupOrder: 2 },
        },
      },
      ...(chromium === undefined ? [] : [inChromium(chromium)]),
    ],
  },
})

/** Evidence is judged in pages too: the same tests, in a browser without a window and without a network. */
function inChromium(executablePath: string): TestProjectInlineConfiguration {
  return {
    extends: true,
    plugins: [withoutNode()],
    resolve: { conditions: ['vouch:source', 'browser', 'import', 'module', 'default'] },
    test: {
      name: 'chromium',
      include: ['evidence/test/**/*.test.ts'],
      exclude: OF_NODE,
      testTimeout: 240_000,
      sequence: { groupOrder: 1 },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath, args: ['--no-sandbox'] } }),
        instances: [{ browser: 'chromium' }],
      },
    },
  }
}
