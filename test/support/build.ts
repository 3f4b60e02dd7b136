import { execFileSync } from 'node:child_process'
import { pathInRepository } from './repository.js'

/** Builds what tests start as processes: a second where nothing changed. Tests themselves read the sources. */
export default function build(): void {
  execFileSync(process.execPath, [pathInRepository('node_modules/typescript/bin/tsc'), '-b'], {
    cwd: pathInRepository('.'),
    stdio: 'inherit',
  })
}
