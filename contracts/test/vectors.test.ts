import { questionOf } from '@vouch/chain'
import {
  evmRegistryId,
  fieldToBytes,
  P,
  parseRequest,
  policiesRoot,
  servicesRoot,
  toHex,
  verifierIdOf,
} from '@vouch/protocol'
import { type Abi, type Address, bytesToHex, type Hex, hexToBytes } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read, vectorFile } from '../../fixtures/corpus.js'
import { buildGenerated, forgeOutput } from '../build/generated.js'
import { type Chain, deploy, startChain } from './support/chain.js'

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
    expect(await ask('decode', envelope)).toEqual([
      hex(input.client_nonce),
      time,
      hex(input.ask_hash),
      hex(input.payload),
    ])
    expect(await ask('digest', 1, envelope)).toBe(hex(expected.sha256))
    expect(await ask('digest', 2, envelope)).toBe(hex(expected.eip191))
  })

  // A contract asks for answers: no question of one makes a session, nor has one an ask_hash of zeros, which says that it has none.
  it.each(
    vectorsOf('request').filter(
      ({ input }) => input.asks.kind === 'answer' && input.ask_hash !== '00'.repeat(32),
    ),
  )('request: $name', async ({ input, expected }) => {
    const request = parseRequest(JSON.stringify(input))
    expect(await ask('requestHash', questionOf(request), believed(request))).toBe(
      field(expected.request_hash),
    )
  })

  it.each(vectorsOf('respond-inputs').filter(({ input }) => input.request.asks.kind === 'answer'))(
    'respond-inputs: $name',
    async ({ input, expected }) => {
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
    },
  )

  it.each(vectorsOf('refused/decode-envelope'))('an envelope that is refused: $name', async ({ input }) => {
    await expect(ask('decode', hex(input as unknown as string))).rejects.toThrow('EnvelopeMalformed')
  })

  it('an unknown profile has no digest', async () => {
    for (const profile of [0, 3]) await expect(ask('digest', profile, '0x')).rejects.toThrow('ProfileUnknown')
  })

  it('a registry and a verifier are known by chain and address', async () => {
    const [chainId, address] = [31337n, hexToBytes(harness)] as const
    expect(await ask('registryId', harness)).toBe(bytesToHex(evmRegistryId(chainId, address)))
    expect(await ask('verifierId', harness)).toBe(
      bytesToHex(verifierIdOf({ chain: chainId, contract: address })),
    )
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

it('a permutation costs no more than 16,000 gas', async () => {
  for (const state of [
    [0n, 0n, 0n, 0n],
    [P - 1n, P - 1n, P - 1n, P - 1n],
  ])
    expect(Number(await ask('permutationGas', state))).toBeLessThanOrEqual(16_000)
})
