import { sha256 } from '@noble/hashes/sha2.js'
import {
  ascii,
  concat,
  type EnrollmentFile,
  enrollmentCodec,
  MAX_ENROLLMENT_BYTES,
  MAX_TIME,
} from '@vouch/protocol'
import {
  type Codec,
  encode,
  fixedBytes,
  parseFile,
  printFile,
  record,
  uint,
  version,
} from '@vouch/protocol/codec'

/** What a node that took an enrollment asks its peers to sign as well. They believe none of it: each judges the enrollment itself. */
export interface Proposal {
  readonly version: 1
  readonly enrollment: EnrollmentFile
  readonly expiresAt: number
  /** Makes the hash of the evidence on chain worthless to whoever gets the evidence later. */
  readonly salt: Uint8Array
  readonly deadline: number
  readonly setVersion: number
}

/** A node's signature on the contract's `Admission`. */
export interface Endorsement {
  readonly version: 1
  /** r ‖ s ‖ v. */
  readonly signature: Uint8Array
}

const time = uint(8, { max: MAX_TIME })

export const proposalCodec: Codec<Proposal> = record<Proposal>({
  version: version(1),
  enrollment: enrollmentCodec,
  expiresAt: time,
  salt: fixedBytes(32),
  deadline: time,
  setVersion: uint(4, { max: 2 ** 32 - 1 }),
})

export const endorsementCodec: Codec<Endorsement> = record<Endorsement>({
  version: version(1),
  signature: fixedBytes(65),
})

export const MAX_PROPOSAL_BYTES = MAX_ENROLLMENT_BYTES + 1024

export const parseProposal = (file: string | Uint8Array): Proposal =>
  parseFile(proposalCodec, file, 'proposal')
export const printProposal = (proposal: Proposal): string => printFile(proposalCodec, proposal, 'proposal')
export const parseEndorsement = (file: string | Uint8Array): Endorsement =>
  parseFile(endorsementCodec, file, 'endorsement')
export const printEndorsement = (endorsement: Endorsement): string =>
  printFile(endorsementCodec, endorsement, 'endorsement')

/** What stands on chain for the evidence. */
export function evidenceHash({ salt, enrollment }: Pick<Proposal, 'salt' | 'enrollment'>): Uint8Array {
  return sha256(concat(ascii('vouch-evidence-v1'), salt, encode(enrollmentCodec, enrollment, 'enrollment')))
}
