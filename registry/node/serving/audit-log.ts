import { TokenBuckets } from '@vouch/host/http'
import type { Failure } from '@vouch/protocol'
import type { Note, Registry } from '../../src/store.js'

/** What was decided, for the registrar's own eyes. */
export interface AuditedDecision {
  readonly time: number
  readonly outcome: 'admitted' | 'signed' | 'removed' | 'readmitted'
  /** Who asked: an address, or the command line. */
  readonly from: string
  readonly details: Readonly<Record<string, string | number>>
}

export interface Refusal {
  readonly time: number
  readonly from: string
  readonly failures: readonly Failure[]
}

/** What one network's refusals may take of a file that all share. */
const NOTED = { burst: 60, perSecond: 0.1 }

/**
 * The private log: a line of JSON for each decision, and for refusals, in the registry's own database. Its reader learns which machine has
 * which credential. Strangers cause as many refusals as they like, and must not hide among their own lines what others were
 * refused for: of one network, some are noted.
 */
export class AuditLog {
  private readonly registry: Pick<Registry, 'note'>
  private readonly onFailure: (error: unknown) => void
  private readonly networks = new TokenBuckets(NOTED)
  private leftOut = 0

  constructor(registry: Pick<Registry, 'note'>, onFailure: (error: unknown) => void) {
    this.registry = registry
    this.onFailure = onFailure
  }

  /**
   * Notes a decision, and answers whether the database has it. A decision does not fail with its note: what was admitted or removed
   * stands in the registry's records.
   */
  write({ time, outcome, from, details }: AuditedDecision): Promise<boolean> {
    return this.note({ time, kind: 'decision', line: JSON.stringify({ time, outcome, from, ...details }) })
  }

  /** Notes a refusal, unless its network has had many noted: those are counted, and the next line says how many. */
  async refuse({ time, from, failures }: Refusal): Promise<void> {
    if (this.networks.take(from, time) !== 'granted') {
      this.leftOut++
      return
    }
    const before = this.leftOut === 0 ? {} : { left_out: this.leftOut }
    this.leftOut = 0
    const told = { time, outcome: 'refused', from, ...before, ...refusalDetails(failures) }
    await this.note({ time, kind: 'refusal', line: JSON.stringify(told) })
  }

  private async note(note: Note): Promise<boolean> {
    try {
      await this.registry.note(note)
      return true
    } catch (error) {
      this.onFailure(error)
      return false
    }
  }
}

/** A refusal as the log tells it: every code, and the gravest words. What was given is a stranger's and is left out. */
export function refusalDetails(failures: readonly Failure[]): Readonly<Record<string, string>> {
  return {
    codes: failures.map(({ code }) => code).join(','),
    rule: failures.map(({ rule }) => rule).join('; '),
  }
}
