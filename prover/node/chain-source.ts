import { equalBytes, fromHex, type Request, toHex, type Verifier, VouchError } from '@vouch/protocol'
import { clock } from '@vouch/protocol/node'
import type { RegistrySource } from '@vouch/registry'
import type { ChainSynced } from '@vouch/registry/chain'
import type { Home } from './home.js'

/** A registry on chain, as Alice names it. What it is called in her credentials is a hash of both: she has to say it again. */
export interface OnChain {
  readonly rpc: string
  readonly contract: string
  readonly fromBlock?: number | undefined
  readonly confirmations?: number | undefined
  /** How long the server may take for each answer. */
  readonly timeoutMs?: number | undefined
  readonly onBlock?: (block: number, of: number) => void
  readonly onReorganised?: () => void
}

/** Brings her copy of a registry up to the chain, and reads from that. */
export async function syncFromChain(
  home: Home,
  onChain: OnChain,
  expected?: Uint8Array,
): Promise<ChainSynced> {
  const { openChain, addressArgument, registryIdOf, syncChain } = await import('@vouch/registry/chain')
  const registry = addressArgument(onChain.contract, '--contract')
  const { timeoutMs } = onChain
  const chain = await openChain(onChain.rpc, timeoutMs === undefined ? {} : { timeoutMs })
  const id = registryIdOf(chain, registry)
  if (expected !== undefined && !equalBytes(id, expected)) {
    throw new VouchError('REGISTRY_NOT_ACCEPTED', {
      rule: 'the contract must be the registry that the credential is in',
      given: toHex(id),
      hint: 'look at --contract, and at the chain behind --rpc',
    })
  }
  return syncChain({
    chain,
    registry,
    folder: await home.registryFolder(id),
    ...(onChain.fromBlock === undefined ? {} : { from: onChain.fromBlock }),
    ...(onChain.confirmations === undefined ? {} : { confirmations: onChain.confirmations }),
    ...(onChain.onBlock === undefined ? {} : { onProgress: onChain.onBlock }),
    ...(onChain.onReorganised === undefined ? {} : { onReorganised: onChain.onReorganised }),
  })
}

export const chainSource = async (
  home: Home,
  onChain: OnChain,
  expected?: Uint8Array,
): Promise<RegistrySource> => (await syncFromChain(home, onChain, expected)).source

/** A contract that asks, and for whose benefit. */
export interface Asker extends Omit<OnChain, 'contract'> {
  readonly consumer: string
  readonly beneficiary: string
}

/** The Request that a contract makes, at the newest root of its registry that Alice has seen; and where that registry is. */
export async function requestOfContract(
  home: Home,
  { rpc, consumer, beneficiary, ...reading }: Asker,
  expected: Uint8Array,
): Promise<{ readonly request: Request; readonly verifier: Verifier; readonly onChain: OnChain }> {
  const { openChain, addressArgument, readConsumer, requestFor } = await import('@vouch/registry/chain')
  const chain = await openChain(rpc)
  const contract = await readConsumer(chain, addressArgument(consumer, '--consumer'))
  const onChain = { ...reading, rpc, contract: contract.registry }
  const { head } = await syncFromChain(home, onChain, expected)
  const named = addressArgument(beneficiary, '--beneficiary')
  const request = await requestFor(chain, contract, { beneficiary: named, root: head.root, now: clock() })
  const verifier = { chain: BigInt(chain.id), contract: fromHex(contract.consumer.slice(2).toLowerCase()) }
  return { request, verifier, onChain }
}
