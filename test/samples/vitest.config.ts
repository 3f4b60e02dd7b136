import { defineConfig } from 'vitest/config'

/** Runs one of the samples beside this file, as reporter.test.ts asks; no run of the real tests finds them. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.sample.ts'],
    reporters: ['default', '../../scripts/reporter.ts'],
  },
})
