import { existsSync } from 'node:fs'
import type { TestContext } from 'vitest'

/** In a browser, of what tests may lack: only what they read. Everything else belongs to Node, as its tests do. */
export const needs = {
  samples: (context: TestContext): void => {
    const folder = process.env.VOUCH_SAMPLES
    if (folder === undefined || !existsSync(folder))
      context.skip('needs the folder of evidence that VOUCH_SAMPLES names')
  },
}
