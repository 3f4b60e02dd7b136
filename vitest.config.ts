import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { withoutNode } from './test/browser/plugin.js'
import { chromiumPath } from './test/support/chromium.js'

// Tests read the sources of every package, never a stale build: see "exports" in each package.json.
// They become Node's own conditions too, so none is here that tells `import` from `require`.
const conditions = ['vouch:source', 'node']

// Installs packages and fills both cores with it: it runs alone, after all others, so that it starves no test's clock.
const CLEAN_CLONE = 'test/clean-clone.test.ts'

// What takes minutes by its nature: it kills, cuts, flips or draws at random thousands of times over, starts a process for
// each of a hundred cases, or lets clocks run. `npm run test:long` runs it.
const LONG = [
  'chain/test/chain-commands.test.ts',
  'cli/test/alice/alice.test.ts',
  'cli/test/alice/on-chain.test.ts',
  'cli/test/bob/samples.test.ts',
  'cli/test/registrar/ending.test.ts',
  'cli/test/registrar/registrar.test.ts',
  'cli/test/registrar/wrong-clock.test.ts',
  'evidence/test/flips.test.ts',
  'evidence/test/fuzz-parsers.test.ts',
  'protocol/test/fuzz.test.ts',
  'registry/test/kill.test.ts',
  'registry/test/recovery.test.ts',
  'registry/test/several.test.ts',
  'prover/test/answering.test.ts',
  'prover/test/sync-clock.test.ts',
  'test/end-to-end/liars.test.ts',
  'test/end-to-end/privacy-game.test.ts',
  ...['announcing', 'answering', 'enrolling', 'reading'].map(
    (name) => `test/end-to-end/faults-${name}.test.ts`,
  ),
]

// Limits are for what hangs. A busy machine is slow, and no test fails for that.
const HANGING_MS = 600_000

// What these look at is Node's: its files, its commands, its own reading of certificates.
const OF_NODE = [
  'fetch',
  'fetch-lists',
  'policy-file',
  'readme',
  'verdict-vectors',
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
      inNode('units', {
        include: ['*/test/**/*.test.ts', 'test/**/*.test.ts'],
        exclude: [CLEAN_CLONE, ...LONG],
      }),
      inNode('long', { include: LONG }),
      inNode('clean clone', { include: [CLEAN_CLONE], maxWorkers: 1, sequence: { groupOrder: 2 } }),
      ...(chromium === undefined ? [] : [inChromium(chromium)]),
    ],
  },
})

/** Tests that start what was built, two files at a time unless they say otherwise. */
function inNode(
  name: string,
  own: NonNullable<TestProjectInlineConfiguration['test']>,
): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      globalSetup: './test/support/build.ts',
      testTimeout: HANGING_MS,
      hookTimeout: HANGING_MS,
      maxWorkers: 2,
      sequence: { groupOrder: 0 },
      ...own,
    },
  }
}

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
      testTimeout: HANGING_MS,
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
