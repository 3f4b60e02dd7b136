import { VouchError } from './errors.js'
import { assertField, assertLength, halves } from './hashes/field.js'
import { toInteger } from './notation/bytes.js'
import { policiesRoot, servicesRoot } from './registry/policy.js'
import { inForceAt, type Request, requestHash, scopeOf } from './request/request.js'
import { PROFILES } from './statements/envelope.js'

/** Names of the public inputs, as the circuits have them and in their order: the one list of it. */
export const PUBLIC_INPUTS = {
  respond: [
    'registry_root',
    'policies_root',
    'services_root',
    'now',
    'digest',
    'request',
    'scope',
    'nullifier',
  ],
  enroll: ['report_data', 'os_image_hash', 'aux', 'credential'],
} as const

/** A value for each name; runs of field elements stand where the circuit has an array. */
type Named<Name extends string> = Readonly<Record<Name, bigint | readonly bigint[]>>

export type RespondInputs = Named<(typeof PUBLIC_INPUTS.respond)[number]>
export type EnrollInputs = Named<(typeof PUBLIC_INPUTS.enroll)[number]>

/**
 * The public inputs of `respond`. Alice proves them, Bob derives them: from the Request, the envelope's bytes and the
 * nullifier alone. The digest is computed here and crosses no interface, because a caller who may choose a digest can
 * forge a signature on it.
 */
export function respondInputs(request: Request, envelope: Uint8Array, nullifier: bigint): RespondInputs {
  return {
    registry_root: request.root,
    policies_root: policiesRoot(request.policies),
    services_root: servicesRoot(request.services),
    now: BigInt(inForceAt(request)),
    digest: halves(PROFILES[request.profile].digest(envelope)),
    request: requestHash(request),
    scope: scopeOf(request),
    nullifier: assertField(nullifier, 'nullifier'),
  }
}

/** What `enroll` speaks of. */
export interface Enrollment {
  readonly reportData: Uint8Array
  readonly osImageHash: Uint8Array
  readonly aux: Uint8Array
  readonly credential: bigint
}

/** The public inputs of `enroll`. */
export function enrollInputs({ reportData, osImageHash, aux, credential }: Enrollment): EnrollInputs {
  assertLength(reportData, 64, 'REPORT_DATA')
  return {
    report_data: [0, 16, 32, 48].map((at) => toInteger(reportData.subarray(at, at + 16))),
    os_image_hash: halves(osImageHash),
    aux: halves(aux),
    credential: assertField(credential, 'credential'),
  }
}

/** The inputs one after another, as a proof is verified against them. */
export function inputList(inputs: RespondInputs | EnrollInputs): readonly bigint[] {
  const names: readonly string[] = 'registry_root' in inputs ? PUBLIC_INPUTS.respond : PUBLIC_INPUTS.enroll
  return names.flatMap((name) => {
    const value = (inputs as Named<string>)[name]
    if (value === undefined)
      throw new VouchError('INTERNAL', { rule: `the public input ${name} must be there` })
    return value
  })
}
