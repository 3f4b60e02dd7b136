import type { Rate, Limits as ServerLimits } from '@vouch/host/http'

/** What strangers may make the service do. A client is an IPv4 address, or a /64 network of IPv6. */
export interface ServiceLimits {
  /** Longest ask, as a file: its message in hexadecimal, and room. */
  readonly askBytes: number
  /** How long a connection may say nothing, and how long an ask and its answer may take in all. */
  readonly idleMs: number
  readonly totalMs: number
  /** Connections over TCP and HTTP together, and those of one client. A client with fewer takes the place of a greedier one. */
  readonly connections: number
  readonly perClient: number
  /** Asks in hand at one time; of one client at most half, of the next half of the rest. */
  readonly concurrent: number
  /** Asks answered in one second, or a rate of them: for one client, and for all. Past the latter each client has one a second. */
  readonly perAddress: number | Rate
  readonly total: number | Rate
  /** How long what is in hand may take when the service ends. */
  readonly graceMs: number
}

const MESSAGE_BYTES = 65_536

export const SERVICE_LIMITS: ServiceLimits = {
  askBytes: 2 * MESSAGE_BYTES + 512,
  idleMs: 15_000,
  totalMs: 30_000,
  connections: 256,
  perClient: 32,
  concurrent: 64,
  perAddress: 50,
  total: 500,
  graceMs: 5_000,
}

/** The same, as every server of the project has them. */
export function serverLimits(limits: ServiceLimits): ServerLimits {
  const { idleMs, totalMs, connections, perClient, concurrent, perAddress, total } = limits
  const headersMs = Math.min(idleMs, totalMs)
  return {
    writes: rateOf(perAddress),
    reads: rateOf(perAddress),
    total: rateOf(total),
    concurrent,
    connections,
    perAddress: perClient,
    headersMs,
    requestMs: totalMs,
    responseMs: totalMs,
    totalMs,
    checkMs: Math.min(1_000, headersMs),
  }
}

const rateOf = (rate: number | Rate): Rate =>
  typeof rate === 'number' ? { burst: rate, perSecond: rate } : rate
