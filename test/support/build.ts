import { execFileSync } from 'node:child_process'
import { pathInRepository } from './repository.js'

/**
 * Builds what tests start as processes: a second where nothing changed. Tests themselves read the sources. A mutant is
 * not built: its types may be wrong, and in a copy of the tree programs run from the sources.
 */
export default function build(): void {
  if (process.env.VOUCH_NO_BUILD === '1') return
  execFileSync(process.execPath, [pathInRepository('node_modules/typescript/bin/tsc'), '-b'], {
    cwd: pathInRepository('.'),
    stdio: 'inherit',
  })
}
