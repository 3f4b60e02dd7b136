import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  changesIn,
  EMPTY_LEAF,
  emptySubtree,
  fixedRoot,
  type LeafContent,
  leafOf,
  REGISTRY_DEPTH,
  slowHasher,
  toInteger,
} from '@vouch/protocol'
import type { Mirror } from '@vouch/registry'
import { scratch } from '@vouch/registry/testing/registries'
import { toEventSelector } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openChain } from '../node/client/client.js'
import { transact } from '../node/client/send.js'
import { type ChainSyncParameters, registryIdOf, syncChain } from '../node/sync/sync.js'
import {
  HANG,
  type Lie,
  noAddress,
  policyId,
  Raw,
  startLyingServer,
  startTestChain,
  type TestChain,
} from '../testing/chains.js'

let world: TestChain
beforeAll(async () => {
  world = await startTestChain()
})
afterAll(() => world.stop())

const sync = (folder: string, changes: Partial<ChainSyncParameters> = {}) =>
  syncChain({ chain: world.chain, registry: world.deployed.registry, folder, ...changes })

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (error) => (error as { code?: string }).code ?? String(error),
  )

function rootOver(leaves: readonly (LeafContent | undefined)[]): bigint {
  if (leaves.length === 0) return emptySubtree(REGISTRY_DEPTH)
  return fixedRoot(
    REGISTRY_DEPTH,
    leaves.map((leaf) => (leaf === undefined ? 0n : toInteger(leafOf(slowHasher, leaf)))),
  )
}

/** Places that the newest root has changed, by the copy's own index. All of them were empty before. */
async function placesAdded(mirror: Mirror): Promise<readonly number[]> {
  const index = await mirror.index()
  if (index === undefined) return expect.unreachable('the copy has an index')
  const changes = changesIn(index)
  for (const { before } of changes) expect(before).toEqual(EMPTY_LEAF)
  return changes.map(({ place }) => place)
}

/** Syncs through a server that lies. */
async function syncPast(lie: Lie, folder: string, timeoutMs = 2000): Promise<string> {
  const server = await startLyingServer(world.anvil.url, lie)
  try {
    return await codeOf(openChain(server.url, { timeoutMs }).then((chain) => sync(folder, { chain })))
  } finally {
    await server.close()
  }
}

describe('a copy of a registry on chain', () => {
  const leaves: (LeafContent | undefined)[] = []

  test('has what was admitted, under the root that the contract has, and goes on where it was', async () => {
    const folder = join(scratch(), 'copy')
    const empty = await sync(folder)
    expect(empty.head).toMatchObject({ size: 0, root: emptySubtree(REGISTRY_DEPTH), previousRoot: 0n })
    expect(await placesAdded(empty.mirror)).toEqual([])
    leaves.push(await world.admit(1), await world.admit(2))
    const { head, mirror } = await sync(folder)
    expect(head).toMatchObject({
      size: 2,
      root: rootOver(leaves),
      previousRoot: rootOver(leaves.slice(0, 1)),
    })
    expect(await placesAdded(mirror)).toEqual([1])
    expect(head.registryId).toEqual(registryIdOf(world.chain, world.deployed.registry))
    expect(await placesAdded((await sync(folder)).mirror), 'nothing came, all is kept').toEqual([1])
    leaves.push(await world.admit(3))
    const blocks: number[] = []
    const later = await sync(folder, { onProgress: (block) => blocks.push(block) })
    expect(later.head).toMatchObject({ size: 3, root: rootOver(leaves) })
    expect(blocks).toEqual([later.head.seq])
    expect(await placesAdded(later.mirror)).toEqual([2])
    const anew = await sync(join(scratch(), 'other'))
    expect(anew.head).toEqual(later.head)
    expect(await anew.mirror.index()).toEqual(await later.mirror.index())
  })

  test('forgets no removal: the leaf is empty, and no earlier root stands', async () => {
    const folder = join(scratch(), 'copy')
    await sync(folder)
    const before = leaves as LeafContent[]
    await world.remove(1, before)
    leaves[1] = undefined
    const removed = await sync(folder)
    expect(removed.head).toMatchObject({ size: 3, root: rootOver(leaves), previousRoot: 0n })
    expect(await placesAdded(removed.mirror), 'no predecessor stands').toEqual([])
    const afterRemoval = rootOver(leaves)
    leaves.push(await world.admit(4))
    const later = await sync(folder)
    expect(later.head).toMatchObject({ size: 4, root: rootOver(leaves), previousRoot: afterRemoval })
    expect(await placesAdded(later.mirror)).toEqual([3])
  })

  test('is made anew when the chain took back what was read', async () => {
    const folder = join(scratch(), 'copy')
    const kept = (await sync(folder)).head
    const snapshot = await world.anvil.do('evm_snapshot')
    await world.admit(100)
    await world.admit(101)
    expect((await sync(folder)).head.size).toBe(kept.size + 2)
    await world.anvil.do('evm_revert', snapshot)
    leaves.push(await world.admit(102), await world.admit(103), await world.admit(104))
    let times = 0
    const { head } = await sync(folder, { onReorganised: () => times++ })
    expect(times).toBe(1)
    expect(head).toMatchObject({ size: kept.size + 3, root: rootOver(leaves) })
  })

  test('survives a crash between what it writes', async () => {
    const folder = join(scratch(), 'copy')
    const { mirror } = await sync(folder)
    await mirror.keepBucket(0, new Uint8Array(72 * 2))
    expect((await sync(folder)).head.root).toBe(rootOver(leaves))
  })

  test('reads no block that is not deep enough', async () => {
    const { head } = await sync(join(scratch(), 'copy'))
    await world.anvil.do('anvil_mine', '0x5')
    const shallow = await sync(join(scratch(), 'copy'), { confirmations: 5 })
    expect(shallow.head.seq).toBe(head.seq)
  })

  test('is read span by span, kept as far as it came, and gone on with from there', async () => {
    await world.anvil.do('anvil_mine', '0x10')
    const folder = join(scratch(), 'copy')
    const asked: number[] = []
    let answers = 3
    const failing: Lie = (method, result, [filter]) => {
      if (method !== 'eth_getLogs') return result
      asked.push(Number((filter as { fromBlock: string }).fromBlock))
      return answers-- > 0 ? result : HANG
    }
    const server = await startLyingServer(world.anvil.url, failing)
    const chain = await openChain(server.url, { timeoutMs: 500 })
    expect(await codeOf(sync(folder, { chain, span: 4 }))).toBe('RPC_UNREACHABLE')
    expect([...new Set(asked)]).toEqual([0, 4, 8, 12])
    const { block } = JSON.parse(await readFile(join(folder, 'chain.json'), 'utf8')) as { block: number }
    expect(block).toBe(11)
    answers = Number.POSITIVE_INFINITY
    asked.splice(0)
    const blocks: number[] = []
    const again = await sync(folder, { chain, span: 4, onProgress: (done) => blocks.push(done) })
    expect([asked[0], blocks[0]]).toEqual([12, 15])
    expect(again.head).toMatchObject({ size: leaves.length, root: rootOver(leaves) })
    await server.close()
  })

  test('is of one registry: another contract, or none, is refused', async () => {
    const folder = join(scratch(), 'copy')
    await sync(folder)
    expect(await codeOf(sync(folder, { registry: noAddress }))).toBe('REGISTRY_NOT_ACCEPTED')
    expect(await codeOf(sync(join(scratch(), 'copy'), { registry: noAddress }))).toBe('CONTRACT_UNKNOWN')
  })
})

/** Something else in each event, or each block. */
const inLogs =
  (changes: object): Lie =>
  (method, result) =>
    method === 'eth_getLogs' ? (result as object[]).map((log) => ({ ...log, ...changes })) : result
const inBlocks =
  (changes: object): Lie =>
  (method, result) =>
    method === 'eth_getBlockByNumber' ? { ...(result as object), ...changes } : result
const ADMITTED_TOO_LARGE = [
  toEventSelector('Admitted(uint256,uint32,uint256,uint64,bytes32,uint64,uint32)'),
  `0x${'f'.repeat(64)}`,
]

describe('an RPC server that', () => {
  const lies: readonly (readonly [string, Lie, string])[] = [
    [
      'leaves an event out',
      (method, result) => (method === 'eth_getLogs' ? (result as unknown[]).slice(0, -2) : result),
      'RPC_FALSE',
    ],
    ['says nothing happened', (method, result) => (method === 'eth_getLogs' ? [] : result), 'RPC_FALSE'],
    [
      'changes a credential',
      (method, result) =>
        method === 'eth_getLogs'
          ? JSON.parse(JSON.stringify(result).replace(/"topics":\["(0x\w+)","0x../g, '"topics":["$1","0x00'))
          : result,
      'RPC_FALSE',
    ],
    [
      'has the events of another contract',
      (method, result) =>
        method === 'eth_getLogs'
          ? (result as object[]).map((log) => ({ ...log, address: noAddress }))
          : result,
      'RPC_FALSE',
    ],
    [
      'says that the root is another',
      (method, result) => (method === 'eth_call' ? `0x${'0'.repeat(63)}1` : result),
      'RPC_FALSE',
    ],
    [
      'shows another chain at each look',
      (method, result) =>
        method === 'eth_getBlockByNumber'
          ? { ...(result as object), hash: `0x${Math.random().toString(16).slice(2).padEnd(64, '0')}` }
          : result,
      'REORGANISED',
    ],
    ['never answers', (method, result) => (method === 'eth_getLogs' ? HANG : result), 'RPC_UNREACHABLE'],
    ['leaves the address of an event out', inLogs({ address: undefined }), 'RPC_FALSE'],
    ['gives a number for it', inLogs({ address: 7 }), 'RPC_FALSE'],
    ['leaves the block of an event out', inLogs({ blockNumber: undefined }), 'RPC_FALSE'],
    ['gives a block beyond all numbers', inLogs({ blockNumber: `0x${'f'.repeat(64)}` }), 'RPC_FALSE'],
    ['leaves the order of events out', inLogs({ logIndex: undefined }), 'RPC_FALSE'],
    ['leaves the topics of an event out', inLogs({ topics: undefined }), 'RPC_UNREACHABLE'],
    ['gives a block that is no number', inLogs({ blockNumber: 'soon' }), 'RPC_UNREACHABLE'],
    ['takes events back', inLogs({ removed: true }), 'RPC_FALSE'],
    ['has an event of no field element', inLogs({ topics: ADMITTED_TOO_LARGE }), 'RPC_FALSE'],
    ['leaves the hash of a block out', inBlocks({ hash: undefined }), 'RPC_FALSE'],
    ['gives half a hash', inBlocks({ hash: '0x1234' }), 'RPC_FALSE'],
    ['is in no time', inBlocks({ timestamp: `0x${'f'.repeat(16)}` }), 'RPC_FALSE'],
    ['counts blocks beyond all numbers', inBlocks({ number: `0x${'f'.repeat(40)}` }), 'RPC_FALSE'],
    [
      'gives another block than the one asked for',
      (method, result, [which]) =>
        method === 'eth_getBlockByNumber' && which !== 'latest'
          ? { ...(result as object), number: '0x0' }
          : result,
      'RPC_FALSE',
    ],
    ['has no chain id', (method, result) => (method === 'eth_chainId' ? null : result), 'RPC_UNREACHABLE'],
    [
      'answers with garbage',
      (method, result) => (method === 'eth_getLogs' ? new Raw('<html>') : result),
      'RPC_UNREACHABLE',
    ],
    [
      'answers with something else',
      (method, result) => (method === 'eth_getLogs' ? { no: 'logs' } : result),
      'RPC_UNREACHABLE',
    ],
  ]

  test.each(lies)('%s is caught, and nothing of it kept', async (_, lie, code) => {
    const folder = join(scratch(), 'copy')
    expect(await syncPast(lie, folder, 500)).toBe(code)
    const honest = await sync(folder)
    expect(honest.head.root).toBe((await sync(join(scratch(), 'other'))).head.root)
  })

  test('is behind what was read is refused', async () => {
    const folder = join(scratch(), 'copy')
    await sync(folder)
    const behind: Lie = (method, result, [which]) =>
      method === 'eth_getBlockByNumber' && which === 'latest'
        ? { ...(result as object), number: '0x1' }
        : result
    expect(await syncPast(behind, folder)).toBe('HEAD_TOO_OLD')
  })

  test('gives few blocks at once is asked for fewer', async () => {
    let asked = 0
    const stingy: Lie = (method, result, [filter]) => {
      if (method !== 'eth_getLogs') return result
      const { fromBlock, toBlock } = filter as { fromBlock: string; toBlock: string }
      asked++
      if (Number(toBlock) - Number(fromBlock) < 4) return result
      return new Raw('{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"too many blocks"}}')
    }
    expect(await syncPast(stingy, join(scratch(), 'copy'), 10_000)).toBe('nothing')
    expect(asked).toBeGreaterThan(4)
  })

  test('is not there, or is no URL, is said by its host alone: a path may hold a key', async () => {
    await expect(openChain('http://127.0.0.1:9/secret-key')).rejects.toMatchObject({
      code: 'RPC_UNREACHABLE',
      message: expect.not.stringContaining('secret-key'),
    })
    expect(await codeOf(openChain('ftp://x'))).toBe('USAGE')
  })
})

describe('a transaction', () => {
  test('that its contract refuses is not sent, and says why', async () => {
    const { chain, payer, deployed } = world
    const { credentialRegistryAbi } = await import('@vouch/contracts')
    const call = {
      address: deployed.registry,
      abi: credentialRegistryAbi,
      functionName: 'execute',
      args: [7n],
    }
    const nonce = await chain.ask('', (client) => client.getTransactionCount({ address: payer.address }))
    await expect(transact(chain, payer, call, 'executing')).rejects.toMatchObject({
      code: 'CHAIN_REFUSED',
      given: expect.stringContaining('NothingPending'),
    })
    expect(await chain.ask('', (client) => client.getTransactionCount({ address: payer.address }))).toBe(
      nonce,
    )
  })

  test('of an account without coins says so', async () => {
    const { privateKeyToAccount } = await import('viem/accounts')
    const poor = privateKeyToAccount(`0x${'5a'.repeat(32)}`)
    const { create } = await import('../node/client/send.js')
    const code = create(world.chain, poor, { abi: [], bytecode: '0x00', args: [] }, 'making')
    expect(await codeOf(code)).toBe('FUNDS_MISSING')
  })

  test('that runs out of gas says so, and that nothing changed', async () => {
    const { create } = await import('../node/client/send.js')
    const server = await startLyingServer(world.anvil.url, (method, result) =>
      method === 'eth_estimateGas' ? '0xf000' : result,
    )
    const chain = await openChain(server.url)
    // PUSH1 0, JUMPDEST, PUSH1 2, JUMP: burns all that it is given.
    const code = create(chain, world.payer, { abi: [], bytecode: '0x60005b600256', args: [] }, 'making')
    await expect(code).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
      rule: expect.stringMatching(/gas/),
    })
    await server.close()
  })
})

test('the copy is a published registry in form, and nobody has signed it', async () => {
  const folder = join(scratch(), 'copy')
  await sync(folder)
  const { signer, signature } = JSON.parse(await readFile(join(folder, 'head.json'), 'utf8'))
  expect([signer, signature]).toEqual(['00'.repeat(33), '00'.repeat(64)])
  expect(policyId).toBeGreaterThan(2n ** 248n)
})
