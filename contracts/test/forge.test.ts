import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { CONTRACTS, forge } from '../build/forge.js'
import { buildGenerated } from '../build/generated.js'
import { differences, outputOf } from '../build/output.js'

interface ForgeResult {
  readonly status: 'Success' | 'Failure' | 'Skipped'
  readonly reason: string | null
}

type ForgeResults = Readonly<Record<string, { readonly test_results: Readonly<Record<string, ForgeResult>> }>>

/** Every test that the sources name, whether forge finds it or not. */
const suites = readdirSync(join(CONTRACTS, 'test'))
  .filter((file) => file.endsWith('.t.sol'))
  .map((file) => ({ suite: file.replace('.t.sol', ''), tests: testsIn(file) }))

function testsIn(file: string): readonly string[] {
  const text = readFileSync(join(CONTRACTS, 'test', file), 'utf8')
  return [...text.matchAll(/\bfunction ((?:test|invariant)\w*)\(/g)].map(([, name = '']) => name)
}

/** `suite.test` → what became of it. */
const results = new Map<string, ForgeResult>()

let verifier: string

beforeAll(async () => {
  verifier = await buildGenerated()
  const { stdout, stderr } = await forge(['test', '--json'])
  const found: ForgeResults = JSON.parse(stdout || `{"failed": ${JSON.stringify(stderr)}}`)
  for (const [path, { test_results }] of Object.entries(found)) {
    const suite = path.split(':')[0]?.replace(/^test\/|\.t\.sol$/g, '')
    for (const [signature, result] of Object.entries(test_results))
      results.set(`${suite}.${signature.replace(/\(.*/, '')}`, result)
  }
}, 600_000)

describe.each(suites)('forge: $suite', ({ suite, tests }) => {
  it.each(tests)('%s', (name) => {
    expect(results.get(`${suite}.${name}`)).toMatchObject({ status: 'Success', reason: null })
  })
})

it('forge runs no test that is not counted here', () => {
  const counted = suites.flatMap(({ suite, tests }) => tests.map((name) => `${suite}.${name}`))
  expect([...results.keys()].sort()).toEqual([...counted].sort())
})

it('npm run fuzz makes a million calls of the invariants, and more', () => {
  const settings = readFileSync(join(CONTRACTS, 'foundry.toml'), 'utf8')
  const [, section = ''] = settings.split('[profile.fuzz.invariant]\n')
  const [own = ''] = section.split('\n[')
  const setting = (name: string) =>
    Number(new RegExp(`^${name} = ([\\d_]+)$`, 'm').exec(own)?.[1]?.replaceAll('_', ''))
  expect(setting('runs') * setting('depth')).toBeGreaterThanOrEqual(1_000_000)
})

it('what is committed about the contracts is what the sources and the pinned key give', async () => {
  expect(await differences(await outputOf(verifier))).toEqual([])
})
