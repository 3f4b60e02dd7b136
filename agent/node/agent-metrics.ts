import { CODE_LABEL, type Meter, type Metric } from '@vouch/host/http'
import { PROVIDER_NAMES } from '../src/index.js'

/** What an agent counts, beside what every server does. */
export const AGENT_METRICS = {
  attestations: {
    name: 'vouch_attestations_total',
    help: 'Attestations that were asked for, by the kind of hardware and what came of them',
    labels: { provider: PROVIDER_NAMES, outcome: ['attested', ...CODE_LABEL.code] },
  },
  seconds: {
    name: 'vouch_attestation_seconds',
    help: 'Seconds until the hardware has answered, or refused',
    labels: { provider: PROVIDER_NAMES },
  },
  announcements: {
    name: 'vouch_announcements_total',
    help: 'Keys that services announced, by what came of them',
    labels: { outcome: ['accepted', ...CODE_LABEL.code] },
  },
  awaited: { name: 'vouch_services_awaited', help: 'Services that have not announced their keys yet' },
} as const satisfies Readonly<Record<string, Metric<string>>>

/** Counts attestations of one kind of hardware. No count has a nonce. */
export function attestationCounter(
  meter: Meter,
  provider: string,
): (outcome: string, milliseconds: number) => void {
  const count = meter.counter(AGENT_METRICS.attestations)
  const time = meter.histogram(AGENT_METRICS.seconds)
  return (outcome, milliseconds) => {
    count({ provider, outcome })
    time({ provider }, milliseconds / 1000)
  }
}
