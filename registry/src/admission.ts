import type { Backend, CircuitName } from '@vouch/circuits'
import type { AdmissionPolicy, Claims, EvidenceFile } from '@vouch/evidence'
import {
  assertKind,
  assertShape,
  auxOf,
  type EnrollmentFile,
  enrollInputs,
  equalBytes,
  type Failure,
  fieldToBytes,
  inputList,
  type NonceTicket,
  nonceOf,
  parseEnrollment,
  type ReadEnrollment,
  type Receipt,
  type Shape,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { judgeEvidence } from './evidence.js'
import { expiryOf } from './expiry.js'
import { machineRefused, type Registry } from './store.js'

/** The steps of an admission that take time. */
export const ADMISSION_STEPS = ['nonce', 'evidence', 'proof', 'record'] as const

/** Told how long a step took, refused or not. */
export type OnAdmissionStep = (step: (typeof ADMISSION_STEPS)[number], seconds: number) => void

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
  readonly onStep?: OnAdmissionStep | undefined
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
  | { readonly admitted: true; readonly receipt: Receipt; readonly number: number }
  | { readonly admitted: false; readonly failures: readonly Failure[] }

/** The same for a file: what cannot be read is refused. */
export async function admit(file: Uint8Array, given: AdmissionParameters): Promise<Admission> {
  assertKind(file, 'bytes', 'admit: file')
  assertShape(given, GIVEN, 'admit: given')
  return refusing(async () => admitRead({ enrollment: parseEnrollment(file), file }, given))
}

/**
 * Judges an enrollment, which is believed in nothing, and admits its credential. Steps go from cheap to dear, so that a
 * flood of made-up enrollments costs a flood of hashes. Nothing is written before the last step.
 */
export async function admitRead(read: ReadEnrollment, given: AdmissionParameters): Promise<Admission> {
  assertShape(read, { enrollment: 'object', file: 'bytes' }, 'admitRead: read')
  assertShape(given, GIVEN, 'admitRead: given')
  const { enrollment, file } = read
  return refusing(async () => {
    const { registry, backend, now } = given
    const timed = stopwatch(given.onStep)

    // 1. It asks for a policy that is in force here.
    const policy = policyIn(given, enrollment)

    // 2. Its nonce is alive, of this registry, for this credential, and both are unused.
    const nonce = await timed('nonce', () => unusedNonce(given, enrollment))

    // 3. The evidence is genuine, acceptable, and binds what this enrollment says.
    const judged = await timed('evidence', async () => {
      const kept = await given.collateral()
      return judgeEvidence({ ...enrollment, nonce }, { policy, now, kept })
    })
    if ('failures' in judged) return { admitted: false, failures: judged.failures }
    const { claims } = judged

    // 4. It is not of a machine that was removed.
    await checkMachine(claims, registry)

    // 5. What it signed is the hash of that image, this nonce, and the service tree that the credential hides.
    const aux = auxOf(enrollment.gpuDigest, nonce)
    const { reportData, osImageHash, ticket, policyId } = enrollment
    const inputs = enrollInputs({ reportData, osImageHash, aux, credential: ticket.credential })
    if (!(await timed('proof', () => backend.verify('enroll', inputList(inputs), enrollment.proof)))) {
      throw new VouchError('PROOF_FALSE', {
        rule: 'the proof must show that REPORT_DATA binds this image, this nonce and the services in the credential',
      })
    }

    // 6. It is in force for an hour at least; the registry has room for it, and records nonce and leaf as one.
    const expiresAt = expiryOf(policy, claims.collateral.nextUpdate, now)
    const machine = claims.machineIdentity
    const { credential } = ticket
    const quota = policy.quota === 'none' ? undefined : policy.quota
    const member = { nonce, credential, policyId, expiresAt, machine, quota, evidence: file }
    const { number } = await timed('record', () => registry.admit(member))
    const receipt: Receipt = { version: 1, registryId: given.registryId, credential, policyId, expiresAt }
    return { admitted: true, receipt, number }
  })
}

type Stopwatch = <Result>(
  step: Parameters<OnAdmissionStep>[0],
  work: () => Promise<Result>,
) => Promise<Result>

function stopwatch(onStep: OnAdmissionStep = () => undefined): Stopwatch {
  return async (step, work) => {
    const start = performance.now()
    try {
      return await work()
    } finally {
      onStep(step, (performance.now() - start) / 1000)
    }
  }
}

async function refusing(admitting: () => Promise<Admission>): Promise<Admission> {
  try {
    return await admitting()
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
  const known = await given.registry.find(ticket.credential)
  if (known === undefined) return nonce
  if (equalBytes(known.nonce, nonce)) throw new VouchError('NONCE_USED', { rule: 'a nonce must admit once' })
  throw new VouchError('CREDENTIAL_REFUSED', {
    rule: 'a credential must be new to the registry, neither in it nor removed from it',
    hint: 'enroll with a fresh holder secret',
  })
}

/** The registry refuses it in the record itself; here it is found before the proof is looked at. */
async function checkMachine(
  { machineIdentity }: Claims,
  registry: Pick<Registry, 'isRefused'>,
): Promise<void> {
  if (machineIdentity !== undefined && (await registry.isRefused(machineIdentity))) throw machineRefused()
}
