import { fromHex } from '@vouch/protocol'
import { anchorAmong, type VendorAnchor } from '../../core/anchors.js'
import type { Certificate } from '../../x509/certificate.js'

export interface SnpAnchor extends VendorAnchor {
  readonly kind: 'sev-snp' | 'simulated-snp'
  readonly generation: 'milan' | 'genoa' | 'turin' | 'simulated'
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

/** The roots' certificates whole, by their SHA-256. */
export const SNP_ROOTS: readonly Uint8Array[] = [
  '69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd', // AMD ARK-Milan
  '4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1', // AMD ARK-Genoa
  '1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a', // AMD ARK-Turin
].map((hash) => fromHex(hash))

/** The kind that a report is meant as, by the keys of the certificates beside it. */
export const kindOfReport = (certificates: readonly Certificate[]): SnpAnchor['kind'] =>
  anchorAmong(
    SNP_ANCHORS,
    certificates.map(({ spki }) => spki),
  )?.kind ?? 'sev-snp'
