import { type Meter, NO_METER } from '../metrics/meter.js'
import { PROMETHEUS_TEXT } from './answer.js'
import type { Limits } from './limits.js'
import { LIVENESS_ROUTES, type Live } from './liveness.js'
import type { Observed } from './observed.js'
import type { Routes } from './routes.js'
import { type RunningServer, startServer } from './server.js'

const RATE = { burst: 60, perSecond: 4 }

/** A few scrapers at a time, on an address that they alone should reach. */
const METRICS_LIMITS: Limits = {
  writes: RATE,
  reads: RATE,
  concurrent: 4,
  connections: 16,
  perAddress: 16,
  headersMs: 5_000,
  requestMs: 5_000,
  responseMs: 10_000,
  checkMs: 1_000,
}

const READY = { name: 'vouch_ready', help: 'Whether the server can do its work now: 1, or 0' }

/** What an observed server declares beside what it counts by HTTP. */
export const LIVENESS_METRICS = { ready: READY } as const

interface Scraped extends Live {
  readonly meter: Meter
}

const METRICS_ROUTES: Routes<Scraped> = {
  ...LIVENESS_ROUTES,
  '/metrics': {
    method: 'GET',
    path: /^\/metrics$/,
    bodyLimit: 0,
    answer: async ({ meter }) => ({
      status: 200,
      type: PROMETHEUS_TEXT,
      body: await meter.text(),
      caching: 'nothing',
    }),
  },
}

/**
 * Serves what a server counts, on the address that the operator names, and answers with that server; with nothing when none is named. It is no
 * route of the public server: who watches the count of admissions learns when each came, which heads cut on a clock hide.
 */
export async function observe(
  { meter = NO_METER, metricsAt }: Observed,
  live: Live,
): Promise<RunningServer | undefined> {
  meter.gauge(READY, async () => ((await live.unready()).length === 0 ? 1 : 0))
  if (metricsAt === undefined) return undefined
  const site = {
    routes: METRICS_ROUTES,
    service: { unready: () => live.unready(), meter },
    noteRefusal: () => undefined,
  }
  return startServer(site, { ...metricsAt, origins: [] }, METRICS_LIMITS)
}
