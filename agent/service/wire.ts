import type { AddressInfo } from 'node:net'
import type { Gate, Place, Limits as ServerLimits, Site } from '@vouch/host/http'
import type { ErrorCode } from '@vouch/protocol'
import type { Exchange } from './exchange.js'
import type { Limits } from './limits.js'

/** What both wires of a service serve, and the one gate before them. */
export interface Serving {
  readonly place: Place
  readonly exchange: Exchange
  readonly limits: Limits
  readonly serverLimits: ServerLimits
  readonly gate: Gate
  readonly noteRefusal: Site<unknown>['noteRefusal']
  readonly count: (outcome: ErrorCode | 'answered') => void
}

/** A way in that is open. */
export interface Wire {
  readonly address: AddressInfo
  readonly scheme: 'tcp' | 'http'
  /** Takes nothing new, finishes what is in hand within this time, ends. */
  close(graceMs: number): Promise<void>
}
