import { VouchError } from '@vouch/protocol'
import type { Address, PublicClient } from 'viem'
import { faultOf, hostOf } from './faults.js'
import { Outbox } from './outbox.js'

/** A chain, behind an RPC server that may lie, stall, or change its mind. */
export interface Chain {
  readonly url: string
  readonly id: number
  readonly viem: typeof import('viem')
  /** The most that a unit of gas may cost, in wei. */
  readonly maxFee: bigint
  /** How long a transaction may take to come into a block. */
  readonly receiptTimeoutMs: number
  /** What this program sends from an account. */
  outboxOf(account: Address): Outbox
  /** Asks the server something. Whatever goes wrong becomes one of our errors; `doing` says what it was asked for. */
  ask<T>(doing: string, question: (client: PublicClient) => Promise<T>): Promise<T>
}

export interface ChainOptions {
  /** How long the server may take for each answer. */
  readonly timeoutMs?: number
  /** The most that a unit of gas may cost, in gwei. */
  readonly maxFee?: number
  /** How long a transaction may take to come into a block. */
  readonly receiptTimeoutMs?: number
}

/** More than any answer that is asked for: a server that sends more wants to fill this machine's memory. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 20_000
const RETRIES = 2
const RECEIPT_TIMEOUT_MS = 180_000
/** In gwei: far above what a unit of gas costs on any day, and far below what would empty an account. */
export const MAX_FEE = 300

/** Chains that only developers have: simulated evidence may mean something there, and nowhere else. */
const DEVELOPMENT_CHAINS: readonly number[] = [31_337, 1337]

export const isDevelopmentChain = ({ id }: Pick<Chain, 'id'>): boolean => DEVELOPMENT_CHAINS.includes(id)

/** Opens a chain. */
export async function openChain(url: string, options: ChainOptions = {}): Promise<Chain> {
  const { timeoutMs = TIMEOUT_MS, maxFee = MAX_FEE, receiptTimeoutMs = RECEIPT_TIMEOUT_MS } = options
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
  const outboxes = new Map<Address, Outbox>()
  const outboxOf = (account: Address): Outbox => {
    const outbox = outboxes.get(account) ?? new Outbox()
    outboxes.set(account, outbox)
    return outbox
  }
  return { url, id, viem, maxFee: viem.parseGwei(String(maxFee)), receiptTimeoutMs, outboxOf, ask }
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
