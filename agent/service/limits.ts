/** What strangers may make the service do. */
export interface Limits {
  /** Longest ask, as a file: its message in hexadecimal, and room. */
  readonly askBytes: number
  /** How long a connection may say nothing, and how long an ask and its answer may take in all. */
  readonly idleMs: number
  readonly totalMs: number
  readonly connections: number
  /** Asks in hand at one time. */
  readonly concurrent: number
  /** Asks answered in one second: for one address, and for all. */
  readonly perAddress: number
  readonly total: number
  /** How long what is in hand may take when the service ends. */
  readonly graceMs: number
}

const MESSAGE_BYTES = 65_536

export const DEFAULT_LIMITS: Limits = {
  askBytes: 2 * MESSAGE_BYTES + 512,
  idleMs: 15_000,
  totalMs: 30_000,
  connections: 256,
  concurrent: 64,
  perAddress: 50,
  total: 500,
  graceMs: 5_000,
}
