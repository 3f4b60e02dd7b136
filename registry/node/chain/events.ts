import { credentialRegistryAbi } from '@vouch/contracts'
import { assertField, fromHex, MAX_TIME, VouchError } from '@vouch/protocol'
import type { Address, Hex } from 'viem'
import type { Chain } from './client.js'
import { contradiction, type RegistryEvent } from './leaves.js'

export interface Block {
  readonly number: number
  readonly hash: Uint8Array
  readonly time: number
}

/** The block at a height; the newest without one. */
export function blockAt(chain: Chain, number?: number): Promise<Block> {
  return chain.ask('reading a block', async (client) => {
    const block = await client.getBlock(number === undefined ? {} : { blockNumber: BigInt(number) })
    return { number: Number(block.number), hash: bytesOf(block.hash), time: Number(block.timestamp) }
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

/** The registry's events in some blocks, in order. */
export async function eventsBetween(
  chain: Chain,
  registry: Address,
  fromBlock: number,
  toBlock: number,
): Promise<readonly RegistryEvent[]> {
  const range = { fromBlock: BigInt(fromBlock), toBlock: BigInt(toBlock) }
  const logs = await chain.ask("reading the registry's events", (client) =>
    client.getContractEvents({ address: registry, abi: credentialRegistryAbi, strict: true, ...range }),
  )
  const stray = logs.find(
    ({ address, blockNumber, removed }) =>
      address.toLowerCase() !== registry.toLowerCase() ||
      blockNumber < range.fromBlock ||
      blockNumber > range.toBlock ||
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
    if (log.eventName === 'Removed') {
      return [{ kind: 'removed', index: log.args.index, credential: log.args.credential }]
    }
    if (log.eventName !== 'RootChanged') return []
    const { root, size, epoch } = log.args
    return [{ kind: 'root', root: assertField(root, 'root'), size, epoch: Number(epoch) }]
  })
}

/** The contract admits nothing else; a server may still say so. */
function leafIn(credential: bigint, policyId: bigint, expiresAt: bigint) {
  if (policyId >= 2n ** 249n || expiresAt > BigInt(MAX_TIME)) {
    throw contradiction('an event must be one that the contract can make')
  }
  return { credential: assertField(credential, 'credential'), policyId, expiresAt: Number(expiresAt) }
}

/** 0x and hexadecimal, as the library has it. */
export const bytesOf = (hex: Hex): Uint8Array => fromHex(hex.slice(2).toLowerCase())

/** Whether the server answered with an error, as servers do when asked for more than they give at once. */
export function isServersOwnNo(error: unknown, { viem }: Chain): boolean {
  if (!(error instanceof VouchError) || error.code !== 'RPC_UNREACHABLE') return false
  const { cause } = error
  return cause instanceof viem.BaseError && cause.walk((one) => one instanceof viem.RpcRequestError) !== null
}
