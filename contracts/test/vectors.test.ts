import {
  type AcceptancePolicy,
  compareBytes,
  encodeAcceptance,
  evmRegistryId,
  evmVerifierId,
  fieldToBytes,
  fixedPath,
  fixedRoot,
  fromHex,
  P,
  p2,
  parseRequest,
  policiesRoot,
  REGISTRY_DEPTH,
  servicesRoot,
  toHex,
} from '@vouch/protocol'
import fc from 'fast-check'
import { type Abi, type Address, bytesToHex, type Hex, hexToBytes } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read, vectorFile } from '../../fixtures/corpus.js'
import { buildGenerated, forgeOutput } from '../build/generated.js'
import { contractPolicyOf, NO_SIGNER, questionOf } from '../src/index.js'
import { type Chain, deploy, mined, startChain } from './support/chain.js'

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

/** What the contracts' libraries say. */
const ask = (functionName: string, ...args: unknown[]): Promise<unknown> =>
  chain.client.readContract({ address: harness, abi, functionName, args })

interface Vector {
  readonly name: string
  // biome-ignore lint/suspicious/noExplicitAny: each statement has its own members
  readonly input: any
  // biome-ignore lint/suspicious/noExplicitAny: each statement has its own members
  readonly expected: any
}

const vectorsOf = (statement: string): readonly Vector[] => JSON.parse(read(vectorFile(statement))).vectors
const field = (hex: string): bigint => BigInt(`0x${hex}`)
const hex = (digits: string): Hex => `0x${digits}`
const HASHES: Readonly<Record<number, string>> = { 2: 'hash2', 3: 'hash3', 4: 'hash4' }

describe('the vectors, in Solidity', () => {
  it.each(vectorsOf('p2').filter(({ input }) => HASHES[input.inputs.length] !== undefined))(
    'p2: $name',
    async ({ input, expected }) => {
      const inputs = input.inputs.map(field)
      expect(await ask(HASHES[inputs.length] ?? '', [inputs])).toEqual([field(expected.hash)])
    },
  )

  it.each(vectorsOf('registry-leaf'))('registry-leaf: $name', async ({ input, expected }) => {
    const leaf = await ask('leaf', field(input.credential), field(input.policy_id), BigInt(input.expires_at))
    expect(leaf).toBe(field(expected.leaf))
  })

  it.each(vectorsOf('policies-root'))('policies-root: $name', async ({ input, expected }) => {
    expect(await ask('policiesRoot', input.policies.map(field))).toBe(field(expected.root))
  })

  it.each(vectorsOf('services-root'))('services-root: $name', async ({ input, expected }) => {
    expect(await ask('servicesRoot', input.services.map(hex))).toBe(field(expected.root))
  })

  it.each(vectorsOf('scope'))('scope: $name', async ({ input, expected }) => {
    const within = hex(input.context ?? input.challenge)
    const scope = await ask('scope', hex(input.verifier_id), input.context !== undefined, within)
    expect(scope).toBe(field(expected.scope))
  })

  it.each(vectorsOf('envelope'))('envelope: $name', async ({ input, expected }) => {
    const envelope = hex(expected.bytes)
    const time = BigInt(input.time)
    expect(await ask('decode', envelope)).toEqual([hex(input.client_nonce), time, hex(input.payload)])
    expect(await ask('digest', 1, envelope)).toBe(hex(expected.sha256))
    expect(await ask('digest', 2, envelope)).toBe(hex(expected.eip191))
  })

  it.each(vectorsOf('request'))('request: $name', async ({ input, expected }) => {
    const request = parseRequest(JSON.stringify(input))
    expect(await ask('requestHash', questionOf(request), believed(request))).toBe(
      field(expected.request_hash),
    )
  })

  it.each(vectorsOf('respond-inputs'))('respond-inputs: $name', async ({ input, expected }) => {
    const request = parseRequest(JSON.stringify(input.request))
    const nullifier = field(input.nullifier)
    const inputs = await ask(
      'publicInputs',
      questionOf(request),
      believed(request),
      hex(input.envelope),
      nullifier,
    )
    expect(inputs).toEqual(expected.public_inputs.map(hex))
  })

  it.each(vectorsOf('refused/decode-envelope'))('an envelope that is refused: $name', async ({ input }) => {
    await expect(ask('decode', hex(input as unknown as string))).rejects.toThrow('EnvelopeMalformed')
  })

  it('an unknown profile has no digest', async () => {
    for (const profile of [0, 3]) await expect(ask('digest', profile, '0x')).rejects.toThrow('ProfileUnknown')
  })

  it('a registry and a verifier are known by chain and address', async () => {
    const [chainId, address] = [31337n, hexToBytes(harness)] as const
    expect(await ask('registryId', harness)).toBe(bytesToHex(evmRegistryId(chainId, address)))
    expect(await ask('verifierId', harness)).toBe(bytesToHex(evmVerifierId(chainId, address)))
  })
})

function believed(request: ReturnType<typeof parseRequest>): object {
  const list = (items: readonly Uint8Array[]): Hex =>
    hex(items.length.toString(16).padStart(4, '0') + items.map(toHex).join(''))
  return {
    verifierId: bytesToHex(request.verifierId),
    registryId: bytesToHex(request.registryId),
    acceptance: request.acceptance,
    servicesRoot: servicesRoot(request.services),
    policiesRoot: policiesRoot(request.policies),
    services: list(request.services),
    policies: list(request.policies.map((id) => fieldToBytes(id))),
  }
}

const ascending = (list: bigint[]): bigint[] => list.sort((a, b) => (a < b ? -1 : 1))

describe('differential', () => {
  const element = fc.oneof(fc.bigInt(0n, P - 1n), fc.constantFrom(0n, 1n, P - 1n, P - 2n, P / 2n, 1n << 128n))

  it.each([2, 3, 4])('P2 of %i inputs is what it is off chain', async (arity) => {
    const inputs = fc.sample(fc.array(element, { minLength: arity, maxLength: arity }), {
      numRuns: 400,
      seed: 7,
    })
    expect(await ask(HASHES[arity] ?? '', inputs)).toEqual(inputs.map((input) => p2(...input)))
  })

  it('the tree has the roots that it has off chain, whatever comes and goes', async () => {
    const { client } = chain
    const call = async (functionName: string, ...args: unknown[]) =>
      mined(client, await client.writeContract({ address: harness, abi, functionName, args }))
    const leaves: bigint[] = []
    for (let i = 0; i < 20; i++) {
      if (i % 4 === 3) {
        const index = (i * 7) % leaves.length
        const { siblings } = fixedPath(REGISTRY_DEPTH, leaves, index)
        await call('remove', BigInt(index), leaves[index], siblings)
        leaves[index] = 0n
      } else {
        leaves.push(p2(BigInt(i), 1n))
        await call('push', leaves.at(-1))
      }
      expect(await ask('root')).toBe(fixedRoot(REGISTRY_DEPTH, leaves))
    }
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
        const bytes = (await ask('acceptance', contractPolicyOf(accepted), hex('ab'.repeat(32)))) as Hex
        expect(bytes).toBe(bytesToHex(encodeAcceptance(accepted)))
      }),
      { numRuns: 40, seed: 11 },
    )
  })

  it('a permutation costs no more than 16,000 gas', async () => {
    for (const state of [
      [0n, 0n, 0n, 0n],
      [P - 1n, P - 1n, P - 1n, P - 1n],
    ])
      expect(Number(await ask('permutationGas', state))).toBeLessThanOrEqual(16_000)
  })
})
