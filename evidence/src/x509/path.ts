import { type Checks, equalBytes, must } from '@vouch/protocol'
import type { Certificate } from './certificate.js'
import type { Path } from './chain.js'
import { type Given, issuersOf } from './issuer.js'

/** A vendor’s chain has three to five certificates. */
const MAX_PATH = 6

/**
 * Climbs from a certificate to one that names itself as its issuer, by names alone: signatures are for `checkPath`. Two
 * certificates of one name leave open which was meant.
 */
export async function pathFrom(checks: Checks, leaf: Certificate, given: Given): Promise<Path | undefined> {
  const path: [Certificate, ...Certificate[]] = [leaf]
  for (let top = leaf; !equalBytes(top.issuer, top.subject); ) {
    const [issuer, ...others] = await issuersOf(checks, top, given)
    if (others.length > 0) {
      must(checks, false, 'COLLATERAL_CONFLICT', {
        rule: `the certificate that issued ${top.commonName} must come once, or the same each time`,
      })
      return undefined
    }
    const isThere = must(checks, issuer !== undefined, 'COLLATERAL_MISSING', {
      rule: `the certificate that issued ${top.commonName} must come with the evidence`,
    })
    const isShort = must(checks, path.length < MAX_PATH, 'CHAIN_FALSE', {
      rule: `a chain must have at most ${MAX_PATH} certificates`,
    })
    if (!isThere || !isShort || issuer === undefined) return undefined
    path.push(issuer)
    top = issuer
  }
  return path
}

interface Among extends Given {
  /** The one certificate in a role, out of those that may be it; notes that there is none, or more than one. */
  readonly choose: (checks: Checks, role: string, found: readonly Certificate[]) => Certificate | undefined
}

/** The path of a processor's vendor: a certificate, the one that issued it, and the root above. */
export async function shortPath(
  checks: Checks,
  leaf: Certificate,
  { choose, ...given }: Among,
): Promise<readonly [leaf: Certificate, issuer: Certificate, root: Certificate] | undefined> {
  const issuerOf = async (certificate: Certificate): Promise<Certificate | undefined> => {
    const found = await issuersOf(checks, certificate, given)
    return choose(checks, `the certificate that issued ${certificate.commonName}`, found)
  }
  const issuer = await issuerOf(leaf)
  const root = issuer === undefined ? undefined : await issuerOf(issuer)
  if (issuer === undefined || root === undefined) return undefined
  // No vendor's root issues for a chip itself: the adversary has come by a root's key.
  must(checks, root !== issuer, 'CHAIN_FALSE', { rule: 'there must be an intermediate below the root' })
  return [leaf, issuer, root]
}
