import { blocksOf } from '@vouch/chain/commands'
import { openHasher } from '@vouch/circuits'
import { bytesArgument, type Terminal } from '@vouch/host/node'
import { fieldToBytes, type Head, shown, toHex, VouchError } from '@vouch/protocol'
import { syncRegistry } from '@vouch/registry'
import { openMirror, openSource } from '@vouch/registry/node'

export interface SyncRegistryOptions {
  readonly to: string
  readonly registry?: string
  readonly signer?: string
  readonly rpc?: string
  readonly contract?: string
  readonly fromBlock?: string
  readonly confirmations?: string
  readonly json?: true
}

/** `registrar sync`: brings a copy of a registry up to its newest head, and believes nothing on the way. */
export async function syncRegistryCommand(
  out: Terminal,
  from: string | undefined,
  options: SyncRegistryOptions,
): Promise<number> {
  if ((from === undefined) === (options.rpc === undefined)) {
    throw new VouchError('USAGE', { rule: 'either a URL or folder must be given, or --rpc and --contract' })
  }
  const { head, read } = await (from === undefined
    ? syncFromChain(out, options)
    : syncFrom(out, from, options))
  if (options.json) {
    const root = toHex(fieldToBytes(head.root))
    out.data(JSON.stringify({ seq: head.seq, size: head.size, root, time: head.time, ...read }))
  } else out.data(`head ${head.seq} with ${head.size} leaves${wordsOf(read)}`)
  return 0
}

interface Done {
  readonly head: Head
  /** How many buckets were fetched, of how many. */
  readonly read?: { readonly fetched: number; readonly buckets: number }
}

async function syncFrom(out: Terminal, from: string, options: SyncRegistryOptions): Promise<Done> {
  const { registry, signer } = options
  const { head, fetched, buckets } = await syncRegistry({
    source: await openSource(from),
    mirror: await openMirror(options.to),
    expected: {
      ...(registry === undefined ? {} : { registryId: bytesArgument(registry, '--registry') }),
      ...(signer === undefined ? {} : { signer: bytesArgument(signer, '--signer', 33) }),
    },
    hash: await openHasher(),
    onBucket: (done, of) => {
      if (done % PROGRESS_EVERY === 0) out.words(`registrar: ${done} of ${of} buckets`)
    },
  })
  return { head, read: { fetched, buckets } }
}

async function syncFromChain(out: Terminal, options: SyncRegistryOptions): Promise<Done> {
  const { rpc = '', contract, fromBlock, confirmations, to } = options
  if (contract === undefined) throw new VouchError('USAGE', { rule: '--contract must be given with --rpc' })
  const { addressArgument, openChain, registryIdOf, syncChain } = await import('@vouch/chain/node')
  const registry = addressArgument(contract, '--contract')
  const chain = await openChain(rpc)
  const id = toHex(registryIdOf(chain, registry))
  if (options.registry !== undefined && options.registry !== id) {
    throw new VouchError('REGISTRY_NOT_ACCEPTED', {
      rule: 'the contract must be the registry that is expected',
      given: shown(id),
    })
  }
  const { head } = await syncChain({
    chain,
    registry,
    folder: to,
    hash: await openHasher(),
    ...blocksOf({ fromBlock, confirmations }),
    onProgress: (block, of) => out.words(`registrar: block ${block} of ${of}`),
    onReorganised: () => out.words('registrar: the chain took back what was read: reading it anew'),
  })
  return { head }
}

const wordsOf = (read: Done['read']): string =>
  read === undefined ? '' : `; fetched ${read.fetched} of ${read.buckets} buckets`

const PROGRESS_EVERY = 32
