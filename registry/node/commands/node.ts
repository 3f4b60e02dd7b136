import { openHasher } from '@vouch/circuits'
import { shown, VouchError } from '@vouch/protocol'
import { numberArgument, type Terminal } from '@vouch/protocol/node'
import { accountOf } from '../chain/account.js'
import { addressArgument } from '../chain/addresses.js'
import { openChain } from '../chain/client.js'
import { OLDEST_HEAD } from '../head-clock.js'
import { nodeSiteOf } from '../trust/http.js'
import { openTrustNode } from '../trust/trust-node.js'
import { auditWarning, type ClockOptions, clockTrust, feeLimit } from './options.js'
import { proxyArgument, type ServingOptions, serveUntilEnded } from './serving.js'

export interface NodeServeOptions extends ServingOptions, ClockOptions {
  readonly host: string
  readonly port: string
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
  const port = numberArgument(options.port, '--port', { min: 0, max: 65_535 })
  const place = { host: options.host, port, proxy: proxyArgument(options.behindProxy) }
  const peers = (options.peer ?? []).map(urlArgument)
  const account = await accountOf(options.key)
  const node = await openTrustNode(folder, {
    chain: await openChain(options.rpc, feeLimit(options)),
    registry: addressArgument(options.contract, '--contract'),
    account,
    peers,
    clock: clockTrust(out, options),
    hash: await openHasher(),
    onAuditFailure: auditWarning(out),
  })
  const onServing = (): void => out.words(`registrar: signs as ${account.address}`)
  try {
    // Nobody reads the heads of a node's own log. They tell its next start what time it is at the least.
    const serving = {
      site: nodeSiteOf(node),
      place,
      registry: node.registry,
      cutEvery: OLDEST_HEAD,
      onServing,
    }
    return await serveUntilEnded(out, serving, options)
  } finally {
    await node.close()
  }
}

function urlArgument(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text
  throw new VouchError('USAGE', { rule: '--peer must be an http or https URL', given: shown(text) })
}
