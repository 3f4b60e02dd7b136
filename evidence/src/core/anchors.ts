import { sha256 } from '@noble/hashes/sha2.js'
import { equalBytes } from '@vouch/protocol'

/**
 * A vendor's root that is believed, by the SHA-256 of its SubjectPublicKeyInfo. Names prove nothing: a vendor's own samples
 * hold a made-up root with the genuine one's subject.
 */
export interface VendorAnchor {
  readonly name: string
  /** The kind of evidence that this root vouches for. It vouches for no other. */
  readonly kind: string
  readonly spki: Uint8Array
}

/** The anchor, out of those that a format believes, whose key this is; the vendor's name on it plays no part. */
export function anchorOf<A extends VendorAnchor>(anchors: readonly A[], spki: Uint8Array): A | undefined {
  return anchors.find((anchor) => equalBytes(anchor.spki, spki))
}

/** The first anchor that one of these keys is of, each a SubjectPublicKeyInfo. */
export const anchorAmong = <A extends VendorAnchor>(
  anchors: readonly A[],
  spkis: readonly Uint8Array[],
): A | undefined =>
  spkis.map((spki) => anchorOf(anchors, sha256(spki))).find((anchor) => anchor !== undefined)
