import type { Rate } from './token-buckets.js'

/** What clients of one kind may take: each of them, and all together. */
export interface CrowdLimits {
  /** What one client may ask that costs work (POST), and what costs a read (GET). */
  readonly writes: Rate
  readonly reads: Rate
  /** What all clients together may ask. Past it, each client has one request a second left, so that no client silences another. */
  readonly total?: Rate
  /** Requests in hand at one time; past it, the answer is that the server is busy. */
  readonly concurrent: number
  readonly connections: number
  /** Connections of one client, or requests in hand of one client behind the proxy. */
  readonly perAddress: number
}

/** What strangers may make a server do. */
export interface Limits extends CrowdLimits {
  /** How long a client may take to send its headers, and its whole request. */
  readonly headersMs: number
  readonly requestMs: number
  /** How long a client may take to read its answer. */
  readonly responseMs: number
  /** How long a request may take from its first byte to the answer's last; without it, the server's work takes its time. */
  readonly totalMs?: number
  /** How often slow clients are looked for. */
  readonly checkMs: number
  /** The longest body. A route may take less. */
  readonly bodyBytes?: number
  /** What recognised peers may take, in place of what strangers may. */
  readonly peers?: CrowdLimits
}
