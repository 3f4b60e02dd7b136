import { type ErrorCode, type Explanation, type Failure, VouchError } from '@vouch/protocol'

/** One thing that was looked at, and how it came out. */
export interface Check {
  /** What must hold, in words. */
  readonly rule: string
  readonly outcome: 'held' | 'failed'
}

/** A failure of appraisal says which field it is about and what would have done. */
export interface AppraisalFailure extends Failure {
  readonly field: string
  readonly wanted: string
  readonly given: string
}

/** Collects the outcome of every check, so that a person sees all that is wrong at once. */
export class Checks<F extends Failure = Failure> {
  readonly checks: Check[] = []
  readonly failures: F[] = []
  readonly notChecked: string[] = []
  readonly warnings: string[] = []

  /** Notes whether a rule holds; one that does not is this failure. */
  note(holds: boolean, failure: F): boolean {
    this.checks.push({ rule: failure.rule, outcome: holds ? 'held' : 'failed' })
    if (!holds) this.failures.push(failure)
    return holds
  }

  /** Notes what fails nothing by itself, and a person should know before they rely on the rest. */
  warn(what: string): void {
    this.warnings.push(what)
  }

  /** Notes a check that cannot be made, or was not asked for: once, however many parts of evidence it holds for. */
  leave(what: string): void {
    if (!this.notChecked.includes(what)) this.notChecked.push(what)
  }
}

/** Notes whether a rule of cryptography or form holds. */
export function must(checks: Checks, holds: boolean, code: ErrorCode, explanation: Explanation): boolean {
  return checks.note(holds, { code, ...explanation })
}

/** Does something that may find its input unreadable: what it throws becomes a failure, and other checks go on. */
export async function attempt<T>(checks: Checks, doing: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await doing()
  } catch (error) {
    if (!(error instanceof VouchError)) throw error
    checks.note(false, error)
    return undefined
  }
}

/**
 * Judges the bytes behind a signed structure. Zeros are padding, as interfaces of fixed size leave it, and are said aloud;
 * anything else is somebody's, and nothing vouches for it.
 */
export function checkTrailing(checks: Checks, what: string, trailing: Uint8Array): void {
  if (trailing.length === 0) return
  const isPadding = trailing.every((byte) => byte === 0)
  must(checks, isPadding, 'EVIDENCE_TRAILING', {
    rule: `behind ${what} there must be nothing but zeros`,
    given: `${trailing.length} bytes`,
  })
  if (isPadding) checks.leave(`${trailing.length} zero bytes behind ${what}: padding`)
}
