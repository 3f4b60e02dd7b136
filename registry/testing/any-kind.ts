import { randomBytes } from 'node:crypto'
import type { Backend, CircuitName } from '@vouch/circuits'
import { type AdmissionPolicy, admissionPolicyId, type EvidenceFile } from '@vouch/evidence'
import { clock } from '@vouch/host/node'
import {
  auxOf,
  buildServiceTree,
  credential,
  evidenceInOrder,
  gpuDigest,
  nonceOf,
  printEnrollment,
  reportData,
} from '@vouch/protocol'
import { proveEnrollment } from '@vouch/prover'
import { makeStory } from '../../fixtures/story/story.js'
import type { Registrar } from '../node/open-registrar.js'

// The story's first machine, on hardware of any kind: whatever can make evidence that binds its services.

export interface Hardware {
  readonly registrar: Registrar
  readonly policy: AdmissionPolicy
  readonly backend: Backend<CircuitName>
  /** Evidence that binds this REPORT_DATA. */
  readonly attest: (reportData: Uint8Array) => Promise<readonly EvidenceFile[]>
  /** What the machine's GPUs answer under the nonce that admission gave, and the digest of that. */
  readonly gpus?: (nonce: Uint8Array) => Promise<{ files: readonly EvidenceFile[]; digest: Uint8Array }>
}

/** The file of an enrollment under a fresh secret. */
export async function enrollmentOn({
  registrar,
  policy,
  backend,
  attest,
  gpus,
}: Hardware): Promise<Uint8Array> {
  const [{ osImageHash, holding }] = makeStory(clock()).machines
  const holderSecret = BigInt(`0x${randomBytes(31).toString('hex')}`)
  const smtRoot = buildServiceTree(holding.services).root
  const ticket = registrar.nonce(credential(smtRoot, holderSecret))
  const nonce = nonceOf(ticket)
  const found = (await gpus?.(nonce)) ?? { files: [], digest: gpuDigest([]) }
  const bound = reportData(osImageHash, smtRoot, auxOf(found.digest, nonce))
  const files = [...(await attest(bound)), ...found.files]
  const statement = { osImageHash, gpuDigest: found.digest, nonce, smtRoot, holderSecret, backend }
  const { proof } = await proveEnrollment({ reportData: bound, ...statement })
  const file = printEnrollment({
    version: 1,
    ticket,
    policyId: admissionPolicyId(policy),
    reportData: bound,
    osImageHash,
    gpuDigest: found.digest,
    evidence: evidenceInOrder(files.map(({ bytes }) => bytes)),
    proof,
  })
  return new TextEncoder().encode(file)
}
