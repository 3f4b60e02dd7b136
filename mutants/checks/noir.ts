import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CompileError, compileCrate } from '../../circuits/build/compile.js'
import type { CircuitName } from '../../circuits/src/circuits.js'
import { solveWitness } from '../../circuits/src/witness.js'
import { type Crate, cratesIn } from '../../circuits/testing/crates.js'
import { testsIn } from '../../circuits/testing/noir-source.js'
import { compileTests, failureOf, faultOf } from '../../circuits/testing/runner.js'
import { trials } from '../../circuits/testing/trials/index.js'
import { type Check, Stillborn } from '../check.js'
import { ROOT } from '../tree.js'
import { vitestChecks } from './vitest.js'

/** Tests of programs that must not compile. Noir's own tests cannot express that. */
const COMPILING: Readonly<Record<string, readonly string[]>> = {
  'circuits/lib/sha512/src/lib.nr': ['circuits/test/sha512-length.test.ts'],
}

const TRIALS = 'circuits/testing/trials'

/** The tests of the source's own crate, then the trials of each program that uses the crate. */
export function noirChecks(folder: string, file: string): readonly Check[] {
  const circuits = join(folder, 'circuits')
  const [, kind = '', name = ''] = file.split('/')
  const library = cratesIn('lib', circuits).find(
    (crate) => kind === 'lib' && crate.folder.endsWith(`/lib/${name}`),
  )
  const programs = cratesIn('bin', circuits).filter((crate) =>
    reaches(crate.folder, join(circuits, kind, name)),
  )
  return [
    ...(library === undefined ? [] : [ownTests(library, name)]),
    ...vitestChecks(folder, file, COMPILING[file] ?? []),
    ...programs.map(trialsOf),
  ]
}

/** Whether a crate is the other one, or depends on it. */
function reaches(folder: string, other: string): boolean {
  if (folder === other) return true
  const manifest = readFileSync(join(folder, 'Nargo.toml'), 'utf8')
  return [...manifest.matchAll(/path = "(.+)"/g)].some(([, path = '']) => reaches(join(folder, path), other))
}

function ownTests(crate: Crate, name: string): Check {
  return {
    name: `tests of ${crate.name}`,
    files: [`circuits/lib/${name}/src/tests.nr`],
    firstFailure: async () => {
      const tests = testsIn(crate.tests?.text ?? '')
      const run = await orStillborn(compileTests(crate, tests))
      for (const test of tests) {
        const fault = faultOf(test, await run(test))
        if (fault !== undefined) return `${test.name}: ${fault}`
      }
      return undefined
    },
  }
}

function trialsOf({ name, folder }: Crate): Check {
  return {
    name: `trials of ${name}`,
    files: readdirSync(join(ROOT, TRIALS)).map((file) => `${TRIALS}/${file}`),
    firstFailure: async () => {
      const program = await orStillborn(compileCrate(folder))
      for (const trial of trialsFor(name as CircuitName)) {
        const rule = await failureOf(solveWitness(program, trial.inputs))
        if (rule !== trial.rule) return `${trial.name}: ${rule ?? 'accepted'}`
      }
      return undefined
    },
  }
}

let all: ReturnType<typeof trials> | undefined

function trialsFor(name: CircuitName): ReturnType<typeof trials> {
  all ??= trials()
  return all.filter(({ circuit }) => circuit === name)
}

async function orStillborn<Value>(compiling: Promise<Value>): Promise<Value> {
  try {
    return await compiling
  } catch (error) {
    throw error instanceof CompileError ? new Stillborn(error.message) : error
  }
}
