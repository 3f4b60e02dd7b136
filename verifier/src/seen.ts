import { shown, toHex, VouchError } from '@vouch/protocol'

/** Memory of what was answered. */
export interface SeenStore {
  /**
   * Notes a challenge until a time; false when it was noted before. Of several calls at the same moment, one alone is
   * answered true, whoever shares the store.
   */
  consume(challenge: Uint8Array, until: number, now: number): Promise<boolean> | boolean
}

/** Refuses to note more: to forget one that is still good would let it be used again. */
export function assertRoomToRemember(noted: number, capacity: number): void {
  if (noted < capacity) return
  throw new VouchError('BUSY', {
    rule: `at most ${capacity} answered challenges are remembered at one time`,
    given: shown(noted),
    hint: 'shorten request_age, or make room for more',
  })
}

const CAPACITY = 100_000

/**
 * A store in the memory of one process. Nothing is noted before a proof has verified, so only holders of admitted
 * credentials can fill it, one proof for each place.
 */
export function memorySeen({ capacity = CAPACITY } = {}): SeenStore {
  const until = new Map<string, number>()
  return {
    consume: (challenge, end, now) => {
      const key = toHex(challenge)
      if (until.has(key)) return false
      if (until.size >= capacity) forget(until, now)
      assertRoomToRemember(until.size, capacity)
      until.set(key, end)
      return true
    },
  }
}

function forget(until: Map<string, number>, now: number): void {
  for (const [key, end] of until) if (end < now) until.delete(key)
}
