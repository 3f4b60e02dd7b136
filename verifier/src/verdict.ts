import {
  type Bundle,
  type Envelope,
  type ErrorCode,
  EXIT_OF,
  type ExitStatus,
  type Explanation,
  exitStatus,
  type Failure,
  isSimulated,
  type Opening,
  PROFILES,
  type Request,
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
  /**
   * What the service's key signed: the digest of the envelope. Each answer has one digest, in every proof of it: count
   * answers by it.
   */
  readonly digest: Uint8Array
  /** What was asked, where that was shown, and the envelope answers it. */
  readonly asked: Uint8Array | undefined
  /** When the service says that it answered: to two minutes, and as good as the service's clock. */
  readonly time: number
  /**
   * The same for one credential within one scope, and for no other credential. A machine that enrolls twice has two
   * credentials: no count of machines or people follows from it.
   */
  readonly nullifier: bigint
  /** Whether one of the accepted policies admits simulated evidence: then nothing genuine may stand behind this. */
  readonly simulated: boolean
}

/** What follows from a bundle if every check holds: what the envelope says, and what the Request asked. */
export function provenBy(
  bundle: Bundle,
  envelope: Envelope,
  { profile, policies }: Request,
  opening: Opening | undefined,
): Proven {
  return {
    payload: envelope.payload,
    digest: PROFILES[profile].digest(bundle.envelope),
    asked: opening?.message,
    time: envelope.time,
    nullifier: bundle.nullifier,
    simulated: policies.some(isSimulated),
  }
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
