import type { CrowdLimits, Limits, Site } from '@vouch/host/http'
import { REGISTRAR_ROUTES } from './routes.js'
import type { RegistrarService } from './service.js'

export const REGISTRAR_LIMITS: Limits = {
  writes: { burst: 30, perSecond: 0.5 },
  reads: { burst: 1100, perSecond: 20 }, // a whole registry at once is 1,024 buckets and a few files more
  concurrent: 32,
  connections: 512,
  perAddress: 32,
  headersMs: 5_000,
  requestMs: 20_000,
  responseMs: 30_000,
  checkMs: 1_000,
}

/** What the peers of a trust node may take, beside strangers: each enrollment that a peer takes in comes here once. */
export const PEER_LIMITS: CrowdLimits = {
  writes: { burst: 120, perSecond: 4 },
  reads: REGISTRAR_LIMITS.reads,
  concurrent: 16,
  connections: 64,
  perAddress: 16,
}

/** What a registrar serves to strangers. */
export function siteOf(service: RegistrarService): Site<RegistrarService> {
  return {
    routes: REGISTRAR_ROUTES,
    service,
    noteRefusal: (from, failures) => service.noteRefusal(from, failures),
  }
}
