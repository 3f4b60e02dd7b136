import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import { type RunningServer, startServer } from '@vouch/host/http'
import { clock } from '@vouch/host/node'
import { testAuthority } from '@vouch/host/testing/certificates'
import { type EnrollmentFile, fieldToBytes, parseJson, printEnrollment, registryLeaf } from '@vouch/protocol'
import type { Admission } from '@vouch/registry'
import { makeRegistrar, REGISTRAR_LIMITS } from '@vouch/registry/node'
import { newChip, newClient } from '@vouch/registry/testing/enrolling'
import { scratch } from '@vouch/registry/testing/registries'
import { type Address, toFunctionSelector } from 'viem'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { openChain } from '../node/client/client.js'
import { type LeafPlace, leafPlace } from '../node/sync/leaf-place.js'
import { registryIdOf, syncChain } from '../node/sync/sync.js'
import { openContract } from '../node/trust/contract.js'
import { signDecision } from '../node/trust/decision-message.js'
import { executeChange, type Proposed, proposeDecision, submitDecision } from '../node/trust/decisions.js'
import { NODE_ROUTES, nodeSiteOf } from '../node/trust/http.js'
import { mutualPeers } from '../node/trust/peer-server.js'
import { type AdmissionMessage, signAdmission } from '../node/trust/signing.js'
import { openTrustNode, type TrustNode, type TrustNodeOptions } from '../node/trust/trust-node.js'
import type { Proposal } from '../src/proposal.js'
import {
  HANG,
  type Lie,
  policy,
  policyId,
  startLyingServer,
  startTestChain,
  type TestChain,
} from '../testing/chains.js'
import { endless, type PeerAnswer, signing, stalling, startPeer } from './support/peers.js'

// Three trust nodes with a real chain below them: real evidence, real proofs, and peers that lie or are not there.

const backend = openBackend({ kind: 'native' })
let world: TestChain
let registry: Address
let folder: string
const nodes: { node: TrustNode; server: RunningServer; url: string }[] = []

const limits = { ...REGISTRAR_LIMITS, writes: { burst: 1000, perSecond: 100 } }

/** A node's folder is made once; the node may be opened again. */
async function startNode(
  number: number,
  peers: readonly string[],
  options: Partial<TrustNodeOptions> = {},
): Promise<void> {
  const account = world.nodes[number]
  if (account === undefined) throw new Error('there are three')
  const node = await openTrustNode(join(folder, `node-${number}`), {
    chain: world.chain,
    registry,
    account,
    peers,
    ...options,
  })
  const server = await startServer(nodeSiteOf(node), { host: '127.0.0.1', port: 0 }, limits)
  nodes.push({ node, server, url: `http://127.0.0.1:${server.address.port}` })
}

async function stopNodes(): Promise<void> {
  for (const { node, server } of nodes.splice(0)) {
    await server.close()
    await node.close()
  }
}

beforeAll(async () => {
  world = await startTestChain()
  registry = world.deployed.registry
  folder = await mkdtemp(join(tmpdir(), 'vouch-nodes-'))
  const id = registryIdOf(world.chain, registry)
  for (const number of [0, 1, 2])
    await makeRegistrar(join(folder, `node-${number}`), { id, policies: [policy], time: clock() })
})
afterEach(stopNodes)
afterAll(async () => {
  await stopNodes()
  await world.stop()
  await backend.destroy()
  await rm(folder, { recursive: true, force: true })
})

const fileOf = (enrollment: EnrollmentFile): Uint8Array =>
  new TextEncoder().encode(printEnrollment(enrollment))
const codesOf = (admission: Admission): readonly string[] =>
  admission.admitted ? [] : admission.failures.map(({ code }) => code)
const firstNode = (): TrustNode => nodes[0]?.node ?? unstarted()
function unstarted(): never {
  throw new Error('no node was started')
}

async function enrolled(chip = newChip()): Promise<EnrollmentFile> {
  const client = newClient(backend, policy, chip)
  await world.anvil.do('anvil_mine', '0x2')
  return client.enroll(await firstNode().nonce(client.credential))
}

test('two nodes that know each other by certificates admit on chain', async (context) => {
  needs.openssl(context)
  const authority = testAuthority()
  const identity = (name: string) => {
    const { cert, key } = authority.issue(name)
    return { peersListen: '127.0.0.1:0', tlsClientCa: authority.root, tlsCert: cert, tlsKey: key }
  }
  const out = { program: 'registrar', data: () => undefined, words: () => undefined }
  const [asked, asks] = [await mutualPeers(out, identity('asked')), await mutualPeers(out, identity('asks'))]
  await startNode(1, [])
  const forPeers = await asked?.serve(firstNode(), {})
  onTestFinished(() => forPeers?.close(0))
  await startNode(0, [forPeers?.url ?? ''], { tls: asks?.tls })
  nodes.reverse()
  expect(codesOf(await firstNode().admit(fileOf(await enrolled()), 'test'))).toEqual([])
})

test('two nodes of three admit on chain: the leaf is the one that the client computes', async () => {
  await startNode(1, [])
  await startNode(0, [nodes[0]?.url ?? ''])
  nodes.reverse()
  const enrollment = await enrolled()
  const admission = await firstNode().admit(fileOf(enrollment), 'test')
  expect(codesOf(admission)).toEqual([])
  if (!admission.admitted) return
  const { credential, expiresAt } = admission.receipt
  const { head, mirror } = await syncChain({ chain: world.chain, registry, folder: join(scratch(), 'copy') })
  expect(head.size).toBe(admission.number + 1)
  const bucket = (await mirror.bucket(0)) ?? new Uint8Array()
  const place = Buffer.from(bucket.subarray(72 * admission.number, 72 * admission.number + 72)).toString(
    'hex',
  )
  const hex = (value: bigint, size: number) => value.toString(16).padStart(size, '0')
  expect(place).toBe(hex(credential, 64) + hex(policyId, 64) + hex(BigInt(expiresAt), 16))
  expect(registryLeaf(credential, policyId, expiresAt)).toBeGreaterThan(0n)
  expect(codesOf(await firstNode().admit(fileOf(enrollment), 'test'))).toEqual(['NONCE_USED'])
})

test('one node alone admits nothing, and says who is missing', async () => {
  await startNode(0, ['http://127.0.0.1:9'])
  const admission = await firstNode().admit(fileOf(await enrolled()), 'test')
  expect(codesOf(admission)).toEqual(['QUORUM_MISSING'])
})

test('a peer that signs something else, or with a stranger’s key, does not count', async () => {
  const [, , second] = world.nodes
  if (second === undefined) throw new Error('there are three')
  const cases: readonly (readonly [string, PeerAnswer, readonly string[]])[] = [
    ['a stranger', signing(world, world.payer), ['QUORUM_MISSING']],
    ['another expiry', signing(world, second, { expiresAt: 7_200n }), ['QUORUM_MISSING']],
    ['another set', signing(world, second, { setVersion: 1 }), ['QUORUM_MISSING']],
    ['another policy', signing(world, second, { policyId: 1n }), ['QUORUM_MISSING']],
    ['this very node', signing(world, world.nodes[0] ?? second), ['QUORUM_MISSING']],
    ['what was asked', signing(world, second), []],
  ]
  for (const [name, answer, codes] of cases) {
    const peer = await startPeer(answer)
    await startNode(0, [peer.url])
    const admission = await firstNode().admit(fileOf(await enrolled()), 'test')
    expect([name, ...codesOf(admission), peer.asked()]).toEqual([name, ...codes, 1])
    await stopNodes()
    await peer.close()
  }
})

test('peers that stall, or never end what they say, are left out; those that sign are not kept waiting for them', async () => {
  const [, , second] = world.nodes
  if (second === undefined) throw new Error('there are three')
  const liars = [stalling, endless(1, 50), endless(60_000, 1)]
  const peers = await Promise.all(liars.map(startPeer))
  const urls = peers.map(({ url }) => url)
  await startNode(0, urls, { peerTimeoutMs: 1000 })
  const alone = await firstNode().admit(fileOf(await enrolled()), 'test')
  expect(codesOf(alone)).toEqual(['QUORUM_MISSING'])
  expect(peers.map(({ asked }) => asked())).toEqual([1, 1, 1])
  await stopNodes()
  const honest = await startPeer(signing(world, second))
  // Whoever waited for the liars would wait for longer than this test may take.
  await startNode(0, [...urls, honest.url], { peerTimeoutMs: 2 ** 31 - 1 })
  const admission = await firstNode().admit(fileOf(await enrolled()), 'test')
  expect(codesOf(admission)).toEqual([])
  for (const peer of [...peers, honest]) await peer.close()
})

test('what a peer submitted first, with these signatures, is admitted; what it submitted otherwise is not this', async () => {
  const contract = await openContract(world.chain, registry)
  const [first, second] = world.nodes
  if (first === undefined || second === undefined) throw new Error('there are three')
  const { number, time } = await contract.recentBlock()
  const message: AdmissionMessage = {
    credential: 4711n,
    policyId,
    expiresAt: BigInt(time - (time % 3600) + 7200),
    evidenceHash: `0x${'01'.repeat(32)}`,
    blockNumber: BigInt(number),
    deadline: BigInt(time + 600),
    setVersion: (await contract.quorum()).setVersion,
  }
  const signed = async (what: AdmissionMessage) =>
    Promise.all([first, second].map((node) => signAdmission(world.chain, registry, node, what)))
  const index = await contract.admit(first, message, await signed(message))
  expect(await contract.admit(second, message, await signed(message))).toBe(index)
  const other: AdmissionMessage = { ...message, evidenceHash: `0x${'02'.repeat(32)}` }
  await expect(contract.admit(second, other, await signed(other))).rejects.toMatchObject({
    code: 'CREDENTIAL_REFUSED',
  })
})

test('each node judges by itself: a false proof, a foreign or an old nonce, another expiry', async () => {
  await startNode(0, [])
  const node = firstNode()
  const honest = await enrolled()
  const proposed = (changes: Partial<Proposal> = {}): Proposal => ({
    version: 1,
    enrollment: honest,
    expiresAt: clock() - (clock() % 3600) + 48 * 3600,
    salt: new Uint8Array(32),
    deadline: clock() + 600,
    setVersion: 3,
    ...changes,
  })
  const refusedBy = async (proposal: Proposal): Promise<readonly string[]> => {
    const answer = await node.endorse(proposal, 'test').catch((error) => [error as { code: string }])
    return 'version' in answer ? [] : answer.map(({ code }) => code)
  }
  const proof = honest.proof.map((byte, i) => (i === 40 ? byte ^ 1 : byte))
  expect(await refusedBy(proposed({ enrollment: { ...honest, proof } }))).toEqual(['PROOF_FALSE'])
  const foreign = { ...honest.ticket, registryId: new Uint8Array(32) }
  expect(await refusedBy(proposed({ enrollment: { ...honest, ticket: foreign } }))).toEqual(['NONCE_UNKNOWN'])
  const madeUp = { ...honest.ticket, random: new Uint8Array(32).fill(1) }
  expect(await refusedBy(proposed({ enrollment: { ...honest, ticket: madeUp } }))).toEqual(['NONCE_UNKNOWN'])
  expect(await refusedBy(proposed({ expiresAt: clock() - (clock() % 3600) + 4 * 3600 }))).toEqual([
    'LIFETIME_TOO_SHORT',
  ])
  expect(await refusedBy(proposed({ deadline: clock() + 86_400 }))).toEqual(['REQUEST_TOO_OLD'])
  expect(await refusedBy(proposed({ setVersion: 2 }))).toEqual(['REQUEST_TOO_OLD'])
  await world.anvil.do('anvil_mine', '0x50')
  expect(await refusedBy(proposed())).toEqual(['NONCE_EXPIRED'])
})

test('a machine has no more leaves than its quota, whichever nodes it goes to', async () => {
  await startNode(1, [])
  await startNode(0, [nodes[0]?.url ?? ''])
  nodes.reverse()
  const chip = newChip()
  const outcomes: (readonly string[])[] = []
  for (let i = 0; i < 3; i++)
    outcomes.push(codesOf(await firstNode().admit(fileOf(await enrolled(chip)), 'test')))
  expect(outcomes).toEqual([[], [], ['QUOTA_EXCEEDED']])
})

test('a machine that a quorum removed for cause is refused under every credential; one removed otherwise is not', async () => {
  await startNode(1, [])
  await startNode(0, [nodes[0]?.url ?? ''])
  nodes.reverse()
  for (const [kind, outcome] of [
    ['remove', []],
    ['remove_for_cause', ['MACHINE_REFUSED']],
  ] as const) {
    const chip = newChip()
    const enrollment = await enrolled(chip)
    expect(codesOf(await firstNode().admit(fileOf(enrollment), 'test'))).toEqual([])
    await removeByQuorum(kind, enrollment.ticket.credential)
    expect(codesOf(await firstNode().admit(fileOf(await enrolled(chip)), 'test'))).toEqual(outcome)
  }
})

async function removeByQuorum(kind: 'remove' | 'remove_for_cause', credential: bigint): Promise<void> {
  const parameters = { chain: world.chain, registry, folder: join(scratch(), 'copy') }
  const proposed = { kind, subject: fieldToBytes(credential), reason: 'in a test' }
  await decideByQuorum(proposed, await leafPlace(parameters, credential))
}

/** What two operators sign is in effect. */
async function decideByQuorum(proposed: Omit<Proposed, 'seconds'>, place?: LeafPlace): Promise<void> {
  const { chain, payer } = world
  const decision = await proposeDecision(chain, registry, { ...proposed, seconds: 600 })
  const signed = await Promise.all(world.nodes.slice(0, 2).map((node) => signDecision(decision, node)))
  const change = await submitDecision(chain, payer, decision, signed, place)
  if (change !== undefined) await executeChange(chain, payer, registry, change.id)
}

test('a node admits under no policy that the quorum has retired, nor under one whose vendor root it has', async () => {
  await startNode(0, [])
  const anchor = policy.evidence['simulated-snp']?.roots[0] ?? new Uint8Array()
  const asked = async () => {
    const client = newClient(backend, policy)
    const enrollment = await client.enroll(await firstNode().nonce(client.credential), { unproven: true })
    return codesOf(await firstNode().admit(fileOf(enrollment), 'test'))
  }
  const rows = [
    ['retire_policy', 'add_policy', fieldToBytes(policyId)],
    ['retire_anchor', 'add_anchor', anchor],
  ] as const
  for (const [retire, add, subject] of rows) {
    expect(await asked()).toEqual(['PROOF_FALSE'])
    await decideByQuorum({ kind: retire, subject })
    expect(await asked()).toEqual(['POLICY_NOT_ACCEPTED'])
    await decideByQuorum({ kind: add, subject })
  }
  expect(await asked()).toEqual(['PROOF_FALSE'])
})

test('a node behind an RPC server that lies admits what the chain admits, and nothing else', async () => {
  const [, , second] = world.nodes
  if (second === undefined) throw new Error('there are three')
  const threshold = toFunctionSelector('threshold()')
  const isThreshold = (call: unknown) => (call as { data?: string } | undefined)?.data === threshold
  const rows: readonly (readonly [string, Lie, boolean, readonly string[]])[] = [
    ['stalls', (method, result) => (method === 'eth_call' ? HANG : result), true, ['RPC_UNREACHABLE']],
    [
      'says that one signature is enough',
      (method, result, [call]) =>
        method === 'eth_call' && isThreshold(call) ? `0x${'1'.padStart(64, '0')}` : result,
      false,
      ['CHAIN_REFUSED'],
    ],
    [
      'never shows the receipt',
      (method, result) => (method === 'eth_getTransactionReceipt' ? null : result),
      true,
      [],
    ],
    [
      'says that it reverted',
      (method, result) =>
        method === 'eth_getTransactionReceipt' && result ? { ...result, status: '0x0' } : result,
      true,
      [],
    ],
  ]
  for (const [name, lie, hasPeer, codes] of rows) {
    const liar = await startLyingServer(world.anvil.url, (_, result) => result)
    const peer = await startPeer(signing(world, second))
    const chain = await openChain(liar.url, { timeoutMs: 500, receiptTimeoutMs: 2000 })
    await startNode(0, hasPeer ? [peer.url] : [], { chain })
    const file = fileOf(await enrolled())
    liar.lie = lie
    const told = await firstNode()
      .admit(file, 'test')
      .then(codesOf, ({ code }: { code: string }) => [code])
    expect([name, ...told]).toEqual([name, ...codes])
    await stopNodes()
    await peer.close()
    await liar.close()
  }
})

test('the document of the interface has the routes that are served', async () => {
  await startNode(0, [])
  const answer = await fetch(`${nodes[0]?.url}/openapi.json`)
  const document = parseJson(await answer.text())
  const paths = document instanceof Map ? document.get('paths') : undefined
  expect(paths instanceof Map ? [...paths.keys()].sort() : []).toEqual(Object.keys(NODE_ROUTES).sort())
})
