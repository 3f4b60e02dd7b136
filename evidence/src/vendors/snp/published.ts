import { toHex, VouchError } from '@vouch/protocol'
import type { VendorPublished } from '../../core/file.js'
import { isEndorsement, readEndorsement } from './endorsement.js'
import { decodeTcb, GENERATIONS, isOfGeneration, isProductOf } from './generation.js'
import { signingKeyOf } from './report.js'
import type { Generation, SnpEvidence } from './types.js'

/** The service that has one address, which its paths are below. */
export const SNP_SERVICES = { 'AMD KDS': 'https://kdsintf.amd.com' } as const

/** What AMD's service calls the products of a generation: 57230, "VCEK Certificate and KDS Interface Specification", 4. */
const PRODUCTS: readonly (readonly [Generation, string])[] = [
  ['milan', 'Milan'],
  ['genoa', 'Genoa'],
  ['turin', 'Turin'],
]

/** The certificate of the key that signed, those above it, and the root's revocation list. */
export function publishedForSnp(evidence: SnpEvidence): readonly (readonly VendorPublished[])[] {
  const { report } = evidence
  const type = signingKeyOf(report)
  return PRODUCTS.filter(([generation]) => mayBeOf(evidence, generation)).map(([generation, product]) => {
    const below = `/${type}/v1/${product}`
    const common = { origin: SNP_SERVICES['AMD KDS'] } as const
    const chain: VendorPublished = {
      ...common,
      path: `${below}/cert_chain`,
      form: 'certificates',
      file: 'cert_chain.pem',
      constant: true,
    }
    const list: VendorPublished = {
      ...common,
      path: `${below}/crl`,
      form: 'revocation list',
      file: 'ark_crl.der',
      constant: false,
    }
    // A VLEK's certificate is the cloud's to hand out.
    if (type === 'vlek') return [chain, list]
    const path = `${below}/${chipOf(evidence, generation)}?${levelsOf(evidence, generation)}`
    return [{ ...common, path, form: 'certificate', file: 'vcek.der', constant: true }, chain, list]
  })
}

/** Reports say since version 3 which processor they are of; a certificate that came along says it too. */
function mayBeOf({ report, certificates }: SnpEvidence, generation: Generation): boolean {
  if (report.version >= 3) return isOfGeneration(report.cpuid, generation)
  const [endorsement] = certificates.filter(isEndorsement).map(readEndorsement)
  // Reports of version 2 came before Turin.
  return endorsement === undefined ? generation !== 'turin' : isProductOf(endorsement.product, generation)
}

function chipOf({ report }: SnpEvidence, generation: Generation): string {
  if (report.chipId.some((byte) => byte !== 0))
    return toHex(report.chipId.subarray(0, GENERATIONS[generation].chipIdBytes))
  throw new VouchError('COLLATERAL_MISSING', {
    rule: 'a report must name its chip for anybody to fetch the certificate of its key',
    hint: 'its host masks the chip: ask the cloud that runs it for the certificate',
  })
}

/** The patch levels that the key was derived for, in the service's words. */
function levelsOf({ report }: SnpEvidence, generation: Generation): string {
  const { fmc, bootloader, tee, snp, microcode } = decodeTcb(report.reportedTcb, generation)
  const levels: readonly (readonly [string, number | undefined])[] = [
    ['fmcSPL', fmc],
    ['blSPL', bootloader],
    ['teeSPL', tee],
    ['snpSPL', snp],
    ['ucodeSPL', microcode],
  ]
  return levels
    .flatMap(([name, level]) => (level === undefined ? [] : [`${name}=${String(level).padStart(2, '0')}`]))
    .join('&')
}
