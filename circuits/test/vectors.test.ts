import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { credential, emptySubtree, fromHex, halves, p2, toInteger } from '@vouch/protocol'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Compiled, compileCrate } from '../build/compile.js'
import { readArtifact } from '../node/index.js'
import { solveWitness } from '../src/witness.js'
import { CIRCUITS_FOLDER } from '../testing/crates.js'

// The vectors of every statement that the circuits compute, run by the Noir code itself.

/** Members of the vectors' inputs that are read here. */
interface Input {
  readonly [text: string]: unknown
  readonly instance?: number
  readonly expires_at?: number
  readonly inputs?: readonly string[]
  readonly services?: readonly string[]
  readonly policies?: readonly string[]
}
interface Vector {
  readonly name: string
  readonly input: Input
  readonly expected: Readonly<Record<string, string>>
}

function vectorsOf(statement: string): readonly Vector[] {
  const file = new URL(`../../fixtures/vectors/${statement}/expected.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly Vector[] }).vectors
}

const hex = (value: bigint | number): string => `0x${value.toString(16)}`
const field = (text: unknown): bigint => toInteger(fromHex(String(text)))
const both = (text: unknown): readonly bigint[] => halves(fromHex(String(text)))

/** Places of the statements in the crate's table. */
const PLACE = {
  p2: 0,
  'service-key': 5,
  'service-value': 6,
  'service-leaf': 7,
  credential: 8,
  'registry-leaf': 9,
  'accepted-service': 10,
  'accepted-policy': 11,
  nullifier: 12,
  tag: 13,
} as const

let compiled: Compiled
beforeAll(async () => {
  compiled = await compileCrate(join(CIRCUITS_FOLDER, 'testing/statements'))
})

async function holds(place: number, inputs: readonly (bigint | number)[], expected: bigint): Promise<void> {
  const x = Array.from({ length: 7 }, (_, i) => hex(inputs[i] ?? 0))
  await solveWitness(compiled, { statement: place, x, expected: hex(expected) })
}

describe.each<readonly [keyof typeof PLACE, (input: Input) => readonly (bigint | number)[]]>([
  ['service-key', ({ drv, instance = 0 }) => [...both(drv), instance]],
  ['service-value', ({ x, y }) => [...both(x), ...both(y)]],
  ['service-leaf', ({ drv, instance = 0, x, y }) => [...both(drv), instance, ...both(x), ...both(y)]],
  ['credential', ({ smt_root, holder_secret }) => [field(smt_root), field(holder_secret)]],
  [
    'registry-leaf',
    ({ credential: C, policy_id, expires_at = 0 }) => [field(C), field(policy_id), expires_at],
  ],
  ['nullifier', ({ holder_secret, scope }) => [field(holder_secret), field(scope)]],
])('%s', (statement, inputsOf) => {
  test.each(vectorsOf(statement))('$name', async ({ input, expected }) => {
    const [value = ''] = Object.values(expected)
    await holds(PLACE[statement], inputsOf(input), field(value))
    await expect(holds(PLACE[statement], inputsOf(input), field(value) ^ 1n)).rejects.toMatchObject({
      rule: 'vector differs',
    })
  })
})

describe('p2', () => {
  const vectors = vectorsOf('p2').filter(({ input }) => (input.inputs ?? []).length <= 5)
  test('has vectors of each arity that the circuits use', () => {
    expect(new Set(vectors.map(({ input }) => input.inputs?.length))).toEqual(new Set([1, 2, 3, 4, 5]))
  })
  test.each(vectors)('$name', async ({ input, expected }) => {
    const inputs = (input.inputs ?? ([] as readonly string[])).map(field)
    await holds(PLACE.p2 + inputs.length - 1, inputs, field(expected.hash ?? ''))
  })
})

const TAGS = ['KEY', 'VALUE', 'CRED', 'LEAF', 'SERVICE', 'POLICY', 'NULL']

test.each(vectorsOf('tag'))('tag $name', async ({ name, expected }) => {
  expect(TAGS).toContain(name)
  await holds(PLACE.tag + TAGS.indexOf(name), [], field(expected.tag ?? ''))
})

describe('a tree of one leaf', () => {
  const rootOver = (leaf: bigint, depth: number): bigint =>
    Array.from({ length: depth }, (_, height) => emptySubtree(height)).reduce(
      (node, zero) => p2(node, zero),
      leaf,
    )
  const single = (statement: string, list: 'services' | 'policies'): readonly Vector[] =>
    vectorsOf(statement).filter(({ input }) => input[list]?.length === 1)

  test.each([
    ['services-root', 'services', 8, 'accepted-service', both],
    ['policies-root', 'policies', 4, 'accepted-policy', (text: string) => [field(text)]],
  ] as const)('%s', async (statement, list, depth, place, inputsOf) => {
    const [vector] = single(statement, list)
    const item = vector?.input[list]?.[0] ?? ''
    const leaf = await leafValue(PLACE[place], inputsOf(item))
    expect(rootOver(leaf, depth)).toBe(field(vector?.expected.root ?? ''))
  })

  /** The value the Noir code computes: the one that it accepts. */
  async function leafValue(place: number, inputs: readonly bigint[]): Promise<bigint> {
    const tag = TAGS[place === PLACE['accepted-service'] ? 4 : 5]
    const tagged = field(vectorsOf('tag').find(({ name }) => name === tag)?.expected.tag ?? '')
    const value = place === PLACE['accepted-service'] ? p2(tagged, ...inputs) : p2(tagged, ...inputs, 0n)
    await holds(place, inputs, value)
    return value
  }
})

describe('report-data, by enroll itself', () => {
  test.each(vectorsOf('report-data'))('$name', async ({ input, expected }) => {
    const { os_image_hash, smt_root, aux } = input
    const report = fromHex(expected.report_data ?? '')
    const inputs = {
      report_data: [0, 16, 32, 48].map((at) => hex(toInteger(report.subarray(at, at + 16)))),
      os_image_hash: both(os_image_hash).map(hex),
      aux: both(aux).map(hex),
      credential: hex(credential(field(smt_root), 1n)),
      smt_root: hex(field(smt_root)),
      holder_secret: '0x1',
    }
    await solveWitness(JSON.parse(await readArtifact('enroll')), inputs)
  })
})
