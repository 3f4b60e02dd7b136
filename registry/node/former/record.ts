import { type Head, headCodec, MAX_TIME, REGISTRY_DEPTH, shown, VouchError } from '@vouch/protocol'
import {
  boundedBytes,
  type Codec,
  decode,
  fieldElement,
  fixedBytes,
  optionalBytes,
  record,
  uint,
  version,
} from '@vouch/protocol/codec'

/** The first record: whose log this is. */
interface InitRecord {
  readonly version: 1
  readonly registryId: Uint8Array
  readonly time: number
}

/** Where a record of the evidence log starts, and its hash: evidence is private, so it lies in a file of its own. */
interface EvidencePointer {
  readonly offset: number
  readonly hash: Uint8Array
}

/** Uses up a nonce and inserts a leaf: in one record, so that no crash comes between the two. */
interface AdmissionRecord {
  readonly nonce: Uint8Array
  readonly credential: bigint
  readonly policyId: bigint
  readonly expiresAt: number
  /** Digest of what identifies the machine, where its hardware tells. */
  readonly machine: Uint8Array | undefined
  readonly time: number
  readonly evidence: EvidencePointer
}

/**
 * Empties a leaf, bans its credential for ever and publishes the head that refuses every earlier root: in one record, so
 * that no crash leaves a removal that nobody is told of.
 */
interface RemovalRecord {
  readonly index: number
  readonly credential: bigint
  /** UTF-8, for the operator. */
  readonly reason: Uint8Array
  readonly head: Head
}

/**
 * Empties every leaf that a machine has, bans their credentials and refuses the machine from then on, whatever secret it
 * comes back with. It is in the log itself: a list beside the log could be lost, and every removed machine would come back.
 */
interface BanRecord {
  readonly machine: Uint8Array
  readonly reason: Uint8Array
  readonly head: Head
}

/** Lets a machine be admitted again. What was removed stays removed. */
interface PardonRecord {
  readonly machine: Uint8Array
  readonly reason: Uint8Array
  readonly time: number
}

export type FormerRecord =
  | { readonly kind: 'init'; readonly init: InitRecord }
  | { readonly kind: 'admission'; readonly admission: AdmissionRecord }
  | { readonly kind: 'removal'; readonly removal: RemovalRecord }
  | { readonly kind: 'head'; readonly head: Head }
  | { readonly kind: 'ban'; readonly ban: BanRecord }
  | { readonly kind: 'pardon'; readonly pardon: PardonRecord }

const MAX_REASON_BYTES = 1024

const policyIdCodec = fieldElement(2n ** 249n)
const timeCodec = uint(8, { max: MAX_TIME })
const indexCodec = uint(4, { max: 2 ** REGISTRY_DEPTH - 1 })

const initCodec: Codec<InitRecord> = record<InitRecord>({
  version: version(1),
  registryId: fixedBytes(32),
  time: timeCodec,
})

const evidenceCodec: Codec<EvidencePointer> = record<EvidencePointer>({
  offset: uint(8, { max: Number.MAX_SAFE_INTEGER }),
  hash: fixedBytes(32),
})

const admissionCodec: Codec<AdmissionRecord> = record<AdmissionRecord>({
  nonce: fixedBytes(32),
  credential: fieldElement(),
  policyId: policyIdCodec,
  expiresAt: timeCodec,
  machine: optionalBytes(32),
  time: timeCodec,
  evidence: evidenceCodec,
})

const reasonCodec = boundedBytes(0, MAX_REASON_BYTES)

const removalCodec: Codec<RemovalRecord> = record<RemovalRecord>({
  index: indexCodec,
  credential: fieldElement(),
  reason: reasonCodec,
  head: headCodec,
})

const banCodec: Codec<BanRecord> = record<BanRecord>({
  machine: fixedBytes(32),
  reason: reasonCodec,
  head: headCodec,
})

const pardonCodec: Codec<PardonRecord> = record<PardonRecord>({
  machine: fixedBytes(32),
  reason: reasonCodec,
  time: timeCodec,
})

/** Reads a record by its type, whose numbers were these. */
export function decodeFormerRecord(type: number, body: Uint8Array): FormerRecord {
  switch (type) {
    case 1:
      return { kind: 'init', init: decode(initCodec, body, 'init') }
    case 2:
      return { kind: 'admission', admission: decode(admissionCodec, body, 'admission') }
    case 3:
      return { kind: 'removal', removal: decode(removalCodec, body, 'removal') }
    case 4:
      return { kind: 'head', head: decode(headCodec, body, 'head') }
    case 5:
      return { kind: 'ban', ban: decode(banCodec, body, 'ban') }
    case 6:
      return { kind: 'pardon', pardon: decode(pardonCodec, body, 'pardon') }
    default:
      throw new VouchError('VERSION_UNKNOWN', {
        rule: 'a record must be of a type that registries had',
        given: shown(type),
      })
  }
}
