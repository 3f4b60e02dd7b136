import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VouchError } from '@vouch/protocol'
import { compileCrate } from '../build/compile.js'
import { solveWitness } from '../src/witness.js'
import type { Crate } from './crates.js'
import type { NoirTest } from './noir-source.js'

/** Runs one of a crate's tests: the message of the constraint that failed, or `undefined` if none did. */
export type RunTest = (test: NoirTest) => Promise<string | undefined>

/**
 * Compiles a crate's tests behind one `main` that calls the one it is told to. The generated crate lives outside the tree.
 */
export async function compileTests(crate: Crate, tests: readonly NoirTest[]): Promise<RunTest> {
  const folder = mkdtempSync(join(tmpdir(), 'vouch-noir-tests-'))
  try {
    mkdirSync(join(folder, 'src'))
    writeFileSync(join(folder, 'Nargo.toml'), manifest(crate))
    writeFileSync(join(folder, 'src/main.nr'), mainOf(crate, tests))
    const compiled = await compileCrate(folder)
    return async (test) => failureOf(solveWitness(compiled, { which: tests.indexOf(test) }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Why a test did not do what it expects, or `undefined` if it did. */
export function faultOf({ expects }: NoirTest, failure: string | undefined): string | undefined {
  if (expects.outcome === 'pass') return failure === undefined ? undefined : `it failed: ${failure}`
  if (failure === undefined) return 'it passed, and should fail'
  if (expects.message === undefined || expects.message === failure) return undefined
  return `it should fail with "${expects.message}", and failed with "${failure}"`
}

function manifest({ name, folder }: Crate): string {
  return [
    '[package]',
    'name = "noir_tests"',
    'type = "bin"',
    'authors = [""]',
    '',
    '[dependencies]',
    `${name} = { path = ${JSON.stringify(folder)} }`,
    '',
  ].join('\n')
}

function mainOf({ name }: Crate, tests: readonly NoirTest[]): string {
  const calls = tests.map(
    (test, i) => `    if which == ${i} {\n        ${name}::tests::${test.name}();\n    }\n`,
  )
  return `fn main(which: Field) {\n${calls.join('')}}\n`
}

/** The rule of the constraint that failed while inputs were solved, or `undefined` if none did. */
export async function failureOf(run: Promise<unknown>): Promise<string | undefined> {
  try {
    await run
    return undefined
  } catch (error) {
    if (error instanceof VouchError && error.code === 'WITNESS_INVALID') return error.rule
    throw error
  }
}
