import type { Backend, CircuitName } from '@vouch/circuits'
import { type AdmissionPolicy, admissionPolicyId } from '@vouch/evidence'
import {
  assertClosedShape,
  assertShape,
  type Credential,
  type Draft,
  drawHolderSecret,
  type EnrollmentFile,
  fieldToBytes,
  type Hasher,
  type NonceTicket,
  nonceOf,
  type Receipt,
  type RegistryPin,
  type Shape,
  toHex,
  VouchError,
} from '@vouch/protocol'
import type { Mirror, RegistrySource } from '@vouch/registry'
import { askAttestation, askGuest, checkAttestation } from './agent.js'
import { startingWith, syncCopy } from './copy.js'
import { proveEnrollment } from './enroll.js'
import { abandonable, type Network } from './net.js'
import {
  askPolicies,
  askTicket,
  checkReceipt,
  checkTicketIsOurs,
  latestExpiry,
  sendEnrollment,
} from './registrar.js'
import { credentialOf } from './standing.js'

export type EnrollStage = 'registry' | 'guest' | 'nonce' | 'attestation' | 'proof' | 'admission'

/** What every step of enrolling needs. */
export interface Enrolling {
  readonly network: Network
  readonly backend: Backend<CircuitName>
  readonly now: () => number
  readonly random: (size: number) => Uint8Array
  readonly hash?: Hasher
  readonly onProgress?: ((stage: EnrollStage) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface BeginParameters {
  readonly agent: string
  /** Where the registrar answers, if it does. */
  readonly registrar?: string
  readonly source: RegistrySource
  /** Her copy of a registry: what it was when she last saw it. */
  readonly mirrorOf: (registryId: Uint8Array) => Promise<Mirror>
  /** The registry and signer that she believes; what she meets is pinned where she does not say. */
  readonly expected?: Partial<RegistryPin>
  /** Policies that she would be admitted under, as she got them by a way of her own. */
  readonly policies?: readonly AdmissionPolicy[]
}

/** A draft, with the document of the policy it is under. */
export interface Begun {
  readonly draft: Draft
  readonly policy: AdmissionPolicy
}

const DOING: Shape<Enrolling> = { network: 'object', backend: 'object', now: 'function', random: 'function' }
const BEGINNING: Shape<BeginParameters> = { agent: 'text', source: 'object', mirrorOf: 'function' }
const BY_NET: Shape<EnrollParametersByNet> = { ...BEGINNING, registrar: 'text', keepDraft: 'function' }

/** First step: whom to be admitted by, what for, under which policy. Draws the secret; tells nobody anything. */
export async function beginEnrollment(parameters: BeginParameters, doing: Enrolling): Promise<Begun> {
  assertShape(parameters, BEGINNING, 'beginEnrollment: parameters')
  assertShape(doing, DOING, 'beginEnrollment: doing')
  const { agent, registrar, mirrorOf, expected = {} } = parameters
  assertClosedShape(expected, {}, { id: 'bytes', signer: 'bytes' }, 'beginEnrollment: parameters.expected')
  const { network, random, onProgress, signal, hash } = doing
  onProgress?.('registry')
  const met = await abandonable(parameters.source.head(), signal)
  const pin: RegistryPin = { id: expected.id ?? met.registryId, signer: expected.signer ?? met.signer }
  const mirror = await mirrorOf(pin.id)
  const believed: RegistryPin = {
    id: pin.id,
    signer: expected.signer ?? (await mirror.head())?.signer ?? met.signer,
  }
  const { policies: _, ...leaves } = startingWith(parameters.source, met) // policies are the admitter's to name, not a mirror's
  const { head } = await syncCopy({ source: leaves, mirror, registry: believed, hash, signal })
  const policies =
    parameters.policies ?? (registrar === undefined ? [] : await askPolicies(registrar, network, signal))
  if (parameters.policies === undefined) await mirror.keepPolicies(policies)
  const policy = onlyOne(policies)
  onProgress?.('guest')
  const guest = await askGuest(agent, network, signal)
  const draft: Draft = {
    version: 1,
    registry: { id: head.registryId, signer: head.signer },
    ...(registrar === undefined ? {} : { registrar }),
    agent,
    // Fresh each time: a registrar that removes or has admitted a credential never takes it again.
    holderSecret: drawHolderSecret(random),
    guest,
    policyId: admissionPolicyId(policy),
    leavesBefore: head.size,
  }
  return { draft, policy }
}

/** Several policies are for the holder to choose from: a choice of the registrar's, or of chance, would mark her. */
function onlyOne(policies: readonly AdmissionPolicy[]): AdmissionPolicy {
  const [policy, ...others] = policies
  if (policy !== undefined && others.length === 0) return policy
  const listed = policies.map(
    (one) => `${one.name} (${toHex(fieldToBytes(admissionPolicyId(one))).slice(0, 16)}…)`,
  )
  throw new VouchError('USAGE', {
    rule: 'the admission policy to be judged by must be named',
    given: listed.length === 0 ? 'none' : listed.join(', '),
    hint: 'give its document: --policy FILE',
  })
}

/** What a ticket was turned into: the draft knows from then on what the registrar has to answer. */
export interface Attested {
  readonly draft: Draft
  readonly enrollment: EnrollmentFile
}

/** Second step: evidence under the registrar's nonce, checked in full, and the proof that it binds the hidden tree. */
export async function attest(begun: Begun, ticket: NonceTicket, doing: Enrolling): Promise<Attested> {
  assertShape(begun, { draft: 'object', policy: 'object' }, 'attest: begun')
  assertShape(doing, DOING, 'attest: doing')
  const { draft, policy } = begun
  const { network, backend, now, onProgress, signal } = doing
  checkTicketIsOurs(ticket, draft)
  const nonce = nonceOf(ticket)
  onProgress?.('attestation')
  const attestation = await askAttestation(draft.agent, nonce, network, signal)
  const claims = await checkAttestation(attestation, draft.guest, nonce, policy, now())
  const expiresAt = latestExpiry(policy, claims, now())
  const { reportData, osImageHash, gpuDigest, smtRoot, evidence } = attestation
  onProgress?.('proof')
  const { holderSecret } = draft
  const statement = { reportData, osImageHash, gpuDigest, nonce, smtRoot, holderSecret, backend }
  const { proof } = await proveEnrollment(signal === undefined ? statement : { ...statement, signal })
  return {
    draft: { ...draft, expiresAt },
    enrollment: {
      version: 1,
      ticket,
      policyId: draft.policyId,
      reportData,
      osImageHash,
      gpuDigest,
      evidence,
      proof,
    },
  }
}

/** Third step: what the registrar answered, if that is what it answers everybody. */
export function finishEnrollment(draft: Draft, receipt: Receipt, now: number): Credential {
  checkReceipt(receipt, draft)
  return { ...draft, expiresAt: receipt.expiresAt, admittedAt: now }
}

export interface EnrollParametersByNet extends BeginParameters {
  readonly registrar: string
  /** Keeps the draft before anything is sent, so that an answer that goes missing costs no secret. */
  readonly keepDraft: (begun: Begun) => Promise<void>
}

/** All steps with a registrar that answers: from an agent's URL to a credential. */
export async function enroll(parameters: EnrollParametersByNet, doing: Enrolling): Promise<Credential> {
  assertShape(parameters, BY_NET, 'enroll: parameters')
  assertShape(doing, DOING, 'enroll: doing')
  const { registrar, keepDraft } = parameters
  const { network, now, onProgress, signal } = doing
  const begun = await beginEnrollment(parameters, doing)
  onProgress?.('nonce')
  const ticket = await askTicket(registrar, credentialOf(begun.draft), network, signal)
  const { draft, enrollment } = await attest(begun, ticket, doing)
  await keepDraft({ ...begun, draft })
  onProgress?.('admission')
  const receipt = await sendEnrollment(registrar, enrollment, network, signal)
  return finishEnrollment(draft, receipt, now())
}
