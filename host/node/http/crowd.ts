import { VouchError } from '@vouch/protocol'
import { Connections } from './connections.js'
import type { CrowdLimits } from './limits.js'
import { Tally } from './tally.js'
import { type Grant, TokenBuckets } from './token-buckets.js'

const SECOND_MS = 1000

/** What is left to a client when all together have asked too much. */
const RESERVE = { burst: 1, perSecond: 1 }

/** Clients of one kind, and what they share: connections, rates, work. Strangers are one kind, recognised peers another. */
export class Crowd {
  readonly connections: Connections
  readonly limits: CrowdLimits
  private readonly buckets: Readonly<Record<'read' | 'write', TokenBuckets>>
  private readonly total: TokenBuckets | undefined
  private readonly reserve = new TokenBuckets(RESERVE)
  private readonly working = new Tally()
  private worked = 0

  constructor(limits: CrowdLimits) {
    this.limits = limits
    this.connections = new Connections(limits)
    this.buckets = { read: new TokenBuckets(limits.reads), write: new TokenBuckets(limits.writes) }
    this.total = limits.total && new TokenBuckets(limits.total)
  }

  /** Requests that are worked on now. */
  get inHand(): number {
    return this.worked
  }

  /** Takes a request of a client out of its rate, and out of the rate of all. */
  take(kind: 'read' | 'write', client: string): Grant {
    const now = Date.now() / SECOND_MS
    const grant = this.buckets[kind].take(client, now)
    if (grant !== 'granted' || this.total === undefined) return grant
    return this.total.take('all', now) === 'granted' ? 'granted' : this.reserve.take(client, now)
  }

  /**
   * Works for a client, if it has less in hand than there are places left: one client gets half of all places, the next half
   * of the rest, so that few clients leave a place for a newcomer. Waiting for a slow client is no work, and takes no place.
   */
  async work<T>(client: string, work: () => Promise<T> | T): Promise<T> {
    const { concurrent } = this.limits
    if (this.working.of(client) >= concurrent - this.worked) {
      throw new VouchError('BUSY', {
        rule: `the server takes ${concurrent} requests in hand, and of one client half of the places left`,
      })
    }
    this.worked++
    this.working.enter(client)
    try {
      return await work()
    } finally {
      this.worked--
      this.working.leave(client)
    }
  }
}
