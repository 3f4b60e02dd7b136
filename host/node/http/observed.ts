import type { ErrorCode } from '@vouch/protocol'
import type { Meter } from '../metrics/meter.js'

/** What came of something that was asked: an answer, or the gravest code of its refusal. */
export type AskOutcome = ErrorCode | 'answered'

/** How a request ended, as counts and a request log tell it. */
export interface EndedRequest {
  readonly method: string
  /** The pattern of the route, and no path: paths name leaves and services. */
  readonly route: string
  readonly status: number
  readonly outcome: AskOutcome
  readonly ms: number
  /** Whose request it was. No count has it. */
  readonly from: string
}

/** The status of a request whose client has gone before the answer, by the custom of proxies. */
export const CLIENT_GONE = 499

/** What a server lets its operator see of it. */
export interface Observed {
  /** What counts; if not given, nothing is counted. */
  readonly meter?: Meter | undefined
  /** Where the counts are served; if not given, nowhere. */
  readonly metricsAt?: Address | undefined
  /** Told of each request, for a log; if not given, nobody is. */
  readonly onRequest?: ((ended: EndedRequest) => void) | undefined
}

export interface Address {
  readonly host: string
  readonly port: number
}
