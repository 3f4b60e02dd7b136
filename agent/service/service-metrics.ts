import { type AskOutcome, CODE_LABEL, HTTP_METRICS, type Meter, type Metric } from '@vouch/host/http'
import type { Exchange } from './exchange.js'

const WIRES = { wire: ['tcp', 'http'] }

/** What a service counts, beside what every server does. */
export const SERVICE_METRICS = {
  asks: {
    name: 'vouch_asks_total',
    help: 'Asks that ended, by the way they came and what came of them',
    labels: { ...WIRES, outcome: ['answered', ...CODE_LABEL.code] },
  },
  seconds: {
    name: 'vouch_answer_seconds',
    help: 'Seconds from a whole ask to its signed answer',
    labels: WIRES,
  },
} as const satisfies Readonly<Record<string, Metric<string>>>

/** One wire, counted. `tally` is what the log hears of. */
export function wireMeter(meter: Meter, wire: 'tcp' | 'http', tally: (outcome: AskOutcome) => void) {
  const countAsk = meter.counter(SERVICE_METRICS.asks)
  const countRefusal = meter.counter(HTTP_METRICS.refusals)
  const time = meter.histogram(SERVICE_METRICS.seconds)
  return {
    count: (outcome: AskOutcome): void => {
      tally(outcome)
      countAsk({ wire, outcome })
      // The HTTP server counts its own.
      if (wire === 'tcp' && outcome !== 'answered') countRefusal({ code: outcome })
    },
    exchange:
      (exchange: Exchange): Exchange =>
      async (ask) => {
        const start = performance.now()
        const answer = await exchange(ask)
        time({ wire }, (performance.now() - start) / 1000)
        return answer
      },
  }
}
