import { randomInt } from 'node:crypto'
import { contractPolicyOf, NO_SIGNER } from '@vouch/chain'
import {
  type AcceptancePolicy,
  compareBytes,
  encodeAcceptance,
  fixedPath,
  fixedRoot,
  fromHex,
  P,
  p2,
  REGISTRY_DEPTH,
  toHex,
} from '@vouch/protocol'
import { permute } from '@zkpassport/poseidon2'
import fc from 'fast-check'
import { type Abi, type Address, bytesToHex } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildGenerated, forgeOutput } from '../build/generated.js'
import { type Chain, deploy, startChain } from './support/chain.js'

// Random values, in both implementations: another seed each time, which is shown. `npm run fuzz` runs more of them.

const RUNS = Number(process.env.VOUCH_FUZZ_RUNS ?? 400)
const SEED = Number(process.env.VOUCH_FUZZ_SEED ?? randomInt(2 ** 31))
/** One hash takes both sides a few milliseconds: a million would take hours. */
const HASHES = Math.min(RUNS, 100_000)
/** As many as one call has the gas for. */
const TOGETHER = 400

console.info(`fuzzing with VOUCH_FUZZ_SEED=${SEED} VOUCH_FUZZ_RUNS=${RUNS}`)

let chain: Chain
let harness: Address
let abi: Abi

beforeAll(async () => {
  await buildGenerated()
  chain = await startChain({ time: 1_800_000_000, hardfork: 'prague' })
  harness = await deploy(chain.client, 'Harness')
  abi = (await forgeOutput('Harness')).abi as Abi
}, 600_000)

afterAll(() => chain?.stop())

/** What the contracts' libraries say. What a call changes is gone after it. */
async function ask(functionName: string, ...args: unknown[]): Promise<unknown> {
  const { result } = await chain.client.simulateContract({ address: harness, abi, functionName, args })
  return result
}

const element = fc.oneof(fc.bigInt(0n, P - 1n), fc.constantFrom(0n, 1n, P - 1n, P - 2n, P / 2n, 1n << 128n))

/** Lists of so many field elements, by the call. */
function* calls(length: number): Generator<readonly bigint[][]> {
  const list = fc.array(element, { minLength: length, maxLength: length })
  for (let from = 0; from < HASHES; from += TOGETHER)
    yield fc.sample(list, { numRuns: Math.min(TOGETHER, HASHES - from), seed: SEED + from })
}

describe('differential', { timeout: 120_000 + RUNS * 3 }, () => {
  it.each([
    [2, 'hash2'],
    [3, 'hash3'],
    [4, 'hash4'],
  ])('P2 of %i inputs is what it is off chain', async (arity, name) => {
    for (const inputs of calls(arity))
      expect(await ask(name, inputs)).toEqual(inputs.map((input) => p2(...input)))
  })

  it('a permutation gives the four places that it gives off chain', async () => {
    for (const inputs of calls(4))
      expect(await ask('permute', inputs)).toEqual(inputs.map((input) => permute(input)))
  })

  it('the tree has the roots that it has off chain, whatever comes, together or alone, and goes', async () => {
    const one = fc.record({ insert: fc.array(element, { minLength: 1, maxLength: 1 }) })
    const some = fc.record({ insert: fc.array(element, { minLength: 1, maxLength: 6 }) })
    const rest = fc.array(fc.oneof(one, some, fc.record({ remove: fc.nat() })), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(some, rest, async (first, others) => {
        const leaves: bigint[] = []
        const roots: bigint[] = []
        const steps = [first, ...others].map((drawn) => {
          const step = 'insert' in drawn ? inserted(leaves, drawn.insert) : removed(leaves, drawn.remove)
          roots.push(fixedRoot(REGISTRY_DEPTH, leaves))
          return step
        })
        expect(await ask('replay', steps)).toEqual(roots)
      }),
      { numRuns: 20 + Math.floor(RUNS / 1000), seed: SEED },
    )
  })

  it('an acceptance policy has the bytes that it has off chain', async () => {
    const drvs = fc
      .uniqueArray(fc.uint8Array({ minLength: 32, maxLength: 32 }), {
        minLength: 1,
        maxLength: 5,
        selector: toHex,
      })
      .map((list) => list.sort(compareBytes))
    const policy = fc.record({
      clockSkew: fc.integer({ min: 0, max: 3600 }),
      headAge: fc.integer({ min: 1, max: 31_536_000 }),
      requestAge: fc.integer({ min: 1, max: 31_536_000 }),
      age: fc.integer({ min: 0, max: 604_800 }),
      policies: fc
        .uniqueArray(fc.bigInt(0n, (1n << 249n) - 1n), { minLength: 1, maxLength: 16 })
        .map(ascending),
      sha256: fc.option(drvs, { nil: undefined }),
      eip191: drvs,
    })
    await fc.assert(
      fc.asyncProperty(policy, async ({ age, sha256, eip191, ...rest }) => {
        const accepted: AcceptancePolicy = {
          ...rest,
          version: 1,
          registry: { id: fromHex('ab'.repeat(32)), signer: NO_SIGNER },
          freshness: age === 0 ? { kind: 'challenge' } : { kind: 'max_age', seconds: age },
          simulated: true,
          services: { ...(sha256 === undefined ? {} : { sha256 }), eip191 },
        }
        const bytes = await ask('acceptance', contractPolicyOf(accepted), `0x${'ab'.repeat(32)}`)
        expect(bytes).toBe(bytesToHex(encodeAcceptance(accepted)))
      }),
      { numRuns: 40 + Math.floor(RUNS / 1000), seed: SEED },
    )
  })
})

interface Step {
  readonly inserted: readonly bigint[]
  readonly index: bigint
  readonly removed: bigint
  readonly siblings: readonly bigint[]
}

const NO_PATH = Array.from({ length: REGISTRY_DEPTH }, () => 0n)

function inserted(leaves: bigint[], more: readonly bigint[]): Step {
  leaves.push(...more)
  return { inserted: more, index: 0n, removed: 0n, siblings: NO_PATH }
}

/** Empties a leaf, which may be empty already. */
function removed(leaves: bigint[], drawn: number): Step {
  const index = drawn % leaves.length
  const { siblings } = fixedPath(REGISTRY_DEPTH, leaves, index)
  const step = { inserted: [], index: BigInt(index), removed: leaves[index] ?? 0n, siblings }
  leaves[index] = 0n
  return step
}

const ascending = (list: bigint[]): bigint[] => list.sort((a, b) => (a < b ? -1 : 1))
