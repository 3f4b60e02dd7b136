import type { Waiting } from '../src/retry.js'

/** A clock that only sleeping moves, and one chance: nothing is really waited for. */
export function fakeWaiting(chance: number): {
  readonly waiting: Waiting
  readonly pauses: readonly number[]
  pass(ms: number): void
} {
  const pauses: number[] = []
  let time = Date.parse('Tue, 01 Dec 2026 12:00:00 GMT')
  const waiting: Waiting = {
    now: () => time,
    random: () => chance,
    sleep: async (ms) => {
      pauses.push(ms)
      time += ms
    },
  }
  return {
    waiting,
    pauses,
    pass: (ms) => {
      time += ms
    },
  }
}
