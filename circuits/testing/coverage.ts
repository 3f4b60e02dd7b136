import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CIRCUITS_FOLDER, cratesIn } from './crates.js'
import { uncovered } from './uncovered.js'

// `npm run circuits:coverage`: fails while some constraint or hint of the circuits has no test that breaks it.

// The programs are broken where their witnesses are built: by the prover's tests.
const witnessTests = readFileSync(join(CIRCUITS_FOLDER, '../prover/test/constraints.test.ts'), 'utf8')

const gaps = uncovered(cratesIn('lib'), cratesIn('bin'), [witnessTests])
for (const gap of gaps) process.stdout.write(`${gap}\n`)
const summary = gaps.length === 0 ? 'every constraint and hint is attacked by a test' : `${gaps.length} gaps`
process.stderr.write(`circuits: ${summary}\n`)
process.exitCode = gaps.length === 0 ? 0 : 1
