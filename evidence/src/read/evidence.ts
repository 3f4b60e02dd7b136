import { type Check, type Failure, VouchError } from '@vouch/protocol'
import type { Claims } from '../tables/vendors.js'

/** How authentication came out: everything that was looked at, what failed, and what nobody looked at. */
export interface Authentication {
  /** There when nothing failed, and only then. */
  readonly authentic?: AuthenticEvidence
  readonly checks: readonly Check[]
  readonly notChecked: readonly string[]
  readonly failures: readonly Failure[]
}

/**
 * Evidence whose signatures lead to a pinned root at the time it was judged for; or, of a TPM, to a key that only a policy can
 * take for somebody's. Nobody but `authenticate` makes one: the class is exported as a type, and a value of the same shape
 * is not one.
 */
export class AuthenticEvidence {
  readonly #claims: Claims

  constructor(claims: Claims) {
    this.#claims = claims
  }

  get claims(): Claims {
    return this.#claims
  }

  /** The claims of a value that was authenticated; of a look-alike there are none. */
  static claimsOf(evidence: AuthenticEvidence): Claims {
    if (#claims in evidence) return evidence.#claims
    throw new VouchError('INTERNAL', { rule: 'claims must come from evidence that was authenticated' })
  }
}
