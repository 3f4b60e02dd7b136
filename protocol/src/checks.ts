import { type ErrorCode, EXIT_OF, type Explanation, exitStatus, type Failure, VouchError } from './errors.js'

/** One thing that was looked at, and how it came out. */
export interface Check {
  /** What must hold, in words. */
  readonly rule: string
  readonly outcome: 'held' | 'failed' | 'not checked'
}

/** Collects the outcome of every check. What is refused is collected whole, so that a person sees all of it. */
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

  /** Notes a rule that held: what was to be done was done. */
  hold(rule: string): void {
    this.checks.push({ rule, outcome: 'held' })
  }

  /** Notes a rule whose check could not be carried out, and why. Anything but our own error is a bug, and not hidden. */
  refuse(this: Checks, rule: string, error: unknown): void {
    if (!(error instanceof VouchError)) throw error
    this.checks.push({ rule, outcome: 'failed' })
    this.failures.push(error)
  }

  /** Notes a rule that there was no point in checking. */
  skip(rule: string): void {
    this.checks.push({ rule, outcome: 'not checked' })
  }

  /** Notes what fails nothing by itself, and a person should know before they rely on the rest. */
  warn(what: string): void {
    this.warnings.push(what)
  }

  /** Notes a check that cannot be made, or was not asked for: once, however many parts it holds for. */
  leave(what: string): void {
    if (!this.notChecked.includes(what)) this.notChecked.push(what)
  }
}

/** Notes whether a rule holds; a rule that does not is a failure with this code. */
export function must(checks: Checks, holds: boolean, code: ErrorCode, explanation: Explanation): boolean {
  return checks.note(holds, { code, ...explanation })
}

/** The failure that decides; `undefined` where nothing failed. */
export function gravest<F extends Failure>(failures: readonly F[]): F | undefined {
  const exit = exitStatus(failures)
  return failures.find(({ code }) => EXIT_OF[code] === exit)
}

/** The same, as an error to throw. */
export function gravestError(failures: readonly Failure[]): VouchError {
  const failure = gravest(failures) ?? { code: 'INTERNAL', rule: 'a refusal must have a reason' }
  return failure instanceof VouchError ? failure : new VouchError(failure.code, failure)
}
