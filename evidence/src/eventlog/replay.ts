import { sha384 } from '@noble/hashes/sha2.js'
import { concat } from '@vouch/protocol'
import { EV_NO_ACTION, HASHES, type LogHash } from './layout.js'
import type { LoggedEvent } from './types.js'

/** Banks that can be replayed. */
const HASHERS = { sha384 } as const satisfies Readonly<
  Partial<Record<LogHash, (bytes: Uint8Array) => Uint8Array>>
>

/** The values that a log leads to in one bank, by index; registers that it does not speak of are not there. */
export function replay(
  events: readonly LoggedEvent[],
  bank: keyof typeof HASHERS,
): ReadonlyMap<number, Uint8Array> {
  const values = new Map<number, Uint8Array>()
  for (const { index, type, digests } of events) {
    const digest = digests.find(({ hash }) => hash === bank)?.digest
    if (type === EV_NO_ACTION || digest === undefined) continue
    values.set(index, HASHERS[bank](concat(values.get(index) ?? new Uint8Array(HASHES[bank].bytes), digest)))
  }
  return values
}
