import { fromHex } from '@vouch/protocol'
import { anchorAmong, type VendorAnchor } from '../../core/anchors.js'
import type { Certificate } from '../../x509/certificate.js'

export interface DcapAnchor extends VendorAnchor {
  readonly kind: 'tdx' | 'sgx' | 'simulated-tdx' | 'simulated-sgx'
  /** What a quote's TEE must be for this kind: the root vouches for both. */
  readonly tee: 'tdx' | 'sgx'
}

/** Intel's root, and the simulated one, each once for TDX and once for SGX. The same bytes stand in three independent verifiers. */
export const DCAP_ANCHORS: readonly DcapAnchor[] = [
  ...forBothTees('Intel SGX Root CA', {
    prefix: '', // https://certificates.trustedservices.intel.com/IntelSGXRootCA.der, and in every quote
    spki: fromHex('a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e'),
  }),
  ...forBothTees('simulated SGX root', {
    prefix: 'simulated-', // fixtures/simulated-intel/root.pem: its key is public
    spki: fromHex('4608aef35b7aed43acf1ac2879266c092142f4966c54e2ff8f03a12b1b7d4c7c'),
  }),
]

function forBothTees(
  name: string,
  { prefix, spki }: { readonly prefix: '' | 'simulated-'; readonly spki: Uint8Array },
): readonly DcapAnchor[] {
  return (['tdx', 'sgx'] as const).map((tee) => ({ name, kind: `${prefix}${tee}` as const, tee, spki }))
}

/** The root's certificate whole, by its SHA-256. */
export const DCAP_ROOTS: readonly Uint8Array[] = [
  '44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3', // Intel SGX Root CA
].map((hash) => fromHex(hash))

/** The kind that a quote is meant as, by its TEE and the keys of the certificates beside it. */
export function kindOfQuote(
  tee: DcapAnchor['tee'],
  certificates: readonly Certificate[],
): DcapAnchor['kind'] {
  const anchors = DCAP_ANCHORS.filter((anchor) => anchor.tee === tee)
  const keys = certificates.map(({ spki }) => spki)
  return anchorAmong(anchors, keys)?.kind ?? tee
}
