import { sha256 } from '@noble/hashes/sha2.js'
import { MAX_TIME } from '../credential.js'
import { shown, VouchError } from '../errors.js'
import { ascii, concat } from '../notation/bytes.js'
import {
  boundedBytes,
  type Codec,
  decode,
  encode,
  fieldElement,
  fixedBytes,
  flag,
  optionalBytes,
  record,
  uint,
  version,
} from '../notation/index.js'
import { type HeadContent, headContentCodec } from '../registry/head.js'

/** The first record: whose records these are. */
export interface InitRecord {
  readonly version: 2
  readonly registryId: Uint8Array
  readonly time: number
}

/** Uses up a nonce and makes a member: in one record, so that no crash comes between the two. */
export interface AdmissionRecord {
  readonly nonce: Uint8Array
  readonly credential: bigint
  readonly policyId: bigint
  readonly expiresAt: number
  /** Digest of what identifies the machine, where its hardware tells. */
  readonly machine: Uint8Array | undefined
  readonly time: number
  /** SHA-256 of what it was admitted for. The evidence itself is private, and lies beside the records. */
  readonly evidence: Uint8Array
}

/** Removes a member, and bans its credential for ever. The record of a head that refuses every earlier root follows at once. */
export interface RemovalRecord {
  readonly credential: bigint
  /** UTF-8, for the operator. */
  readonly reason: Uint8Array
  readonly time: number
}

/**
 * Removes every member that a machine has, and refuses the machine from then on, under any secret. It is a record like all
 * others: from a list beside them it could be lost, and every removed machine would come back.
 */
export interface BanRecord {
  readonly machine: Uint8Array
  readonly reason: Uint8Array
  readonly time: number
}

/** Lets a machine be admitted again. What was removed stays removed. */
export type PardonRecord = BanRecord

/** Publishes what the records before it have made of the registry. */
export interface HeadRecord {
  readonly content: HeadContent
  /** Whether places of members that have expired are emptied and given to new ones. Registries of an earlier form never did. */
  readonly empties: boolean
}

export type RegistryRecord =
  | { readonly kind: 'init'; readonly init: InitRecord }
  | { readonly kind: 'admission'; readonly admission: AdmissionRecord }
  | { readonly kind: 'removal'; readonly removal: RemovalRecord }
  | { readonly kind: 'head'; readonly head: HeadRecord }
  | { readonly kind: 'ban'; readonly ban: BanRecord }
  | { readonly kind: 'pardon'; readonly pardon: PardonRecord }

export const MAX_REASON_BYTES = 1024

/** Longest evidence that is kept of one admission. */
export const MAX_EVIDENCE_BYTES = 2 ** 20

const timeCodec = uint(8, { max: MAX_TIME })
const reasonCodec = boundedBytes(0, MAX_REASON_BYTES)

const initCodec: Codec<InitRecord> = record<InitRecord>({
  version: version(2),
  registryId: fixedBytes(32),
  time: timeCodec,
})

const admissionCodec: Codec<AdmissionRecord> = record<AdmissionRecord>({
  nonce: fixedBytes(32),
  credential: fieldElement(),
  policyId: fieldElement(2n ** 249n),
  expiresAt: timeCodec,
  machine: optionalBytes(32),
  time: timeCodec,
  evidence: fixedBytes(32),
})

const removalCodec: Codec<RemovalRecord> = record<RemovalRecord>({
  credential: fieldElement(),
  reason: reasonCodec,
  time: timeCodec,
})

const banCodec: Codec<BanRecord> = record<BanRecord>({
  machine: fixedBytes(32),
  reason: reasonCodec,
  time: timeCodec,
})

const headCodec: Codec<HeadRecord> = record<HeadRecord>({
  content: headContentCodec,
  empties: flag,
})

/** Numbers of the types of records. A number is never used again for anything else. */
const TYPE = { init: 1, admission: 2, removal: 3, head: 4, ban: 5, pardon: 6 } as const

/** A record's type and body. */
export function encodeRecord(entry: RegistryRecord): { readonly type: number; readonly body: Uint8Array } {
  const type = TYPE[entry.kind]
  switch (entry.kind) {
    case 'init':
      return { type, body: encode(initCodec, entry.init, 'init') }
    case 'admission':
      return { type, body: encode(admissionCodec, entry.admission, 'admission') }
    case 'removal':
      return { type, body: encode(removalCodec, entry.removal, 'removal') }
    case 'head':
      return { type, body: encode(headCodec, entry.head, 'head') }
    case 'ban':
      return { type, body: encode(banCodec, entry.ban, 'ban') }
    case 'pardon':
      return { type, body: encode(banCodec, entry.pardon, 'pardon') }
  }
}

export function decodeRecord(type: number, body: Uint8Array): RegistryRecord {
  switch (type) {
    case TYPE.init:
      return { kind: 'init', init: decode(initCodec, body, 'init') }
    case TYPE.admission:
      return { kind: 'admission', admission: decode(admissionCodec, body, 'admission') }
    case TYPE.removal:
      return { kind: 'removal', removal: decode(removalCodec, body, 'removal') }
    case TYPE.head:
      return { kind: 'head', head: decode(headCodec, body, 'head') }
    case TYPE.ban:
      return { kind: 'ban', ban: decode(banCodec, body, 'ban') }
    case TYPE.pardon:
      return { kind: 'pardon', pardon: decode(banCodec, body, 'pardon') }
    default:
      throw new VouchError('VERSION_UNKNOWN', {
        rule: 'a record must be of a type that this release knows',
        given: shown(type),
        hint: 'a newer release may read it',
      })
  }
}

/** What a record names evidence by. */
export const hashOfEvidence = (evidence: Uint8Array): Uint8Array => sha256(evidence)

const TAG = ascii('vouch-record-v2')

/** The hash that the next record names as the one before it; the first names 32 zeros. */
export function recordHash(previous: Uint8Array, type: number, body: Uint8Array): Uint8Array {
  return sha256(concat(TAG, previous, Uint8Array.of(type), body))
}
