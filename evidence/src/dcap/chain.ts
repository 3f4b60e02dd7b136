import { sha256 } from '@noble/hashes/sha2.js'
import { equalBytes } from '@vouch/protocol'
import { anchorOf, DCAP_ANCHORS, type DcapAnchor } from '../anchors.js'
import { type Checks, must } from '../checks.js'
import type { Certificate } from '../x509/certificate.js'
import { isPckCertificate } from './platform.js'

/** The certificate of the PCK, and those above it. */
export interface PckChain {
  readonly leaf: Certificate
  readonly issuer: Certificate
  readonly root: Certificate
}

/** Certificates are found by their content; two different ones in one role leave open which was meant. */
export function findPckChain(checks: Checks, certificates: readonly Certificate[]): PckChain | undefined {
  const find = (role: string, fits: (candidate: Certificate) => boolean): Certificate | undefined => {
    const found = certificates.filter(fits)
    must(checks, found.length > 0, 'COLLATERAL_MISSING', { rule: `${role} must come with the quote` })
    if (found.length > 1)
      must(checks, false, 'COLLATERAL_CONFLICT', { rule: `${role} must come once, or the same each time` })
    // Under a name of the vendor's root somebody may have another: which of them vouches, its key decides.
    return found.find((candidate) => anchorFor(candidate) !== undefined) ?? found[0]
  }
  const issuerOf = (certificate: Certificate): Certificate | undefined =>
    find(`the certificate that issued ${certificate.commonName}`, ({ subject }) =>
      equalBytes(subject, certificate.issuer),
    )
  const leaf = find('the certificate of the PCK', isPckCertificate)
  const issuer = leaf === undefined ? undefined : issuerOf(leaf)
  const root = issuer === undefined ? undefined : issuerOf(issuer)
  if (leaf === undefined || issuer === undefined || root === undefined) return undefined
  must(checks, root !== issuer, 'CHAIN_FALSE', { rule: 'there must be an intermediate below the root' })
  return { leaf, issuer, root }
}

const anchorFor = ({ spki }: Certificate): DcapAnchor | undefined => anchorOf(DCAP_ANCHORS, sha256(spki))
