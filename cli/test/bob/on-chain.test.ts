import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConsumerContract, readConsumer, requestFor, syncChain } from '@vouch/chain/node'
import { boardAcceptance, deployBoard } from '@vouch/chain/testing/boards'
import {
  type Lie,
  noAddress,
  policyId,
  Raw,
  startLyingServer,
  startTestChain,
  type TestChain,
} from '@vouch/chain/testing/chains'
import { openBackend } from '@vouch/circuits/node'
import { clock } from '@vouch/host/node'
import {
  type AcceptancePolicy,
  askHash,
  type Bundle,
  buildServiceTree,
  compareBytes,
  credential,
  leafOf,
  type Opening,
  printAcceptance,
  printBundle,
  printOpening,
  printRequest,
  type Request,
  slowHasher,
  toInteger,
} from '@vouch/protocol'
import { proveResponse } from '@vouch/prover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answer, drvNamed, makeStory } from '../../../fixtures/story/story.js'
import { judgeOnChain } from '../../node/bob/on-chain.js'

// A contract that asks, a real proof for it, and servers that lie to whoever judges.

type Address = `0x${string}`

const backend = openBackend({ kind: 'native' })
const [north] = makeStory(clock()).machines
let world: TestChain
let folder: string
let board: Address
let other: Address
let contract: ConsumerContract
let request: Request
let bundle: Bundle
let acceptance: AcceptancePolicy
const leaves: Awaited<ReturnType<TestChain['admit']>>[] = []

beforeAll(async () => {
  world = await startTestChain()
  folder = await mkdtemp(join(tmpdir(), 'vouch-on-chain-'))
  acceptance = boardAcceptance(world, [drvNamed('echo'), drvNamed('oracle')].sort(compareBytes))
  board = await deployBoard(world, acceptance)
  other = await deployBoard(world, acceptance)
  contract = await readConsumer(world.chain, board)
  const own = credential(buildServiceTree(north.holding.services).root, north.holding.holderSecret)
  leaves.push(await world.admit(1), await world.admit(own), await world.admit(2))
  const { head } = await syncChain({
    chain: world.chain,
    registry: world.deployed.registry,
    folder: join(folder, 'copy'),
  })
  const { address } = world.payer
  request = await requestFor(world.chain, contract, { beneficiary: address, root: head.root, now: clock() })
  const response = answer(north, 'echo', 'sha256', {
    clientNonce: new Uint8Array(32),
    time: clock(),
    askHash: askHash(new Uint8Array(32), new Uint8Array()),
    payload: new TextEncoder().encode('on chain'),
  })
  bundle = await proveResponse({
    request,
    response,
    holding: { ...north.holding, policyId, expiresAt: leaves[1]?.expiresAt ?? 0 },
    leaves: leaves.map((leaf) => toInteger(leafOf(slowHasher, leaf))),
    backend,
  })
})
afterAll(async () => {
  await world.stop()
  await backend.destroy()
  await rm(folder, { recursive: true, force: true })
})

interface Judging {
  readonly opening?: Opening
  readonly bundle?: Bundle
  readonly request?: Request
  readonly rpc?: string
  readonly consumer?: string
  readonly accept?: AcceptancePolicy
}

/** Judges from files, as the command does. Answers with the exit status and every code. */
async function judge(changes: Judging = {}): Promise<readonly (number | string)[]> {
  const files = { bundle: join(folder, 'bundle.json'), request: join(folder, 'request.json') }
  await writeFile(files.bundle, printBundle(changes.bundle ?? bundle))
  await writeFile(files.request, printRequest(changes.request ?? request))
  const accept = join(folder, 'accept.json')
  if (changes.accept !== undefined) await writeFile(accept, printAcceptance(changes.accept))
  const opening = join(folder, 'opening.json')
  if (changes.opening !== undefined) await writeFile(opening, printOpening(changes.opening))
  const verdict = await judgeOnChain(
    files.bundle,
    {
      request: files.request,
      accept: changes.accept && accept,
      opening: changes.opening && opening,
      rpc: changes.rpc ?? world.anvil.url,
      consumer: changes.consumer ?? board,
    },
    clock(),
    backend,
  )
  return [verdict.exit, ...(verdict.accepted ? [] : verdict.failures.map(({ code }) => code))]
}

async function judgePast(lie: Lie, changes: Judging = {}): Promise<readonly (number | string)[]> {
  const server = await startLyingServer(world.anvil.url, lie)
  try {
    return await judge({ ...changes, rpc: server.url })
  } finally {
    await server.close()
  }
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
const DOWN = 'http://127.0.0.1:9'

describe('a bundle for a contract', () => {
  test('that is honest is accepted, also by who knows the policy', async () => {
    expect(await judge()).toEqual([0])
    expect(await judge({ accept: acceptance })).toEqual([0])
    expect(await judge({ accept: { ...acceptance, headAge: 60 } })).toEqual([3, 'ACCEPTANCE_MISMATCH'])
  })

  test('that is false is false, whether the server lies about it, or cannot be asked', async () => {
    const forged = { ...bundle, proof: flipped(bundle.proof, 4000) }
    expect(await judge({ bundle: forged })).toEqual([2, 'PROOF_FALSE', 'PROOF_FALSE'])
    expect(await judge({ bundle: forged, rpc: DOWN })).toEqual([2, 'RPC_UNREACHABLE', 'PROOF_FALSE'])
    const yes = answerOf(bundle)
    const lie: Lie = (method, result, [call]) => (method === 'eth_call' && isVerify(call) ? yes : result)
    expect(await judgePast(lie, { bundle: forged })).toEqual([2, 'PROOF_FALSE'])
    expect(await judge({ rpc: DOWN })).toEqual([4, 'RPC_UNREACHABLE'])
  })

  test.each([
    ['the envelope', (): Judging => ({ bundle: { ...bundle, envelope: flipped(bundle.envelope, 110) } }), 2],
    ['the nullifier', (): Judging => ({ bundle: { ...bundle, nullifier: bundle.nullifier ^ 1n } }), 2],
    ['the circuit', (): Judging => ({ bundle: { ...bundle, circuit: flipped(bundle.circuit, 0) } }), 4],
    [
      "the Request's challenge",
      (): Judging => ({ request: { ...request, challenge: new Uint8Array(32) } }),
      2,
    ],
    ["the Request's root", (): Judging => ({ request: { ...request, root: request.root ^ 1n } }), 3],
    ["the Request's time", (): Judging => ({ request: { ...request, now: request.now - 60 } }), 2],
  ])('with %s changed is refused', async (_, changes, exit) => {
    const [status, ...codes] = await judge(changes())
    expect(status).toBe(exit)
    expect(codes.length).toBeGreaterThan(0)
  })

  test('with a false opening is false, whether the chain answers or not', async () => {
    const opening = { salt: new Uint8Array(32), message: new TextEncoder().encode('another question') }
    expect(await judge({ opening })).toEqual([2, 'OPENING_FALSE'])
    expect(await judge({ opening, rpc: 'http://127.0.0.1:9' })).toEqual([
      2,
      'RPC_UNREACHABLE',
      'OPENING_FALSE',
    ])
    expect((await judge({ opening: { ...opening, message: new Uint8Array() } }))[0]).toBe(0)
  })

  test('serves no other contract, and what is no consumer is told apart from what is no contract', async () => {
    expect((await judge({ consumer: other }))[0]).not.toBe(0)
    expect(await judge({ consumer: other })).toContain('VERIFIER_MISMATCH')
    expect(await judge({ consumer: noAddress })).toEqual([4, 'CONTRACT_UNKNOWN'])
    expect(await judge({ consumer: world.deployed.registry })).toEqual([4, 'TRANSACTION_FAILED'])
  })

  test('is undecided where the server contradicts itself, or answers with garbage', async () => {
    const elsewhere: Lie = (method, result) => (method === 'eth_chainId' ? '0x7a69' : result)
    expect(await judgePast(elsewhere)).toEqual([0])
    const anotherChain: Lie = (method, result) => (method === 'eth_chainId' ? '0x1' : result)
    expect(await judgePast(anotherChain)).toEqual([2, 'RPC_FALSE'])
    expect(await judgePast((method, result) => (method === 'eth_call' ? new Raw('<html>') : result))).toEqual(
      [4, 'RPC_UNREACHABLE'],
    )
  })

  test('stands on no root from before a removal', async () => {
    await world.remove(0, leaves)
    expect(await judge()).toEqual([3, 'ROOT_NOT_ACCEPTED'])
  })
})

/** What the gateway would return for a bundle that holds. */
function answerOf({ nullifier, envelope }: Bundle): string {
  const { encodeAbiParameters, bytesToHex } = world.chain.viem
  return encodeAbiParameters(
    [{ type: 'uint256' }, { type: 'bytes' }],
    [nullifier, bytesToHex(envelope.subarray(106))],
  )
}

const isVerify = (call: unknown): boolean =>
  ((call as { to?: string }).to ?? '').toLowerCase() === world.deployed.gateway.toLowerCase() &&
  ((call as { data?: string }).data ?? '').length > 10_000
