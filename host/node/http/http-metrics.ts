import { EXIT_OF } from '@vouch/protocol'
import type { Meter, Metric } from '../metrics/meter.js'
import type { Gate } from './gate.js'
import type { EndedRequest } from './observed.js'

const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS']
/** Every status that a server of this project answers with, and 499 where the client has gone before the answer. */
const STATUSES = '200 201 204 304 400 403 404 413 415 429 499 500 503'.split(' ')

/** Codes of refusals, as labels have them. */
export const CODE_LABEL = { code: Object.keys(EXIT_OF) }

/** What every server counts. The list of routes is each server's own. */
export const HTTP_METRICS = {
  requests: {
    name: 'vouch_http_requests_total',
    help: 'Requests that ended, by the pattern of their route',
    labels: { route: [], method: METHODS, status: STATUSES },
  },
  seconds: {
    name: 'vouch_http_request_seconds',
    help: 'Seconds from the headers of a request to its answer',
    labels: { route: [] },
  },
  refusals: {
    name: 'vouch_refusals_total',
    help: 'Asks that were refused, by the gravest code',
    labels: CODE_LABEL,
  },
  turnedAway: {
    name: 'vouch_connections_refused_total',
    help: 'Connections that were refused before anything was asked',
    labels: { code: ['BUSY', 'RATE_LIMITED'] },
  },
  handshakeFailures: {
    name: 'vouch_tls_failures_total',
    help: 'Clients with which no TLS came about',
  },
  certificateEnd: {
    name: 'vouch_tls_certificate_end_timestamp_seconds',
    help: 'When the certificate of the server ends, in seconds since 1970; none without TLS',
  },
  connections: { name: 'vouch_connections', help: 'Connections that are open' },
  connectionsLimit: { name: 'vouch_connections_limit', help: 'Connections that strangers may have open' },
  inHand: { name: 'vouch_requests_in_hand', help: 'Requests that are worked on' },
  inHandLimit: { name: 'vouch_requests_in_hand_limit', help: 'Requests of strangers worked on at one time' },
} as const satisfies Readonly<Record<string, Metric<string>>>

/** Counts the connections and the work behind a gate. */
export function meterGate(meter: Meter, gate: Gate): void {
  meter.gauge(HTTP_METRICS.connections, () => gate.connections)
  meter.gauge(HTTP_METRICS.connectionsLimit, () => gate.limits.connections)
  meter.gauge(HTTP_METRICS.inHand, () => gate.inHand)
  meter.gauge(HTTP_METRICS.inHandLimit, () => gate.limits.concurrent)
}

/** Counts the requests for the routes of a server. */
export function requestCounter(meter: Meter, patterns: readonly string[]): (ended: EndedRequest) => void {
  const route = [...patterns, NO_ROUTE]
  const { requests, seconds } = HTTP_METRICS
  const count = meter.counter({ ...requests, labels: { ...requests.labels, route } })
  const time = meter.histogram({ ...seconds, labels: { route } })
  return ({ route, method, status, ms }) => {
    count({ route, method, status: String(status) })
    time({ route }, ms / 1000)
  }
}

/** What stands for the route of a request that no route is for. */
export const NO_ROUTE = 'none'
