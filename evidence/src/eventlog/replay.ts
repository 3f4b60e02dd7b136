import { concat } from '@vouch/protocol'
import { hashOf } from '../tpm/hash.js'
import { HASHES, type TpmHash } from '../tpm/layout.js'
import type { LoggedEvent } from './types.js'

/** Such an event is written down and extends nothing. */
const EV_NO_ACTION = 3
/** "TCG PC Client Platform Firmware Profile" (1.05), section 10.4.5.3: PCR 0 starts with the locality that it was started from. */
const STARTUP_LOCALITY = new TextEncoder().encode('StartupLocality\0')

/** The values that a log leads to in one bank, by index; registers that it does not speak of are not there. */
export function replay(events: readonly LoggedEvent[], bank: TpmHash): ReadonlyMap<number, Uint8Array> {
  const values = new Map<number, Uint8Array>()
  for (const { index, type, digests, data } of events) {
    if (type === EV_NO_ACTION) {
      const start = startOf(data, bank)
      if (index === 0 && start !== undefined && !values.has(0)) values.set(0, start)
      continue
    }
    const digest = digests.find(({ hash }) => hash === bank)?.digest
    if (digest === undefined) continue
    const before = values.get(index) ?? new Uint8Array(HASHES[bank].bytes)
    values.set(index, hashOf(bank, concat(before, digest)))
  }
  return values
}

function startOf(data: Uint8Array, bank: TpmHash): Uint8Array | undefined {
  const isStart =
    data.length === STARTUP_LOCALITY.length + 1 && STARTUP_LOCALITY.every((byte, i) => data[i] === byte)
  return isStart ? new Uint8Array(HASHES[bank].bytes).with(-1, data[STARTUP_LOCALITY.length] ?? 0) : undefined
}
