import { type Checks, type Failure, must, VouchError } from '@vouch/protocol'

/** A failure of appraisal says which field it is about and what would have done. */
export interface AppraisalFailure extends Failure {
  readonly field: string
  readonly wanted: string
  readonly given: string
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
