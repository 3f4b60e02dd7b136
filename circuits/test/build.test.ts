import { describe, expect, test } from 'vitest'
import type { BuiltCircuit } from '../build/circuit.js'
import { ExtendedReference } from '../build/extended-reference.js'
import { smallest } from '../build/extent.js'
import { fillerPoints } from '../build/filler.js'
import { HARD_LIMIT, outputOf, overBudget } from '../build/output.js'
import { buildTiny } from './tiny-circuits.js'

const Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n

describe('filler', () => {
  test('lies on the curve', () => {
    const points = fillerPoints('label', 0, 20)
    const coordinates = Array.from({ length: 40 }, (_, i) => integer(points.subarray(i * 32, (i + 1) * 32)))
    for (let i = 0; i < coordinates.length; i += 2) {
      const [x = 0n, y = 0n] = coordinates.slice(i, i + 2)
      expect((y * y - x * x * x - 3n) % Q).toBe(0n)
      expect(x < Q && y < Q).toBe(true)
    }
  })

  test('depends on the label and the index, and on nothing else', () => {
    const points = fillerPoints('label', 5, 8)
    expect(fillerPoints('label', 6, 8)).toEqual(points.slice(64))
    expect(fillerPoints('other', 5, 8)).not.toEqual(points)
    expect(points.slice(0, 64)).not.toEqual(points.slice(64, 128))
  })
})

describe('smallest', () => {
  test.each([1, 2, 37, 99, 100])('finds %i, with good guesses and bad ones', async (answer) => {
    const works = async (candidate: number) => candidate >= answer
    for (const guesses of [[], [answer, answer - 1], [50], [0, 1000]]) {
      expect(await smallest(0, 100, guesses, works)).toBe(answer)
    }
  })
})

test('a circuit that does not fit the genuine points is not built: its key would depend on filler', async () => {
  const tooFew = await ExtendedReference.open(8)
  await expect(buildTiny('sum', tooFew)).rejects.toThrow('the key depends on filler')
})

describe('budgets', () => {
  const circuit = (gates: number, extent: number): BuiltCircuit => ({
    name: 'sample',
    artifact: { abi: { parameters: [], return_type: null, error_types: {} }, bytecode: '', vk: '' },
    pin: { vkHash: 'aa', acirHash: 'bb', publicInputs: 1, proofBytes: 32, extent },
    gates,
    barretenbergVkHash: 'cc',
  })
  const budgets = { sample: { gates: 100, extent: 110 } }

  test('are kept at their very edge and broken beyond it', () => {
    expect(overBudget([circuit(100, 110)], budgets)).toEqual([])
    expect(overBudget([circuit(101, 111)], budgets)).toEqual([
      'sample: gates 101, over its budget of 100',
      'sample: extent 111, over its budget of 110',
    ])
  })

  test('cannot be raised beyond the embedded reference string', () => {
    const { gates, extent } = HARD_LIMIT
    const generous = { sample: { gates: 10 ** 6, extent: 10 ** 6 } }
    expect(overBudget([circuit(gates, extent)], generous)).toEqual([])
    expect(overBudget([circuit(gates + 1, extent + 1)], generous)).toHaveLength(2)
  })

  test('are not forgotten: a circuit without one is an error', () => {
    expect(() => overBudget([circuit(1, 1)], {})).toThrow('no budget')
  })

  test('the same circuits give the same files', () => {
    const make = () => [...outputOf([circuit(1, 2)], budgets, { noir: '1', barretenberg: '2' })]
    expect(make()).toEqual(make())
    expect(make().map(([path]) => path)).toEqual(['artifacts/sample.json', 'manifest.json', 'src/pins.ts'])
  })
})

const integer = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
