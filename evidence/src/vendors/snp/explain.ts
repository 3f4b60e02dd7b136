import { toHex } from '@vouch/protocol'
import {
  bitsOf,
  chosen,
  type ExplainedField,
  inDecimals,
  type Meaning,
  Walk,
  zeros,
} from '../../core/explain.js'
import type { Certificate } from '../../x509/certificate.js'
import { isEndorsement, readEndorsement } from './endorsement.js'
import { decodeTcb, isOfGeneration, tcbText } from './generation.js'
import { POLICY_BIT, REPORT, REPORT_BYTES } from './layout.js'
import { parseReport, signingKeyOf } from './report.js'
import type { Generation, SnpReport } from './types.js'

export function explainReport(bytes: Uint8Array): readonly ExplainedField[] {
  const report = parseReport(bytes.subarray(0, REPORT_BYTES))
  const walk = new Walk(bytes)
  const generation = generationOf(report)
  const tcb: Meaning = (levels) =>
    generation === undefined
      ? 'patch levels; which, depends on the product'
      : tcbText(decodeTcb(levels, generation))
  walk.table(REPORT, REPORT_BYTES, {
    VERSION: inDecimals,
    GUEST_SVN: inDecimals,
    POLICY: bitsOf({
      'SMT allowed': POLICY_BIT.SMT,
      'migration allowed': POLICY_BIT.MIGRATE_MA,
      'DEBUG allowed': POLICY_BIT.DEBUG,
    }),
    FAMILY_ID: zeros,
    IMAGE_ID: zeros,
    VMPL: inDecimals,
    SIGNATURE_ALGO: () => 'ECDSA over P-384 with SHA-384',
    CURRENT_TCB: tcb,
    PLATFORM_INFO: inDecimals,
    KEY_INFO: () => `signed by a ${signingKeyOf(report).toUpperCase()}`,
    REPORT_DATA: chosen,
    HOST_DATA: zeros,
    ID_KEY_DIGEST: zeros,
    AUTHOR_KEY_DIGEST: zeros,
    REPORTED_TCB: tcb,
    CPUID_FAM_ID: () => (report.version < 3 ? 'not said before version 3' : generation),
    CHIP_ID: (id) => zeros(id) && 'masked',
    COMMITTED_TCB: tcb,
    LAUNCH_TCB: tcb,
    SIGNATURE_R: () => 'little-endian',
    SIGNATURE_S: () => 'little-endian',
  })
  walk.rest('behind the report', zeros)
  return walk.fields
}

const PRODUCTS: readonly Generation[] = ['milan', 'genoa', 'turin']

function generationOf({ version, cpuid }: SnpReport): Generation | undefined {
  return version < 3 ? undefined : PRODUCTS.find((generation) => isOfGeneration(cpuid, generation))
}

/** What AMD writes into the certificate of a key that signs reports. */
export function explainEndorsement(certificate: Certificate): readonly ExplainedField[] {
  if (!isEndorsement(certificate)) return []
  const { type, product, tcb, hwId } = readEndorsement(certificate)
  return [
    { name: 'productName', value: product, meaning: `certifies a ${type.toUpperCase()}` },
    { name: 'TCB', value: tcbText(tcb) },
    ...(hwId === undefined ? [] : [{ name: 'hwID', value: toHex(hwId) }]),
  ]
}
