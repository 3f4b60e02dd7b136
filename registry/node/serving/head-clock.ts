import { clock } from '@vouch/host/node'
import { VouchError } from '@vouch/protocol'
import type { Registry } from '../../src/store.js'

/** A head is cut at least so often, changed or not: verifiers refuse an old one, since it may hide a removal. */
export const OLDEST_HEAD = 1800
const SECOND_MS = 1000

/** The time, and what is to be done every so many seconds of it until the answer is called. */
export interface HeadClock {
  readonly now: () => number
  readonly every: (seconds: number, task: () => void) => () => void
}

export const headClock: HeadClock = {
  now: clock,
  every: (seconds, task) => {
    const timer = setInterval(task, seconds * SECOND_MS)
    return () => clearInterval(timer)
  },
}

/**
 * Cuts heads every so often if anything changed, and none grows older than half an hour: a first one at once where the newest is old
 * or lacks a member, after a time without a server. A clock that must not sign then ends the start. What else refuses a head now may
 * take it at the next turn. Answers with how to end it.
 */
export async function keepHeads(
  registry: Pick<Registry, 'head' | 'cutHead'>,
  cutEvery: number,
  onFailure: (error: unknown) => void,
  { now, every }: HeadClock = headClock,
): Promise<() => void> {
  const interval = Math.min(cutEvery, OLDEST_HEAD)
  // A head that would be too old at the next turn is followed at this one.
  const cut = async (): Promise<unknown> => {
    const { time } = await registry.head()
    return registry.cutHead({ evenIfUnchanged: now() - time + interval > OLDEST_HEAD })
  }
  await cut().catch((error: unknown) => {
    if (error instanceof VouchError && error.code === 'CLOCK_AHEAD') throw error
    onFailure(error)
  })
  return every(interval, () => void cut().catch(onFailure))
}
