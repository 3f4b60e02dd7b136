import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { MAX_TIME } from '../credential.js'
import { VouchError } from '../errors.js'
import { assertLength } from '../hashes/field.js'
import { ascii, concat } from '../notation/bytes.js'
import { type Codec, encode, parseFile, printFile } from '../notation/codec.js'
import { record } from '../notation/composites.js'
import { fieldElement, fixedBytes, uint, version } from '../notation/scalars.js'
import { REGISTRY_DEPTH } from './fixed-tree.js'

/** What a registry says of itself at one time. */
export interface HeadContent {
  readonly registryId: Uint8Array
  readonly seq: number
  /** Places that were ever used. */
  readonly size: number
  readonly root: bigint
  /** The one earlier root that is still acceptable. Zero when there is none: a removal refuses them all at once. */
  readonly previousRoot: bigint
  readonly time: number
}

/** A head as it is published: with its signer, and the signature. */
export interface Head extends HeadContent {
  readonly version: 1
  readonly signer: Uint8Array
  readonly signature: Uint8Array
}

const content = {
  registryId: fixedBytes(32),
  seq: uint(8, { max: Number.MAX_SAFE_INTEGER }),
  size: uint(8, { max: 2 ** REGISTRY_DEPTH }),
  root: fieldElement(),
  previousRoot: fieldElement(),
  time: uint(8, { max: MAX_TIME }),
}
export const headContentCodec: Codec<HeadContent> = record<HeadContent>(content)

export const headCodec: Codec<Head> = record<Head>({
  version: version(1),
  ...content,
  signer: fixedBytes(33),
  signature: fixedBytes(64),
})

export const parseHead = (file: string | Uint8Array): Head => parseFile(headCodec, file, 'head')
export const printHead = (head: Head): string => printFile(headCodec, head, 'head')

/** The 133 bytes that are signed. */
export function encodeHeadContent(head: HeadContent): Uint8Array {
  return concat(ascii('vouch-head-v1'), encode(headContentCodec, head, 'head'))
}

/** The 32 bytes that a signer signs for a head. They are the same for every signer. */
export const headDigest = (head: HeadContent): Uint8Array => sha256(encodeHeadContent(head))

/**
 * A head with a signature that was made elsewhere, by a token or by another machine. A false signature is refused here:
 * copies would take a head that nobody signed for a registrar that lies.
 */
export function signedHead(
  { registryId, seq, size, root, previousRoot, time }: HeadContent,
  signer: Uint8Array,
  signature: Uint8Array,
): Head {
  assertLength(signer, 33, 'signer')
  const head: Head = { version: 1, registryId, seq, size, root, previousRoot, time, signer, signature }
  if (isHeadSigned(head)) return head
  throw new VouchError('HEAD_SIGNATURE_FALSE', {
    rule: "the head's signature must hold under the signer it names",
    hint: 'see which key signs: registry and signer must have the same one',
  })
}

/** Signs a head with a secret key that is at hand. */
export function signHead(head: HeadContent, secretKey: Uint8Array): Head {
  const signature = secp256k1.sign(headDigest(head), secretKey, { prehash: false })
  return signedHead(head, secp256k1.getPublicKey(secretKey), signature)
}

/** Whether the signer it names signed this head. Whether anyone believes that signer is another question. */
export function isHeadSigned(head: Head): boolean {
  const digest = headDigest(head)
  try {
    return secp256k1.verify(head.signature, digest, head.signer, {
      prehash: false,
      lowS: true,
    })
  } catch {
    return false // what is no point on the curve has signed nothing
  }
}
