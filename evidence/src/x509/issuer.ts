import { sha256 } from '@noble/hashes/sha2.js'
import { type Checks, equalBytes, must } from '@vouch/protocol'
import { anchorOf, type VendorAnchor } from '../core/anchors.js'
import { attempt } from '../core/checks.js'
import { isSigned } from './algorithms.js'
import type { Certificate } from './certificate.js'

/** What came along to climb by, and when. */
export interface Given {
  readonly certificates: readonly Certificate[]
  readonly at: number
  /** The roots that the vendor of the evidence has. */
  readonly anchors: readonly VendorAnchor[]
}

/**
 * The certificates that may have issued another, by name. A pinned root is its key: where several certificates of one name hold
 * one pinned key, as vendors renew the dates of a root and keep its key, they are one root, and each must be signed by that key.
 * Other certificates of one name stay several, and leave open which was meant.
 */
export async function issuersOf(
  checks: Checks,
  { issuer }: Certificate,
  { certificates, at, anchors }: Given,
): Promise<readonly Certificate[]> {
  const found = certificates.filter(({ subject }) => equalBytes(subject, issuer))
  const [first, ...others] = found
  if (first === undefined || others.length === 0) return found
  if (!others.every((other) => isSameRoot(anchors, other, first))) return found
  const [root, ...copies] = found.toSorted((a, b) => later(a, b, at))
  for (const copy of copies) await checkCopy(checks, copy)
  return root === undefined ? [] : [root]
}

/** Whether two certificates are of one name and one pinned key. */
export const isSameRoot = (anchors: readonly VendorAnchor[], a: Certificate, b: Certificate): boolean =>
  equalBytes(a.subject, b.subject) &&
  equalBytes(a.spki, b.spki) &&
  anchorOf(anchors, sha256(a.spki)) !== undefined

/** Certificates in force come first, then those that last longest. */
function later(a: Certificate, b: Certificate, at: number): number {
  const inForce = ({ notBefore, notAfter }: Certificate): number =>
    notBefore <= at && at <= notAfter ? 1 : 0
  return inForce(b) - inForce(a) || b.notAfter - a.notAfter
}

/** A damaged certificate makes evidence no better for holding a good one of the same root. Its dates are not relied on. */
async function checkCopy(checks: Checks, copy: Certificate): Promise<void> {
  const { commonName: name, spki, tbs: content, signature, signatureAlgorithm: algorithm } = copy
  must(checks, equalBytes(copy.issuer, copy.subject), 'CHAIN_FALSE', {
    rule: `each certificate of the root ${name} must name itself as its issuer`,
  })
  const holds = await attempt(checks, () => isSigned(spki, { algorithm, signature, content }))
  if (holds !== undefined)
    must(checks, holds, 'CHAIN_FALSE', {
      rule: `each certificate of the root ${name} must be signed by its key`,
    })
}
