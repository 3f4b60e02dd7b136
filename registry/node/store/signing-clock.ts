import { uptime } from 'node:os'
import { dateOf } from '@vouch/host/node'
import { VouchError } from '@vouch/protocol'

/** A day: an outage of hours needs no operator. */
export const MAX_AHEAD = 86_400

/** What a registry believes of the clock that it dates heads and admissions by. */
export interface ClockTrust {
  /** How many seconds the clock may be ahead of the newest head: a day, if not given. */
  readonly maxAhead?: number | undefined
  /** Whether the operator has confirmed that the clock was right when the registry was opened. */
  readonly timeIsRight?: boolean | undefined
  /** Told when somebody sets the clock while the registry is open: by how many seconds. */
  readonly onJump?: ((seconds: number) => void) | undefined
  /** Seconds that count up and that no user can set. If not given: the machine's uptime, which goes on while the machine sleeps. */
  readonly elapsed?: (() => number) | undefined
}

/** Steps of the clock that are no news: time servers move clocks by less. */
const JUMP = 60

/**
 * The clock that a registry signs by. A head's time never goes back, so a head of next year would be the last that anybody accepts
 * until next year: one start under a wrong clock would end the registry. So the newest head says what time it is at the least,
 * the seconds that passed since the registry was opened are added, and a clock that is further ahead than an outage explains signs
 * nothing before the operator has confirmed it.
 */
export class SigningClock {
  private readonly now: () => number
  private readonly elapsed: () => number
  private readonly trust: ClockTrust
  /** A time that had come when the registry was opened. */
  private readonly known: number
  private readonly opened: { readonly now: number; readonly elapsed: number }
  private noticed = 0

  /** `now`: what a dead battery, a restored machine or a false time server may set to anything. */
  constructor(newestHead: number, now: () => number, trust: ClockTrust = {}) {
    this.now = now
    this.elapsed = trust.elapsed ?? uptime
    this.trust = trust
    this.opened = { now: now(), elapsed: this.elapsed() }
    this.known = trust.timeIsRight ? Math.max(newestHead, this.opened.now) : newestHead
  }

  /** The time that may be signed. */
  time(): number {
    const now = this.now()
    const passed = this.elapsed() - this.opened.elapsed
    this.noticeJump(now - this.opened.now - passed)
    const { maxAhead = MAX_AHEAD } = this.trust
    if (now - this.known - passed <= maxAhead) return now
    throw clockAhead(now, this.known + passed, maxAhead)
  }

  private noticeJump(drift: number): void {
    const jump = Math.round(drift - this.noticed)
    if (Math.abs(jump) < JUMP) return
    this.noticed = drift
    this.trust.onJump?.(jump)
  }
}

function clockAhead(now: number, known: number, maxAhead: number): VouchError {
  const hours = (seconds: number): number => Math.round(seconds / 3600)
  return new VouchError('CLOCK_AHEAD', {
    rule: `the clock is more than ${hours(maxAhead)} h ahead of the newest head, so nothing is signed`,
    given: `${dateOf(now)}, ${hours(now - known)} h ahead of ${dateOf(Math.round(known))}`,
    hint: 'set the clock right; after a long outage, confirm a clock that is right: start again with --time-is-right',
  })
}
