import { compareBytes, equalBytes } from '../notation/bytes.js'
import { type Codec, parseFile, printFile } from '../notation/codec.js'
import { list, record } from '../notation/composites.js'
import { boundedBytes, fieldElement, fixedBytes, version } from '../notation/scalars.js'

/** What a client asks an agent for: evidence under a nonce that an admitter gave. */
export interface AttestationRequest {
  readonly version: 1
  readonly nonce: Uint8Array
}

/** What an agent answers. All of it is its word until the evidence is authenticated and REPORT_DATA recomputed. */
export interface Attestation {
  readonly version: 1
  readonly nonce: Uint8Array
  readonly osImageHash: Uint8Array
  /** 32 zero bytes without GPUs. */
  readonly gpuDigest: Uint8Array
  /** Root of the service tree that the evidence binds. */
  readonly smtRoot: bigint
  readonly reportData: Uint8Array
  /** Raw evidence and certificates, one file each; what they are is told by their content. */
  readonly evidence: readonly Uint8Array[]
}

/** Files that evidence comes in, wherever it travels. */
export const evidenceFiles: Codec<readonly Uint8Array[]> = list(boundedBytes(1, 65_536), {
  min: 1,
  max: 16,
  anyOrder: true,
})

/** Files of evidence as they travel: by length, then by their bytes; a certificate given twice is given once. */
export function evidenceInOrder(files: readonly Uint8Array[]): readonly Uint8Array[] {
  const sorted = [...files].sort((a, b) => a.length - b.length || compareBytes(a, b))
  return sorted.filter((file, i) => {
    const before = sorted[i - 1]
    return before === undefined || !equalBytes(before, file)
  })
}

export const attestationRequestCodec: Codec<AttestationRequest> = record<AttestationRequest>({
  version: version(1),
  nonce: fixedBytes(32),
})

export const attestationCodec: Codec<Attestation> = record<Attestation>({
  version: version(1),
  nonce: fixedBytes(32),
  osImageHash: fixedBytes(32),
  gpuDigest: fixedBytes(32),
  smtRoot: fieldElement(),
  reportData: fixedBytes(64),
  evidence: evidenceFiles,
})

export const parseAttestationRequest = (file: string | Uint8Array): AttestationRequest =>
  parseFile(attestationRequestCodec, file, 'attestation request')
export const printAttestationRequest = (request: AttestationRequest): string =>
  printFile(attestationRequestCodec, request, 'attestation request')
export const parseAttestation = (file: string | Uint8Array): Attestation =>
  parseFile(attestationCodec, file, 'attestation')
export const printAttestation = (attestation: Attestation): string =>
  printFile(attestationCodec, attestation, 'attestation')
