import { concat } from '@vouch/protocol'
import { EV_NO_ACTION } from './layout.js'
import type { LoggedEvent } from './types.js'

interface Bank {
  readonly algorithm: number
  readonly hash: (bytes: Uint8Array) => Uint8Array
  /** What a register holds before its first event. */
  readonly initial: Uint8Array
}

/** What registers hold after all events: each event makes a register the hash of what it held and the event's digest. */
export function replay(
  events: readonly LoggedEvent[],
  { algorithm, hash, initial }: Bank,
): ReadonlyMap<number, Uint8Array> {
  const registers = new Map<number, Uint8Array>()
  for (const { register, type, digests } of events) {
    const digest = digests.find((candidate) => candidate.algorithm === algorithm)?.digest
    if (type === EV_NO_ACTION || digest === undefined) continue
    registers.set(register, hash(concat(registers.get(register) ?? initial, digest)))
  }
  return registers
}
