import { openHasher } from '@vouch/circuits'
import { shown, VouchError } from '@vouch/protocol'
import type { Terminal } from '@vouch/protocol/node'
import { readNodeLimits, startServer } from '@vouch/protocol/node/http'
import { accountOf } from '../chain/account.js'
import { addressArgument } from '../chain/addresses.js'
import { openChain } from '../chain/client.js'
import { DEFAULT_LIMITS, DEFAULT_PEER_LIMITS } from '../http/site.js'
import { nodeSiteOf } from '../trust/http.js'
import { PeerAddresses } from '../trust/peer-addresses.js'
import { openTrustNode } from '../trust/trust-node.js'
import { type ListeningOptions, limitsFile, placeOf } from './listening.js'
import { feeLimit } from './options.js'
import { ended, sayWhere } from './serve.js'

export interface NodeServeOptions extends ListeningOptions {
  readonly json?: true
  readonly rpc: string
  readonly contract: string
  readonly peer?: readonly string[]
  readonly key?: string
  readonly maxFee?: string
}

/** `registrar node serve`: a trust node, until it is told to end. */
export async function nodeServeCommand(
  out: Terminal,
  folder: string,
  options: NodeServeOptions,
): Promise<number> {
  const place = placeOf(options)
  const { limits, peerAddresses } = await readNodeLimits(limitsFile(folder, options), {
    ...DEFAULT_LIMITS,
    peers: DEFAULT_PEER_LIMITS,
  })
  const peers = (options.peer ?? []).map(urlArgument)
  const registry = addressArgument(options.contract, '--contract')
  const account = await accountOf(options.key)
  const node = await openTrustNode(folder, {
    chain: await openChain(options.rpc, feeLimit(options)),
    registry,
    account,
    peers,
    hash: await openHasher(),
    onAuditFailure: (error) =>
      out.words(`registrar: error: the private log was not written: ${shown(error)}`),
  })
  const known = await PeerAddresses.open(peers, peerAddresses)
  try {
    const isPeer = (address: string): boolean => known.has(address)
    const server = await startServer(nodeSiteOf(node), { ...place, isPeer }, limits)
    sayWhere(out, server.address, options)
    out.words(`registrar: signs as ${account.address}`)
    await ended()
    out.words('registrar: finishing what is in hand')
    await server.close()
    return 0
  } finally {
    known.close()
    await node.close()
  }
}

function urlArgument(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text
  throw new VouchError('USAGE', { rule: '--peer must be an http or https URL', given: shown(text) })
}
