import { clock } from '@vouch/host/node'
import { equalBytes, fromHex, type Request, toHex, type Verifier, VouchError } from '@vouch/protocol'
import type { RegistrySource } from '@vouch/registry'
import { openCopy } from '../src/index.js'
import type { Home } from './home.js'

/** A registry on chain, as Alice names it. What it is called in her credentials is a hash of both: where it is, is kept beside her copy. */
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
export async function chainSource(
  home: Home,
  onChain: OnChain,
  expected?: Uint8Array,
): Promise<RegistrySource> {
  const { openChain, addressArgument, registryIdOf, syncChain } = await chainPackage()
  const registry = addressArgument(onChain.contract, '--contract')
  const { timeoutMs } = onChain
  const chain = await openChain(onChain.rpc, timeoutMs === undefined ? {} : { timeoutMs })
  const id = registryIdOf(chain, registry)
  if (expected !== undefined) assertRegistry(id, expected)
  const { source } = await syncChain({
    chain,
    registry,
    folder: await home.registryFolder(id),
    ...(onChain.fromBlock === undefined ? {} : { from: onChain.fromBlock }),
    ...(onChain.confirmations === undefined ? {} : { confirmations: onChain.confirmations }),
    ...(onChain.onBlock === undefined ? {} : { onProgress: onChain.onBlock }),
    ...(onChain.onReorganised === undefined ? {} : { onReorganised: onChain.onReorganised }),
  })
  return source
}

/** A contract that asks, and for whose benefit. */
export interface Asker extends Pick<OnChain, 'rpc'> {
  readonly consumer: string
  readonly beneficiary: string
}

/** The Request that a contract makes, at the root of her copy. The contract is asked what it accepts; of the registry nothing is. */
export async function requestOfContract(
  home: Home,
  { rpc, consumer, beneficiary }: Asker,
  expected: Uint8Array,
): Promise<{ readonly request: Request; readonly verifier: Verifier }> {
  const { openChain, addressArgument, readConsumer, requestFor } = await chainPackage()
  const chain = await openChain(rpc)
  const contract = await readConsumer(chain, addressArgument(consumer, '--consumer'))
  assertRegistry(contract.acceptance.registry.id, expected)
  const { head } = await openCopy(await home.mirrorOf(expected))
  const named = addressArgument(beneficiary, '--beneficiary')
  const request = await requestFor(chain, contract, { beneficiary: named, root: head.root, now: clock() })
  const verifier = { chain: BigInt(chain.id), contract: fromHex(contract.consumer.slice(2).toLowerCase()) }
  return { request, verifier }
}

function assertRegistry(id: Uint8Array, expected: Uint8Array): void {
  if (equalBytes(id, expected)) return
  throw new VouchError('REGISTRY_NOT_ACCEPTED', {
    rule: 'the contract must be the registry that the credential is in',
    given: toHex(id),
    hint: 'look at --contract, and at the chain behind --rpc',
  })
}

/** What reads chains is a package of its own, beside this one: an install for registries that are served brings none of it. */
async function chainPackage() {
  try {
    return await import('@vouch/chain/node')
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND')) throw cause
    throw new VouchError(
      'USAGE',
      { rule: 'a registry on a chain is read by @vouch/chain', hint: 'npm install @vouch/chain' },
      { cause },
    )
  }
}
