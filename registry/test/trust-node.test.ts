import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import { printAdmissionPolicy } from '@vouch/evidence'
import { fieldToBytes, parseJson, registryLeaf } from '@vouch/protocol'
import { clock } from '@vouch/protocol/node'
import { type RunningServer, startServer } from '@vouch/protocol/node/http'
import type { Address } from 'viem'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { leafPlace } from '../node/chain/leaf-place.js'
import { syncChain } from '../node/chain/sync.js'
import { initCommand } from '../node/commands/init.js'
import { DEFAULT_LIMITS } from '../node/http/site.js'
import { signDecision } from '../node/trust/decision-message.js'
import { proposeDecision, submitDecision } from '../node/trust/decisions.js'
import { NODE_ROUTES, nodeSiteOf } from '../node/trust/http.js'
import { openTrustNode, type TrustNode } from '../node/trust/trust-node.js'
import type { Admission } from '../src/admission.js'
import { type EnrollmentFile, printEnrollment } from '../src/enrollment.js'
import type { Proposal } from '../src/proposal.js'
import { policy, policyId, startTestChain, type TestChain } from './support/chains.js'
import { newChip, newClient } from './support/enrolling.js'
import { scratch } from './support/registries.js'

// Three trust nodes with a real chain below them: real evidence, real proofs, and peers that lie or are not there.

const backend = openBackend({ kind: 'native' })
let world: TestChain
let registry: Address
let folder: string
const nodes: { node: TrustNode; server: RunningServer; url: string }[] = []

const out = { program: 'registrar', data: () => undefined, words: () => undefined }
const limits = { ...DEFAULT_LIMITS, writes: { burst: 1000, perSecond: 100 } }

/** A node's folder is made once; the node may be opened again. */
async function startNode(number: number, peers: readonly string[]): Promise<void> {
  const account = world.nodes[number]
  if (account === undefined) throw new Error('there are three')
  const node = await openTrustNode(join(folder, `node-${number}`), {
    chain: world.chain,
    registry,
    account,
    peers,
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
  const file = join(folder, 'policy.json')
  await writeFile(file, printAdmissionPolicy(policy))
  for (const number of [0, 1, 2]) {
    await initCommand(out, join(folder, `node-${number}`), {
      policy: [file],
      rpc: world.anvil.url,
      contract: registry,
    })
  }
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
  expect(head.size).toBe(admission.index + 1)
  const bucket = (await mirror.bucket(0)) ?? new Uint8Array()
  const place = Buffer.from(bucket.subarray(72 * admission.index, 72 * admission.index + 72)).toString('hex')
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
  const liar = await openTrustNodeOfStranger()
  await startNode(0, [liar.url])
  const admission = await firstNode().admit(fileOf(await enrolled()), 'test')
  expect(codesOf(admission)).toEqual(['QUORUM_MISSING'])
  await liar.close()
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
  const { chain, payer } = world
  const subject = fieldToBytes(credential)
  const proposed = { kind, subject, reason: 'in a test', seconds: 600 }
  const decision = await proposeDecision(chain, registry, proposed)
  const signed = await Promise.all(world.nodes.slice(0, 2).map((node) => signDecision(decision, node)))
  const place = await leafPlace({ chain, registry, folder: join(scratch(), 'copy') }, credential)
  await submitDecision(chain, payer, decision, signed, place)
}

test('the document of the interface has the routes that are served', async () => {
  await startNode(0, [])
  const answer = await fetch(`${nodes[0]?.url}/openapi.json`)
  const document = parseJson(await answer.text())
  const paths = document instanceof Map ? document.get('paths') : undefined
  expect(paths instanceof Map ? [...paths.keys()].sort() : []).toEqual(Object.keys(NODE_ROUTES).sort())
})

/** A node whose account is no member. */
async function openTrustNodeOfStranger(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const node = await openTrustNode(join(folder, 'node-2'), {
    chain: world.chain,
    registry,
    account: world.payer,
    peers: [],
  })
  const server = await startServer(nodeSiteOf(node), { host: '127.0.0.1', port: 0 }, limits)
  return {
    url: `http://127.0.0.1:${server.address.port}`,
    close: async () => {
      await server.close()
      await node.close()
    },
  }
}
