import { TokenBuckets } from '@vouch/host/http'
import { LineFile } from '@vouch/host/node'
import type { Failure } from '@vouch/protocol'

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

/** Where each of the two is kept. */
export interface AuditPaths {
  readonly auditLog: string
  readonly refusalLog: string
}

export interface AuditBounds {
  /** Bytes of each file; one older file of the same size is kept. */
  readonly decisions: number
  readonly refusals: number
}

const MB = 1024 * 1024
/** One file of decisions has room for the admission of every leaf that a registry can hold. */
const BOUNDS: AuditBounds = { decisions: 256 * MB, refusals: 16 * MB }

/** What one network's refusals may take of a file that all share. */
const NOTED = { burst: 60, perSecond: 0.1 }

/**
 * The private log: one line of JSON for each decision, and for refusals. Its reader learns which machine has which credential. Decisions and
 * refusals lie apart, each in bounds of its own: strangers cause as many refusals as they like, and must push no decision out, nor
 * fill the disk, nor hide among their own lines what others were refused for.
 */
export class AuditLog {
  private readonly decisions: LineFile
  private readonly refusals: LineFile
  private readonly networks = new TokenBuckets(NOTED)
  private leftOut = 0

  constructor(
    { auditLog, refusalLog }: AuditPaths,
    onFailure: (error: unknown) => void,
    bounds: AuditBounds = BOUNDS,
  ) {
    this.decisions = new LineFile(auditLog, { maxBytes: bounds.decisions, keeps: true, onFailure })
    this.refusals = new LineFile(refusalLog, { maxBytes: bounds.refusals, keeps: false, onFailure })
  }

  /**
   * Writes a decision, and answers whether the disk has it. Nothing waits for one that the disk refuses: what was admitted or removed
   * stands in the registry's own log. The line is kept, and written when there is room.
   */
  write({ time, outcome, from, details }: AuditedDecision): Promise<boolean> {
    return this.decisions.append(JSON.stringify({ time, outcome, from, ...details }))
  }

  /** Notes a refusal, unless its network has had many noted: those are counted, and the next line says how many. */
  async refuse({ time, from, failures }: Refusal): Promise<void> {
    if (this.networks.take(from, time) !== 'granted') {
      this.leftOut++
      return
    }
    const before = this.leftOut === 0 ? {} : { left_out: this.leftOut }
    this.leftOut = 0
    await this.refusals.append(
      JSON.stringify({ time, outcome: 'refused', from, ...before, ...refusalDetails(failures) }),
    )
  }

  /** Tries once more to write what the disk refused. */
  close(): Promise<void> {
    return this.decisions.close()
  }
}

/** A refusal as the log tells it: every code, and the gravest words. What was given is a stranger's and is left out. */
export function refusalDetails(failures: readonly Failure[]): Readonly<Record<string, string>> {
  return {
    codes: failures.map(({ code }) => code).join(','),
    rule: failures.map(({ rule }) => rule).join('; '),
  }
}
