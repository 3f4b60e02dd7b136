import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Chain, type ChainOptions, openChain } from '../node/client/client.js'
import { create } from '../node/client/send.js'
import { type Lie, noAddress, startLyingServer, startTestChain, type TestChain } from '../testing/chains.js'

// Transactions: many at a time from one account, and through servers that lie about what becomes of them.

let world: TestChain
beforeAll(async () => {
  world = await startTestChain()
})
afterAll(() => world.stop())

/** A contract of no code. */
const make = (chain: Chain) => create(chain, world.payer, { abi: [], bytecode: '0x00', args: [] }, 'making')

const sentSoFar = (chain: Chain): Promise<number> =>
  chain.ask('', (client) => client.getTransactionCount({ address: world.payer.address, blockTag: 'pending' }))

async function past<Result>(lie: Lie, work: (chain: Chain) => Promise<Result>, options: ChainOptions = {}) {
  const server = await startLyingServer(world.anvil.url, lie)
  try {
    return await work(await openChain(server.url, options))
  } finally {
    await server.close()
  }
}

/** Changes what becomes of a transaction, as the server has it. */
const inReceipts =
  (changes: object): Lie =>
  (method, result) =>
    method === 'eth_getTransactionReceipt' && result ? { ...(result as object), ...changes } : result

describe('transactions of one account', () => {
  test('may be sent many at a time: admissions at once are all admitted', async () => {
    const size = 5
    await Promise.all(Array.from({ length: size }, (_, i) => world.admit(i)))
    const made = await Promise.all(Array.from({ length: size }, () => make(world.chain)))
    expect(new Set(made).size).toBe(size)
  })

  test('are numbered here, where the server does not count yet what it was sent', async () => {
    const counted = await sentSoFar(world.chain)
    const behind: Lie = (method, result) =>
      method === 'eth_getTransactionCount' ? `0x${counted.toString(16)}` : result
    await world.anvil.do('evm_setAutomine', false)
    const making = past(behind, (chain) => Promise.all([make(chain), make(chain), make(chain)]))
    await expect.poll(() => sentSoFar(world.chain), { timeout: 20_000 }).toBe(counted + 3)
    await world.anvil.do('anvil_mine', '0x1')
    await world.anvil.do('evm_setAutomine', true)
    expect(new Set(await making).size).toBe(3)
  })

  test('are numbered anew when another program has sent one meanwhile, and it is said when that does not end', async () => {
    let stale = true
    const once: Lie = (method, result) => {
      if (method !== 'eth_getTransactionCount' || !stale) return result
      stale = false
      return '0x0'
    }
    expect(await past(once, make)).toMatch(/^0x/)
    const always: Lie = (method, result) => (method === 'eth_getTransactionCount' ? '0x0' : result)
    await expect(past(always, make)).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
      hint: expect.stringContaining('another program'),
    })
  })
})

describe('a server', () => {
  const prices: readonly (readonly [string, Lie])[] = [
    ['tip', (method, result) => (method === 'eth_maxPriorityFeePerGas' ? '0xffffffffffff' : result)],
    [
      'base fee',
      (method, result) =>
        method === 'eth_getBlockByNumber'
          ? { ...(result as object), baseFeePerGas: '0xffffffffffff' }
          : result,
    ],
  ]
  test.each(prices)('that asks for too high a %s is not paid', async (_, lie) => {
    const before = await sentSoFar(world.chain)
    await expect(past(lie, make)).rejects.toMatchObject({ code: 'FEE_NOT_ACCEPTED' })
    expect(await sentSoFar(world.chain)).toBe(before)
  })

  test('is paid what its user allows, and no more', async () => {
    const dear: Lie = (method, result) => (method === 'eth_maxPriorityFeePerGas' ? '0x77359400' : result) // 2 gwei
    await expect(past(dear, make, { maxFee: 1 })).rejects.toMatchObject({ code: 'FEE_NOT_ACCEPTED' })
    expect(await past(dear, make, { maxFee: 10 })).toMatch(/^0x/)
  })

  const lies: readonly (readonly [string, Lie, string])[] = [
    ['names another contract than was made', inReceipts({ contractAddress: noAddress }), 'RPC_FALSE'],
    ['names none', inReceipts({ contractAddress: null }), 'RPC_FALSE'],
    ['says that it reverted', inReceipts({ status: '0x0' }), 'TRANSACTION_FAILED'],
    ['does not say whether it did', inReceipts({ status: undefined }), 'TRANSACTION_FAILED'],
    [
      'has the receipt of another transaction',
      inReceipts({ transactionHash: `0x${'ab'.repeat(32)}` }),
      'TRANSACTION_FAILED',
    ],
    [
      'never has a receipt',
      (method, result) => (method === 'eth_getTransactionReceipt' ? null : result),
      'TRANSACTION_FAILED',
    ],
  ]
  test.each(lies)('that %s is not believed', async (_, lie, code) => {
    await expect(past(lie, make, { receiptTimeoutMs: 2000 })).rejects.toMatchObject({ code })
  })

  test('that puts a transaction into no block is waited for only so long', async () => {
    const chain = await openChain(world.anvil.url, { receiptTimeoutMs: 1000 })
    await world.anvil.do('evm_setAutomine', false)
    await expect(make(chain)).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
      hint: expect.stringContaining('it may still come'),
    })
    await world.anvil.do('anvil_mine', '0x1')
    await world.anvil.do('evm_setAutomine', true)
    expect(await make(chain)).toMatch(/^0x/)
  })
})
