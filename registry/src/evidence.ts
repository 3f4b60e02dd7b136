import {
  type AdmissionPolicy,
  type AppraisalFailure,
  appraise,
  authenticate,
  bindsReportData,
  type Claims,
  type EvidenceFile,
  parseEvidence,
} from '@vouch/evidence'
import { equalBytes, type Failure, gpuNonce, toHex } from '@vouch/protocol'

/** Evidence, and what it is said to bind. */
export interface BoundEvidence {
  readonly evidence: readonly Uint8Array[]
  readonly reportData: Uint8Array
  readonly osImageHash: Uint8Array
  readonly gpuDigest: Uint8Array
  readonly nonce: Uint8Array
}

export interface EvidenceParameters {
  readonly policy: AdmissionPolicy
  readonly now: number
  /** Revocation lists that the judge keeps. */
  readonly kept?: readonly EvidenceFile[]
  /** What another than this judge has to see to. */
  readonly isForAnother?: (failure: Failure) => boolean
}

export type JudgedEvidence = { readonly claims: Claims } | { readonly failures: readonly Failure[] }

/**
 * Whether evidence is genuine, acceptable with the image that it is to be bound to, and binds what it is said to bind.
 * Admission looks at all of it; Alice looks at the same first, before her evidence goes to anybody.
 */
export async function judgeEvidence(
  { evidence, reportData, osImageHash, gpuDigest, nonce }: BoundEvidence,
  { policy, now, kept = [], isForAnother = () => false }: EvidenceParameters,
): Promise<JudgedEvidence> {
  const files = evidence.map((bytes, i) => ({ name: `evidence[${i}]`, bytes }))
  const parsed = await parseEvidence(files, kept)
  const { authentic, failures: notGenuine } = await authenticate(parsed.evidence, now)
  if (authentic === undefined) return { failures: notGenuine }
  const { claims } = authentic

  const { failures } = appraise(authentic, policy, now, {
    nonce: null, // what REPORT_DATA binds is judged here, all of it
    gpus: { digest: gpuDigest, nonce: gpuNonce(nonce) },
  })
  const inTheWay = [
    ...bindingFailures(claims, reportData), // false, and so graver than what is only not accepted
    ...failures.filter((failure) => !isForAnother(failure)),
    ...imageFailures(osImageHash, policy),
  ]
  return inTheWay.length > 0 ? { failures: inTheWay } : { claims }
}

function bindingFailures(claims: Claims, reportData: Uint8Array): readonly Failure[] {
  if (bindsReportData(claims, reportData)) return []
  const given = claims.slots.map(({ name, bytes }) => `${name} ${toHex(bytes)}`).join(', ')
  const rule = 'the evidence must carry the REPORT_DATA that binds image, service tree and nonce'
  return [{ code: 'REPORT_DATA_MISMATCH', rule, given }]
}

function imageFailures(osImageHash: Uint8Array, { osImages }: AdmissionPolicy): readonly AppraisalFailure[] {
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
