import { equalBytes } from '@vouch/protocol'
import type { Certificate } from './certificate.js'

/**
 * Tells chains from other certificates: certificates that are a leaf of such a chain, and those that issued them, by name. A
 * certificate that is drawn to the wrong side by a name is then missing on the other.
 */
export function splitChains(
  certificates: readonly Certificate[],
  isLeaf: (certificate: Certificate) => boolean,
): { readonly chains: readonly Certificate[]; readonly rest: readonly Certificate[] } {
  const chains = new Set(certificates.filter(isLeaf))
  // A set that grows while it is walked is walked to its end.
  for (const { issuer } of chains) {
    for (const candidate of certificates) if (equalBytes(candidate.subject, issuer)) chains.add(candidate)
  }
  return { chains: [...chains], rest: certificates.filter((one) => !chains.has(one)) }
}
