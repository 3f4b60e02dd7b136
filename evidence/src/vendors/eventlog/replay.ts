import { concat } from '@vouch/protocol'
import { HASHES, hashOf, type TpmHash } from './banks.js'
import { EV_NO_ACTION, STARTUP_LOCALITY } from './layout.js'
import type { LoggedEvent } from './types.js'

/**
 * What registers of a bank hold after all events, by their index: each event makes a register the hash of what it held and the
 * event's digest. Registers that the log does not speak of are not there.
 */
export function replay(events: readonly LoggedEvent[], bank: TpmHash): ReadonlyMap<number, Uint8Array> {
  const { id, bytes } = HASHES[bank]
  const registers = new Map<number, Uint8Array>()
  for (const event of events) {
    const { register, type, digests } = event
    const held = registers.get(register)
    if (type === EV_NO_ACTION) {
      const locality = register === 0 && held === undefined ? localityIn(event) : undefined
      if (locality !== undefined) registers.set(register, new Uint8Array(bytes).with(-1, locality))
      continue
    }
    const digest = digests.find(({ algorithm }) => algorithm === id)?.digest
    if (digest === undefined) continue
    registers.set(register, hashOf(bank, concat(held ?? new Uint8Array(bytes), digest)))
  }
  return registers
}

/** PCR 0 starts with the locality that it was started from. */
function localityIn({ data }: LoggedEvent): number | undefined {
  const isStart =
    data.length === STARTUP_LOCALITY.length + 1 && STARTUP_LOCALITY.every((byte, i) => data[i] === byte)
  return isStart ? data[STARTUP_LOCALITY.length] : undefined
}
