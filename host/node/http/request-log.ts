import { VouchError } from '@vouch/protocol'
import type { ServerTerminal } from '../log/server-terminal.js'
import { networkOf } from './network.js'
import type { EndedRequest } from './observed.js'

/** Whether requests are logged, and whether their clients are. */
export interface RequestLogOptions {
  readonly logRequests?: true | undefined
  readonly logAddresses?: true | undefined
}

/**
 * Logs each request, where the operator wants that: by the pattern of its route, so that no line says which leaf somebody read or whose proof.
 * Where it came from is told when that is asked for too, and then by the network, as limits count clients.
 */
export function requestLog(
  out: ServerTerminal,
  { logRequests, logAddresses }: RequestLogOptions,
): ((ended: EndedRequest) => void) | undefined {
  if (logAddresses && !logRequests)
    throw new VouchError('USAGE', { rule: '--log-addresses is given without --log-requests' })
  if (!logRequests) return undefined
  return ({ method, route, status, outcome, ms, from }) =>
    out.event('request', {
      method,
      route,
      status,
      ms: Math.round(ms),
      code: outcome === 'answered' ? undefined : outcome,
      network: logAddresses ? networkOf(from) : undefined,
    })
}
