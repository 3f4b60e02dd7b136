import { equalBytes, fromHex } from '@vouch/protocol'
import type { KindName } from './kind-name.js'

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

export interface TpmAnchor extends Anchor {
  readonly kind: 'tpm' | 'simulated-tpm'
}

/** Authorities that vouch for attestation keys of TPMs. */
export const TPM_ANCHORS: readonly TpmAnchor[] = [
  {
    // Google Cloud's virtual TPMs: "EK/AK CA Root", found in the test data of automata-network/automata-tpm-attestation
    // (test/TPMTest.t.sol @ 1a3ab2bc4886). One source only: it vouches for nothing but quotes of TPMs.
    name: 'Google Cloud EK/AK CA Root',
    kind: 'tpm',
    spki: fromHex('56a613f57126a385dd6949294e93b0b566f96ab0573be0c2368e6f5ca779831f'),
  },
  {
    name: 'simulated authority', // fixtures/simulated-tpm/root.pem: its key is public, so what it signs is worth nothing
    kind: 'simulated-tpm',
    spki: fromHex('aaf56fd6b6b657bd9e25f52c43929041568f5b35af4f5a5c4469f63f4c7ebc75'),
  },
]

/** A report inside a HCL report is of another kind than one by itself, under the same root. */
export const AZURE_KIND_OF = {
  'sev-snp': 'azure-snp',
  'simulated-snp': 'simulated-azure-snp',
  tdx: 'azure-tdx',
  'simulated-tdx': 'simulated-azure-tdx',
} as const

export interface AzureSnpAnchor extends Anchor {
  readonly kind: (typeof AZURE_KIND_OF)[SnpAnchor['kind']]
  readonly generation: SnpAnchor['generation']
}

export interface AzureTdxAnchor extends Anchor {
  readonly kind: 'azure-tdx' | 'simulated-azure-tdx'
}

/** Azure's machines are AMD's or Intel's: so are the roots. */
export const AZURE_SNP_ANCHORS: readonly AzureSnpAnchor[] = SNP_ANCHORS.map((anchor) => ({
  ...anchor,
  kind: AZURE_KIND_OF[anchor.kind],
}))
export const AZURE_TDX_ANCHORS: readonly AzureTdxAnchor[] = DCAP_ANCHORS.flatMap(({ name, kind, spki }) =>
  kind === 'tdx' || kind === 'simulated-tdx' ? [{ name, kind: AZURE_KIND_OF[kind], spki }] : [],
)

export interface NitroAnchor extends Anchor {
  readonly kind: 'aws-nitro' | 'simulated-nitro'
}

/** AWS's root of enclaves. */
export const NITRO_ANCHORS: readonly NitroAnchor[] = [
  {
    name: 'AWS Nitro Enclaves root G1', // https://aws-nitro-enclaves.amazonaws.com/AWS_NitroEnclaves_Root-G1.zip
    kind: 'aws-nitro',
    spki: fromHex('f2caf5ecc6190b4a8399b78bc58a2bbcd0382375db8a1bfd78a82743874fd225'),
  },
  {
    name: 'simulated Nitro', // fixtures/simulated-nitro/root.pem: its key is public, so what it signs is worth nothing
    kind: 'simulated-nitro',
    spki: fromHex('7d2649bf16daf964712a00e57c65faf1a28571bbef31bf97c78f9d7ce7ef7aae'),
  },
]

export interface NvidiaAnchor extends Anchor {
  readonly kind: 'nvidia-gpu' | 'simulated-nvidia'
}

/** NVIDIA's root of devices: GPUs and switches. */
export const NVIDIA_ANCHORS: readonly NvidiaAnchor[] = [
  {
    name: 'NVIDIA Device Identity CA', // the last certificate of every device's chain
    kind: 'nvidia-gpu',
    spki: fromHex('a90c4eb5acfd3e3d03a25db6a26b84f720ad0503196c627c21ddd48dd85b06a4'),
  },
  {
    name: 'simulated NVIDIA', // fixtures/simulated-nvidia/root.pem: its key is public, so what it signs is worth nothing
    kind: 'simulated-nvidia',
    spki: fromHex('419c92812e0204877f374e98518c987d6e4f17f1dd48000a6ae7a1595b3a1ed1'),
  },
]

/** Every root, for each kind that it vouches for. */
export const ANCHORS: readonly Anchor[] = [
  ...SNP_ANCHORS,
  ...DCAP_ANCHORS,
  ...NITRO_ANCHORS,
  ...TPM_ANCHORS,
  ...AZURE_SNP_ANCHORS,
  ...AZURE_TDX_ANCHORS,
  ...NVIDIA_ANCHORS,
]

/**
 * The vendors' roots whole, by the SHA-256 of their certificates: what one of them says needs no signature under itself. A root
 * that is made anew for a pinned key is no stranger, and is checked as all certificates are.
 */
const ROOT_CERTIFICATES: readonly Uint8Array[] = [
  '69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd', // AMD ARK-Milan
  '4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1', // AMD ARK-Genoa
  '1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a', // AMD ARK-Turin
  '44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3', // Intel SGX Root CA
  '641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b', // AWS Nitro Enclaves root G1
  '102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48', // NVIDIA Device Identity CA
  '594759594b9b61524f6c8ef668f7177f7b9066bc0674f2f49fe9e052be78beb2', // Google Cloud EK/AK CA Root
].map((hash) => fromHex(hash))

export const isRootCertificate = (sha256: Uint8Array): boolean =>
  ROOT_CERTIFICATES.some((root) => equalBytes(root, sha256))

/** The anchor, out of those that a format believes, whose key this is; the vendor's name on it plays no part. */
export function anchorOf<A extends Anchor>(anchors: readonly A[], spki: Uint8Array): A | undefined {
  return anchors.find((anchor) => equalBytes(anchor.spki, spki))
}
