import {
  type ErrorCode,
  EXIT_OF,
  type ExitStatus,
  type Explanation,
  exitStatus,
  type Failure,
  VouchError,
} from '@vouch/protocol'

/** One thing that was looked at, and how it came out. */
export interface Check {
  /** What must hold, in words. */
  readonly rule: string
  readonly outcome: 'held' | 'failed' | 'not checked'
}

/** What an accepted bundle shows, and nothing more. */
export interface Proven {
  readonly payload: Uint8Array
  /** When the service says it answered; as good as the service's clock. */
  readonly time: number
  /** The same for one holder within one scope, and for nobody else. */
  readonly nullifier: bigint
  /** Whether one of the accepted policies admits simulated evidence: then nothing genuine may stand behind this. */
  readonly simulated: boolean
}

/** What Bob comes to believe. The list of checks is written by the checks themselves as they run. */
export type Verdict =
  | { readonly accepted: true; readonly exit: 0; readonly checks: readonly Check[]; readonly proven: Proven }
  | {
      readonly accepted: false
      readonly exit: Exclude<ExitStatus, 0>
      readonly checks: readonly Check[]
      readonly failures: readonly Failure[]
    }

/** Collects the outcome of every check. What a policy refuses is collected whole, so that a person sees all of it. */
export class Checklist {
  private readonly checks: Check[] = []
  private readonly failures: Failure[] = []

  /** Notes whether a rule holds; a rule that does not is a failure with this code. */
  require(holds: boolean, code: ErrorCode, explanation: Explanation): boolean {
    this.checks.push({ rule: explanation.rule, outcome: holds ? 'held' : 'failed' })
    if (!holds) this.failures.push({ code, ...explanation })
    return holds
  }

  /** Reads something that may be unreadable: what it throws becomes a failure, and the other checks go on. */
  attempt<T>(rule: string, read: () => T): T | undefined {
    try {
      const value = read()
      this.checks.push({ rule, outcome: 'held' })
      return value
    } catch (error) {
      this.refuse(rule, error)
      return undefined
    }
  }

  /** Notes a rule whose check could not be carried out, and why. Anything but our own error is a bug, and not hidden. */
  refuse(rule: string, error: unknown): void {
    if (!(error instanceof VouchError)) throw error
    this.checks.push({ rule, outcome: 'failed' })
    this.failures.push(error)
  }

  /** Notes a rule that there was no point in checking. */
  skip(rule: string): void {
    this.checks.push({ rule, outcome: 'not checked' })
  }

  /** Throws the gravest failure, where the caller has no verdict to give. */
  orThrow(): void {
    const exit = exitStatus(this.failures)
    const failure = this.failures.find(({ code }) => EXIT_OF[code] === exit)
    if (failure !== undefined) throw new VouchError(failure.code, failure)
  }

  /** The verdict. Nothing was proven unless every check held, each of them. */
  verdict(proven: Proven | undefined): Verdict {
    const { checks, failures } = this
    const exit = exitStatus(failures)
    if (exit !== 0) return { accepted: false, exit, checks, failures }
    if (proven === undefined || checks.some(({ outcome }) => outcome !== 'held')) {
      throw new VouchError('INTERNAL', { rule: 'a verdict without failures must have checked everything' })
    }
    return { accepted: true, exit, checks, proven }
  }
}
