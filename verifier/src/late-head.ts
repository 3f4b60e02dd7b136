import type { Head } from '@vouch/protocol'

/**
 * Seconds after which a registrar that serves has cut another head at the latest, changed or not: half an hour, and some for
 * slow ones.
 */
const USUAL = 2400

/** A head that no other has followed for longer than usual, and until when it counts all the same. */
export interface LateHead {
  readonly since: number
  readonly until: number
}

/** Whether a registry has fallen silent: before its head is too old, so that a person can act. */
export function lateHead(head: Pick<Head, 'time'>, headAge: number, now: number): LateHead | undefined {
  if (now - head.time <= USUAL) return undefined
  return { since: head.time, until: head.time + headAge }
}
