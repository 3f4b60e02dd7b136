import type { Limits } from '../../node/http/index.js'

/** Limits that no test reaches, unless it lowers one. */
export const WIDE_LIMITS: Limits = {
  writes: { burst: 1000, perSecond: 0 },
  reads: { burst: 1000, perSecond: 0 },
  concurrent: 8,
  connections: 64,
  perAddress: 64,
  headersMs: 5_000,
  requestMs: 20_000,
  responseMs: 30_000,
  checkMs: 1_000,
}
