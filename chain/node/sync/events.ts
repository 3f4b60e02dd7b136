import { credentialRegistryAbi } from '@vouch/contracts'
import { fromHex, MAX_TIME, P, VouchError } from '@vouch/protocol'
import type { Address, Hex } from 'viem'
import type { Chain } from '../client/client.js'
import { contradiction, type RegistryEvent } from './leaves.js'

export interface Block {
  readonly number: number
  readonly hash: Uint8Array
  readonly time: number
}

/** The block at a height; the newest without one. A server's word is looked at before anything is made of it. */
export function blockAt(chain: Chain, number?: number): Promise<Block> {
  return chain.ask('reading a block', async (client) => {
    const block = await client.getBlock(number === undefined ? {} : { blockNumber: BigInt(number) })
    const found = { number: Number(block.number), time: Number(block.timestamp) }
    const isWhole =
      Number.isSafeInteger(found.number) && found.time <= MAX_TIME && /^0x[0-9a-f]{64}$/i.test(block.hash)
    if (isWhole && (number === undefined || found.number === number)) {
      return { ...found, hash: bytesOf(block.hash) }
    }
    throw contradiction('a block must be the one that was asked for', String(block.number))
  })
}

/** Root and size as the contract has them at a block. */
export function stateAt(
  chain: Chain,
  registry: Address,
  block: number,
): Promise<{ readonly root: bigint; readonly size: number }> {
  const contract = { address: registry, abi: credentialRegistryAbi, blockNumber: BigInt(block) } as const
  return chain.ask("reading the registry's root", async (client) => {
    const [root, size] = await Promise.all([
      client.readContract({ ...contract, functionName: 'root' }),
      client.readContract({ ...contract, functionName: 'size' }),
    ])
    return { root, size }
  })
}

/** Events of some blocks, and the last of these. */
export interface Span {
  readonly events: readonly RegistryEvent[]
  readonly end: Block
}

/** Most blocks whose events are asked for at once. */
const MOST_BLOCKS = 10_000

/** The registry's events from a block to another, span after span: as many blocks at once as the server gives. */
export async function* eventSpans(
  chain: Chain,
  registry: Address,
  {
    from,
    to,
    most = MOST_BLOCKS,
  }: { readonly from: number; readonly to: number; readonly most?: number | undefined },
): AsyncGenerator<Span> {
  let span = most
  for (let next = from; next <= to; ) {
    const last = Math.min(to, next + span - 1)
    const end = await blockAt(chain, last)
    try {
      yield { events: await eventsBetween(chain, registry, next, last), end }
      next = last + 1
    } catch (error) {
      if (!isServersOwnNo(error, chain) || span === 1) throw error
      span = Math.ceil(span / 2)
    }
  }
}

/** The registry's events in some blocks, in order. */
function eventsBetween(
  chain: Chain,
  registry: Address,
  fromBlock: number,
  toBlock: number,
): Promise<readonly RegistryEvent[]> {
  const range = { fromBlock: BigInt(fromBlock), toBlock: BigInt(toBlock) }
  return chain.ask("reading the registry's events", async (client) => {
    const contract = { address: registry, abi: credentialRegistryAbi } as const
    const logs = await client.getContractEvents({ ...contract, strict: true, ...range })
    // What types say of an answer nobody has looked at yet.
    const stray = logs.find(
      ({ address, blockNumber, logIndex, removed }) =>
        String(address).toLowerCase() !== registry.toLowerCase() ||
        !(blockNumber >= range.fromBlock && blockNumber <= range.toBlock) ||
        !Number.isSafeInteger(logIndex) ||
        removed,
    )
    if (stray !== undefined) throw contradiction('the events must be those that were asked for')
    const ordered = [...logs].sort(
      (a, b) => Number(a.blockNumber - b.blockNumber) || Number(a.logIndex) - Number(b.logIndex),
    )
    return ordered.flatMap((log): RegistryEvent[] => {
      if (log.eventName === 'Admitted') {
        const { credential, index, policyId, expiresAt } = log.args
        return [{ kind: 'admitted', index, leaf: leafIn(credential, policyId, expiresAt) }]
      }
      if (log.eventName === 'Removed') return [{ kind: 'removed', ...log.args }]
      if (log.eventName !== 'RootChanged') return []
      const { root, size, epoch } = log.args
      if (root >= P || epoch > BigInt(Number.MAX_SAFE_INTEGER)) throw impossible()
      return [{ kind: 'root', root, size, epoch: Number(epoch) }]
    })
  })
}

/** The contract admits nothing else; a server may still say so. */
function leafIn(credential: bigint, policyId: bigint, expiresAt: bigint) {
  if (credential >= P || policyId >= 2n ** 249n || expiresAt > BigInt(MAX_TIME)) throw impossible()
  return { credential, policyId, expiresAt: Number(expiresAt) }
}

const impossible = () => contradiction('an event must be one that the contract can make')

/** 0x and hexadecimal, as the library has it. */
export const bytesOf = (hex: Hex): Uint8Array => fromHex(hex.slice(2).toLowerCase())

/** Whether the server answered with an error, as servers do when asked for more than they give at once. */
function isServersOwnNo(error: unknown, { viem }: Chain): boolean {
  if (!(error instanceof VouchError) || error.code !== 'RPC_UNREACHABLE') return false
  const { cause } = error
  return cause instanceof viem.BaseError && cause.walk((one) => one instanceof viem.RpcRequestError) !== null
}
