import { equalBytes, fromHex } from '@vouch/protocol'
import type { KindName } from './kinds.js'

/**
 * A vendor's root that is believed, by the SHA-256 of its SubjectPublicKeyInfo. Names prove nothing: a vendor's own samples
 * hold a made-up root with the genuine one's subject.
 */
export interface Anchor {
  readonly name: string
  /** The kind of evidence that this root vouches for. It vouches for no other. */
  readonly kind: KindName
  readonly spki: Uint8Array
}

export interface SnpAnchor extends Anchor {
  readonly kind: 'sev-snp' | 'simulated-snp'
  readonly generation: 'milan' | 'genoa' | 'turin' | 'simulated'
}

export interface DcapAnchor extends Anchor {
  readonly kind: 'tdx' | 'sgx' | 'simulated-tdx' | 'simulated-sgx'
  /** What a quote's TEE must be for this kind: the root vouches for both. */
  readonly tee: 'tdx' | 'sgx'
}

/** AMD's roots, each with where its certificate is published. The same bytes stand in four independent verifiers of others. */
export const SNP_ANCHORS: readonly SnpAnchor[] = [
  {
    name: 'AMD ARK-Milan', // https://kdsintf.amd.com/vcek/v1/Milan/cert_chain, the last certificate
    kind: 'sev-snp',
    generation: 'milan',
    spki: fromHex('9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9'),
  },
  {
    name: 'AMD ARK-Genoa', // https://kdsintf.amd.com/vcek/v1/Genoa/cert_chain, the last certificate; Bergamo and Siena too
    kind: 'sev-snp',
    generation: 'genoa',
    spki: fromHex('429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831'),
  },
  {
    name: 'AMD ARK-Turin', // https://kdsintf.amd.com/vcek/v1/Turin/cert_chain, the last certificate
    kind: 'sev-snp',
    generation: 'turin',
    spki: fromHex('4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08'),
  },
  {
    name: 'simulated vendor', // fixtures/simulated-vendor/root.pem: its key is public, so what it signs is worth nothing
    kind: 'simulated-snp',
    generation: 'simulated',
    spki: fromHex('cd612aac17d03ae669bef775448ed8a32f9078225cf454b5e1ce2d767a6aa638'),
  },
]

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

/** Every root. */
export const ANCHORS: readonly Anchor[] = [...SNP_ANCHORS, ...DCAP_ANCHORS]

/** The anchor, out of those that a format believes, whose key this is; the vendor's name on it plays no part. */
export function anchorOf<A extends Anchor>(anchors: readonly A[], spki: Uint8Array): A | undefined {
  return anchors.find((anchor) => equalBytes(anchor.spki, spki))
}
