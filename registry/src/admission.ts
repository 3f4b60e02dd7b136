import type { Backend, CircuitName } from '@vouch/circuits'
import {
  type AdmissionPolicy,
  type AppraisalFailure,
  type Authentication,
  appraise,
  authenticate,
  bindsReportData,
  type Claims,
  type EvidenceFile,
  parseEvidence,
} from '@vouch/evidence'
import type { Receipt } from '@vouch/protocol'
import {
  assertKind,
  assertShape,
  auxOf,
  type EnrollmentFile,
  enrollInputs,
  equalBytes,
  type Failure,
  fieldToBytes,
  gpuNonce,
  type NonceTicket,
  nonceOf,
  parseEnrollment,
  type Shape,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { expiryOf } from './expiry.js'
import { machineRefused, type Registry } from './store.js'

/** What the registrar believes already: all of it its own, none of it out of the enrollment. */
export interface AdmissionParameters {
  readonly registryId: Uint8Array
  /** Refuses a nonce that was not given here for this credential, or too long ago. */
  readonly checkNonce: (ticket: NonceTicket) => void | Promise<void>
  /** Admission policies in force, by policy id. */
  readonly policies: ReadonlyMap<bigint, AdmissionPolicy>
  /** Revocation lists that the registrar keeps: whoever enrolls may leave out the list that names them. */
  readonly collateral: () => Promise<readonly EvidenceFile[]>
  readonly registry: Pick<Registry, 'admit' | 'find' | 'isRefused'>
  readonly backend: Pick<Backend<CircuitName>, 'verify'>
  readonly now: number
}

const GIVEN: Shape<AdmissionParameters> = {
  registryId: 'bytes',
  checkNonce: 'function',
  policies: 'object',
  collateral: 'function',
  registry: 'object',
  backend: 'object',
  now: 'time',
}

export type Admission =
  | { readonly admitted: true; readonly receipt: Receipt; readonly index: number }
  | { readonly admitted: false; readonly failures: readonly Failure[] }

/**
 * Judges an enrollment, which is believed in nothing, and admits its credential. Steps go from cheap to dear, so that a
 * flood of made-up enrollments costs a flood of hashes. Nothing is written before the last step.
 */
export async function admit(file: Uint8Array, given: AdmissionParameters): Promise<Admission> {
  assertKind(file, 'bytes', 'admit: file')
  assertShape(given, GIVEN, 'admit: given')
  const { registry, backend, now } = given
  try {
    // 1. It can be read, and asks for a policy that is in force here.
    const enrollment = parseEnrollment(file)
    const policy = policyIn(given, enrollment)

    // 2. Its nonce is alive, of this registry, for this credential, and both are unused.
    const nonce = await unusedNonce(given, enrollment)

    // 3. The evidence is genuine.
    const { authentic, failures } = await authenticated(enrollment, given)
    if (authentic === undefined) return { admitted: false, failures }
    const { claims } = authentic

    // 4. It is acceptable, and so is the image that it is to be bound to: all that is in the way is said at once.
    const { failures: inTheWay } = appraise(authentic, policy, now, {
      nonce: null, // what REPORT_DATA binds is judged below, all of it
      gpus: { digest: enrollment.gpuDigest, nonce: gpuNonce(nonce) },
    })
    const refused = [...inTheWay, ...imageFailures(enrollment, policy)]
    if (refused.length > 0) return { admitted: false, failures: refused }

    // 5. It speaks of this enrollment, and of a machine that was not removed.
    checkBinding(enrollment, claims)
    checkMachine(claims, registry)

    // 6. What it signed is the hash of that image, this nonce, and the service tree that the credential hides.
    const aux = auxOf(enrollment.gpuDigest, nonce)
    const { reportData, osImageHash, ticket, policyId } = enrollment
    const inputs = enrollInputs({ reportData, osImageHash, aux, credential: ticket.credential })
    if (!(await backend.verify('enroll', inputs, enrollment.proof))) {
      throw new VouchError('PROOF_FALSE', {
        rule: 'the proof must show that REPORT_DATA binds this image, this nonce and the services in the credential',
      })
    }

    // 7. It is in force for an hour at least; the registry has room for it, and records nonce and leaf as one.
    const expiresAt = expiryOf(policy, claims.collateral.nextUpdate, now)
    const machine = claims.machineIdentity
    const { credential } = ticket
    const quota = policy.quota === 'none' ? undefined : policy.quota
    const member = { nonce, credential, policyId, expiresAt, machine, quota, evidence: file }
    const { index } = await registry.admit(member)
    const receipt: Receipt = { version: 1, registryId: given.registryId, credential, policyId, expiresAt }
    return { admitted: true, receipt, index }
  } catch (error) {
    if (error instanceof VouchError) return { admitted: false, failures: [error] }
    throw error
  }
}

function policyIn({ policies }: AdmissionParameters, { policyId }: EnrollmentFile): AdmissionPolicy {
  const policy = policies.get(policyId)
  if (policy !== undefined) return policy
  throw new VouchError('POLICY_NOT_ACCEPTED', {
    rule: 'the enrollment must name an admission policy that is in force here',
    given: toHex(fieldToBytes(policyId)),
  })
}

/** The registry refuses what is used in the record itself; here it is found before anything dear is done. */
async function unusedNonce(given: AdmissionParameters, { ticket }: EnrollmentFile): Promise<Uint8Array> {
  await given.checkNonce(ticket)
  const nonce = nonceOf(ticket)
  const known = given.registry.find(ticket.credential)
  if (known === undefined) return nonce
  if (equalBytes(known.nonce, nonce)) throw new VouchError('NONCE_USED', { rule: 'a nonce must admit once' })
  throw new VouchError('CREDENTIAL_REFUSED', {
    rule: 'a credential must be new to the registry, neither in it nor removed from it',
    hint: 'enroll with a fresh holder secret',
  })
}

async function authenticated(
  { evidence }: EnrollmentFile,
  { collateral, now }: AdmissionParameters,
): Promise<Authentication> {
  const files = evidence.map((bytes, i) => ({ name: `evidence[${i}]`, bytes }))
  const parsed = await parseEvidence(files, await collateral())
  return authenticate(parsed.evidence, now)
}

function imageFailures(
  { osImageHash }: EnrollmentFile,
  { osImages }: AdmissionPolicy,
): readonly AppraisalFailure[] {
  if (osImages.some((image) => equalBytes(image, osImageHash))) return []
  return [
    {
      code: 'IMAGE_NOT_ACCEPTED',
      rule: 'the admission policy must accept the OS image',
      field: 'os_images',
      wanted: osImages.map(toHex).join(' or '),
      given: toHex(osImageHash),
    },
  ]
}

function checkBinding({ reportData }: EnrollmentFile, claims: Claims): void {
  if (bindsReportData(claims, reportData)) return
  throw new VouchError('REPORT_DATA_MISMATCH', {
    rule: "what the evidence binds must be the enrollment's REPORT_DATA",
    given: claims.slots.map(({ name, bytes }) => `${name} ${toHex(bytes)}`).join(', '),
  })
}

/** The registry refuses it in the record itself; here it is found before the proof is looked at. */
function checkMachine({ machineIdentity }: Claims, registry: Pick<Registry, 'isRefused'>): void {
  if (machineIdentity !== undefined && registry.isRefused(machineIdentity)) throw machineRefused()
}
