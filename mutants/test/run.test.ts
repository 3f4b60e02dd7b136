import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type Check, Stillborn } from '../check.js'
import { type Mutant, mutantsOf } from '../mutant.js'
import { typescriptChanges } from '../places/typescript.js'
import { summary } from '../report.js'
import { type Run, run, shuffled, staleArguments } from '../run.js'
import { openMemory } from '../state.js'

// The runner over a tree of two files in memory, whose tests are functions of the text: what survives is planted.

const folder = mkdtempSync(join(tmpdir(), 'vouch-mutants-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SOURCE = 'if (a > 1) fail()\nif (b) fail()\n'
let files: Record<string, string>
let ran: string[]
let state = 0

beforeEach(() => {
  files = { 'source.ts': SOURCE, 'own.test.ts': 'looks at a', 'other.test.ts': 'looks at b' }
  ran = []
  state++
})

const tree: Run['tree'] = {
  read: (file) => files[file] ?? '',
  write: (file, text) => {
    files[file] = text
  },
}

/** A test that fails unless the source has all of these words. */
const wants = (name: string, words: readonly string[]): Check => ({
  name,
  files: [name],
  firstFailure: async () => {
    ran.push(name)
    const missing = words.find((word) => !tree.read('source.ts').includes(word))
    return missing === undefined ? undefined : `no ${missing}`
  },
})

const mutants = (): readonly Mutant[] => mutantsOf('source.ts', SOURCE, typescriptChanges(SOURCE))
const noticing = [wants('own.test.ts', ['a > 1', 'fail()\nif']), wants('other.test.ts', ['(b) fail()\n'])]

const judge = (changes: Partial<Run> = {}) =>
  run({
    mutants: mutants(),
    checksOf: () => noticing,
    tree,
    memory: openMemory(join(folder, `state-${state}.json`)),
    equivalent: [],
    ...changes,
  })

test('kills each mutant by the first test that fails, and leaves the tree as it was', async () => {
  const { judged, faults } = await judge()
  expect(faults).toEqual([])
  expect(judged.map(({ outcome }) => outcome)).toEqual(judged.map(() => 'killed'))
  expect(judged[0]?.by).toBe('own.test.ts: no a > 1')
  expect(judged.at(-1)?.by).toBe('other.test.ts: no (b) fail()\n')
  expect(files['source.ts']).toBe(SOURCE)
})

test('reports a planted survivor', async () => {
  const { judged, faults } = await judge({
    checksOf: () => [noticing[0]].filter((check) => check !== undefined),
  })
  const survivors = judged.filter(({ outcome }) => outcome === 'survived')
  expect(survivors.length).toBeGreaterThan(0)
  expect(faults).toHaveLength(survivors.length)
  expect(faults).toContain('survived: source.ts:2: condition: b → true')
})

test('honours an argument for a survivor', async () => {
  const only = mutants().filter(({ change }) => change === 'condition: b → true')
  const argument = { file: 'source.ts', change: 'condition: b → true', because: 'b is always true' }
  const { faults } = await judge({ mutants: only, checksOf: () => [], equivalent: [argument] })
  expect(faults).toEqual([])
})

test('an argument whose mutant is killed, or does not compile, is an error', async () => {
  const only = mutants().filter(({ change }) => change === 'condition: b → true')
  const argument = { file: 'source.ts', change: 'condition: b → true', because: 'so it is said' }
  const killed = await judge({ mutants: only, equivalent: [argument] })
  expect(killed.faults).toEqual([expect.stringContaining('argued to be equivalent, and killed')])
  state++
  const broken: Check = {
    name: 'compiler',
    files: [],
    firstFailure: () => Promise.reject(new Stillborn('no')),
  }
  const stillborn = await judge({ mutants: only, checksOf: () => [broken], equivalent: [argument] })
  expect(stillborn.faults).toEqual([expect.stringContaining('does not compile')])
  expect(files['source.ts']).toBe(SOURCE)
})

test('an argument without a mutant is an error', () => {
  const stale = { file: 'source.ts', change: 'condition: c → true', because: 'c was here' }
  expect(staleArguments(mutants(), [stale])).toEqual([
    'argued, and no mutant: source.ts: condition: c → true',
  ])
  expect(staleArguments(mutants(), [{ ...stale, change: 'condition: b → true' }])).toEqual([])
})

test('goes on where it stopped, and does again what is no longer sure', async () => {
  const first = await judge()
  const before = ran.length
  expect((await judge()).judged).toEqual(first.judged)
  expect(ran).toHaveLength(before)

  // Killed by the one test, with any result of the other.
  files['other.test.ts'] = 'changed'
  await judge()
  const again = ran.slice(before)
  expect(again).toContain('other.test.ts')
  expect(again.length).toBeLessThan(before)

  // Nothing is known of another source, and nothing is remembered by a fresh run.
  const now = ran.length
  await judge({ memory: openMemory(join(folder, `state-${state}.json`), { fresh: true }) })
  expect(ran.length - now).toBe(before)
})

test('a survivor is tried again as soon as any of its tests has changed', async () => {
  const only = mutants().filter(({ change }) => change === 'condition: b → true')
  const checksOf = () => [wants('own.test.ts', [])]
  await judge({ mutants: only, checksOf })
  await judge({ mutants: only, checksOf })
  expect(ran).toHaveLength(1)
  files['own.test.ts'] = 'changed'
  await judge({ mutants: only, checksOf })
  expect(ran).toHaveLength(2)
})

test('gives up the mutant that is under way when its time is over, and says how many are left', async () => {
  const endless: Check = { name: 'endless', files: [], firstFailure: () => new Promise(() => {}) }
  const result = await judge({ seconds: 0.05, checksOf: () => [endless] })
  expect(result.judged).toEqual([])
  expect(result.left).toBe(mutants().length)
  expect(summary([], result)).toEqual([`${mutants().length} mutants not tried`])
})

test('sums up by area, without what does not compile', async () => {
  const result = await judge()
  const area = { name: 'all', holds: () => true }
  expect(summary([area], result)[0]).toMatch(/^all: (\d+) mutants, \1 killed, 0 survived, \d+ s$/)
})

test('a seed decides the order of a sample: the same for the same, another for another', () => {
  const orders = ['a', 'a', 'b'].map((seed) => shuffled(mutants(), seed).map(({ change }) => change))
  expect(orders[0]).toEqual(orders[1])
  expect(orders[0]).not.toEqual(orders[2])
  expect([...(orders[2] ?? [])].sort()).toEqual(
    mutants()
      .map(({ change }) => change)
      .sort(),
  )
})
