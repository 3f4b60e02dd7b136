import type { AskOutcome, Gate, ListeningPlace, Live, Limits as ServerLimits, Site } from '@vouch/host/http'
import type { Exchange } from './exchange.js'
import type { ServiceLimits } from './limits.js'

/** What both wires of a service serve, and the one gate before them. */
export interface WireServing extends Live {
  readonly place: ListeningPlace
  readonly exchange: Exchange
  readonly limits: ServiceLimits
  readonly serverLimits: ServerLimits
  readonly gate: Gate
  readonly noteRefusal: Site<unknown>['noteRefusal']
  readonly count: (outcome: AskOutcome) => void
}

/** A way in that is open. */
export interface Wire {
  /** How agents and clients name it. */
  readonly endpoint: string
  /** Takes nothing new, finishes what is in hand within this time, ends. */
  close(graceMs: number): Promise<void>
}
