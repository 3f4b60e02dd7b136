import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeSiteOf, openTrustNode, registryIdOf, type TrustNode } from '@vouch/chain/node'
import { boardAcceptance, deployBoard } from '@vouch/chain/testing/boards'
import {
  type Lie,
  noAddress,
  policy,
  Raw,
  startLyingServer,
  startTestChain,
  type TestChain,
} from '@vouch/chain/testing/chains'
import { printAdmissionPolicy } from '@vouch/evidence'
import { type RunningServer, startServer } from '@vouch/host/http'
import { type Credential, compareBytes } from '@vouch/protocol'
import { type Alice, type OnChain, openAlice, requestOfContract } from '@vouch/prover/node'
import { startGuest, type TestGuest } from '@vouch/prover/testing/guest'
import { UNSIGNED } from '@vouch/registry'
import { REGISTRAR_LIMITS } from '@vouch/registry/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeArguments, Program } from '../../../scripts/program.js'
import { renewCommand } from '../../node/alice/commands/credential.js'
import { enrollCommand } from '../../node/alice/commands/enroll.js'
import { initCommand } from '../../node/registrar/commands/init.js'

// Alice with a registry that is a contract: trust nodes admit her, and a contract asks.

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

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
  const server = await startServer(nodeSiteOf(node), { host: '127.0.0.1', port: 0 }, REGISTRAR_LIMITS)
  nodes.push(node)
  servers.push(server)
  return `http://127.0.0.1:${server.address.port}`
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-alice-chain-'))
  await writeFile(join(folder, 'policy.json'), printAdmissionPolicy(policy))
  world = await startTestChain()
  guest = await startGuest()
  onChain = { rpc: world.anvil.url, contract: world.deployed.registry }
  const services = guest.guest.services.map(({ drv }) => drv).sort(compareBytes)
  board = await deployBoard(world, boardAcceptance(world, services))
  const node = await startNode(0, [await startNode(1, [])])
  alice = await openAlice({ home: join(folder, 'home'), syncEvery: false })
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
const caution = { minimumSet: 0 }

test('she is admitted by trust nodes, finds herself on chain, and pins a registry that nobody signs for', async () => {
  expect(credential.registry).toEqual({
    id: registryIdOf(world.chain, world.deployed.registry),
    signer: UNSIGNED.signer,
  })
  await alice.published(credential, { onChain })
  const { head } = await alice.sync(credential, { onChain, signal: new AbortController().signal })
  expect(head.size).toBe(1)
})

test('her copy is synced from the chain again without a word of where that is', async () => {
  const { contract } = onChain
  expect(await alice.home.reading(credential.registry.id)).toEqual({
    version: 1,
    chain: { rpc: world.anvil.url, contract },
  })
  await world.anvil.do('anvil_mine', '0x1')
  const before = await (await alice.home.mirrorOf(credential.registry.id)).head()
  const { head } = await alice.sync(credential)
  expect(head.seq).toBeGreaterThan(before?.seq ?? 0)
})

test('what a contract asks is asked at the root of her copy: of the registry nothing is read', async () => {
  const heard: string[] = []
  const listening = await startLyingServer(world.anvil.url, (method, result) => {
    heard.push(method)
    return result
  })
  const { request } = await requestOfContract(
    alice.home,
    { ...asker(), rpc: listening.url },
    credential.registry.id,
  )
  expect(request.root).toBe((await (await alice.home.mirrorOf(credential.registry.id)).head())?.root)
  expect(heard.length).toBeGreaterThan(0)
  expect(heard).not.toContain('eth_getLogs')
  await listening.close()
  const none = await openAlice({ home: join(folder, 'without a copy'), syncEvery: false })
  await expect(requestOfContract(none.home, asker(), credential.registry.id)).rejects.toMatchObject({
    code: 'HEAD_MISSING',
  })
  await none.close()
})

test('she proves what a contract asks, as it asks it', async () => {
  const { request, verifier } = await requestOfContract(alice.home, asker(), credential.registry.id)
  const asked = { credential, verifier, caution, service: 'echo', message: 'hello' }
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
  const liar = await startLyingServer(world.anvil.url, (method, result) =>
    method === 'eth_chainId' ? '0x1' : result,
  )
  const lied = requestOfContract(alice.home, { ...asker(), rpc: liar.url }, credential.registry.id)
  await expect(lied).rejects.toMatchObject({ code: 'RPC_FALSE' })
  await liar.close()
  const other = requestOfContract(alice.home, asker(), new Uint8Array(32))
  await expect(other).rejects.toMatchObject({ code: 'REGISTRY_NOT_ACCEPTED' })
})

test.each([
  [
    'is of another chain',
    'REGISTRY_NOT_ACCEPTED',
    (method, result) => (method === 'eth_chainId' ? '0x1' : result),
  ],
  ['shows no events', 'RPC_FALSE', (method, result) => (method === 'eth_getLogs' ? [] : result)],
  [
    'answers with garbage',
    'RPC_UNREACHABLE',
    (method, result) => (method === 'eth_call' ? new Raw('<html>') : result),
  ],
] as readonly (readonly [string, string, Lie])[])(
  'she proves nothing on the word of a server that %s',
  async (_, code, lie) => {
    const liar = await startLyingServer(world.anvil.url, lie)
    await world.anvil.do('anvil_mine', '0x1')
    // A copy of her own, that the truth has not come to yet.
    const other = await openAlice({
      home: join(await mkdtemp(join(folder, 'other-')), 'home'),
      syncEvery: false,
    })
    const { contract } = onChain
    const syncing = other.sync(credential, { onChain: { rpc: liar.url, contract } })
    await expect(syncing).rejects.toMatchObject({ code })
    expect(await other.home.reading(credential.registry.id)).toBeUndefined()
    await other.close()
    await liar.close()
  },
)

test('an unsigned head is believed from a chain that she reads herself, and from nowhere else', async () => {
  const copy = await alice.home.registryFolder(credential.registry.id)
  await expect(alice.sync(credential, { mirror: copy })).rejects.toMatchObject({
    code: 'HEAD_SIGNATURE_FALSE',
  })
})

/** A command of this project as a process: its status, the code it names, and what it said. */
async function run(file: string, ...words: readonly string[]) {
  const program = new Program([...nodeArguments(join(ROOT, file)), ...words])
  const exit = await program.ended()
  const [, code] = /\[([A-Z_]+)\]/.exec(program.stderr) ?? []
  return { exit, code, said: program.stdout, words: program.stderr }
}
const aliceDoes = (...words: readonly string[]) =>
  run('cli/node/alice/alice.ts', '--home', join(folder, 'home'), ...words)
const where = () => ['--rpc', onChain.rpc, '--contract', onChain.contract]

test('alice sync --rpc, as a process, and what it ends with', async () => {
  const named = ['sync', '--credential', 'mine']
  const { exit, said } = await aliceDoes(...named, ...where(), '--json')
  expect([exit, JSON.parse(said).registries]).toEqual([
    0,
    [expect.objectContaining({ size: expect.any(Number) })],
  ])
  expect(await aliceDoes(...named, '--rpc', onChain.rpc)).toMatchObject({ exit: 1, code: 'USAGE' })
  const liar = await startLyingServer(world.anvil.url, (method, result) =>
    method === 'eth_call' ? `0x${'0'.repeat(63)}1` : result,
  )
  await world.anvil.do('anvil_mine', '0x1')
  expect(await aliceDoes(...named, '--rpc', liar.url, '--contract', onChain.contract)).toMatchObject({
    exit: 2,
    code: 'RPC_FALSE',
  })
  await liar.close()
  expect(await aliceDoes(...named, '--rpc', onChain.rpc, '--contract', noAddress)).toMatchObject({
    exit: 3,
    code: 'REGISTRY_NOT_ACCEPTED',
  })
})

test('alice prove --consumer and bob verify --rpc, as processes, and what they end with', async () => {
  const [request, bundle] = [join(folder, 'asked.json'), join(folder, 'bundle.json')]
  const asked = ['--rpc', onChain.rpc, '--consumer', board]
  const written = ['--request', request, '--out', bundle, '--credential', 'mine']
  const service = ['--service', 'echo', '--message', 'as a process', '--min-set', '0', '--again']
  const prove = (...words: readonly string[]) => aliceDoes('prove', ...words, ...written, ...service)
  expect(await prove(...asked)).toMatchObject({ exit: 1, code: 'USAGE' })
  const beneficiary = ['--beneficiary', world.payer.address]
  expect(await prove('--rpc', onChain.rpc, '--consumer', noAddress, ...beneficiary)).toMatchObject({
    exit: 4,
    code: 'CONTRACT_UNKNOWN',
  })
  expect((await prove(...asked, ...beneficiary)).exit).toBe(0)
  const verify = (...words: readonly string[]) =>
    run('cli/node/bob/bob.ts', 'verify', bundle, '--request', request, ...words)
  await world.anvil.do('anvil_mine', '0x1') // a call is judged by the clock of the newest block
  expect(await verify(...asked)).toMatchObject({ exit: 0 })
  expect(await verify('--rpc', 'http://127.0.0.1:9', '--consumer', board)).toMatchObject({
    exit: 4,
    words: expect.stringContaining('RPC_UNREACHABLE'),
  })
  const forged = { ...JSON.parse(await readFile(bundle, 'utf8')), nullifier: '00'.repeat(32) }
  await writeFile(bundle, JSON.stringify(forged))
  expect((await verify(...asked)).exit).toBe(2)
})

test('an admission whose answer got lost is found on chain, and kept', async () => {
  const deaf = await startDeafProxy(servers[1])
  guest.lies = { machine: { chipId: new Uint8Array(64).fill(7) } } // the other has as many leaves as it may
  const enrolling = alice.enroll({ agent: guest.url, registrar: deaf.url, onChain, name: 'lost' })
  await expect(enrolling).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' })
  await deaf.close()
  const [draft] = await alice.home.drafts()
  if (draft === undefined) throw new Error('nothing was kept of what was sent')
  const before = await alice.home.credentials()
  const synced = await aliceDoes('sync', ...where())
  expect([synced.exit, synced.words]).toEqual([0, expect.stringContaining('was admitted after all')])
  expect(await alice.home.drafts()).toEqual([])
  const [found] = (await alice.home.credentials()).filter((name) => !before.includes(name))
  expect((await alice.home.credential(found ?? '')).holderSecret).toBe(draft.holderSecret)
})

/** Passes everything on to a node, and hangs up where an admission would be answered. */
async function startDeafProxy(node: RunningServer | undefined) {
  const proxy = createServer(async (request, response) => {
    const body: Uint8Array[] = []
    for await (const part of request) body.push(part)
    const { method = 'GET', url = '' } = request
    const sent = method === 'POST' ? { body: Buffer.concat(body) } : {}
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`http://127.0.0.1:${node?.address.port}${url}`, { method, headers, ...sent })
    if (url === '/enroll') return void response.destroy()
    response.writeHead(answer.status, headers)
    response.end(await answer.text())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    close: () => new Promise<void>((resolve) => proxy.close(() => resolve())),
  }
}
