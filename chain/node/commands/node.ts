import { openHasher } from '@vouch/circuits'
import {
  type ListeningOptions,
  limitsFile,
  placeOf,
  type RunningServer,
  readNodeLimits,
} from '@vouch/host/http'
import { serverTerminal, type Terminal } from '@vouch/host/node'
import { shown, VouchError } from '@vouch/protocol'
import {
  auditWarning,
  type ClockOptions,
  clockTrust,
  OLDEST_HEAD,
  PEER_LIMITS,
  REGISTRAR_LIMITS,
  serveUntilEnded,
  stepTimer,
} from '@vouch/registry/node'
import { accountOf } from '../client/account.js'
import { addressArgument } from '../client/addresses.js'
import { openChain } from '../client/client.js'
import { nodeSiteOf } from '../trust/http.js'
import { PeerAddresses } from '../trust/peer-addresses.js'
import { mutualPeers, type PeerOptions } from '../trust/peer-server.js'
import { openTrustNode } from '../trust/trust-node.js'
import { feeLimit } from './options.js'

export interface NodeServeOptions extends ListeningOptions, ClockOptions, PeerOptions {
  readonly json?: true
  readonly rpc: string
  readonly contract: string
  readonly peer?: readonly string[]
  readonly key?: string
  readonly maxFee?: string
}

/** `registrar node serve`: a trust node, until it is told to end. */
export async function nodeServeCommand(
  terminal: Terminal,
  folder: string,
  options: NodeServeOptions,
): Promise<number> {
  const out = await serverTerminal(terminal, options)
  const place = await placeOf(options, out)
  const { limits, peerAddresses } = await readNodeLimits(limitsFile(folder, options), {
    ...REGISTRAR_LIMITS,
    peers: PEER_LIMITS,
  })
  const peers = (options.peer ?? []).map(urlArgument)
  const mutual = await mutualPeers(out, options)
  const account = await accountOf(options.key)
  const node = await openTrustNode(folder, {
    chain: await openChain(options.rpc, feeLimit(options)),
    registry: addressArgument(options.contract, '--contract'),
    account,
    peers,
    tls: mutual?.tls,
    clock: clockTrust(out, options),
    hash: await openHasher(),
    onAuditFailure: auditWarning(out),
    onStep: stepTimer(place.meter),
  })
  const known = await PeerAddresses.open(peers, peerAddresses)
  const onServing = (): void => out.words(`registrar: signs as ${account.address}`)
  let forPeers: RunningServer | undefined
  try {
    forPeers = await mutual?.serve(node, place)
    // The heads of a node's own log have no reader but the node. They tell its next start what time it is at the least.
    const serving = {
      site: nodeSiteOf(node, mutual !== undefined),
      place: { ...place, isPeer: (address: string): boolean => known.has(address) },
      limits,
      registry: node.registry,
      cutEvery: OLDEST_HEAD,
      onServing,
    }
    return await serveUntilEnded(out, serving, options)
  } finally {
    await forPeers?.close()
    known.close()
    await node.close()
  }
}

function urlArgument(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text
  throw new VouchError('USAGE', { rule: '--peer must be an http or https URL', given: shown(text) })
}
