import type { Backend, CircuitName } from '@vouch/circuits'
import {
  assertShape,
  auxOf,
  credential,
  type Enrollment,
  enrollInputs,
  equalBytes,
  inputList,
  reportData,
  type Shape,
  VouchError,
} from '@vouch/protocol'
import { enrollWitness } from './witness.js'

export interface EnrollParameters {
  /** As the evidence has it. */
  readonly reportData: Uint8Array
  readonly osImageHash: Uint8Array
  readonly gpuDigest: Uint8Array
  readonly nonce: Uint8Array
  readonly smtRoot: bigint
  readonly holderSecret: bigint
  readonly backend: Backend<CircuitName>
  readonly signal?: AbortSignal
}

const PARAMETERS: Shape<EnrollParameters> = {
  reportData: 'bytes',
  osImageHash: 'bytes',
  gpuDigest: 'bytes',
  nonce: 'bytes',
  smtRoot: 'integer',
  holderSecret: 'integer',
  backend: 'object',
}

/** What admission sees besides the evidence. */
export interface EnrollmentProof {
  readonly enrollment: Enrollment
  readonly proof: Uint8Array
}

/** Proves that evidence speaks of this image, this nonce and the very service tree that the credential hides. */
export async function proveEnrollment(parameters: EnrollParameters): Promise<EnrollmentProof> {
  assertShape(parameters, PARAMETERS, 'proveEnrollment: parameters')
  const { osImageHash, gpuDigest, nonce, smtRoot, holderSecret, backend, signal } = parameters
  const aux = auxOf(gpuDigest, nonce)
  if (!equalBytes(reportData(osImageHash, smtRoot, aux), parameters.reportData)) {
    throw new VouchError('REPORT_DATA_MISMATCH', {
      rule: 'REPORT_DATA must bind this image, service tree and nonce',
    })
  }
  const enrollment = {
    reportData: parameters.reportData,
    osImageHash,
    aux,
    credential: credential(smtRoot, holderSecret),
  }
  const witness = enrollWitness(enrollment, smtRoot, holderSecret)
  const { proof } = await backend.prove('enroll', witness, signal === undefined ? {} : { signal })
  if (!(await backend.verify('enroll', inputList(enrollInputs(enrollment)), proof))) {
    throw new VouchError('PROOF_FALSE', { rule: 'a proof must verify before it leaves this machine' })
  }
  return { enrollment, proof }
}
