import { shown, VouchError } from '@vouch/protocol'
import type { Abi, Address, Hex, PrivateKeyAccount, PublicClient, TransactionReceipt } from 'viem'
import { faultOf, hostOf, outOfGas } from './faults.js'

/** A chain, behind an RPC server that may lie, stall, or change its mind. */
export interface Chain {
  readonly url: string
  readonly id: number
  readonly viem: typeof import('viem')
  /** Asks the server something. Whatever goes wrong becomes one of our errors; `doing` says what it was asked for. */
  ask<T>(doing: string, question: (client: PublicClient) => Promise<T>): Promise<T>
}

export interface ChainOptions {
  /** How long the server may take for each answer. */
  readonly timeoutMs?: number
}

/** More than any answer that is asked for: a server that sends more wants to fill this machine's memory. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 20_000
const RETRIES = 2

/** Chains that only developers have: simulated evidence may mean something there, and nowhere else. */
const DEVELOPMENT_CHAINS: readonly number[] = [31_337, 1337]

export const isDevelopmentChain = ({ id }: Pick<Chain, 'id'>): boolean => DEVELOPMENT_CHAINS.includes(id)

/** Opens a chain. */
export async function openChain(url: string, { timeoutMs = TIMEOUT_MS }: ChainOptions = {}): Promise<Chain> {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new VouchError('USAGE', { rule: '--rpc must be an http or https URL', given: hostOf(url) })
  }
  const viem = await import('viem')
  const transport = viem.http(url, {
    timeout: timeoutMs,
    retryCount: RETRIES,
    fetchFn: async (input, init) => bounded(await fetch(input, { ...init, redirect: 'error' })),
  })
  const client = viem.createPublicClient({ transport, cacheTime: 0, pollingInterval: 500 })
  const ask: Chain['ask'] = async (doing, question) => {
    try {
      return await question(client)
    } catch (error) {
      throw faultOf(error, viem, url, doing)
    }
  }
  const id = await ask("reading the chain's id", (asked) => asked.getChainId())
  return { url, id, viem, ask }
}

/** The answer, cut off where it gets too long. */
function bounded(response: Response): Response {
  let size = 0
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      size += part.length
      if (size > MAX_ANSWER_BYTES) controller.error(new Error('the answer is too long'))
      else controller.enqueue(part)
    },
  })
  const { status, headers } = response
  return new Response(response.body?.pipeThrough(limit) ?? null, { status, headers })
}

export interface Call {
  readonly address: Address
  readonly abi: Abi
  readonly functionName: string
  readonly args: readonly unknown[]
}

const RECEIPT_TIMEOUT_MS = 180_000

/** Sends a transaction that calls a contract, after a call that costs nothing has shown that it will do. */
export async function transact(
  chain: Chain,
  account: PrivateKeyAccount,
  call: Call,
  doing: string,
): Promise<TransactionReceipt> {
  await chain.ask(doing, (client) => client.simulateContract({ ...call, account }))
  const data = chain.viem.encodeFunctionData(call)
  return send(chain, account, { to: call.address, data }, doing)
}

/** Makes a contract. Answers with its address. */
export async function create(
  chain: Chain,
  account: PrivateKeyAccount,
  { abi, bytecode, args }: { readonly abi: Abi; readonly bytecode: Hex; readonly args: readonly unknown[] },
  doing: string,
): Promise<Address> {
  const data = chain.viem.encodeDeployData({ abi, bytecode, args })
  const { contractAddress } = await send(chain, account, { data }, doing)
  if (contractAddress) return contractAddress
  throw new VouchError('RPC_FALSE', { rule: `${doing}: a receipt must name the contract that was made` })
}

async function send(
  chain: Chain,
  account: PrivateKeyAccount,
  what: { readonly to?: Address; readonly data: Hex },
  doing: string,
): Promise<TransactionReceipt> {
  const { viem, id } = chain
  const shape = viem.defineChain({
    id,
    name: 'the chain',
    nativeCurrency: { name: 'coin', symbol: 'COIN', decimals: 18 },
    rpcUrls: { default: { http: [chain.url] } },
  })
  const { hash, gas } = await chain.ask(doing, async (client) => {
    const prepared = await client.prepareTransactionRequest({ account, chain: shape, ...what })
    const serialized = await account.signTransaction(
      prepared as Parameters<typeof account.signTransaction>[0],
    )
    const sent = client.sendRawTransaction({ serializedTransaction: serialized }).catch((error: unknown) => {
      // An answer that went missing makes the library send it again: then the server has it already.
      if (!(error instanceof viem.BaseError && /already (known|imported)/i.test(error.message))) throw error
    })
    await sent
    return { hash: viem.keccak256(serialized), gas: prepared.gas }
  })
  const receipt = await chain.ask(doing, (client) =>
    client.waitForTransactionReceipt({ hash, timeout: RECEIPT_TIMEOUT_MS }),
  )
  if (receipt.status === 'success') return receipt
  if (gas !== undefined && receipt.gasUsed >= gas) throw outOfGas(doing)
  throw new VouchError('TRANSACTION_FAILED', {
    rule: `${doing}: the transaction must not revert`,
    given: shown(hash),
    hint: 'what it stands on changed while it was under way: run this again',
  })
}
