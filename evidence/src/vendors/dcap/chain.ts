import { sha256 } from '@noble/hashes/sha2.js'
import { type Checks, must } from '@vouch/protocol'
import { anchorOf } from '../../core/anchors.js'
import type { Certificate } from '../../x509/certificate.js'
import { shortPath } from '../../x509/path.js'
import { DCAP_ANCHORS, type DcapAnchor } from './anchors.js'
import { isPckCertificate } from './platform.js'

/** The certificate of the PCK, and those above it. */
export interface PckChain {
  readonly leaf: Certificate
  readonly issuer: Certificate
  readonly root: Certificate
}

/** The certificate of the PCK, found by its content. */
export function findPck(checks: Checks, certificates: readonly Certificate[]): Certificate | undefined {
  return oneOf(checks, 'the certificate of the PCK', certificates.filter(isPckCertificate))
}

/** The certificates above that of the PCK. */
export async function findPckChain(
  checks: Checks,
  leaf: Certificate,
  certificates: readonly Certificate[],
  at: number,
): Promise<PckChain | undefined> {
  const path = await shortPath(checks, leaf, { certificates, at, anchors: DCAP_ANCHORS, choose: oneOf })
  if (path === undefined) return undefined
  const [, issuer, root] = path
  return { leaf, issuer, root }
}

/** Two different certificates in one role leave open which was meant. */
function oneOf(checks: Checks, role: string, found: readonly Certificate[]): Certificate | undefined {
  must(checks, found.length > 0, 'COLLATERAL_MISSING', { rule: `${role} must come with the quote` })
  if (found.length > 1)
    must(checks, false, 'COLLATERAL_CONFLICT', { rule: `${role} must come once, or the same each time` })
  // Under a name of the vendor's root somebody may have another: which of them vouches, its key decides.
  return found.find((candidate) => anchorFor(candidate) !== undefined) ?? found[0]
}

const anchorFor = ({ spki }: Certificate): DcapAnchor | undefined => anchorOf(DCAP_ANCHORS, sha256(spki))
