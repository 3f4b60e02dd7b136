import { assertField, assertLength, halves } from './hashes/field.js'
import { toInteger } from './notation/bytes.js'
import { policiesRoot, servicesRoot } from './registry/policy.js'
import { inForceAt, type Request, requestHash, scopeOf } from './request/request.js'
import { PROFILES } from './statements/envelope.js'

/**
 * The public inputs of `respond`, in the circuit's order. Alice proves them, Bob derives them: from the Request, the
 * envelope's bytes and the nullifier alone. The digest is computed here and crosses no interface, because whoever may
 * choose a digest can forge a signature on it.
 */
export function respondInputs(request: Request, envelope: Uint8Array, nullifier: bigint): readonly bigint[] {
  const [digestHi, digestLo] = halves(PROFILES[request.profile].digest(envelope))
  return [
    request.root,
    policiesRoot(request.policies),
    servicesRoot(request.services),
    BigInt(inForceAt(request)),
    digestHi,
    digestLo,
    requestHash(request),
    scopeOf(request),
    assertField(nullifier, 'nullifier'),
  ]
}

/** What `enroll` speaks of. */
export interface Enrollment {
  readonly reportData: Uint8Array
  readonly osImageHash: Uint8Array
  readonly aux: Uint8Array
  readonly credential: bigint
}

/** The public inputs of `enroll`, in the circuit's order. */
export function enrollInputs({ reportData, osImageHash, aux, credential }: Enrollment): readonly bigint[] {
  assertLength(reportData, 64, 'REPORT_DATA')
  const quarters = [0, 16, 32, 48].map((at) => toInteger(reportData.subarray(at, at + 16)))
  return [...quarters, ...halves(osImageHash), ...halves(aux), assertField(credential, 'credential')]
}
