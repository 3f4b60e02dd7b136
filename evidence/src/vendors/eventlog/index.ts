import type { Vendor } from '../vendor.js'
import { explainEventLog, explainTcg12 } from './explain.js'
import { looksLikeEventLog } from './parse.js'
import { looksLikeTcg12 } from './tcg12.js'

/** Logs of what firmware measured: they lead to registers, which evidence of others vouches for. */
export const eventlog: Vendor<never, Record<never, never>, never> = {
  anchors: [],
  kinds: {},
  parts: {
    'event-log': { looksLike: looksLikeEventLog, explain: ['event log, crypto-agile', explainEventLog] },
    'tcg12-event-log': {
      looksLike: looksLikeTcg12,
      toldBy: 'form',
      explain: ['event log of SHA-1 digests', explainTcg12],
    },
  },
}
