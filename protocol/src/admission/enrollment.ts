import { MAX_PROOF_BYTES } from '../files/bundle.js'
import { evidenceFiles } from '../guest/attestation.js'
import {
  boundedBytes,
  type Codec,
  fieldElement,
  fixedBytes,
  parseFile,
  printFile,
  record,
  version,
} from '../notation/index.js'
import { type NonceTicket, ticketCodec } from './nonce.js'

/** What a client asks to be admitted with. All of it is the client's word until it is checked. */
export interface EnrollmentFile {
  readonly version: 1
  /** The nonce that the evidence carries, as the registrar gave it: it names registry and credential. */
  readonly ticket: NonceTicket
  /** The admission policy that the client wants to be judged by. */
  readonly policyId: bigint
  /** What the hardware signed, 64 bytes; formats with a smaller slot hold a hash of it. */
  readonly reportData: Uint8Array
  readonly osImageHash: Uint8Array
  /** 32 zero bytes without GPUs. */
  readonly gpuDigest: Uint8Array
  /** Raw evidence and certificates, one file each; what they are is told by their content. */
  readonly evidence: readonly Uint8Array[]
  /** Proof of `enroll`: REPORT_DATA in that evidence binds image, nonce and the service tree that the credential hides. */
  readonly proof: Uint8Array
}

/** The largest enrollment that is read: more than any kind of evidence needs. */
export const MAX_ENROLLMENT_BYTES = 512 * 1024

export const enrollmentCodec: Codec<EnrollmentFile> = record<EnrollmentFile>({
  version: version(1),
  ticket: ticketCodec,
  policyId: fieldElement(2n ** 249n),
  reportData: fixedBytes(64),
  osImageHash: fixedBytes(32),
  gpuDigest: fixedBytes(32),
  evidence: evidenceFiles,
  proof: boundedBytes(1, MAX_PROOF_BYTES),
})

/** An enrollment that was read, and the file that it was read from: what is kept of it is what came. */
export interface ReadEnrollment {
  readonly enrollment: EnrollmentFile
  readonly file: Uint8Array
}

export const parseEnrollment = (file: string | Uint8Array): EnrollmentFile =>
  parseFile(enrollmentCodec, file, 'enrollment')
export const printEnrollment = (enrollment: EnrollmentFile): string =>
  printFile(enrollmentCodec, enrollment, 'enrollment')
