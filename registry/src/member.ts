import { MAX_TIME } from '@vouch/protocol'
import {
  type Codec,
  decode,
  encode,
  fieldElement,
  fixedBytes,
  flag,
  optionalBytes,
  record,
  uint,
} from '@vouch/protocol/codec'

/** What is kept at hand of each admission ever made: all that later ones are judged by. */
export interface Member {
  readonly credential: bigint
  readonly machine: Uint8Array | undefined
  readonly policyId: bigint
  readonly nonce: Uint8Array
  readonly expiresAt: number
  /** Whether it was removed for cause. Its credential is then banned for ever. */
  readonly removed: boolean
}

// The fields that rows are found by come first, at offsets that a scan of a million rows can rely on.
const memberCodec: Codec<Member> = record<Member>({
  credential: fieldElement(),
  machine: optionalBytes(32),
  policyId: fieldElement(2n ** 249n),
  nonce: fixedBytes(32),
  expiresAt: uint(8, { max: MAX_TIME }),
  removed: flag,
})

export const MEMBER_BYTES = 138

export const encodeMember = (member: Member): Uint8Array => encode(memberCodec, member, 'member')
export const decodeMember = (row: Uint8Array): Member => decode(memberCodec, row, 'member')

/** Where a row has its credential, the sign that a machine follows, and the machine's digest. */
export const ROW = { credential: 0, hasMachine: 32, machine: 33 } as const
