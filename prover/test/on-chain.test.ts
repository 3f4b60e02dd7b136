import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyHash } from '@vouch/circuits'
import { contractPolicyOf, vouchedBoardAbi } from '@vouch/contracts'
import { readCreationCode } from '@vouch/contracts/node'
import { printAdmissionPolicy } from '@vouch/evidence'
import { compareBytes, toHex } from '@vouch/protocol'
import { type RunningServer, startServer } from '@vouch/protocol/node/http'
import { UNSIGNED } from '@vouch/registry'
import { create, registryIdOf } from '@vouch/registry/chain'
import { DEFAULT_LIMITS } from '@vouch/registry/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { initCommand } from '../../registry/node/commands/init.js'
import { nodeSiteOf } from '../../registry/node/trust/http.js'
import { openTrustNode, type TrustNode } from '../../registry/node/trust/trust-node.js'
import {
  noAddress,
  policy,
  policyId,
  startTestChain,
  type TestChain,
} from '../../registry/test/support/chains.js'
import { type OnChain, requestOfContract } from '../node/chain-source.js'
import { renewCommand } from '../node/commands/credential.js'
import { enrollCommand } from '../node/commands/enroll.js'
import { type Alice, openAlice } from '../node/open-alice.js'
import type { Credential } from '../src/index.js'
import { startGuest, type TestGuest } from './support/guest.js'

// Alice with a registry that is a contract: trust nodes admit her, and a contract asks.

let world: TestChain
let guest: TestGuest
let folder: string
let alice: Alice
let credential: Credential
let onChain: OnChain
let board: `0x${string}`
const nodes: TrustNode[] = []
const servers: RunningServer[] = []

async function startNode(number: number, peers: readonly string[]): Promise<string> {
  const home = join(folder, `node-${number}`)
  const account = world.nodes[number]
  if (account === undefined) throw new Error('there are three')
  const { registry } = world.deployed
  const out = { program: 'registrar', data: () => undefined, words: () => undefined }
  await initCommand(out, home, {
    policy: [join(folder, 'policy.json')],
    rpc: world.anvil.url,
    contract: registry,
  })
  const node = await openTrustNode(home, { chain: world.chain, registry, account, peers })
  const server = await startServer(nodeSiteOf(node), { host: '127.0.0.1', port: 0 }, DEFAULT_LIMITS)
  nodes.push(node)
  servers.push(server)
  return `http://127.0.0.1:${server.address.port}`
}

async function deployBoard(): Promise<`0x${string}`> {
  const { chain, payer, deployed } = world
  const acceptance = contractPolicyOf({
    version: 1,
    registry: { id: registryIdOf(chain, deployed.registry), signer: UNSIGNED.signer },
    clockSkew: 60,
    headAge: 3600,
    requestAge: 600,
    freshness: { kind: 'max_age', seconds: 600 },
    simulated: true,
    policies: [policyId],
    services: { sha256: guest.guest.services.map(({ drv }) => drv).sort(compareBytes) },
  })
  const args = [deployed.gateway, `0x${toHex(keyHash('respond'))}`, acceptance]
  const bytecode = await readCreationCode('VouchedBoard')
  return create(chain, payer, { abi: vouchedBoardAbi, bytecode, args }, 'deploying a board')
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-alice-chain-'))
  await writeFile(join(folder, 'policy.json'), printAdmissionPolicy(policy))
  world = await startTestChain()
  guest = await startGuest()
  onChain = { rpc: world.anvil.url, contract: world.deployed.registry }
  board = await deployBoard()
  const node = await startNode(0, [await startNode(1, [])])
  alice = await openAlice({ home: join(folder, 'home') })
  credential = await alice.enroll({ agent: guest.url, registrar: node, onChain, name: 'mine' })
})
afterAll(async () => {
  await alice.close()
  for (const server of servers) await server.close()
  for (const node of nodes) await node.close()
  await guest.close()
  await world.stop()
  await rm(folder, { recursive: true, force: true })
})

const asker = () => ({ rpc: world.anvil.url, consumer: board, beneficiary: world.payer.address })
const caution = { minimumSet: 1 }

test('she is admitted by trust nodes, finds herself on chain, and pins a registry that nobody signs for', async () => {
  expect(credential.registry).toEqual({
    id: registryIdOf(world.chain, world.deployed.registry),
    signer: UNSIGNED.signer,
  })
  await alice.published(credential, { onChain })
  const { head } = await alice.sync(credential, { onChain, signal: new AbortController().signal })
  expect(head.size).toBe(1)
})

test('she proves what a contract asks, as it asks it', async () => {
  const { request, onChain: where } = await requestOfContract(alice.home, asker(), credential.registry.id)
  const asked = { credential, onChain: where, caution, service: 'echo', message: 'hello' }
  const { payload } = await alice.vouchedFetch(request, asked)
  expect(new TextDecoder().decode(payload)).toContain('hello')
})

test('she renews when she says again where the registry is, and is told when she does not', async () => {
  const out = { program: 'alice', data: () => undefined, words: () => undefined }
  await expect(renewCommand(out, alice, 'mine', { name: 'newer' })).rejects.toMatchObject({
    code: 'USAGE',
    rule: expect.stringContaining('--rpc and --contract'),
  })
  const { rpc, contract } = onChain
  const reading = { rpc, contract, fromBlock: '0', confirmations: '0' }
  expect(await renewCommand(out, alice, 'mine', { name: 'newer', ...reading })).toBe(0)
  const newer = await alice.home.credential('newer')
  expect(newer.registry).toEqual(credential.registry)
  expect(newer.holderSecret).not.toBe(credential.holderSecret)
  const elsewhere = enrollCommand(out, alice, {
    agent: guest.url,
    registrar: guest.url,
    ...reading,
    fromBlock: 'x',
  })
  await expect(elsewhere).rejects.toMatchObject({ code: 'USAGE', given: '"x"' })
})

test('she proves nothing against another registry, or for what is no consumer', async () => {
  const elsewhere = { rpc: world.anvil.url, contract: noAddress }
  await expect(alice.sync(credential, { onChain: elsewhere })).rejects.toMatchObject({
    code: 'REGISTRY_NOT_ACCEPTED',
  })
  const nobody = requestOfContract(alice.home, { ...asker(), consumer: noAddress }, credential.registry.id)
  await expect(nobody).rejects.toMatchObject({ code: 'CONTRACT_UNKNOWN' })
  const other = requestOfContract(alice.home, asker(), new Uint8Array(32))
  await expect(other).rejects.toMatchObject({ code: 'REGISTRY_NOT_ACCEPTED' })
})

test('an unsigned head is believed from a chain that she reads herself, and from nowhere else', async () => {
  const copy = await alice.home.registryFolder(credential.registry.id)
  await expect(alice.sync(credential, { registry: copy })).rejects.toMatchObject({
    code: 'HEAD_SIGNATURE_FALSE',
  })
})
