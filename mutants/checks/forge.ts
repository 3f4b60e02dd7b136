import { join } from 'node:path'
import { forge } from '../../contracts/build/forge.js'
import { type Check, Stillborn } from '../check.js'

/** Runs forge's tests file by file. */
export function forgeChecks(folder: string, tests: readonly string[]): readonly Check[] {
  return tests.map((test) => ({
    name: `contracts/test/${test}`,
    files: [`contracts/test/${test}`],
    firstFailure: async () => {
      const words = ['test', '--match-path', `test/${test}`, '--fail-fast']
      const { status, stdout, stderr } = await forge(words, { folder: join(folder, 'contracts') })
      if (stderr.includes('Compilation failed')) throw new Stillborn(stderr)
      if (status === 0) return undefined
      return /\[FAIL.*\] .*/.exec(stdout)?.[0] ?? `forge ended with ${status}: ${stderr.slice(0, 200)}`
    },
  }))
}
