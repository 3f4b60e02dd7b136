import {
  isLoopback,
  type Limits,
  type ListeningPlace,
  NO_METER,
  observe,
  type RunningServer,
  type Site,
  startServer,
} from '@vouch/host/http'
import { sayFailure, type Terminal } from '@vouch/host/node'
import { exitStatus, sentence, VouchError } from '@vouch/protocol'
import type { Registry } from '../../src/store.js'
import type { Admitter } from '../http/admitting.js'
import { headClock, keepHeads } from './head-clock.js'
import { metered, meterRegistry, REGISTRAR_METRICS } from './registrar-metrics.js'

export interface Serving<Service extends Admitter> {
  readonly site: Site<Service>
  readonly place: ListeningPlace
  readonly limits: Limits
  readonly registry: Registry
  /** How often heads are cut, in seconds. */
  readonly cutEvery: number
  /** Called once the server answers. */
  readonly onServing?: () => void
}

/** How often the lock and the ends of the logs are looked at: how long a server may stay up that another has taken the place of. */
const WATCH_SECONDS = 5

/**
 * Serves, and keeps heads young, until the process is told to end. Or until it must: a server that can write nothing more would go on to
 * show what it had, and hide from everybody that its registry goes on elsewhere, or nowhere. Answers with the exit status.
 */
export async function serveUntilEnded<Service extends Admitter>(
  out: Terminal,
  { site, place, limits, registry, cutEvery, onServing }: Serving<Service>,
  { json }: { readonly json?: true },
): Promise<number> {
  const told = ended() // before anybody knows that it is there to be told
  const { meter = NO_METER } = place
  const countHeadFailure = meter.counter(REGISTRAR_METRICS.headFailures)
  const ends = [
    await keepHeads(registry, cutEvery, (error) => {
      countHeadFailure({})
      out.words(`${out.program}: error: no head could be cut: ${wordsOf(error)}`)
    }),
    // What it finds out ends the process by `lost`, or is said when the next head is due.
    headClock.every(WATCH_SECONDS, () => void registry.assertWriter().catch(() => undefined)),
  ]
  meterRegistry(meter, registry)
  let metrics: RunningServer | undefined
  try {
    metrics = await observe(place, site.service)
    const server = await startServer({ ...site, service: metered(site.service, meter) }, place, limits)
    sayWhere(out, [server, ...(metrics === undefined ? [] : [metrics])], json ?? false)
    onServing?.()
    const loss = await Promise.race([told, registry.lost])
    if (loss !== undefined) sayFailure(out, loss, json ?? false)
    out.words(`${out.program}: finishing what is in hand`)
    await server.close()
    return loss === undefined ? 0 : exitStatus([loss])
  } finally {
    for (const end of ends) end()
    await metrics?.close()
  }
}

const wordsOf = (error: unknown): string =>
  error instanceof VouchError ? `${sentence(error)} [${error.code}]` : 'unknown'

function sayWhere(out: Terminal, servers: readonly RunningServer[], json: boolean): void {
  const [url, metrics] = servers.map((server, i) => (i === 0 ? server.url : `${server.url}/metrics`))
  if (json) out.data(JSON.stringify({ url, metrics }))
  else for (const where of [url, metrics]) if (where !== undefined) out.data(`serving ${where}`)
  for (const { url, address } of servers) {
    if (url.startsWith('http:') && !isLoopback(address.address))
      out.words(`${out.program}: warning: ${url} is not loopback, and what it speaks is not encrypted`)
  }
}

function ended(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(undefined))
  })
}
